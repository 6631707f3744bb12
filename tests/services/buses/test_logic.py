"""Are stops, journeys, estimates and exports as a timetable and vehicles say?"""

import math
from datetime import date, timedelta

import numpy as np
import pytest
from tests.transit import TABLES, packed

from machinami.ingest.gtfs.parse.feed import read_feed
from machinami.model.transit import Network, Pattern, Profile, Route, Service, Stop, Trip, day_begins
from machinami.services.buses.logic.arrivals import RunPast, as_document, estimates, learn, model_of, score
from machinami.services.buses.logic.board import departures, matching, nearest, sheet
from machinami.services.buses.logic.day import Place, day_of, journeys, on_foot, soonest
from machinami.services.buses.logic.demand import demand_of
from machinami.services.buses.logic.export import gtfs_of
from machinami.services.buses.logic.planning import HOURS, flat, problem_of, turned
from machinami.services.buses.logic.replay import parted, replayed
from machinami.services.buses.logic.time_expanded import arrival, expand
from machinami.services.buses.model import ArrivalEstimation

TUESDAY = date(2026, 6, 30)
STATION, ESTATE = Place(138.0, 35.0), Place(138.02, 35.022)
NOON = 12 * 3600


def network() -> Network:
    return read_feed(packed()).network


def test_a_journey_with_a_walk_between_two_buses_is_found() -> None:
    (journey,) = soonest(day_of(network(), TUESDAY), STATION, ESTATE, NOON - 60)
    assert journey.arrive == NOON + 28 * 60
    assert len(journey.rides) == 2
    assert journey.walks[1] == math.ceil(364.3 / 1.2)  # from the hospital to the bridge


def test_the_next_journeys_come_in_order() -> None:
    found = journeys(day_of(network(), TUESDAY), STATION, ESTATE, NOON - 600, NOON + 3600)
    assert [one.arrive for one in found] == [NOON + 28 * 60, NOON + 58 * 60]


def test_nothing_runs_on_a_day_taken_away() -> None:
    assert soonest(day_of(network(), date(2026, 7, 1)), STATION, ESTATE, NOON) == []


def test_walking_takes_the_great_circle_at_the_pace() -> None:
    assert on_foot(STATION, Place(138.0, 35.01)) == math.ceil(1111.95 / 1.2)


def test_trying_everything_finds_the_same_arrivals() -> None:
    held = network()
    day, nodes = day_of(held, TUESDAY), expand(held, TUESDAY)
    draw = np.random.default_rng(3)
    for _ in range(200):
        ends = [Place(138.0 + 0.02 * draw.random(), 35.0 + 0.022 * draw.random()) for _ in range(2)]
        at = int(draw.integers(11 * 3600, 25 * 3600))
        found = soonest(day, *ends, at)
        assert (found[-1].arrive if found else None) == arrival(nodes, *ends, at)


def test_a_stop_is_found_by_a_part_of_its_name_in_any_language() -> None:
    stops = list(network().stops.values())
    assert [stop.id for stop in matching(stops, "えき", 5)] == ["A"]
    assert [stop.id for stop in matching(stops, "stat", 5)] == ["A"]
    assert matching(stops, "無い", 5) == []
    assert nearest(stops, 138.0, 35.0, 1)[0][0].id == "A"


def test_the_sheet_of_a_stop_has_its_departures_by_hour() -> None:
    held = network()
    found = sheet(held, day_of(held, TUESDAY), "A")
    assert {hour: [cell.minute for cell in cells] for hour, cells in found.items()} == {0: [10], 12: [0, 30], 24: [10]}
    assert sheet(held, day_of(held, TUESDAY), "C") == {}  # the last stop


def test_a_bus_of_yesterdays_service_is_told_late_after_midnight() -> None:
    held = network()
    pattern = next(one for one in held.patterns if any(trip.id == "N1" for trip in one.trips))
    wednesday, begins = TUESDAY + timedelta(days=1), day_begins(TUESDAY + timedelta(days=1), held.zone)
    for day, delay in ((TUESDAY, 240), (wednesday, None)):
        late = ArrivalEstimation("e", trip="N1", day=day.isoformat())
        told = {(pattern.id, "N1"): (late, {0: [120, 240, 360]})}
        (bus, *_) = departures(held, day_of(held, wednesday), wednesday, "A", begins, told, 3)
        assert (bus.trip, bus.day, bus.due) == ("N1", TUESDAY.isoformat(), begins + timedelta(minutes=10))
        assert (bus.expected and (bus.expected - bus.due).total_seconds()) == delay


