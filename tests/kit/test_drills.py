"""Is what a town tells while a drill is on marked as an exercise, and is what it told in earnest left alone?"""

from datetime import UTC, datetime

from machinami.kit.drills import as_exercise, marked
from machinami.kit.words import Words
from machinami.model.view import Ref
from machinami.model.vocabulary.alerts import Alert
from machinami.services.messages.model import Broadcast

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def broadcast(alert: Alert) -> Broadcast:
    return Broadcast("urn:b", "sending", "alert", NOW, Ref(alert.id), alert.status)  # type: ignore[arg-type]  # of status


def statuses(*views: Alert | Broadcast, there: frozenset[str] = frozenset()) -> list[str | None]:
    return [view.status for view in as_exercise(views, lambda name: name not in there)]  # type: ignore[attr-defined]


def test_an_alert_that_is_told_in_a_drill_is_an_exercise_and_so_is_what_goes_out_of_it() -> None:
    alert = Alert("urn:a", status="Actual")
    assert statuses(alert, broadcast(alert)) == ["Exercise", "Exercise"]


def test_what_was_told_in_earnest_before_is_withdrawn_in_earnest() -> None:
    alert = Alert("urn:a", status="Actual", state="withdrawn")
    assert statuses(alert, broadcast(alert), there=frozenset({"urn:a"})) == ["Actual", "Actual"]


def test_a_test_stays_a_test() -> None:
    assert statuses(Alert("urn:a", status="Test")) == ["Test"]


def test_a_headline_of_an_exercise_bears_its_mark_in_every_language() -> None:
    alert = Alert("urn:a", status="Exercise")
    assert marked(alert, "避難指示", Words("ja")) == "【訓練】避難指示"
    assert marked(alert, "Leave now", Words("en")).startswith("[DRILL]")
    assert marked(Alert("urn:a", status="Actual"), "避難指示", Words("ja")) == "避難指示"
