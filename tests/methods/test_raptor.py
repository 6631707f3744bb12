"""Does the planner find the earliest arrival, and all that is no worse in rides?"""

from machinami.methods.raptor import Line, Timetable, between, earliest

MINUTE = 60


def line(
    stops: tuple[int, ...], *trips: tuple[int, ...], on: tuple[bool, ...] = (), off: tuple[bool, ...] = ()
) -> Line:
    """A line by the minutes at which its trips call."""
    times = tuple([trip[place] * MINUTE for trip in trips] for place in range(len(stops)))
    every = (True,) * len(stops)
    return Line(stops, times, times, on or every, off or every, tuple(range(len(trips))))


def test_the_first_trip_that_can_be_caught_is_taken() -> None:
    table = Timetable.of([line((0, 1), (10, 20), (30, 40))], [[], []])
    (journey,) = earliest(table, [(0, 0)], {1: 0}, 11 * MINUTE)
    assert (journey.depart, journey.arrive) == (30 * MINUTE, 40 * MINUTE)


def test_fewer_rides_and_earlier_arrival_are_both_told() -> None:
    lines = [line((0, 1), (0, 60)), line((0, 2), (0, 10)), line((2, 1), (12, 30))]
    found = earliest(Timetable.of(lines, [[], [], []]), [(0, 0)], {1: 0}, 0)
    assert [(len(one.rides), one.arrive) for one in found] == [(1, 60 * MINUTE), (2, 30 * MINUTE)]


def test_one_walks_between_two_rides_but_not_twice() -> None:
    walks = [[], [(2, 300)], [(1, 300), (3, 300)], [(2, 300)], []]
    near = Timetable.of([line((0, 1), (0, 10)), line((2, 4), (15, 20))], walks)
    assert earliest(near, [(0, 0)], {4: 0}, 0)[-1].arrive == 20 * MINUTE
    far = Timetable.of([line((0, 1), (0, 10)), line((3, 4), (40, 50))], walks)
    assert earliest(far, [(0, 0)], {4: 0}, 0) == []  # two walks would be needed


def test_a_stop_reached_on_foot_earlier_can_still_be_walked_on_from_by_a_ride() -> None:
    # 1 is reached on foot at 5 min and by bus at 8; from 1 one may walk to 2 only after the bus.
    walks: list[list[tuple[int, int]]] = [[(1, 300)], [(2, 60)], [], [], []]
    lines = [line((0, 3), (0, 4)), line((3, 1), (5, 8)), line((2, 4), (10, 20))]
    found = earliest(Timetable.of(lines, walks), [(0, 0), (1, 300)], {4: 0}, 0)
    assert found[-1].arrive == 20 * MINUTE
    assert len(found[-1].rides) == 3


def test_nobody_gets_on_or_off_where_it_is_closed() -> None:
    closed = line((0, 1, 2), (0, 10, 20), on=(True, False, True), off=(True, False, True))
    table = Timetable.of([closed], [[], [], []])
    assert earliest(table, [(0, 0)], {1: 0}, 0) == []
    assert earliest(table, [(1, 0)], {2: 0}, 0) == []
    assert earliest(table, [(0, 0)], {2: 0}, 0)[0].arrive == 20 * MINUTE


def test_a_change_at_one_stop_takes_its_least_time() -> None:
    lines = [line((0, 1), (0, 10)), line((1, 2), (11, 20), (13, 25))]
    table = Timetable.of(lines, [[], [], []], (0, 120, 0))
    assert earliest(table, [(0, 0)], {2: 0}, 0)[-1].arrive == 25 * MINUTE


def test_between_two_times_no_journey_is_worse_than_another() -> None:
    fast = line((0, 1), (20, 30), (40, 50))
    slow = line((0, 1), (5, 35), (25, 60))
    found = between(Timetable.of([fast, slow], [[], []]), [(0, 0)], {1: 0}, 0, 60 * MINUTE)
    assert [(one.depart // 60, one.arrive // 60) for one in found] == [(20, 30), (40, 50)]


def test_what_is_slower_than_walking_is_left_out() -> None:
    table = Timetable.of([line((0, 1), (0, 30))], [[], []])
    assert between(table, [(0, 0)], {1: 0}, 0, 60 * MINUTE, on_foot=20 * MINUTE) == []
