"""How does a policy become part of a query? From rows to a guard, and from a guard to the least that a query needs.

What is said here means what `policy.permits` says; a test holds both to the same answers.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from machinami.model.policy import Deed, Row, is_assured, is_for, key_types, scope_selection
from machinami.model.principal import Principal
from machinami.model.query import (
    Allowance,
    Guard,
    Query,
    TypeAll,
    TypeAny,
    TypeIs,
    TypeSelection,
    hops,
)
from machinami.model.veil import LegalVeil, own


def guard_of(rows: Iterable[Row], by: Principal, deed: Deed, veil: LegalVeil | None = None) -> Guard | None:
    """What the rows allow who asks; None where they allow everything, empty where nothing. veil: what the law keeps
    of it; who asks may see what is about them all the same."""
    limited = key_types(by, deed)
    if limited is not None and not limited:
        return ()
    key = None if limited is None else one_of(limited)
    found: list[Allowance] = []
    for row in rows:
        if deed in row.deeds and is_for(row, by) and is_assured(row, by):
            allowance = _allowance(row, key)
            if allowance == Allowance():
                return None if veil is None else _veiled([allowance], veil)
            if allowance not in found:
                found.append(allowance)
    return tuple(found) if veil is None else _veiled(found, veil)


def _veiled(found: Iterable[Allowance], veil: LegalVeil) -> Guard:
    return (*(replace(one, veil=veil) for one in found), *own(veil))


def _allowance(row: Row, key: TypeSelection | None) -> Allowance:
    return Allowance(
        both(one_of(row.types) if row.types else None, key),
        scope_selection(row.scopes) if row.scopes else None,
        row.area,
        frozenset(row.attributes) if row.attributes else None,
    )


def one_of(types: Iterable[str]) -> TypeSelection:
    """Any of these types."""
    parts = tuple(map(TypeIs, sorted(set(types))))
    return parts[0] if len(parts) == 1 else TypeAny(parts)


def both(first: TypeSelection | None, second: TypeSelection | None) -> TypeSelection | None:
    """What satisfies both; None restricts nothing."""
    if first is None or second is None:
        return second if first is None else first
    return first if first == second else TypeAll((first, second))


def implies(selection: TypeSelection, wider: TypeSelection) -> bool:
    """Whether all that satisfies the selection surely satisfies the wider one too."""
    if selection == wider:
        return True
    if isinstance(selection, TypeAny):
        return all(implies(part, wider) for part in selection.parts)
    if isinstance(wider, TypeAny):
        return any(implies(selection, part) for part in wider.parts)
    if isinstance(wider, TypeAll):
        return all(implies(selection, part) for part in wider.parts)
    return isinstance(selection, TypeAll) and any(implies(part, wider) for part in selection.parts)


def guarded(query: Query, guard: Guard | None) -> Query:
    """The query that finds what it finds among what the guard lets be seen.

    Where the types say it all, the types of the query say it, and an index by type stays exact.
    """
    if guard is None:
        return query
    if any(allowance.veil is not None for allowance in guard):
        return _guarded_by_law(query, guard)
    if query.q is None or not hops(query.q):  # a condition on a linked entity needs the guard itself
        if query.types is not None and any(_is_seen_whole(query.types, allowance) for allowance in guard):
            return query
        if guard and all(allowance.by_type_alone for allowance in guard):
            return replace(query, types=both(query.types, _types_of(guard)))
    types = _types_of(guard)
    return replace(query, types=both(query.types, types), guard=guard)


def _guarded_by_law(query: Query, guard: Guard) -> Query:
    """The same, where the law may keep something; nothing of it from types that have nothing marked."""
    types = both(query.types, _types_of(guard))
    is_linked = query.q is not None and hops(query.q)
    if types is not None and not is_linked and not _touches(guard, types):
        return guarded(query, tuple(replace(one, veil=None) for one in guard if one.about is None))
    narrowed = replace(query, types=types, guard=guard)
    if query.ids or not isinstance(query.types, TypeIs):
        return narrowed
    people = guard[0].veil.people(query.types.type) if guard and guard[0].veil is not None else None
    return narrowed if people is None else replace(narrowed, ids=tuple(sorted(people)))


def _touches(guard: Guard, selection: TypeSelection) -> bool:
    """Whether the law may keep something of what satisfies the selection."""
    veils = [one.veil for one in guard if one.veil is not None]
    return meets(selection, lambda name: any(veil.touches((name,)) for veil in veils))


def meets(selection: TypeSelection, is_meant: Callable[[str], bool]) -> bool:
    """Whether something that satisfies the selection may be among entities of which every type is meant."""
    if isinstance(selection, TypeAll):
        return all(meets(part, is_meant) for part in selection.parts)
    if isinstance(selection, TypeAny):
        return any(meets(part, is_meant) for part in selection.parts)
    return is_meant(selection.type)


def guarded_past(query: Query, guard: Guard | None) -> Query:
    """The same for the past, which the law may keep of what at present has nothing that is marked."""
    if guard is None or all(allowance.veil is None for allowance in guard):
        return guarded(query, guard)
    return replace(query, types=both(query.types, _types_of(guard)), guard=guard)


def _is_seen_whole(types: TypeSelection, allowance: Allowance) -> bool:
    return allowance.by_type_alone and (allowance.types is None or implies(types, allowance.types))


def _types_of(guard: Guard) -> TypeSelection | None:
    """Types of which all that the guard lets be seen has one; None where it has none to name."""
    parts: list[TypeSelection] = []
    for allowance in guard:
        if allowance.types is None:
            return None
        if allowance.types not in parts:
            parts.append(allowance.types)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else TypeAny(tuple(parts))


def merged(*guards: Guard | None) -> Guard | None:
    """What one of the guards lets be seen."""
    found: list[Allowance] = []
    for guard in guards:
        if guard is None:
            return None
        found += [allowance for allowance in guard if allowance not in found]
    return tuple(found)
