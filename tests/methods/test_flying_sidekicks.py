"""Does a truck with drones go as is best, and does an independent check find what cannot be driven or flown?"""

import math
import random
from dataclasses import replace
from itertools import pairwise, permutations

import pytest

from machinami.foundation.errors import InputError
from machinami.methods.drone_flight import Drone, endurance, great_circle, leg, power, thrust
from machinami.methods.flying_sidekicks import Sortie, Task, Tour, fly_and_drive
from machinami.methods.sidekick_check import faults_of

DRONE = Drone(7.8232, 15.6464, 3.9116, 360.0, 50.0, 2.27, 60.0, 30.0, 60.0, 562_990.0)


def task(seed: int, customers: int, drones: int, heavy: float = 0.2) -> Task:
    draws = random.Random(seed)
    places = [(47.5 + draws.uniform(0, 0.08), -122.3 + draws.uniform(0, 0.1)) for _ in range(customers + 1)]
    truck = [[great_circle(a, b) * draws.uniform(1.2, 1.6) / 11.0 for b in places] for a in places]
    parcels = [0.0, *(50.0 if draws.random() < heavy else draws.uniform(0.3, 2.2) for _ in range(customers))]
    return Task(places, parcels, truck, 30.0, DRONE, drones)


@pytest.mark.parametrize("drones", [0, 1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_found_can_be_driven_and_flown(seed: int, drones: int) -> None:
    one = task(seed, 6, drones)
    tour = fly_and_drive(one, (12,), (0.4,))
    assert faults_of(one, tour) == []


def test_without_drones_the_truck_goes_the_shortest_way_round() -> None:
    one = task(5, 6, 0)
    tour = fly_and_drive(one, (40,), (0.5,))
    ways = ([0, *order, 0] for order in permutations(range(1, 7)))
    best = min(sum(one.truck[a][b] for a, b in pairwise(way)) for way in ways)
    assert tour.seconds == pytest.approx(best + 6 * 30.0)


def test_a_drone_makes_it_no_later_and_a_second_one_neither() -> None:
    found = [fly_and_drive(task(6, 6, drones), (40,), (0.4,)).seconds for drones in (0, 1, 2)]
    assert found == sorted(found, reverse=True)
    assert found[1] < found[0]


def test_where_no_drone_may_land_a_truck_goes() -> None:
    one = replace(task(7, 5, 2, 0.0), grounded=frozenset({1, 2, 3, 4, 5}))
    assert fly_and_drive(one, (20,), (0.5,)).sorties == ()


def test_a_parcel_heavier_than_the_payload_goes_by_truck() -> None:
    one = task(8, 5, 1, 1.0)
    assert {stop.node for stop in fly_and_drive(one, (20,), (0.5,)).stops} == {0, 1, 2, 3, 4, 5}


def spoilt(tour: Tour) -> list[Tour]:
    first, stop = tour.sorties[0], tour.stops[1]
    rest = tour.sorties[1:]
    return [
        replace(tour, sorties=rest),
        replace(tour, sorties=(first._replace(launched=first.launched - 400.0), *rest)),
        replace(tour, sorties=(first._replace(recovered=first.recovered + 5_000.0), *rest)),
        replace(tour, sorties=(first._replace(drone=9), *rest)),
        replace(tour, stops=(tour.stops[0], stop._replace(arrived=stop.arrived - 60.0), *tour.stops[2:])),
        replace(tour, stops=(tour.stops[0], stop._replace(served=stop.left), *tour.stops[2:])),
        replace(tour, seconds=tour.seconds - 1.0),
    ]


def test_every_kind_of_cheating_is_found() -> None:
    one = task(6, 6, 1)
    tour = fly_and_drive(one, (40,), (0.4,))
    assert tour.sorties
    for number, false in enumerate(spoilt(tour)):
        assert faults_of(one, false), number
    heavy = replace(one, parcels=[60.0] * 7)
    assert any("may not be served" in fault for fault in faults_of(heavy, tour))
    assert faults_of(replace(one, grounded=frozenset(range(1, 7))), tour)
    assert faults_of(replace(one, least_stops=6), tour)


def test_one_drone_is_never_twice_in_the_air() -> None:
    one = task(6, 6, 1)
    tour = fly_and_drive(one, (40,), (0.4,))
    double = Sortie(0, 0, tour.sorties[0].customer, 0, 60.0, tour.seconds - 30.0)
    assert any("two places" in fault for fault in faults_of(one, replace(tour, sorties=(*tour.sorties, double))))


def test_nobody_is_served_where_too_few_stops_are_possible() -> None:
    with pytest.raises(InputError):
        fly_and_drive(replace(task(9, 3, 1), truck=[[0.0]]))


def test_hovering_takes_as_much_power_as_the_published_constants_say() -> None:
    newtons = 1.5 * 9.8
    expected = 0.8554 * newtons * math.sqrt(newtons / 0.3051**2) + 0.3177 * newtons**1.5
    assert power(thrust(0.0, 0.0)) == pytest.approx(expected)
    assert power(thrust(2.0, 0.0)) > power(thrust(1.0, 0.0)) > power(thrust(0.0, 0.0))


def test_a_heavier_parcel_and_a_longer_way_leave_less_time_in_the_air() -> None:
    near, far = leg(DRONE, 1_000.0), leg(DRONE, 3_000.0)
    stay = [endurance(DRONE, near, near, kilograms) or 0.0 for kilograms in (0.0, 1.0, 2.0)]
    assert stay == sorted(stay, reverse=True)
    assert endurance(DRONE, leg(DRONE, 60_000.0), far, 1.0) is None
    assert leg(DRONE, 0.5).seconds == 0.0
