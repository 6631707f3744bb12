"""Is the menu whole and honest, and does what runs say what is met?"""

import csv
import io
import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.app.configuration import setting_names
from machinami.foundation.errors import Conflict
from machinami.model.view import Words
from machinami.model.vocabulary.office import Officer
from machinami.services.menu.logic.judging import choice_id, decided, judge, judge_all, shares, undone
from machinami.services.menu.logic.reading import MenuError, read_menu
from machinami.services.menu.logic.tender import table
from machinami.services.menu.model import Part, Row, Running
from machinami.services.menu.service import menu

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)
BY = Officer("山田花子", "情報政策課長")
MENU = menu()
NOTHING = Running(frozenset(), frozenset())
ROOT = Path(__file__).parents[3]
# Every function that the reference lists, by group (44 with what it names together taken apart, and one of our own).
COUNTS = {
    "linking": 5, "authentication": 7, "services": 4, "data": 9, "assets": 5, "outside": 5, "security": 5,
    "operation": 4,
}  # fmt: skip


def row(*parts: Part) -> Row:
    text = Words(ja="あ", en="a")
    return Row("r", "", "data", text, text, text, "guide", text, ("all",), parts)


def part(kind: str, ref: str, whole: bool = False) -> Part:
    return Part(kind, ref, Words(ja="あ", en="a"), whole)  # type: ignore[arg-type]


def test_the_menu_has_the_eight_groups_and_every_row() -> None:
    assert {group: sum(one.l1 == group for one in MENU.rows) for group in MENU.groups} == COUNTS


def test_only_two_rows_have_a_number_of_the_appendix_since_no_other_was_seen() -> None:
    assert [one.no for one in MENU.rows if one.no] == ["A-1", "A-2"]


def test_a_row_from_memory_or_of_our_own_says_so_in_its_source() -> None:
    for one in MENU.rows:
        if one.tag in ("memory", "own"):
            assert "recalled" in one.source["en"] or "own" in one.source["en"], one.id


def test_what_is_named_as_evidence_is_there() -> None:
    known = {entry.name for entry in files("machinami.services").iterdir()}
    for each in (named for one in MENU.rows for named in one.parts):
        if each.kind == "document":
            assert (ROOT / each.ref).is_file(), each.ref
        if each.kind == "setting":
            assert each.ref in setting_names(), each.ref
        if each.kind == "service":
            assert each.ref in known | {"money", "participation", "needs"}, each.ref


def test_a_row_without_anything_that_meets_it_is_unmet_and_says_what_is_missing() -> None:
    unmet = [one for one in judge_all(MENU, NOTHING, {}) if one.finding == "unmet"]
    assert {one.row.id for one in unmet} == {"actuation", "connectors", "mic_checks"}
    assert all(one.row.lacks for one in unmet)


def test_a_service_meets_a_row_only_while_it_runs() -> None:
    own = row(part("service", "flood", whole=True))
    assert judge(own, NOTHING).finding == "off"
    assert judge(own, Running(frozenset({"flood"}), None)).finding == "met"


def test_a_setting_counts_where_it_is_set_and_is_not_told_to_everybody() -> None:
    own = row(part("setting", "store.encrypted", whole=True))
    assert judge(own, Running(frozenset(), frozenset({"store.encrypted"}))).finding == "met"
    assert judge(own, NOTHING).finding == "off"
    hidden = judge(own, Running(frozenset(), None))
    assert (hidden.finding, hidden.parts[0][1]) == ("off", None)


def test_a_row_is_met_where_every_part_that_makes_it_whole_is_at_work() -> None:
    both = row(part("page", "/docs", whole=True), part("service", "flood", whole=True))
    assert judge(both, NOTHING).finding == "partly"
    assert judge(row(part("page", "/docs")), NOTHING).finding == "partly"


@given(st.sets(st.sampled_from(["flood", "money", "needs", "participation", "health_points"])))
def test_more_running_services_never_meet_less(services: set[str]) -> None:
    order = ("unmet", "off", "partly", "met")
    before = judge_all(MENU, NOTHING, {})
    after = judge_all(MENU, Running(frozenset(services), frozenset()), {})
    assert all(order.index(b.finding) <= order.index(a.finding) for b, a in zip(before, after, strict=True))


def test_the_shares_count_every_row_once() -> None:
    rows = judge_all(MENU, NOTHING, {})
    found = shares(MENU, rows)
    assert sum(one.rows for one in found) == len(MENU.rows) == 44
    assert all(sum(one.found.values()) == one.rows for one in found)
    assert all(0 <= one.part <= 1 for one in found)


def test_what_is_wanted_is_counted_with_what_of_it_is_met() -> None:
    wanted = {row_.id: row_ for row_ in MENU.rows}
    choices = {
        choice_id(key): decided(None, wanted[key], state, "", BY, NOW)
        for key, state in (
            ("authorisation", "selected"),
            ("common_id", "planned"),
            ("city_authentication", "not_needed"),
        )
    }
    own = next(one for one in shares(MENU, judge_all(MENU, NOTHING, choices)) if one.group == "authentication")
    assert (own.wanted, own.wanted_met) == (2, 1)


def test_a_decision_keeps_what_was_decided_before_and_is_taken_back_to_it() -> None:
    first = decided(None, MENU.rows[0], "planned", "来年度", BY, NOW)
    second = decided(first, MENU.rows[0], "not_needed", "県のものを使う", BY, NOW)
    back = undone(second, MENU.rows[0], BY, NOW)
    assert (back.state, back.text, len(back.revisions or [])) == ("planned", "来年度", 2)
    with pytest.raises(Conflict, match="Nothing"):
        undone(undone(first, MENU.rows[0], BY, NOW), MENU.rows[0], BY, NOW)


def test_the_table_opens_in_a_spreadsheet_and_nothing_in_it_is_a_formula() -> None:
    made = table(["名前", "理由"], [["=SUM(A1)", 'ア,"イ"\nウ']])
    assert made.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(made.decode("utf-8-sig"))))
    assert rows == [["名前", "理由"], ["'=SUM(A1)", 'ア,"イ"\nウ']]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=2, max_size=2)))
def test_whatever_stands_in_the_table_comes_out_of_it(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(table(["a", "b"], rows).decode("utf-8-sig"), newline="")))
    assert [[cell.removeprefix("'") if cell[1:] == own else cell for cell, own in zip(*pair, strict=True)]
            for pair in zip(read[1:], rows, strict=True)] == rows  # fmt: skip


def test_a_row_that_is_not_well_written_is_said_by_its_id() -> None:
    text = (files("machinami.services.menu") / "rows" / "menu.toml").read_text("utf-8")
    assert len(tomllib.loads(text)["rows"]) == 44
    with pytest.raises(MenuError, match="two_way_portal"):
        read_menu(text.replace('id = "two_way_portal"\nno = "A-2"\nl1 = "linking"', 'id = "two_way_portal"\nl1 = "x"'))
    with pytest.raises(MenuError, match="lacks"):
        read_menu(text.replace('lacks.ja = "機器を動かす機能はない。"\nlacks.en = "It controls no device."', ""))
