"""Are documents, merging, doubts, goals and estimates as the rules say?"""

import json
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.services.health_points.logic.advice import advise, next_goal, plan_of, target_of
from machinami.services.health_points.logic.earning import points_due
from machinami.services.health_points.logic.figures import group_figures, hidden_groups, median_interval, usual
from machinami.services.health_points.logic.forms import faults
from machinami.services.health_points.logic.merging import by_day, merged, total, updated, walking_minutes
from machinami.services.health_points.logic.plausibility import judge, robust_z
from machinami.services.health_points.logic.reading import read
from machinami.services.health_points.logic.worth import yearly_yen
from machinami.services.health_points.model import Claim, Day, Exercise, Settings

from .conftest import ZONE, at, point

DAY = date(2026, 6, 29)
FIXTURES = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared"))
FIXTURES = FIXTURES / "data" / "civic" / "open_mhealth" / "test-data" / "omh"


def claim(hour: int, steps: int, device: str = "phone", minutes: int = 60, minute: int = 0) -> Claim:
    start = at(DAY, hour, minute).astimezone(UTC)
    return Claim(device, start, start + timedelta(minutes=minutes), steps)


def fixtures() -> list[Path]:
    return sorted(FIXTURES.rglob("*.json"))


def test_every_open_mhealth_fixture_is_judged_right() -> None:
    if not fixtures():
        pytest.skip(f"the Open mHealth fixtures are not at {FIXTURES}")
    wrong = []
    for path in fixtures():
        name, version, verdict = path.relative_to(FIXTURES).parts[:3]
        found = faults(json.loads(path.read_text("utf-8")), name, version)
        if bool(found) is (verdict == "shouldPass"):
            wrong.append((path.name, [str(f) for f in found]))
    assert wrong == []
    assert len(fixtures()) > 20


def test_a_refused_document_says_what_where_and_how_to_mend() -> None:
    document = point(at(DAY, 9), 60, "6000")
    (number, found), *_ = read([point(at(DAY, 8), 60, 100), document], ZONE).refused
    assert number == 1
    assert str(found[0]) == ("/body/step_count/value: '6000' is a text, not a number; write it without quotation marks")


def test_a_known_schema_of_a_later_minor_version_is_read_as_the_newest_known() -> None:
    body = {"step_count": {"value": 1, "unit": "steps"}, "effective_time_frame": {"time_interval": {}}}
    assert faults(body, "step-count", "3.4")[0].where == "/effective_time_frame/time_interval"
    assert faults(body, "step-count", "4.0")[0].where == "/header/schema_id"


def observation(**changes: Any) -> dict[str, Any]:
    row = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "55423-8"}]},
        "effectivePeriod": {"start": "2026-06-29T09:00:00+09:00", "end": "2026-06-29T10:00:00+09:00"},
        "valueQuantity": {"value": 5_200, "unit": "steps", "code": "{steps}"},
        "device": {"display": "watch"},
        "subject": {"display": "a name that is not taken along"},
    }
    return {key: value for key, value in {**row, **changes}.items() if value is not None}


def test_a_fhir_observation_hands_in_steps_and_no_name() -> None:
    found = read({"resourceType": "Bundle", "entry": [{"resource": observation()}]}, ZONE)
    assert found.claims == (
        Claim("watch", datetime(2026, 6, 29, tzinfo=UTC), datetime(2026, 6, 29, 1, tzinfo=UTC), 5_200, "fhir"),
    )
    assert "a name" not in repr(found)


def test_a_fhir_day_count_is_of_a_day_of_the_town() -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "41950-7"}]}
    found = read(observation(code=code, effectivePeriod=None, effectiveDateTime="2026-06-29"), ZONE)
    assert found.claims[0].start == datetime(2026, 6, 28, 15, tzinfo=UTC)
    assert found.claims[0].minutes == 1_440


def test_a_fhir_observation_entered_in_error_takes_back() -> None:
    found = read(observation(status="entered-in-error"), ZONE)
    assert found.claims[0].steps is None
    held = [Claim("watch", found.claims[0].start, found.claims[0].end, 5_200)]
    assert updated(held, found.claims) == []


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"status": "preliminary"}, "/status"),
        ({"status": "done"}, "/status"),
        ({"code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}}, "/code/coding"),
        ({"valueQuantity": {"value": "5200"}}, "/valueQuantity/value"),
        ({"valueQuantity": {"value": 5.2, "unit": "km"}}, "/valueQuantity/code"),
        ({"valueQuantity": {"value": 5.5}}, "/valueQuantity/value"),
        ({"valueQuantity": None}, "/valueQuantity"),
        ({"effectivePeriod": {"start": "2026-06-29T09:00:00"}}, "/effectivePeriod/start"),
        ({"effectivePeriod": None}, "/effectivePeriod"),
        ({"device": None}, "/device"),
        ({"resourceType": "Patient"}, "/resourceType"),
    ],
)
def test_a_fhir_document_that_will_not_do_is_refused_at_its_place(changes: dict[str, Any], where: str) -> None:
    found = read(observation(**changes), ZONE)
    assert found.claims == ()
    assert found.refused[0][1][0].where == where


