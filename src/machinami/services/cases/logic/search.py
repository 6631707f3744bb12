"""Which cases answer a town's problem, as far as field, stage and size fit, and by which of its words?"""

from collections.abc import Sequence

from machinami.methods.bm25 import Part, rank
from machinami.services.cases.model import Found, ReferenceCase, Wish

HEADING_WEIGHT = 3
_FEW = 0.25  # of the best score: below it, what matched is by chance


def search(cases: Sequence[ReferenceCase], wish: Wish) -> list[Found]:
    """The shown cases that are as the wish says, the best first; in their own order where it has no words."""
    kept = [case for case in cases if case.state != "withdrawn" and _fits(case, wish)]
    if not wish.words.strip():
        return [Found(case, 0.0) for case in kept]
    hits = rank(wish.words, [_parts(case) for case in kept])
    return [Found(kept[hit.number], hit.score, hit.matched) for hit in hits if hit.score >= hits[0].score * _FEW]


def _fits(case: ReferenceCase, wish: Wish) -> bool:
    asked = ((wish.field, case.field), (wish.stage, case.stage), (wish.size, case.size))
    return all(not wanted or wanted == has for wanted, has in asked)


def _parts(case: ReferenceCase) -> list[Part]:
    headings = [*(case.name or {}).values(), *(case.problem or {}).values(), *(case.keywords or [])]
    told = (case.place, case.aim, case.text, case.outcome, case.failed, case.lessons, case.money, case.partners)
    rows = [str(row[key]) for row in case.indicators or [] for key in ("ja", "en") if key in row]
    rest = [*(text for words in told if words for text in words.values()), *rows]
    return [*((text, HEADING_WEIGHT) for text in headings), *((text, 1) for text in rest)]