def test_the_last_bus_of_the_day_is_waited_for_after_midnight_where_it_is_late() -> None:
    times = TABLES["stop_times.txt"].replace("24:1", "23:1").replace("24:2", "23:2")
    held = read_feed(packed(stop_times=times)).network
    pattern = next(one for one in held.patterns if any(trip.id == "N1" for trip in one.trips))
    wednesday, begins = TUESDAY + timedelta(days=1), day_begins(TUESDAY + timedelta(days=1), held.zone)
    late = ArrivalEstimation("e", trip="N1", day=TUESDAY.isoformat())
    told = {(pattern.id, "N1"): (late, {0: [3200, 3300, 3400]})}
    (bus, *_) = departures(held, day_of(held, wednesday), wednesday, "A", begins, told, 3)
    assert (bus.trip, bus.expected) == ("N1", begins + timedelta(minutes=5))
    assert departures(held, day_of(held, wednesday), wednesday, "A", begins, {}, 3) == []


def test_an_exported_timetable_is_read_again_as_it_was() -> None:
    held = network()
    again = read_feed(gtfs_of(held)).network
    assert again.patterns == held.patterns
    assert again.services == held.services
    assert again.trips_on(TUESDAY) == held.trips_on(TUESDAY)


def long_line(trips: int = 40) -> Network:
    """A line of twelve stops, every fifteen minutes, out and back."""
    stops = {f"s{n}": Stop(f"s{n}", {"ja": f"停{n}"}, 138.0 + 0.006 * n, 35.0 + 0.002 * (n % 3)) for n in range(12)}
    times = tuple(150 * n for n in range(12))
    profile = Profile(times, times)
    patterns = []
    for way, names in enumerate((tuple(stops), tuple(stops)[::-1])):
        runs = tuple(Trip(f"{way}-{n}", "W", 6 * 3600 + 900 * n, 0) for n in range(trips))
        patterns.append(Pattern(f"R-{way}", "R", names, (profile,), runs, way))
    daily = Service("W", (True,) * 7, date(2026, 1, 1), date(2026, 12, 31))
    return Network("Asia/Tokyo", stops, {"R": Route("R", "1", {"ja": "線"})}, {"W": daily}, tuple(patterns))


def test_learned_estimates_beat_the_present_delay_and_keep_their_promise() -> None:
    runs = replayed(long_line(), date(2026, 4, 1), 20, 7, 100)
    early, late = parted(runs, 20, 14)
    model = learn(early, 9 * 3600)
    assert model is not None
    found = score(model, late)
    assert found.error < 0.9 * found.naive
    assert 0.72 < found.covered < 0.88
    assert model_of(as_document(model)).weights == model.weights


def test_without_a_model_a_vehicle_stays_as_late_as_it_is() -> None:
    run = RunPast(("a", "b", "c"), np.array([0.0, 60.0, 120.0]), np.array([30.0, np.nan, np.nan]))
    assert [one.middle for one in estimates(None, None, run, 0, 30.0)] == [30.0, 30.0]


def test_too_few_runs_teach_nothing() -> None:
    assert learn(replayed(long_line(3), date(2026, 4, 1), 3, 1, 100), 0) is None


def test_demand_by_the_rule_adds_up_and_turns_round() -> None:
    flows = demand_of(long_line(), date(2026, 4, 1), 500.0)
    assert sum(flow.by_hour.sum() for flow in flows) == pytest.approx(500.0)
    assert {(one.goal, one.origin) for one in flows} == {(one.origin, one.goal) for one in turned(flows)}
    even = flat(flows)[0].by_hour
    assert len(set(even[even > 0].round(12))) == 1


def test_vehicles_are_told_from_where_trips_end_and_begin() -> None:
    held = long_line(8)
    problem = problem_of(held, date(2026, 4, 1), [demand_of(held, date(2026, 4, 1))])
    assert len(problem.lines.chains) == 4  # 28 minutes a way, every quarter of an hour
    assert sum(len(chain.trips) for chain in problem.lines.chains) == 16
    assert all(group.rates.shape == (1, HOURS) for group in problem.lines.groups)
