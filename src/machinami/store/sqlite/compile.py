"""By which index is a query answered?

A plan is a statement that gives keys of candidates in order of creation: all entities that match, and perhaps
others. It never guesses: what SQL cannot say exactly is left to `matches`, which looks at every candidate of a
plan that is not exact.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import apsw

from machinami.model.query import Page, Query, TypeAll, TypeIs, TypeSelection
from machinami.store.sqlite.boxes import level, search_boxes
from machinami.store.sqlite.connection import read, read_one
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.prefilter import Filter
from machinami.store.sqlite.statements import SQL
from machinami.store.sqlite.values import Span, ValueIndexes

# What it costs to read one row of an index and sort it, and to fetch and judge one entity, relative to each other.
_ROW, _ENTITY = 1, 33
_SPARE = 32  # candidates that are judged in vain at the least
_LAST = 1 << 50  # a key beyond all keys
_WIDTH, _WIDER = 4_096, 4  # keys in the first window, and how many times wider the next one is


@dataclass(frozen=True, slots=True)
class Part:
    """One range of one index: a statement whose last parameters are two keys, for what lies after the one and up to
    the other.

    attribute: the number of the attribute, in the tree of places, where keys are levels of it.
    """

    sql: str
    parameters: tuple[object, ...]
    attribute: int | None = None

    def between(self, after: int, upto: int) -> tuple[object, ...]:
        """All parameters of the statement."""
        if self.attribute is None:
            return (*self.parameters, after, upto)
        return (*self.parameters, level(self.attribute, upto), level(self.attribute, after), after, upto)


@dataclass(frozen=True, slots=True)
class Plan:
    """The ranges whose union holds the candidates.

    exact: every live candidate matches. size: how many candidates there are, where that is known.
    in_order: the candidates are all entities of some types, in order of creation, for want of a better index.
    filter: what else SQLite is to ask of a candidate before it is decoded.
    last: the last key there is, where an index that knows no order is to be asked window by window of the keys,
    because a page of the first ones is wanted.
    """

    parts: tuple[Part, ...]
    exact: bool = False
    size: int | None = None
    in_order: bool = False
    filter: Filter | None = None
    last: int | None = None

    def keys(self, connection: apsw.Connection, after: int, limit: int, offset: int = 0) -> tuple[list[int], bool]:
        """The next keys after this one, in order, each once; and whether there may be more."""
        sql = _UNION.join([part.sql for part in self.parts])
        filtered: tuple[object, ...] = ()
        if self.filter is not None:
            sql = _FILTERED.format(candidates=sql, condition=self.filter.sql)
            filtered = self.filter.parameters
        sql += _PAGED
        keys: list[int] = []
        for upto in self._ends(after):
            bounds = [p for part in self.parts for p in part.between(after, upto)]
            keys += [key for (key,) in read(connection, sql, (*bounds, *filtered, limit - len(keys), offset))]
            if len(keys) == limit:
                break
            after = upto
        more = len(keys) == limit
        if not self.exact:  # an entity has one row for each of its values or places
            keys = list(dict.fromkeys(keys))
        return keys, more

    def _ends(self, after: int) -> Iterator[int]:
        """The keys at which the windows end."""
        width = _WIDTH
        while self.last is not None and after + width < self.last:
            after += width
            yield after
            width *= _WIDER
        yield _LAST

    def count(self, connection: apsw.Connection) -> int:
        """How many candidates there are."""
        if self.size is not None:
            return self.size
        union = _UNION.join([part.sql for part in self.parts])
        parameters = [p for part in self.parts for p in part.between(-1, _LAST)]
        return int(read_one(connection, f"SELECT count(*) FROM ({union})", tuple(parameters)))


_UNION = " UNION "  # not UNION ALL: it gives each key once, and merges ranges that are in order already
_FILTERED = "SELECT key FROM ({candidates}) CROSS JOIN entity USING (key) WHERE ({condition})"
_PAGED = " ORDER BY key LIMIT ? OFFSET ?"


def type_names(selection: TypeSelection, size: Callable[[str], int]) -> frozenset[str]:
    """Types such that whatever satisfies the selection has one of them; the rarest choice."""
    if isinstance(selection, TypeIs):
        return frozenset((selection.type,))
    parts = [type_names(part, size) for part in selection.parts]
    if isinstance(selection, TypeAll):
        return min(parts, key=lambda names: sum(map(size, names)))
    return frozenset().union(*parts)


def is_union(selection: TypeSelection) -> bool:
    """Whether the selection asks for nothing but one of several types."""
    if isinstance(selection, TypeIs):
        return True
    return not isinstance(selection, TypeAll) and all(map(is_union, selection.parts))


@dataclass(frozen=True, slots=True)
class Planner:
    """Chooses plans by what the town holds. size: how many entities have a type. last: the last key."""

    names: Names
    indexes: ValueIndexes
    size: Callable[[str], int]
    total: Callable[[], int]
    last: Callable[[], int]

    def plan(self, connection: apsw.Connection, query: Query, page: Page) -> Plan:
        """The plan for the page of the query; ids are not planned, they are looked up."""
        plan = self._by_value(connection, query, self._worth(query, page)) or self._by_place(query, page)
        return plan or self.by_type(query, gone=0)

    def _worth(self, query: Query, page: Page) -> int:
        """The number of candidates up to which an index of values is better than the order of creation.

        The index has to give all its candidates before the first is known; in order of creation one entity is
        judged after the other until the page is full, the more of them the rarer the matches are.
        """
        total = self.total()
        if page.count or query.order:
            return total + 1
        return math.isqrt(total * (page.offset + page.limit + _SPARE) * _ENTITY // _ROW) + 1

    def by_type(self, query: Query, gone: int) -> Plan:
        """Through the types, or through everything, in order of creation."""
        named = query.attrs or query.id_pattern or query.selectors
        rest = bool(named or query.q or query.geo or query.scope) or query.guard is not None
        if query.types is None:
            return Plan((Part(SQL.keys_of_all, (gone,)),), exact=not rest, in_order=True)
        numbers = [self.names.known(name) for name in sorted(type_names(query.types, self.size))]
        known = [number for number in numbers if number is not None] or [0]
        parts = tuple(Part(SQL.keys_of_type, (number, gone)) for number in known)
        size = self.size(query.types.type) if isinstance(query.types, TypeIs) and not gone else None
        return Plan(parts, not rest and is_union(query.types), size, in_order=True)

    def _by_value(self, connection: apsw.Connection, query: Query, worth: int) -> Plan | None:
        if query.q is None or not self.indexes.ready:
            return None
        best: tuple[int, list[Span]] | None = None
        for way in self.indexes.choose(query.q):
            enough = worth if best is None else best[0]
            count = sum(self._count(connection, span, enough) for span in way)
            if best is None or count < best[0]:
                best = (count, way)
        if best is None or best[0] >= worth:
            return None
        return Plan(tuple(Part(SQL.keys_of_value, self._bounds(span)) for span in best[1]))

    def _count(self, connection: apsw.Connection, span: Span, worth: int) -> int:
        return int(read_one(connection, SQL.count_of_value, (*self._bounds(span), worth)))

    def _bounds(self, span: Span) -> tuple[object, ...]:
        number = self.indexes.numbers[span.attribute]
        return -number if span.many else number, span.low, span.high

    def _by_place(self, query: Query, page: Page) -> Plan | None:
        if query.geo is None:
            return None
        boxes = search_boxes(query.geo)
        if boxes is None:
            return None
        # an entity with too many places has one box for all of them, under the empty name
        numbers = [self.names.known(name) for name in (query.geo.property, "")]
        parts = [
            Part(SQL.keys_of_place, (east, west, north, south), number)
            for west, south, east, north in boxes
            for number in numbers
            if number is not None
        ]
        if not parts:
            parts = [Part(SQL.keys_of_type, (0, 0))]
        return Plan(tuple(parts), last=None if page.count or query.order else self.last())
