"""What became of the plan in a span of time: published, withdrawn, or looked at again for an indicator?"""

from collections.abc import Sequence
from datetime import datetime

from machinami.foundation.instant import parse_instant
from machinami.kit.city import City
from machinami.kit.happening import Event, seen
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import ActionPlan, PlanAnswer

ADDRESS = "/services/plan"


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """Versions that were published or withdrawn, and answers to reviews."""
    found = []
    for plan in await seen(city, ActionPlan):
        said = {"version": plan.version or 1, "name": words.of(plan.name, plan.id)}
        address, simulated = f"{ADDRESS}?version={plan.version or 1}", bool(plan.simulated)
        if plan.published_at is not None:
            found.append(Event(plan.published_at, words.plain("plan.day.published", **said), address, 2, simulated))
        if plan.withdrawn:
            at = parse_instant(plan.withdrawn["at"])
            found.append(Event(at, words.plain("plan.day.withdrawn", **said), address, 2, simulated))
    for answer in await seen(city, PlanAnswer):
        if answer.decided_at is not None and answer.verdict and not answer.withdrawn:
            told = words.plain(f"plan.day.{answer.verdict}", subject=words.of(answer.subject))
            found.append(Event(answer.decided_at, told, ADDRESS, 2, bool(answer.simulated)))
    return [event for event in found if start <= event.at < end]