def test_health_data_that_are_not_needed_are_not_taken() -> None:
    document = point(at(DAY, 9), 60, 1)
    document["header"]["schema_id"]["name"] = "blood-pressure"
    assert "not needed" in str(read(document, ZONE).refused[0][1][0])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("header", "body", "step_count", "value", "unit", "effective_time_frame", "time_interval", "start_date_time")
NAMED = st.dictionaries(st.sampled_from([*KEYS, "duration", "schema_id", "resourceType", "status"]), json_values)


@given(json_values | NAMED | st.lists(NAMED, max_size=2))
def test_whatever_is_sent_is_read_or_refused_but_never_breaks(document: Any) -> None:
    found = read(document, ZONE, "phone")
    assert all(fault.cure for _, faults_of_one in found.refused for fault in faults_of_one)


@given(json_values, st.sampled_from(["step_count", "effective_time_frame"]))
def test_a_strange_member_of_a_body_is_a_fault_or_fits(value: Any, member: str) -> None:
    document = point(at(DAY, 9), 60, 100)
    document["body"][member] = value
    found = read(document, ZONE)
    assert len(found.claims) + len(found.refused) >= 1


claims = st.lists(
    st.builds(claim, st.integers(0, 22), st.integers(0, 9_000), st.sampled_from("abc"), st.sampled_from([10, 60, 90])),
    max_size=12,
)


@given(claims)
def test_merged_steps_lie_between_the_best_device_and_the_sum_of_all(rows: list[Claim]) -> None:
    held = updated([], rows)
    steps = total(merged(held))
    assert steps >= max((c.steps or 0 for c in held), default=0)
    assert steps <= sum(c.steps or 0 for c in held)


@given(claims)
def test_a_second_device_that_says_the_same_changes_nothing(rows: list[Claim]) -> None:
    held = updated([], rows)
    twin = [c._replace(device=f"{c.device}-twin") for c in held]
    assert total(merged([*held, *twin])) == total(merged(held))


@given(claims)
def test_what_is_handed_in_again_or_in_another_order_is_the_same(rows: list[Claim]) -> None:
    held = updated([], rows)
    assert updated(held, held) == held
    assert merged(held) == merged(held[::-1])


@given(st.integers(0, 100_000), st.integers(1, 2_100), st.integers(0, 1_439))
def test_no_step_is_lost_at_midnight(steps: int, minutes: int, start: int) -> None:
    begin = at(DAY, 0).astimezone(UTC) + timedelta(minutes=start)
    one = Claim("phone", begin, begin + timedelta(minutes=minutes), steps)
    days = by_day([one], ZONE)
    assert sum(c.steps or 0 for rows in days.values() for c in rows) == steps
    assert all(c.start.astimezone(ZONE).date() == day for day, rows in days.items() for c in rows)


def test_minutes_of_walking_are_steps_at_a_brisk_pace() -> None:
    assert walking_minutes(merged([claim(9, 3_000)])) == 30
    assert walking_minutes(merged([claim(9, 9_000)])) == 60


def doubts(
    rows: list[Claim], history: Sequence[float] = (), exercises: Sequence[Exercise] = (), answer: str | None = None
) -> tuple[list[str], str]:
    found = judge(rows, exercises, history, {"stranger"}, Settings(), answer)
    return [f.kind for f in found.findings], found.state


def test_faster_than_anyone_walks_is_refused() -> None:
    assert doubts([claim(9, 14_000)]) == (["cadence"], "refused")
    assert doubts([claim(9, 14_000), claim(10, 3_000)]) == (["cadence"], "accepted")


def test_steps_counted_on_a_ride_are_refused() -> None:
    ride = Exercise("phone", claim(9, 0).start, claim(9, 0).end, "in_vehicle")
    assert doubts([claim(9, 1_200)], exercises=[ride]) == (["vehicle"], "refused")
    assert doubts([claim(11, 1_200)], exercises=[ride]) == ([], "accepted")


def test_a_machine_that_shakes_a_phone_is_too_regular() -> None:
    shaken = [claim(9, 900 + n % 2, minutes=10, minute=10 * n) for n in range(6)]
    assert doubts(shaken) == (["shaken"], "refused")
    walked = [claim(9, 900 + 60 * (n % 3), minutes=10, minute=10 * n) for n in range(6)]
    assert doubts(walked) == ([], "accepted")


