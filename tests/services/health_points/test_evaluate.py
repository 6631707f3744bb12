"""Does the evaluation pass its own bars, and say so where it was given no documents?"""

import numpy as np
import pytest

from machinami.foundation.errors import InputError
from machinami.methods.scorecard import Table
from machinami.services.health_points.evaluate import evaluate
from machinami.services.health_points.logic.planted import count_twice, is_noticed, recover

NOTHING = Table(np.zeros(0, np.int64), {})
GOOD = b'{"step_count": 6000}'


def quiet(done: int, of: int) -> None:
    """No bar."""


def test_every_bar_is_met_in_the_short_form() -> None:
    documents = {"step-count/1.0/shouldPass/a.json": GOOD, "step-count/2.0/shouldFail/b.json": GOOD}
    table = NOTHING._replace(documents=documents)
    report = evaluate(table, {"operations": "2000", "towns": "100"}, quiet)
    checks = {check.name: check for check in report.checks}
    assert [name for name, check in checks.items() if check.passed is False] == []
    assert checks["documents_right"].value == 1.0
    assert checks["effect_coverage"].passed


def test_a_document_that_is_judged_wrong_is_a_miss() -> None:
    table = NOTHING._replace(documents={"step-count/2.0/shouldPass/b.json": GOOD})
    report = evaluate(table, {"operations": "100", "towns": "10"}, quiet)
    assert report.checks[0].passed is False


def test_without_documents_nothing_is_claimed_of_them() -> None:
    report = evaluate(NOTHING, {"operations": "100", "towns": "10"}, quiet)
    assert report.checks[0].passed is None
    assert any("no --documents" in note for note in report.notes)


def test_an_option_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="towns"):
        evaluate(NOTHING, {"operations": "100", "towns": "many"}, quiet)


def test_the_plain_change_of_participants_misses_what_the_comparison_finds() -> None:
    towns = [recover(seed, 20.0) for seed in range(40)]
    assert sum(t.covers for t in towns) >= 34
    assert sum(t.naive_covers for t in towns) < 20


def test_two_devices_are_merged_nearer_to_the_truth_than_summed() -> None:
    days = [count_twice(seed) for seed in range(30)]
    assert all(day.merged <= day.walked < day.summed for day in days)


@pytest.mark.parametrize("cheat", ["vehicle", "shaken", "cadence", "outlier", "shared_device"])
def test_a_cheat_is_noticed_and_an_honest_day_is_not_asked_about(cheat: str) -> None:
    assert is_noticed(1, cheat)
    assert not is_noticed(1, "")
