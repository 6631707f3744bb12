"""The rules of messages: what is read aloud, who is told, when it is tried again, where to walk."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData
from machinami.model.view import Geometry, Point, Words
from machinami.model.vocabulary.alerts import Alert
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.places import District, Shelter
from machinami.services.messages.logic.broadcasts import due_alerts, leads_away
from machinami.services.messages.logic.ledger import Outcome, Row, after, is_due, proof, row_of, tally
from machinami.services.messages.logic.people import (
    Contact,
    bucket_of,
    contact_of,
    is_for,
    is_held_out,
    opening_mark,
)
from machinami.services.messages.logic.speech import kana, loudspeaker, marked, sentences, telephone, unread
from machinami.services.messages.logic.ways import Walker, districts_near, routes
from machinami.services.messages.logic.writing import Draft, template_of, written
from machinami.services.messages.model import Broadcast, Footway, HazardZone

NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)
BY = Officer("山田花子", "危機管理課長")
PAUSE = timedelta(minutes=1)


def line(*places: tuple[float, float]) -> Geometry:
    return Geometry({"type": "LineString", "coordinates": [list(place) for place in places]})


def box(west: float, south: float, east: float, north: float) -> Geometry:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return Geometry({"type": "Polygon", "coordinates": [ring]})


# What is read aloud


def test_known_words_are_read_and_unknown_ones_are_named() -> None:
    said = loudspeaker("早瀬川が氾濫。避難指示。", "まちやくば", "Actual", {})
    assert said.unread == ("早瀬川",)
    assert "ひなんしじ" in said.kana


def test_a_word_inside_a_longer_one_is_not_read_as_if_it_stood_alone() -> None:
    assert marked("本町と町", {"町": "まち"}) == "本町と[町|まち]"
    assert unread(marked("本町と町", {"町": "まち"})) == ("本町",)


def test_marks_that_an_officer_set_stay() -> None:
    assert marked("[町|ちょう]と町", {"町": "まち"}) == "[町|ちょう]と[町|まち]"


@given(st.text(st.characters(categories=("Lo", "Ll", "Po", "Nd")), max_size=60))
def test_whatever_is_said_is_said_twice_and_first_of_all_on_the_telephone(text: str) -> None:
    body = sentences(text)
    said = loudspeaker(text, "まち", "Actual", {}).marked.split("\n")
    assert len(said) == 2 * len(body) + 3
    if body:
        assert telephone(text, "まち", "Actual", {}).marked.split("\n")[0] == said[1]


def test_levels_are_spoken_as_words() -> None:
    assert kana("レベル4、レベル３") == "レベルよん、レベルさん"


def test_a_sentence_too_long_for_loudspeakers_is_named() -> None:
    said = loudspeaker("あ" * 60 + "。みじかい。", "まち", "Actual", {})
    assert said.long == ("あ" * 60 + "。",)


# Who is told


@given(st.integers(0, 10_000))
def test_a_contact_is_kept_as_it_is(number: int) -> None:
    contact = Contact(
        f"urn:ngsi-ld:MessageSubscriber:{number}", "mail", "en", ("a",), ("safety", "daily"), "a@b.example"
    )
    assert contact_of(contact.row()) == contact
    assert bucket_of(contact.id) == bucket_of(contact.id)


@pytest.mark.parametrize(
    ("mine", "told", "is_told"),
    [
        ((), (), True), (("east",), (), True), ((), ("east",), True), (("east",), ("east", "west"), True),
        (("east",), ("west",), False),
    ],
)  # fmt: skip
def test_who_lives_elsewhere_is_not_told(mine: tuple[str, ...], told: tuple[str, ...], is_told: bool) -> None:
    assert is_for(Contact("x", "mail", districts=mine), "safety", told) is is_told


def test_who_asked_for_safety_alone_gets_no_invitations() -> None:
    assert not is_for(Contact("x", "mail"), "events", ())


def test_the_share_held_out_is_the_share_that_was_asked() -> None:
    held = sum(is_held_out(f"p{number}", "b", 0.3, "secret") for number in range(4_000))
    assert held == pytest.approx(1_200, abs=120)
    assert not any(is_held_out(f"p{number}", "b", 0.0, "secret") for number in range(100))


def test_no_two_people_have_the_same_mark() -> None:
    marks = {opening_mark(f"urn:x:{number}", "b", "s") for number in range(500)}
    assert len(marks) == 500


# When it is tried again


@given(st.integers(1, 12))
def test_pauses_double_and_end(tries: int) -> None:
    row, at, pauses = Row("mail"), NOW, list[float]()
    while row.state == "waiting":
        assert is_due(row, at)
        row = after(row, Outcome(False, 451, "later"), at, tries, PAUSE)
        if row.due:
            due = datetime.fromisoformat(row.due)
            pauses.append((due - at).total_seconds())
            assert not is_due(row, due - timedelta(seconds=1))
            at = due
    assert row.state == "failed"
    assert row.tries == tries
    assert all(b in (2 * a, 3_600.0) for a, b in pairwise(pauses))
    assert row_of(row.kept()) == row


@pytest.mark.parametrize(
    ("road", "status", "state"),
    [
        ("mail", 250, "sent"), ("mail", 550, "gone"), ("mail", 552, "failed"), ("mail", 421, "waiting"),
        ("push", 201, "sent"), ("push", 410, "gone"), ("push", 429, "waiting"), ("push", 403, "failed"),
        ("push", 503, "waiting"), ("push", None, "waiting"),
    ],
)  # fmt: skip
def test_what_is_answered_decides_what_becomes_of_it(road: str, status: int | None, state: str) -> None:
    ok = status is not None and status < 300
    assert after(Row(road), Outcome(ok, status, "x"), NOW, 6, PAUSE).state == state


def test_the_tally_counts_who_was_reached_in_ten_minutes() -> None:
    early, late = (NOW + timedelta(minutes=minutes) for minutes in (9, 11))
    rows = [
        Row("mail", state="sent", at=early.isoformat()),
        Row("mail", state="sent", at=late.isoformat()),
        Row("call"),
    ]
    found = tally(rows, NOW)
    assert (found.people, found.sent, found.waiting, found.in_time, found.first) == (3, 2, 1, 1, early)
    assert found.share == pytest.approx(1 / 3)
    assert tally([], NOW).share is None


def test_no_spreadsheet_takes_a_reason_for_a_formula() -> None:
    told = proof({"headline": "=1+1"}, {"p": Row("mail", reason="=cmd()")}, {}).decode("utf-8-sig")
    assert "'=1+1" in told
    assert "'=cmd()" in told


# What goes out


def test_an_alert_nobody_approved_goes_to_nobody() -> None:
    alert = Alert("a", state="published", date_issued=NOW)
    assert list(due_alerts([alert], [], True, NOW)) == []
    signed = Alert("a", state="published", date_issued=NOW, decided_by="x")
    assert list(due_alerts([signed], [], True, NOW)) == [(signed, "alert")]
    begun = Broadcast("b", "done", "alert", NOW, ref_alert="a")  # type: ignore[arg-type]  # as read from an entity
    assert list(due_alerts([signed], [begun], True, NOW)) == []


def test_what_is_missing_in_one_language_is_refused() -> None:
    parts = {name: Words(ja="あ", en="a", easy="あ") for name in ("event", "headline", "text", "instruction")}
    draft = Draft(
        "evacuate", {**parts, "text": Words(ja="あ", en="a")}, Words(ja="町"), "あ", (), "Actual", "safety", 12, 0
    )
    with pytest.raises(BadRequestData, match="text in easy"):
        written("x", draft, BY, NOW)


def test_levels_are_those_of_the_guideline() -> None:
    assert [template_of(name).level for name in ("elderly", "evacuate", "secure")] == [3, 4, 5]


# Where to walk

EAST = District("urn:ngsi-ld:District:east", Words(ja="東"), box(138.1995, 34.9995, 138.2005, 35.0005))
SCHOOL = Shelter("urn:ngsi-ld:Shelter:school", Words(ja="学校"), Point(138.21, 35.0))
HALL = Shelter("urn:ngsi-ld:Shelter:hall", Words(ja="集会所"), Point(138.196, 35.0))
STREET = Footway("f1", line((138.196, 35.0), (138.2, 35.0), (138.205, 35.0), (138.21, 35.0)))
WALKER = Walker(0.5, 0.12, 1.0)


def test_the_nearest_shelter_is_taken() -> None:
    (way,) = routes([STREET], [], [SCHOOL, HALL], [EAST], WALKER, NOW)
    assert way.ref_shelter == HALL.id
    assert way.distance == pytest.approx(364, rel=0.01)


def test_nobody_is_led_into_the_water() -> None:
    flood = HazardZone("z", box(138.195, 34.999, 138.198, 35.001), "flood", 2.0)
    (way,) = routes([STREET], [flood], [SCHOOL, HALL], [EAST], WALKER, NOW)
    assert way.ref_shelter == SCHOOL.id
    shallow = HazardZone("z", flood.location, "flood", 0.2)
    (way,) = routes([STREET], [shallow], [SCHOOL, HALL], [EAST], WALKER, NOW)
    assert way.ref_shelter == HALL.id


def test_nobody_is_led_over_a_bridge_across_the_water_though_both_its_ends_are_dry() -> None:
    river = HazardZone("z", box(138.197, 34.999, 138.199, 35.001), "flood", 2.0)
    (way,) = routes([STREET], [river], [SCHOOL, HALL], [EAST], WALKER, NOW)
    assert way.ref_shelter == SCHOOL.id


def test_who_stands_in_the_water_is_led_out_of_it() -> None:
    flood = HazardZone("z", box(138.195, 34.999, 138.207, 35.001), "flood", 2.0)
    (way,) = routes([STREET], [flood], [SCHOOL, HALL], [EAST], WALKER, NOW)
    assert way.ref_shelter == SCHOOL.id


def test_where_every_shelter_is_in_the_water_that_is_said() -> None:
    flood = HazardZone("z", box(138.1, 34.9, 138.3, 35.1), "flood", 2.0)
    (way,) = routes([STREET], [flood], [SCHOOL, HALL], [EAST], WALKER, NOW)
    assert (way.ref_shelter, way.reason) == (None, "no_shelter")


def test_a_closed_shelter_is_none_and_an_open_one_is_sure() -> None:
    shut = Shelter(HALL.id, HALL.name, HALL.location, state="closed")
    (way,) = routes([STREET], [], [SCHOOL, shut], [EAST], WALKER, NOW)
    assert (way.ref_shelter, way.reason) == (SCHOOL.id, "unsure_open")
    open_ = Shelter(SCHOOL.id, SCHOOL.name, SCHOOL.location, state="open")
    (way,) = routes([STREET], [], [open_, shut], [EAST], WALKER, NOW)
    assert way.reason is None


def test_a_steep_way_is_gone_round_where_that_is_not_much_longer() -> None:
    place, top = (138.2, 35.0), (138.202, 35.0)
    steep = Footway("s", line(place, (138.201, 35.0), top), [0.0, 30.0, 0.0])
    round_ = Footway("r", line(place, (138.201, 35.0005), top), [0.0, 0.0, 0.0])
    goal = Shelter("urn:ngsi-ld:Shelter:x", Words(ja="x"), Point(*top))
    (way,) = routes([steep, round_], [], [goal], [EAST], WALKER, NOW)
    assert way.location is not None
    assert [138.201, 35.0005] in way.location["coordinates"]
    assert way.climb == 0


def test_a_town_without_streets_says_so() -> None:
    (way,) = routes([], [], [SCHOOL], [EAST], WALKER, NOW)
    assert way.reason == "no_street"


def test_a_circle_touches_the_districts_that_it_reaches() -> None:
    assert districts_near(138.21, 35.0, 0.5, [EAST]) == []
    assert districts_near(138.21, 35.0, 1.0, [EAST]) == [EAST.id]


def test_nobody_is_led_away_who_had_better_stay_inside() -> None:
    assert leads_away(Alert("urn:a", kind="order", response="Evacuate"))
    assert leads_away(Alert("urn:a", kind="warning", response="Prepare"))
    assert leads_away(Alert("urn:a", kind="warning"))
    assert not leads_away(Alert("urn:a", kind="warning", response="Avoid"))
    assert not leads_away(Alert("urn:a", kind="notice"))
