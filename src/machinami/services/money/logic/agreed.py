"""What does each payer pay, and when, once a sharing is agreed on? Rows of costs, exact to the yen for each payer.

What is built is paid in the first year; running is spread evenly over the years that a payer pays for. Each payer's
rows sum to their share; the sums of a year may lie some yen beside an even spread, because yen are whole.
"""

from collections.abc import Sequence

from machinami.methods.apportionment import apportioned
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CostItem
from machinami.services.money.model import CostShare

PREFECTURE = "県"  # as a payer is written in the rows, which are in Japanese as all that officers type
_BY_PREFECTURE = ("prefecture_first", "half")


def cost_rows(share: CostShare, first: int) -> list[CostItem]:
    """The rows of an agreed sharing from the fiscal year `first` on; their ids are empty."""
    years, build, operation = max(share.years or 1, 1), share.build or 0, share.operation or 0
    theirs = share.prefecture or 0
    rows: list[CostItem] = []
    if theirs:
        until = _years_of_prefecture(share, years)
        rows += _paid(share, PREFECTURE, theirs, [build, *_even(operation, 0, until, years)], first)
    aside = until if theirs and share.rule == "prefecture_first" else 0
    weights = [0 if theirs and share.rule in _BY_PREFECTURE else build, *_even(operation, aside, years, years)]
    for name, amount in paid_by(share):
        rows += _paid(share, name, amount, weights, first)
    return rows


def paid_by(share: CostShare) -> list[tuple[str, int]]:
    """Which member pays how many yen; what other programs wrote and nobody can read is left out."""
    told = [row for row in share.members or [] if isinstance(row, dict)]
    found = [(str(row.get("name", "")).strip(), row.get("share")) for row in told]
    return [(name, amount) for name, amount in found if name and isinstance(amount, int) and amount > 0]


def replaceable(costs: Sequence[CostItem], share: CostShare, first: int) -> list[CostItem]:
    """The planned rows of the same work and years, in whose place the shares would stand; none without a work."""
    if share.ref_initiative is None:
        return []
    last = first + max(share.years or 1, 1) - 1
    return [
        item
        for item in costs
        if item.ref_initiative == share.ref_initiative
        and item.ref_share is None
        and item.state == "planned"
        and item.year is not None
        and first <= item.year <= last
    ]


def _years_of_prefecture(share: CostShare, years: int) -> int:
    """For how many years the prefecture pays the running."""
    if share.rule != "prefecture_first" or not share.operation:
        return years
    return min(max(round(((share.prefecture or 0) - (share.build or 0)) * years / share.operation), 0), years)


def _even(operation: int, begin: int, end: int, years: int) -> list[int]:
    return [operation if begin <= year < end else 0 for year in range(years)]


def _paid(share: CostShare, payer: str, amount: int, weights: Sequence[int], first: int) -> list[CostItem]:
    """One payer's rows. weights: of building, and of running in each year; running counts each year's part of all."""
    years = len(weights) - 1
    scaled = [weights[0] * years, *weights[1:]]
    if not sum(scaled):
        scaled = [0] + [1] * years
    name = share.name.get("ja") if share.name else None
    return [
        CostItem(
            id="",
            name=Words(ja=f"{name or '費用分担'}（{payer}）"),
            year=first if column == 0 else first + column - 1,
            task="initial" if column == 0 else "upkeep",
            amount=yen,
            payer=payer,
            state="agreed",
            ref_initiative=share.ref_initiative,
            ref_share=Ref(share.id),
            simulated=share.simulated,
        )
        for column, yen in enumerate(apportioned(amount, scaled))
        if yen
    ]