def test_a_device_of_another_participant_is_refused_and_can_be_objected_to() -> None:
    rows = [claim(9, 3_000, "stranger")]
    assert doubts(rows) == (["shared_device"], "refused")
    assert doubts(rows, answer="walked")[1] == "contested"
    assert doubts(rows, answer="granted")[1] == "accepted"
    assert doubts(rows, answer="not_mine")[1] == "refused"


def test_what_is_unusual_for_this_person_is_asked_and_the_answer_decides() -> None:
    usual_days = [5_000.0 + 200 * n for n in range(12)]
    assert doubts([claim(8, 12_000), claim(10, 11_000)], usual_days) == (["outlier"], "asked")
    assert doubts([claim(8, 12_000), claim(10, 11_000)], usual_days, answer="walked")[1] == "accepted"
    assert doubts([claim(8, 7_000)], usual_days) == ([], "accepted")
    assert robust_z(50_000, usual_days[:9]) is None


def test_a_person_of_steady_habits_is_not_asked_every_day() -> None:
    z = robust_z(7_500, [7_000.0] * 14)
    assert z is not None
    assert z < 1


def test_points_are_capped_and_nothing_is_earned_while_a_day_is_doubtful() -> None:
    settings = Settings()
    assert points_due(7_400, "accepted", None, settings) == 7
    assert points_due(74_000, "accepted", None, settings) == 10
    assert points_due(7_400, "accepted", 7_000, settings) == 9
    assert [points_due(9_000, state, 7_000, settings) for state in ("asked", "refused", "contested")] == [0, 0, 0]


def days(*steps: float) -> list[Day]:
    return [Day(DAY + timedelta(days=n), value, value / 100) for n, value in enumerate(steps)]


def test_the_next_goal_is_the_60th_percentile_of_the_last_nine_days() -> None:
    assert next_goal(days(99_000, *range(1_000, 10_000, 1_000))) == 6_000
    assert next_goal(days(4_000, 4_000, 4_000, 4_000)) is None
    assert next_goal(days(*[100] * 9)) == 2_000


@given(st.lists(st.integers(2_000, 15_000), min_size=9, max_size=9))
def test_the_goal_was_reached_on_at_least_four_of_nine_days_or_nearly(steps: list[int]) -> None:
    goal = next_goal(days(*steps))
    assert goal is not None
    assert sum(s >= goal - 50 for s in steps) >= 4


def test_advice_begins_with_what_is_nearest() -> None:
    assert [a.kind for a in advise(days(1), "65-74", None)] == ["begin"]
    assert advise(days(*[7_500] * 9), "65-74", 7_500)[0].kind == "keep"
    near = advise(days(*[6_600] * 9), "30-39", 6_600)
    assert (near[0].kind, near[0].facts["minutes"]) == ("ten_minutes", 10)
    assert advise(days(*[3_000] * 9), "30-39", 3_000)[0].kind == "step_by_step"
    assert (target_of("75+").steps, target_of("18-29").steps, plan_of("75+", "male"), plan_of("", "unsaid")) == (
        6_000,
        8_000,
        7_000,
        None,
    )


def test_small_groups_are_hidden_and_cannot_be_found_by_subtracting() -> None:
    sizes = {("a", "x"): 30, ("a", "y"): 4, ("b", "x"): 12}
    assert hidden_groups(sizes, 10) == {("a", "y"), ("b", "x")}
    assert hidden_groups({("a", "x"): 30, ("b", "x"): 12}, 10) == set()


def test_a_group_is_told_by_its_median_with_an_interval() -> None:
    persons = [p for n in range(30) if (p := usual(("65-74", "x"), days(*[5_000 + 100 * n] * 8))) is not None]
    (row,) = group_figures(persons, 10)
    assert row.steps is not None
    assert row.steps.low < row.steps.value < row.steps.high
    assert row.steps.value == 6_450
    assert usual(("a", "b"), days(1, 2, 3)) is None


def test_a_bootstrap_interval_covers_the_median_about_19_times_in_20() -> None:
    draws = np.random.default_rng(4)
    hits = 0
    for _ in range(200):
        found = median_interval(draws.lognormal(8.5, 0.4, 40), draws)
        hits += found.low <= np.exp(8.5) <= found.high
    assert 0.9 <= hits / 200 <= 0.99


def test_the_guidelines_figure_is_reproduced_within_two_percent() -> None:
    assert abs(yearly_yen(1_500) / 35_000 - 1) < 0.02
