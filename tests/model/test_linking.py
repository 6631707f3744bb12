"""Which entities come along with those that link to them, and in which order?"""

from hypothesis import given
from hypothesis import strategies as st
from tests.model.samples import unhurried

from machinami.model.attribute import Attribute, Kind
from machinami.model.context import core
from machinami.model.entity import Entity
from machinami.model.linking import Join, Links, links_of, with_linked
from machinami.model.representation import NORMALIZED, Representation

TYPE, NEXT, NAME = map(core().expand, ("Thing", "next", "name"))

_graphs = st.lists(st.sets(st.integers(0, 7), max_size=3), min_size=8, max_size=8)


def named(number: int) -> str:
    return f"urn:x:{number}"


def town_of(graph: list[set[int]]) -> dict[str, Entity]:
    """Entities that link to each other as the graph says."""
    made = {}
    for number, targets in enumerate(graph):
        value = tuple(map(named, sorted(targets)))
        attributes = {NEXT: (Attribute(Kind.RELATIONSHIP, value[0] if len(value) == 1 else value),)} if value else {}
        made[named(number)] = Entity(named(number), (TYPE,), attributes)
    return made


def within(graph: list[set[int]], start: int, steps: int) -> set[int]:
    """The numbers that can be reached in at most so many steps."""
    reached = {start}
    for _ in range(steps):
        reached |= {target for number in reached for target in graph[number]}
    return reached


@unhurried
@given(_graphs, st.integers(1, 4))
def test_a_flat_list_holds_all_that_can_be_reached_each_once(graph: list[set[int]], level: int) -> None:
    town = town_of(graph)

    found = with_linked([(town[named(0)], NORMALIZED)], links_of(Join(flat=True, level=level), town.get))

    ids = [entity.id for entity, _ in found]
    assert ids[0] == named(0)
    assert len(ids) == len(set(ids))
    assert set(ids) == set(map(named, within(graph, 0, level)))


def test_what_is_not_shown_is_not_followed() -> None:
    town = town_of([{1}, {2}, set(), set(), set(), set(), set(), set()])
    links = Links(town.get, 3)

    def ids(representation: Representation) -> list[str]:
        return [entity.id for entity, _ in with_linked([(town[named(0)], representation)], links)]

    assert ids(NORMALIZED) == [named(0), named(1), named(2)]
    assert ids(Representation(pick={NAME: {}})) == [named(0)]
    assert ids(Representation(omit={NEXT: {}})) == [named(0)]
    assert ids(Representation(pick={NEXT: {NAME: {}}})) == [named(0), named(1)]


def test_no_way_leads_back_or_to_what_is_known() -> None:
    town = town_of([{1}, {0}, set(), set(), set(), set(), set(), set()])
    links = links_of(Join(flat=False, level=5, contained_by=frozenset({named(2)})), town.get).leaving(named(0))

    assert links.entity(named(0)) is None
    assert links.entity(named(2)) is None
    assert links.entity(named(1)) is town[named(1)]
    deeper = links.deeper()
    assert deeper is not None
    assert deeper.level == 4
    assert Links(town.get).deeper() is None
