"""How does what is known of people become what may be told? Values in, a table and an account of its safety out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from machinami.methods.anonymity.ladders import UNKNOWN
from machinami.methods.anonymity.lattice import generalise
from machinami.methods.anonymity.made import (
    Block,
    Made,
    Remark,
    Unit,
    domain,
    header_of,
    remark,
    rounded,
    values_of,
)
from machinami.methods.anonymity.measures import Key, Measures, measure
from machinami.methods.anonymity.plan import Method, Part, Plan
from machinami.methods.anonymity.tables import (
    Finding,
    Guessed,
    guessed,
    is_under,
    margins_of,
    protected,
    small_group,
    usual_margins,
)


def keys_of(plan: Plan, units: Sequence[Unit], steps: Sequence[int] | None = None) -> list[Key]:
    """The cell of each unit: the labels of the known columns."""
    places = plan.places(Part.KNOWN)
    chosen = steps or [plan.columns[at].step for at in places]
    return [
        tuple(plan.columns[at].ladder.label(unit.values[at], step) for at, step in zip(places, chosen, strict=True))
        for unit in units
    ]


def times_of(plan: Plan, units: Sequence[Unit], period: str) -> list[str]:
    """When each unit counts: by the column that says when, or the one period of all."""
    places = plan.places(Part.TIME)
    if not places:
        return [period] * len(units)
    column = plan.columns[places[0]]
    return [column.ladder.label(unit.values[places[0]], column.step) for unit in units]


def make_table(plan: Plan, units: Sequence[Unit], period: str) -> Made:
    """Counts (and means) of people by the known columns, for each time, with small cells held back. period: the time of
    all, where no column says when; a person has one unit for each time."""
    cells, times = keys_of(plan, units), times_of(plan, units, period)
    together: defaultdict[str, list[int]] = defaultdict(list)
    for at, time in enumerate(times):
        together[time].append(at)
    wanted = _domain(plan, cells)
    blocks, rows, out = [], [], 0
    for time in sorted(together):
        members = {units[at].name: cells[at] for at in together[time]}
        told = tuple(dict.fromkeys([*wanted, *margins_of(wanted, len(wanted[0]), usual_margins(len(wanted[0])))]))
        block = Block(time, members, told)
        numbers = _numbers(plan, [units[at] for at in together[time]], [cells[at] for at in together[time]], told)
        held = [key for key in told if _dominated(numbers[key][1], plan.share)]
        safe = protected(block, plan.k, plan.width, held)
        blocks.append(safe)
        out += len(told) - len(safe.told)
        rows += _rows(plan, time, told, set(safe.told), numbers)
    return Made(header_of(plan), tuple(rows), out, (*_about(plan, units, cells), _held(rows, out)), tuple(blocks))


def _domain(plan: Plan, cells: Sequence[Key]) -> list[Key]:
    columns = [plan.columns[at] for at in plan.places(Part.KNOWN)]
    values = [
        sorted({*column.domain, *(cell[at] for cell in cells)} if column.domain else {cell[at] for cell in cells})
        for at, column in enumerate(columns)
    ]
    return domain(values)


def _numbers(
    plan: Plan, units: Sequence[Unit], cells: Sequence[Key], told: Iterable[Key]
) -> dict[Key, tuple[int, list[list[float]]]]:
    """For each key how many people there are, and the numbers of each measure."""
    under: defaultdict[Key, list[Unit]] = defaultdict(list)
    for unit, cell in zip(units, cells, strict=True):
        under[cell].append(unit)
    found = {}
    for key in told:
        inside = [unit for cell, some in under.items() if is_under(cell, key) for unit in some]
        found[key] = (len(inside), [values_of(plan, at, inside) for at in plan.places(Part.MEASURE)])
    return found


def _dominated(measures: Iterable[Sequence[float]], share: float) -> bool:
    """Whether one person makes up more than a share of a sum, so that the mean tells about them (dominance rule)."""
    return any(values and max(values) > share * sum(values) > 0 for values in measures)


def _rows(
    plan: Plan, time: str, told: Sequence[Key], safe: set[Key], numbers: Mapping[Key, tuple[int, list[list[float]]]]
) -> list[tuple[str | float | None, ...]]:
    first: tuple[str, ...] = (time,) if plan.places(Part.TIME) else ()
    found: list[tuple[str | float | None, ...]] = []
    for key in told:
        count, measures = numbers[key]
        shown = key in safe
        # A mean of those of whom there is one: told only where these are as many as a group must have.
        means = [rounded(sum(some) / len(some)) if shown and len(some) >= plan.k else None for some in measures]
        found.append((*first, *key, count if shown else None, *means))
    return found


def _held(rows: Sequence[object], out: int) -> Remark:
    return remark("held", None, out=out, of=len(rows))


def _about(plan: Plan, units: Sequence[Unit], cells: Sequence[Key]) -> tuple[Remark, ...]:
    """What is to be known before and after: how many people were alone by what others may know of them."""
    raw: list[Key] = [tuple(str(unit.values[at]) for at in plan.places(Part.KNOWN)) for unit in units]
    before, after = measure(raw), measure(cells)
    return (
        remark("people", None if units else False, people=len(units)),
        remark("alone", None, before=before.share_alone * 100, after=after.share_alone * 100, k=after.k),
    )


def make_rows(plan: Plan, units: Sequence[Unit], period: str) -> Made:
    """A row for each person, as fine as k and l allow."""
    known, sensitive = plan.places(Part.KNOWN), plan.places(Part.SENSITIVE)
    kept = [str(unit.values[sensitive[0]] or UNKNOWN) for unit in units] if sensitive else None
    found = generalise(
        [[unit.values[at] for at in known] for unit in units],
        [plan.columns[at].ladder for at in known],
        plan.k,
        plan.l,
        kept,
        plan.hold_back,
    )
    header = (*(plan.columns[at].name for at in known), *(plan.columns[at].name for at in sensitive))
    about = _about(plan, units, keys_of(plan, units))
    if found is None:
        return Made(header, (), len(units), (*about, remark("impossible", False, k=plan.k, l=plan.l)), ())
    rows, members = [], {}
    for at, (unit, key) in enumerate(zip(units, found.keys, strict=True)):
        if key is not None:
            rows.append((*key, *(() if kept is None else (kept[at],))))
            members[unit.name] = key
    block = Block(period, members, tuple(sorted(set(members.values()))))
    rows.sort()
    after = measure([row[: len(known)] for row in rows], [row[-1] for row in rows] if kept is not None else None)
    said = (*about, *_safety(after, plan), remark("lost", None, loss=found.loss * 100, steps=_steps(plan, found.steps)))
    held = found.held_back
    return Made(header, tuple(rows), held, (*said, remark("held_rows", None, out=_few(held, plan.k))), (block,))


def _steps(plan: Plan, steps: Sequence[int]) -> str:
    names = [plan.columns[at].name for at in plan.places(Part.KNOWN)]
    return ", ".join(f"{name} {step}" for name, step in zip(names, steps, strict=True))


def _few(count: int, k: int) -> str:
    """A number of people who are held back; a few of them are a small group, too."""
    return str(count) if count == 0 or count >= k else f"< {k}"


def _safety(after: Measures, plan: Plan) -> tuple[Remark, ...]:
    found = [
        remark("smallest", after.k >= plan.k, smallest=after.k, k=plan.k),
        remark("risk", None, prosecutor=after.prosecutor * 100, journalist=after.journalist * 100,
               marketer=after.marketer * 100),
    ]  # fmt: skip
    if after.l is not None:
        found.append(remark("kinds", after.l >= plan.l, kinds=after.l, l=plan.l))
        found.append(remark("closeness", None, t=after.closeness, entropy=after.entropy_l))
    return tuple(found)


def compare(made: Sequence[Block], earlier: Mapping[str, Sequence[Block]], plan: Plan) -> tuple[Remark, ...]:
    """What follows from these blocks together with everything that was told before. earlier: by what it is called; its
    blocks are named by their time. Times that overlap without being the same must be refused before."""
    found: list[Remark] = []
    for block in made:
        same = [_named(block, "")]
        same += [_named(one, name) for name, blocks in earlier.items() for one in blocks if one.name == block.name]
        group = small_group(same, plan.k)
        if group is not None:
            found.append(_derived(group, block.name))
            continue
        close = guessed(same, plan.k, plan.width)
        if close is not None:
            found.append(_narrowed(close, block.name))
    return tuple(found) or (remark("apart", True, earlier=len(earlier), k=plan.k),)


def _named(block: Block, name: str) -> Block:
    return Block(name, block.members, block.told, block.silent)


def _derived(group: Finding, time: str) -> Remark:
    kind = "derived" if group.proven else "unproven"
    return remark(kind, False, count=group.count, time=time, told=_said(group.told))


def _narrowed(close: Guessed, time: str) -> Remark:
    return remark("narrowed", False, low=close.low, high=close.high, time=time, told=_said(close.cells))


def _said(told: Sequence[tuple[str, Key]], most: int = 8) -> str:
    """Counts in words: those of this release without a name, others with it."""
    some = [f"{name + ' ' if name else ''}({', '.join(key)})" for name, key in told[:most]]
    return "; ".join(some) + (" …" if len(told) > most else "")


def make(plan: Plan, units: Sequence[Unit], period: str, earlier: Mapping[str, Sequence[Block]]) -> Made:
    """What may be told of these people by a table or by rows, held against all that was told before."""
    made = make_rows(plan, units, period) if plan.method is Method.ROWS else make_table(plan, units, period)
    if not made.is_safe:
        return made
    checked = compare(made.blocks, earlier, plan)
    return Made(made.header, made.rows, made.withheld, (*made.remarks, *checked), made.blocks)
