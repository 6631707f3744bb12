"""Which offers answer a need, and why; and who should meet whom on a matching day?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.methods.bm25 import Part, rank
from machinami.methods.stable_matching import blocking_pairs, match
from machinami.model.vocabulary.circle import CityNeed
from machinami.services.partnership.model import MOST_AT_A_DAY, STEPS, Participant, SolutionMatch, SolutionSeed

_NAME, _TEXT = 3, 1


@dataclass(frozen=True, slots=True)
class Answer:
    """An offer that answers, and the words of the question that stand in it."""

    seed: SolutionSeed
    score: float
    matched: tuple[str, ...]


def find(
    question: str, seeds: Sequence[SolutionSeed], field: str = "", maturity: str = "", kind: str = ""
) -> list[Answer]:
    """The offers that stand and fit the facets, those that answer best first; all of them where nothing is asked."""
    asked = ((field, "field"), (maturity, "maturity"), (kind, "kind"))
    kept = [s for s in seeds if s.state == "offered" and all(not f or getattr(s, name) == f for f, name in asked)]
    if not question.strip():
        return [Answer(seed, 0.0, ()) for seed in kept]
    return [Answer(kept[hit.number], hit.score, hit.matched) for hit in rank(question, [seed_parts(s) for s in kept])]


def seed_parts(seed: SolutionSeed) -> list[Part]:
    """An offer as it is searched: its name counts more."""
    named = [(text, _NAME) for text in (seed.name or {}).values()]
    told = [(text, _TEXT) for said in (seed.text, seed.conditions) for text in (said or {}).values()]
    return [*named, *told, (seed.provider or "", _TEXT)]


def need_parts(need: CityNeed) -> list[Part]:
    """A need as it is searched."""
    named = [(text, _NAME) for text in (need.name or {}).values()]
    return [*named, *((text, _TEXT) for text in (need.text or {}).values())]


def question_of(need: CityNeed) -> str:
    """What is asked for a need."""
    return " ".join(text for text, _ in need_parts(need))


def usual_wishes(
    needs: Sequence[CityNeed], seeds: Sequence[SolutionSeed]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Whom each would meet as far as texts can tell: for every need the offers that answer it, the best first, and for
    every offer the needs that it answers."""
    offers, wanted = [seed_parts(seed) for seed in seeds], [need_parts(need) for need in needs]
    of_needs = {n.id: tuple(seeds[hit.number].id for hit in rank(question_of(n), offers)) for n in needs}
    asked = {s.id: " ".join(text for text, _ in seed_parts(s)) for s in seeds}
    of_seeds = {s.id: tuple(needs[hit.number].id for hit in rank(asked[s.id], wanted)) for s in seeds}
    return of_needs, of_seeds


def arrange(needs: Sequence[Participant], seeds: Sequence[Participant]) -> list[tuple[str, str]]:
    """Who meets whom, as pairs of ids of need and offer: no need and offer that do not meet would both rather; of all
    such arrangements the best for the needs. Raises BadRequestData for more than twenty on a side."""
    if max(len(needs), len(seeds)) > MOST_AT_A_DAY:
        raise BadRequestData(f"A matching day takes up to {MOST_AT_A_DAY} needs and offers", field="places")
    case = (*_numbers(needs, seeds), *_numbers(seeds, needs))
    pairs = match(*case)
    if blocking_pairs(pairs, *case):
        raise Conflict("This arrangement is not stable; tell those who look after Machinami")
    return [(needs[i].id, seeds[j].id) for i, j in pairs]


def _numbers(ours: Sequence[Participant], others: Sequence[Participant]) -> tuple[list[list[int]], list[int]]:
    number = {other.id: n for n, other in enumerate(others)}
    return [[number[w] for w in one.wishes if w in number] for one in ours], [one.places for one in ours]


def read_wishes(text: str, numbers: Mapping[str, str]) -> tuple[str, ...]:
    """The wishes that somebody typed as numbers of the other side's list, the best first: "3, 1, 2". Raises
    BadRequestData naming what is no number there."""
    plain = text.translate(str.maketrans("０１２３４５６７８９、，　", "0123456789,, "))
    said = [part for part in plain.replace(",", " ").split() if part]
    wrong = [part for part in said if part not in numbers]
    if wrong:
        raise BadRequestData(f"{', '.join(wrong)} is no number of the other list", field="wishes", fault="wishes")
    return tuple(dict.fromkeys(numbers[part] for part in said))


def stepped(found: SolutionMatch, to: str, row: Mapping[str, str]) -> SolutionMatch:
    """The match after its next step. Raises Conflict for a step that does not follow, BadRequestData for an end without
    a reason."""
    if to not in STEPS.get(found.state or "", ()):
        raise Conflict(f"From {found.state} it does not go to {to}", match=found.id)
    if to == "ended" and not row.get("reason"):
        raise BadRequestData("Say why it ended: others learn from it", field="reason", fault="reason")
    return SolutionMatch(
        found.id,
        found.ref_need,
        found.ref_seed,
        to,
        [*(found.steps or []), {**row, "to": to}],
        row.get("reason") if to == "ended" else None,
        found.simulated,
    )
