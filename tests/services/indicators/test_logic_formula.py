"""Does a formula mean what it says, and is what is no formula told where it goes wrong?"""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData
from machinami.services.indicators.logic.computing import asked_by, relationships
from machinami.services.indicators.logic.formula import NAMES, aggregates, parse_formula, read_or_fault

from .towns import CONTEXT, NOW, ask, entity

SHELTERS = [
    entity("Shelter", "a", 400, state="open", capacity=100),
    entity("Shelter", "b", 20, state="closed", capacity=300),
    entity("Shelter", "c", 2, state="open", capacity=50),
    entity("Shelter", "d", 1),
]


def test_entities_are_counted_and_shared_by_a_condition() -> None:
    assert ask("count(Shelter)", SHELTERS).value == 4
    assert ask('count(Shelter where state=="open")', SHELTERS).value == 2
    assert ask('share(Shelter where state=="open";capacity>=100)', SHELTERS).value == 0.25
    assert ask('share(Shelter where state=="open"|capacity>=300)', SHELTERS).value == 0.75


def test_values_are_summed_and_averaged_and_those_without_one_are_left_out() -> None:
    for name, value in {"sum": 450, "mean": 150, "median": 100, "min": 50, "max": 300, "count": 3}.items():
        assert ask(f"{name}(capacity of Shelter)", SHELTERS).value == value
    (part,) = ask("mean(capacity of Shelter)", SHELTERS).parts
    assert (part.count, part.left_out) == (3, 1)
    assert ask("distinct(state of Shelter)", SHELTERS).value == 2


def test_arithmetic_binds_as_everywhere() -> None:
    assert ask("1 + 2 * count(Shelter) - 6 / 3", SHELTERS).value == 7
    assert ask("(1 + 2) * -count(Shelter)", SHELTERS).value == -12
    assert ask("sum(capacity / 2 + 1 of Shelter)", SHELTERS).value == 228


def test_since_looks_at_entities_that_came_within_the_window() -> None:
    assert ask("count(Shelter since 7d)", SHELTERS).value == 2
    assert ask('count(Shelter since 4w where state=="closed")', SHELTERS).value == 1


def test_over_counts_each_past_value_once() -> None:
    gauges = [entity("RiverGauge", "a", river="淀"), entity("RiverGauge", "b", river="桂")]
    past = {gauges[0].id: [(9, 100.0), (3, 1.0), (2, 3.0)], gauges[1].id: [(1, 11.0)]}
    assert ask("mean(waterLevel of RiverGauge over 7d)", gauges, past).value == 5
    assert ask('max(waterLevel of RiverGauge over 2w where river=="淀")', gauges, past).value == 100


def test_the_time_between_two_moments_is_taken_through_a_relationship() -> None:
    proposal = entity("FloodProposal", "p", issuedAt=(NOW - timedelta(hours=3)).isoformat())
    decisions = [
        entity("FloodDecision", "x", decidedAt=(NOW - timedelta(hours=2)).isoformat(), refProposal=proposal.id),
        entity("FloodDecision", "y", decidedAt=NOW.isoformat(), refProposal=proposal.id),
        entity("FloodDecision", "z", decidedAt=NOW.isoformat(), refProposal="urn:gone"),
    ]
    town = [proposal, *decisions]
    assert ask("median(minutes(refProposal{issuedAt}, decidedAt) of FloodDecision)", town).value == 120
    assert ask("max(hours(decidedAt, now) of FloodDecision)", town).value == 2
    assert ask("max(days(startedOn, endedOn) of Pilot)", [
        entity("Pilot", "p", startedOn="2026-04-01", endedOn="2026-05-01")
    ]).value == 30  # fmt: skip
    text = "median(minutes(refProposal{issuedAt}, decidedAt) of FloodDecision)"
    assert relationships(parse_formula(text, CONTEXT)) == {CONTEXT.expand("refProposal")}


def test_what_is_no_relationship_leads_nowhere() -> None:
    town = [entity("Shelter", "a", capacity=3, state="open")]
    assert ask("mean(capacity{capacity} of Shelter)", town).why == "no_values"
    assert ask("mean(state{capacity} of Shelter)", town).why == "no_values"
    assert ask("mean(state of Shelter)", town).why == "no_values"
    assert ask("mean(capacity[deep.er] of Shelter)", town).why == "no_values"


