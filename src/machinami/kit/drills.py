"""What becomes of what is told to residents while a drill is on? It is an exercise, whoever says it (pure)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from machinami.kit.words import Words
from machinami.model.view import View
from machinami.model.vocabulary.alerts import Alert

EARNEST, EXERCISE = "Actual", "Exercise"  # as CAP has them


def is_earnest(view: Any) -> bool:
    """Whether a view says of itself that it is meant in earnest."""
    return getattr(view, "status", None) == EARNEST


def as_exercise(views: Sequence[View], is_new: Callable[[str], bool]) -> Sequence[View]:
    """The views as they are published in a drill: what is told anew is an exercise, and so is what goes out of it. What
    was told in earnest before stays so, and so does its withdrawal."""
    told = {view.id for view in views if is_earnest(view) and not hasattr(view, "ref_alert") and is_new(view.id)}
    return [_exercise(view) if is_earnest(view) and {view.id, str(_about(view))} & told else view for view in views]


def _about(view: Any) -> object:
    return getattr(view, "ref_alert", None)


def _exercise(view: Any) -> Any:
    return replace(view, status=EXERCISE)


def marked(alert: Alert, text: str, words: Words) -> str:
    """A headline with the mark of a drill; what is simulated is on pages that say so."""
    is_drill = alert.status == EXERCISE and not alert.simulated
    return f"{words.plain('disaster.drill_mark')}{text}" if is_drill else text
