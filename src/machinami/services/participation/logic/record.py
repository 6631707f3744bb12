"""What was done, in which order, and is it still as it was written? Steps that are sealed one upon the other.

The rule is that of the town's own account (`model.audit`): each step holds the digest of the one before it. A step also
holds the imprint of what it made of an entity, so that an entity that was changed past this service is found.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

import orjson

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import format_instant, parse_instant
from machinami.model.audit import Chain, Entry, Fault, Head, entries_of, entry, sealed
from machinami.model.view import Ref, View, Words
from machinami.services.participation.model import ParticipationStep

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Verified:
    """What following the record came to: where it ends, what is wrong with it, and which entities are not as the last
    step about them left them."""

    head: Head
    steps: int
    faults: tuple[Fault, ...]
    changed: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether everything is as it was written."""
        return not (self.faults or self.changed)


def told(view: View) -> dict[str, Any]:
    """All that an entity says, as JSON values."""
    return {name: _plain(value) for name, value in asdict(view).items() if value is not None}  # type: ignore[call-overload]


def revived(kind: Callable[..., V], said: Mapping[str, Any]) -> V:
    """Back from `told`."""
    return kind(**{name: _rich(name, value) for name, value in said.items()})


def imprint(view: View | None) -> str:
    """The digest of all that an entity says; empty where there is none any more."""
    return "" if view is None else sha256(orjson.dumps(told(view), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _plain(value: Any) -> Any:
    return format_instant(value) if isinstance(value, datetime) else value


def _rich(name: str, value: Any) -> Any:
    if name.endswith("_at"):
        return parse_instant(value)
    if name in ("name", "text", "reply", "changed"):
        return Words(value)
    return Ref(value) if name.startswith("ref_") else value


def step_id(number: int) -> str:
    """The id of the step of a number."""
    return f"urn:ngsi-ld:{ParticipationStep.TYPE}:{number:08d}"


def step(head: Head, at: datetime, who: str, did: str, left: View, **more: object) -> ParticipationStep:
    """The step that follows a head: who did what, and what it left. who: a role, never a name of a resident."""
    said = entry(at, who, did, entity=left.id, type=left.TYPE, imprint=imprint(left), **more)
    batch = sealed([said], head)
    return ParticipationStep(
        step_id(batch["number"]), batch["number"], batch["before"], batch["entries"], batch["digest"]
    )


def head_of(one: ParticipationStep) -> Head:
    """The head after a step."""
    return Head(one.number or 0, one.digest or "")


def ordered(steps: Iterable[ParticipationStep]) -> list[ParticipationStep]:
    """The steps in the order of their numbers."""
    return sorted(steps, key=lambda one: one.number or 0)


def entries(steps: Iterable[ParticipationStep]) -> list[Entry]:
    """What the steps say, in their order; one that cannot be read says nothing (`verify` tells of it)."""
    found: list[Entry] = []
    for one in ordered(steps):
        try:
            told = entries_of({"entries": one.entries or ""})
            found += [{**said, "number": one.number} for said in told if parse_instant(said["at"])]
        except (ValueError, TypeError, KeyError, BadRequestData):
            continue
    return found


def verify(steps: Iterable[ParticipationStep], kept: Head | None, there: Mapping[str, View]) -> Verified:
    """Follow the whole record, and hold what is there against it. kept: a head that was kept apart; there: the entities
    of the service by id. What no step tells of was brought in by others, and is not judged."""
    known = ordered(steps)
    chain = Chain(kept)
    for one in known:
        chain.follow({"number": one.number, "before": one.before, "entries": one.entries, "digest": one.digest})
    last = {str(said.get("entity")): said.get("imprint", "") for said in entries(known)}
    changed = [name for name, said in last.items() if imprint(there.get(name)) != said]
    return Verified(chain.head, len(known), tuple(chain.faults()), tuple(changed))
