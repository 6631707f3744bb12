"""Which counts of a table may be told, so that no group of fewer than k people can be worked out of it?

Small cells are held back (primary suppression), and then as many others as it takes that nothing small follows from
margins and what was published before (complementary suppression). What it takes is found by asking what follows
(`derivation`), again until nothing does: so the result is checked, whatever the order in which cells were taken.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from machinami.methods.anonymity.derivation import Group, Narrowed, Parts, System, behind, narrowed, smallest_group
from machinami.methods.anonymity.ladders import ANY
from machinami.methods.anonymity.made import Block
from machinami.methods.anonymity.measures import Key


@dataclass(frozen=True, slots=True)
class Finding:
    """A group that could be worked out, though it has too few people. told: from which counts, as (block, key)."""

    count: int
    proven: bool
    told: tuple[tuple[str, Key], ...]


@dataclass(frozen=True, slots=True)
class Guessed:
    """A count that was not told and can be narrowed too closely. cells: of what, as (block, key)."""

    low: int
    high: int
    cells: tuple[tuple[str, Key], ...]


def is_under(cell: Key, key: Key) -> bool:
    """Whether a cell is part of a margin, or is the cell itself."""
    return all(wanted in (ANY, name) for name, wanted in zip(cell, key, strict=True))


def margins_of(cells: Iterable[Key], columns: int, wanted: Iterable[Sequence[int]]) -> list[Key]:
    """The keys of all margins: for each wanted set of columns, one for every combination of its values."""
    known = list(dict.fromkeys(cells))
    found: dict[Key, None] = {}
    for kept in wanted:
        for cell in known:
            found[tuple(cell[at] if at in kept else ANY for at in range(columns))] = None
    return list(found)


def usual_margins(columns: int) -> list[tuple[int, ...]]:
    """The margins that a table has: of each column by itself, and the total."""
    return [()] if columns <= 1 else [(), *((at,) for at in range(columns))]


def system_of(blocks: Sequence[Block]) -> tuple[System, list[tuple[str, Key]], list[tuple[Key | None, ...]]]:
    """The system of all that is told: the system, what each told count is, and the cells of each part by block."""
    people: dict[str, None] = {name: None for block in blocks for name in block.members}
    sizes = Counter(tuple(block.members.get(name) for block in blocks) for name in people)
    parts = sorted(sizes, key=repr)
    told: dict[tuple[str, Key], Parts] = {}
    silent: list[Parts] = []
    for at, block in enumerate(blocks):
        under: dict[Key, list[int]] = {}
        for number, part in enumerate(parts):
            cell = part[at]
            if cell is not None:
                under.setdefault(cell, []).append(number)
        for key in block.told:
            told[block.name, key] = _sum(under, key)
        silent += [_sum(under, key) for key in block.silent]
    named = {name: some for name, some in told.items() if some}
    system = System(tuple(sizes[part] for part in parts), tuple(named.values()), tuple(some for some in silent if some))
    return system, list(named), parts


def _sum(under: Mapping[Key, Sequence[int]], key: Key) -> Parts:
    if ANY not in key:
        return frozenset(under.get(key, ()))
    return frozenset(part for cell, some in under.items() if is_under(cell, key) for part in some)


def small_group(blocks: Sequence[Block], k: int) -> Finding | None:
    """A group of fewer than k people that can be worked out of all that is told; None where there is none."""
    system, names, _ = system_of(blocks)
    found = smallest_group(system)
    if found is None or found.count >= k:
        return None
    return _finding(system, names, found)


def _finding(system: System, names: Sequence[tuple[str, Key]], group: Group) -> Finding:
    used = behind(system, group.parts) if group.proven else range(len(names))
    return Finding(group.count, group.proven, tuple(names[at] for at in used))


def guessed(blocks: Sequence[Block], k: int, width: int) -> Guessed | None:
    """A count below k that is not told, and is known but for fewer than `width` numbers; None where there is none."""
    system, _, parts = system_of(blocks)
    told = set(system.told)
    wanted = [
        some for some in dict.fromkeys(system.silent) if some not in told and sum(system.counts[p] for p in some) < k
    ]
    for one in narrowed(system, k, wanted):
        if one.width < width:
            return Guessed(one.low, one.high, _cells(one, parts, blocks))
    return None


def _cells(
    one: Narrowed, parts: Sequence[tuple[Key | None, ...]], blocks: Sequence[Block]
) -> tuple[tuple[str, Key], ...]:
    found: dict[tuple[str, Key], None] = {}
    for part in sorted(one.parts):
        for block, cell in zip(blocks, parts[part], strict=True):
            if cell is not None:
                found[block.name, cell] = None
    return tuple(found)


def protected(block: Block, k: int, width: int, held: Iterable[Key] = ()) -> Block:
    """The block with fewer counts told: none below k, none of those held back for another reason, and none from which
    a group of fewer than k people, or a count within fewer than `width` numbers, would follow."""
    sizes = Counter(block.members.values())
    counts = {key: sum(size for cell, size in sizes.items() if is_under(cell, key)) for key in block.told}
    out = {*held, *(key for key, count in counts.items() if 0 < count < k)}
    while True:
        left = replace(
            block,
            told=tuple(key for key in block.told if key not in out),
            silent=tuple(key for key in block.told if key in out and ANY not in key),
        )
        chosen = _needless(left, counts, k, width)
        if chosen is None:
            return left
        out.add(chosen)


def _needless(block: Block, counts: Mapping[Key, int], k: int, width: int) -> Key | None:
    """The next count that is better held back; None where all of them may be told."""
    found = small_group([block], k)
    if found is not None:
        return _smallest([key for _, key in found.told], counts)
    close = guessed([block], k, width)
    if close is None:
        return None
    near = [key for key in block.told if any(_meets(key, cell) for _, cell in close.cells)]
    return _smallest(near or list(block.told), counts)


def _smallest(keys: Sequence[Key], counts: Mapping[Key, int]) -> Key:
    """Cells go before margins, and among them the smallest; never an empty one, which says that nobody is there."""
    some = [key for key in keys if counts[key]] or list(keys)
    return min(some, key=lambda key: (key.count(ANY), counts[key], key))


def _meets(key: Key, cell: Key) -> bool:
    """Whether a cell shares a row or a column with another, or is summed up with it."""
    return any(name == other and name != ANY for name, other in zip(key, cell, strict=True))
