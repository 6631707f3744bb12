"""Can a tour of a truck with drones be driven and flown as it says? Told by its times alone, apart from the search."""

from itertools import pairwise

from machinami.methods.drone_flight import endurance, great_circle, leg
from machinami.methods.flying_sidekicks import Sortie, Task, Tour

NEAR = 1e-6


def faults_of(task: Task, tour: Tour) -> list[str]:
    """What is wrong with a tour, in plain words; nothing where it holds."""
    return [*_of_service(task, tour), *_of_road(task, tour), *_of_air(task, tour), *_of_driver(task, tour)]


def _of_service(task: Task, tour: Tour) -> list[str]:
    served = [stop.node for stop in tour.stops if stop.node] + [one.customer for one in tour.sorties]
    wanted = list(range(1, len(task.places)))
    found = [] if sorted(served) == wanted else [f"served are {sorted(served)}, not each customer once"]
    stops = sum(stop.node != 0 for stop in tour.stops)
    return found + ([f"{stops} stops of the truck are too few"] if stops < task.least_stops else [])


def _of_road(task: Task, tour: Tour) -> list[str]:
    found = []
    if tour.stops[0].node != 0 or tour.stops[-1].node != 0:
        found.append("the truck does not begin and end at the depot")
    for a, b in pairwise(tour.stops):
        if b.arrived < a.left + task.truck[a.node][b.node] - NEAR:
            found.append(f"the truck is too soon at {b.node}")
    for stop in tour.stops:
        if stop.node and (stop.served < stop.arrived - NEAR or stop.left < stop.served + task.delivery - NEAR):
            found.append(f"the delivery at {stop.node} is outside the stay there")
    if abs(tour.stops[-1].left - tour.seconds) > NEAR:
        found.append("the tour does not end when the last drone is in")
    return found


def _of_air(task: Task, tour: Tour) -> list[str]:
    found = []
    order = {stop.node: number for number, stop in enumerate(tour.stops)} | {0: 0}
    last = len(tour.stops) - 1
    spans: dict[int, list[tuple[int, int]]] = {}
    for one in tour.sorties:
        drone, customer = task.drone, one.customer
        if task.parcels[customer] > drone.payload + NEAR or customer in task.grounded:
            found.append(f"{customer} may not be served by a drone")
        if one.start not in order or (one.end not in order):
            found.append(f"the sortie to {customer} begins or ends where the truck does not stop")
            continue
        begin, end = order[one.start], last if one.end == 0 else order[one.end]
        if begin >= end:
            found.append(f"the sortie to {customer} ends before it begins")
        spans.setdefault(one.drone, []).append((begin, end))
        found += _of_flight(task, one)
    for number, flown in spans.items():
        if not 0 <= number < task.drones or any(b[0] < a[1] for a, b in pairwise(sorted(flown))):
            found.append(f"drone {number} is in two places at once, or not there")
    return found


def _of_flight(task: Task, one: Sortie) -> list[str]:
    places = task.places
    out = leg(task.drone, great_circle(places[one.start], places[one.customer]))
    back = leg(task.drone, great_circle(places[one.customer], places[one.end]))
    stay = endurance(task.drone, out, back, task.parcels[one.customer])
    lasted = one.recovered - one.launched
    if lasted < out.seconds + task.drone.delivery + back.seconds - NEAR:
        return [f"the sortie to {one.customer} is faster than the drone"]
    if stay is None or lasted > stay + NEAR:
        return [f"the drone to {one.customer} falls: its energy does not last"]
    return []


def _of_driver(task: Task, tour: Tour) -> list[str]:
    """At a stop the driver does one thing after the other, between coming and leaving."""
    found = []
    for number, stop in enumerate(tour.stops):
        is_last = number == len(tour.stops) - 1
        busy = [] if stop.node == 0 else [(stop.served, stop.served + task.delivery)]
        for one in tour.sorties:
            if one.start == stop.node and not is_last:
                busy.append((one.launched - task.drone.launch, one.launched))
            if (one.end == stop.node and stop.node) or (one.end == 0 and is_last):
                busy.append((one.recovered, one.recovered + task.drone.recovery))
        busy.sort()
        if busy and (busy[0][0] < stop.arrived - NEAR or busy[-1][1] > stop.left + NEAR):
            found.append(f"something is done at {stop.node} before the truck is there, or after it left")
        if any(b[0] < a[1] - NEAR for a, b in pairwise(busy)):
            found.append(f"the driver does two things at once at {stop.node}")
    return found
