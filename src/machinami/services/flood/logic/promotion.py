"""Is a newly trained model good enough to take over?"""

from machinami.services.flood.model import HorizonScore, Scores


def promote(candidate: Scores, incumbent: Scores | None, improvement_needed: float = 0.0) -> bool:
    """Tell whether the candidate takes over: it beats persistence, and is no worse than the one in office.

    Both are compared over the horizons they share, weighing each horizon alike. The incumbent's scores
    must be measured on the same held-out part as the candidate's.
    """
    if not candidate.horizons or average(candidate.horizons) <= improvement_needed:
        return False
    if incumbent is None:
        return True
    known = {(score.hours, score.uses_rain): score for score in incumbent.horizons}
    pairs = [(score, known[key]) for score in candidate.horizons if (key := (score.hours, score.uses_rain)) in known]
    if not pairs:
        return True
    return average([new for new, _ in pairs]) >= average([old for _, old in pairs])


def average(scores: list[HorizonScore] | tuple[HorizonScore, ...]) -> float:
    """Return the mean improvement over persistence."""
    return sum(score.improvement for score in scores) / len(scores)