def test_nothing_to_take_a_mean_of_is_no_zero() -> None:
    assert ask("count(Shelter)", []).value == 0
    assert ask("sum(capacity of Shelter)", []).value == 0
    for text, why in {
        "mean(capacity of Shelter)": "no_rows",
        'share(Shelter where state=="open")': "no_rows",
        "10 / count(Shelter)": "by_zero",
        "median(capacity of Shelter) + 1": "no_rows",
    }.items():
        found = ask(text, [])
        assert (found.value, found.why) == (None, why)
    assert ask("mean(capacity of Shelter)", SHELTERS[3:]).why == "no_values"


def test_what_was_never_measured_is_said_to_be_simulated() -> None:
    assert not ask("count(Shelter)", SHELTERS).simulated
    assert ask("count(Shelter)", [*SHELTERS, entity("Shelter", "s", simulated=True)]).simulated


def test_the_rows_that_counted_are_named_with_their_values() -> None:
    (part,) = ask('sum(capacity of Shelter where state=="open")', SHELTERS).parts
    assert [(used.id[-1], used.value) for used in part.used] == [("a", 100.0), ("c", 50.0)]
    assert part.text == 'sum(capacity of Shelter where state=="open")'


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 1, "a number or one of"),
        ("1 + 2", 1, "somewhere in the formula"),
        ("mean(capacity)", 14, "'of'"),
        ("average(capacity of Shelter)", 1, "count, share"),
        ("count(Shelter where state==)", 28, "a value"),
        ("share(Shelter)", 14, "'where'"),
        ("share(capacity of Shelter where state==1)", 7, "an entity type"),
        ("mean(capacity of Shelter over 7 moons)", 31, "a length"),
        ("mean(capacity / 2 of Shelter over 7d)", 30, "'since'"),
        ("count(Shelter over 7d)", 15, "'since'"),
        ("count(Shelter) count(Shelter)", 16, "the end"),
        ("mean(hours(a b) of Shelter)", 14, "','"),
        ("count(Shelter since 99y)", 15, "ten years"),
        ("((((((((((((((((((((((1))))))))))))))))))))))", 22, "levels"),
    ],
)
def test_what_is_no_formula_is_told_where_it_goes_wrong(text: str, position: int, expected: str) -> None:
    with pytest.raises(BadRequestData) as caught:
        parse_formula(text, CONTEXT)
    assert expected in str(caught.value)
    assert caught.value.facts["position"] == position


def test_one_asking_serves_several_aggregates() -> None:
    term = parse_formula("sum(capacity of Shelter) / count(Shelter) + share(Shelter where capacity>1)", CONTEXT)
    assert len(aggregates(term)) == 3
    assert len(asked_by(term)) == 2


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20)


@given(numbers)
def test_the_sum_is_the_mean_times_the_count(values: list[float]) -> None:
    town = [entity("Shelter", str(place), capacity=value) for place, value in enumerate(values)]
    mean, total = (ask(f"{name}(capacity of Shelter)", town).value for name in ("mean", "sum"))
    assert mean is not None
    assert total is not None
    assert math.isclose(total, mean * len(values), rel_tol=1e-9, abs_tol=1e-6)
    least, most = (ask(f"{name}(capacity of Shelter)", town).value for name in ("min", "max"))
    assert least is not None
    assert most is not None
    assert least <= mean + 1e-9 * abs(mean) + 1e-9
    assert mean <= most + 1e-9 * abs(mean) + 1e-9


@given(numbers, st.floats(-1e6, 1e6))
def test_a_share_and_its_opposite_make_one(values: list[float], limit: float) -> None:
    town = [entity("Shelter", str(place), capacity=value) for place, value in enumerate(values)]
    below, rest = (f"share(Shelter where capacity{sign}{limit:.3f})" for sign in ("<", ">="))
    assert ask(f"{below} + {rest}", town).value == pytest.approx(1.0)


@given(st.text("countshareumf()<>=+-*/.,{}[]\"' 0123456789dwhySlet;|!", max_size=60))
def test_any_text_is_a_formula_or_a_fault_with_its_position(text: str) -> None:
    found, fault = read_or_fault(text, CONTEXT)
    if found is None:
        assert fault is not None
        assert 1 <= fault.facts["position"] <= len(text) + 1
    else:
        assert {one.name for one in aggregates(found)} <= set(NAMES)
