"""What is told with noise: which sums, with how much noise, and what becomes of them? Differential privacy.

The noise itself is drawn elsewhere (`kit.noise`); here are the rules around it.
"""

from collections.abc import Sequence

from machinami.methods.anonymity.made import Made, Unit, domain, header_of, remark, rounded, values_of
from machinami.methods.anonymity.measures import Key
from machinami.methods.anonymity.plan import Part, Plan


def totals(plan: Plan, units: Sequence[Unit]) -> tuple[list[Key], list[list[int]]]:
    """For noise: every cell of the domain, and of each of them how many people, and the sum of each measure (rounded to
    whole numbers, within its cap). Who is in no cell of the domain counts nowhere."""
    places = [*plan.places(Part.TIME), *plan.places(Part.KNOWN)]
    cells = domain([plan.columns[at].domain for at in places])
    counts = {cell: [0] * (1 + len(plan.places(Part.MEASURE))) for cell in cells}
    for unit in units:
        cell = tuple(plan.columns[at].ladder.label(unit.values[at], plan.columns[at].step) for at in places)
        if cell in counts:
            counts[cell][0] += 1
            for number, at in enumerate(plan.places(Part.MEASURE), 1):
                counts[cell][number] += round(sum(values_of(plan, at, [unit])))
    return cells, [[counts[cell][number] for cell in cells] for number in range(1 + len(plan.places(Part.MEASURE)))]


def moves(plan: Plan) -> list[float]:
    """By how much one person changes each sum at most, over all cells: they count once in each time, within the cap."""
    times = 1
    for at in plan.places(Part.TIME):
        times = len(plan.columns[at].domain)
    return [float(times * cap) for cap in (1, *(round(plan.columns[at].cap) for at in plan.places(Part.MEASURE)))]


def scales(plan: Plan) -> list[float]:
    """With which scale of noise each sum is told, so that all of them together tell no more than epsilon of a person:
    sensitivity / (epsilon / number of sums) (Dwork and Roth 2014, 3.3)."""
    found = moves(plan)
    return [move * len(found) / plan.epsilon for move in found]


def make_noisy(
    plan: Plan, cells: Sequence[Key], noisy: Sequence[Sequence[int]], errors: Sequence[float], least: int = 0
) -> Made:
    """The table of sums that have their noise already: what is done to them from here on tells nothing more.

    errors: by how much each of them is off at most, with 95 % probability. least: of how many people a cell must be at
    least; what may be of fewer is held back, by its noisy count, which tells nothing more either.
    """
    rows: list[tuple[str | float | None, ...]] = []
    held = 0
    for at, cell in enumerate(cells):
        people = max(0, noisy[0][at])
        if least and people - errors[0] < least:
            held += 1
            rows.append((*cell, *(None for _ in noisy)))
            continue
        # A mean of few is mostly noise: it would be read as a fact.
        means = [rounded(max(0, sums[at]) / people) if people > errors[0] else None for sums in noisy[1:]]
        rows.append((*cell, people, *means))
    said = [remark("epsilon", None, epsilon=plan.epsilon), remark("error", None, people=round(errors[0]))]
    if held:
        said.append(remark("unsure", None, out=held, of=len(rows), least=least))
    return Made(header_of(plan), tuple(rows), held, tuple(said), ())
