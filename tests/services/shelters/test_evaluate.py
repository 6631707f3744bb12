"""Is the shelters service scored as its rule says, on files of anyone?"""

import os
from pathlib import Path

import numpy as np
import pytest

from machinami.foundation.errors import InputError
from machinami.methods.fair_allocation import share_by_need, share_fairly
from machinami.methods.scorecard import Table
from machinami.services.shelters.evaluate import evaluate
from machinami.services.shelters.logic.brute import equals, small
from machinami.services.shelters.logic.planted import SCARCE, SOME, coverage, cut_off, settlements
from machinami.services.shelters.logic.sidekicks import proved_of, rows_of

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared")) / "data"
NANAO = SHARED / "municipal" / "nanao_shelters_202401" / "history"
PLANS = SHARED / "optimisation" / "mfstsp8"
EMPTY = Table(np.zeros(0, np.int64), {})
NONE = {"planted": "0"}


def scored(table: Table, **options: str) -> dict[str, tuple[float | None, bool | None]]:
    report = evaluate(table, {**NONE, **options}, lambda done, of: None)
    return {check.name: (check.value, check.passed) for check in report.checks}


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*.csv"))}


def test_heads_of_any_table_are_foreseen_and_compared_with_carrying_forward() -> None:
    days = np.arange(60) * 86_400
    table = Table(days, {"persons": {"a": 900.0 * 0.95 ** np.arange(60), "b": 90.0 * 0.95 ** np.arange(60)}})
    assert (scored(table)["head_count_7d_improvement"][0] or 0) > 0.4
    assert (scored(table, ahead="3")["head_count_3d_improvement"][0] or 0) > 0.3


def test_files_of_one_moment_each_are_told_apart_by_their_names() -> None:
    made = {f"x_2024-01-{n + 1:02}-1800.csv": f"名称,人数_時点\nA,{300 - 9 * n}\nB,-\n".encode() for n in range(30)}
    found = scored(EMPTY._replace(documents=made))
    assert found["head_count_7d_origins"][0] == 23
    with pytest.raises(InputError, match="no moment"):
        scored(EMPTY._replace(documents={"a.csv": b"x"}))
    with pytest.raises(InputError, match="no column"):
        scored(EMPTY._replace(documents={"a_2024-01-09-1800.csv": b"x,y\n1,2\n"}))


def test_nothing_given_says_what_may_be() -> None:
    with pytest.raises(InputError, match="--counts"):
        scored(EMPTY)
    with pytest.raises(InputError, match="isOptimal"):
        proved_of({"results.csv": b"problemName,isOptimal\n"})
    with pytest.raises(InputError, match="no rows"):
        rows_of(b"% only a remark\n", "x")


def test_the_intervals_hold_under_the_known_law_and_a_mildly_other_one() -> None:
    for other in (False, True):
        found = coverage(5, 100, other)
        assert 0.7 <= found.inside / found.cases <= 0.9


def test_every_small_allocation_is_the_one_found_by_trying_them_all() -> None:
    assert all(equals(one) for one in small(3, 12))


@pytest.mark.skipif(not NANAO.is_dir(), reason="the head counts of Nanao are not here")
def test_the_heads_of_nanao_are_foreseen_better_than_by_carrying_forward() -> None:
    value, passed = scored(EMPTY._replace(documents=files(NANAO)))["head_count_7d_improvement"]
    assert passed, value


@pytest.mark.skipif(not PLANS.is_dir(), reason="the truck-and-drone problems are not here")
@pytest.mark.parametrize("every", ["116", pytest.param("5", marks=pytest.mark.long)])
def test_drone_plans_are_near_the_proved_optima_and_hold(every: str) -> None:
    found = scored(EMPTY._replace(documents=files(PLANS)), every=every)
    assert found["mean_gap_to_optimum"][1]
    assert found["plans_infeasible"][0] == 0


def test_in_every_simulated_town_a_settlement_is_cut_off_by_road_and_something_is_brought_there() -> None:
    for task in (one for setting in (SOME, SCARCE) for one in settlements(5, 20, setting)):
        there = cut_off(task)
        assert there.any()
        assert np.isfinite(task.limit[:, there]).all()
        assert (task.limit[:, there].sum(axis=0) > 0).all()
        assert (task.need[there].sum(axis=1) > 0).all()


def test_where_everybody_is_short_the_worst_off_fare_no_worse_than_by_hand() -> None:
    for setting in (SOME, SCARCE):
        for task in settlements(3, 3, setting):
            assert share_fairly(task, 1).worst <= share_by_need(task).worst + 1e-6
    some, scarce = (
        sum(task.stock.sum() / task.need.sum() for task in settlements(3, 20, one)) for one in (SOME, SCARCE)
    )
    assert scarce < some
