"""What should an officer be asked about a gauge, and which levels may a gauge have?

How a proposal becomes public is the same for whatever a town warns of: model/vocabulary/decisions.py.
"""

from collections.abc import Sequence

from machinami.foundation.errors import BadRequestData
from machinami.model.vocabulary import decisions
from machinami.model.vocabulary.decisions import Advice, Refused, last_step, rejected_of, waiting_of
from machinami.services.flood.logic.warning import Judgement
from machinami.services.flood.model import FloodProposal, Thresholds


def advise(
    judgement: Judgement, told: int, waiting: FloodProposal | None, refused: FloodProposal | None
) -> Advice[int]:
    """What to propose, given what the gauge says and the level that residents have been told (0: nothing).

    waiting: the gauge's open proposal; refused: its last rejected one.
    """
    last = None if refused is None else Refused(refused.grade or 0, last_step(refused))
    asked = None if waiting is None else waiting.grade
    return decisions.advise(judgement, told, asked, last)


def open_of(proposals: Sequence[FloodProposal], gauge: str) -> FloodProposal | None:
    """The proposal of a gauge that waits for an officer, if there is one."""
    return waiting_of([p for p in proposals if p.ref_subject == gauge])


def refused_of(proposals: Sequence[FloodProposal], gauge: str) -> FloodProposal | None:
    """The last proposal of a gauge that an officer rejected, unless another was decided since."""
    return rejected_of([p for p in proposals if p.ref_subject == gauge])


def checked_thresholds(levels: Thresholds) -> Thresholds:
    """The thresholds, if they rise: attention < judgement < danger <= bank. Raises BadRequestData saying which not."""
    below: tuple[str, float] | None = None
    for mark in ("attention", "judgement", "danger", "bank"):
        value = getattr(levels, mark)
        if value is None:
            continue
        if not -1e6 < value < 1e6:
            raise BadRequestData(f"The level {mark} must be a number, not {value}", field=mark)
        if below is not None and (value < below[1] or (value == below[1] and mark != "bank")):
            raise BadRequestData(f"The level {mark} ({value}) must be above {below[0]} ({below[1]})", field=mark)
        below = (mark, value)
    return levels
