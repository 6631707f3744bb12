"""The rules of sharing reach the closed forms, and a file of members is shared to the yen."""

import numpy as np
import pytest

from machinami.foundation.errors import InputError
from machinami.methods.scorecard import Report, Table
from machinami.services.money.evaluate import evaluate
from machinami.services.money.logic.planted import airport_shares, talmud_shares

EMPTY = Table(np.zeros(0, np.int64), {})
FILE = 'member,alone,population\nA町,2000万,12000\nB町,"15,000,000",8000\n'


def score(games: str = "10", file: str = "", **options: str) -> Report:
    documents = {"csv": file.encode("utf-8-sig")} if file else {}
    return evaluate(EMPTY._replace(documents=documents), {"games": games, **options}, lambda done, all_: None)


def test_the_closed_forms_are_reached_and_every_sum_is_exact() -> None:
    report = score()
    values = {check.name: check.value for check in report.checks}
    assert all(check.passed is not False for check in report.checks)
    assert values["games"] == 20
    assert values["sharings_in_yen"] > 0


def test_the_rule_of_the_talmud_is_that_of_the_mishnah() -> None:
    claims = np.array([100.0, 200.0, 300.0])
    for estate, wanted in ((100, [100 / 3] * 3), (200, [50, 75, 75]), (300, [50, 100, 150])):
        assert talmud_shares(estate, claims) == pytest.approx(wanted)


def test_a_runway_is_shared_part_by_part() -> None:
    assert airport_shares(np.array([3.0, 8.0, 8.0])) == pytest.approx([1.0, 3.5, 3.5])


def test_a_file_of_members_is_shared_by_every_rule_that_it_knows_enough_for() -> None:
    values = {check.name: check.value for check in score(file=FILE, total="2700万").checks}
    assert (values["population:A町"], values["population:B町"]) == (16_200_000, 10_800_000)
    assert (values["nucleolus:A町"], values["nucleolus:B町"]) == (16_000_000, 11_000_000)
    assert values["own_sums_off"] == 0
    assert "use:A町" not in values


@pytest.mark.parametrize(
    ("file", "total", "told"),
    [
        ("town,alone\nA,1\n", "9", "no column 'member'"),
        ("member,alone\nA,x\n", "9", "line 2, alone"),
        ("member,alone\nA,1\n", "9", "cannot share"),
        (FILE, "lots", "--total"),
    ],
)
def test_a_file_that_will_not_do_is_told_what_is_wrong(file: str, total: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        score(file=file, total=total)


def test_a_number_of_games_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="--games"):
        score("few")
