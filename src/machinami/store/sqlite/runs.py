"""What have the changes of a stretch of the log made of each entity?

Many changes of one entity are one change of its state. What only one of its states has said is in the log; the tables
of the state need not know of it.
"""

from dataclasses import dataclass, field
from typing import Any

from machinami.model.attribute import Attribute, Kind
from machinami.model.change import Change
from machinami.model.entity import Entity
from machinami.model.renewal import Renewal
from machinami.store.sqlite.encoded import Doc
from machinami.store.sqlite.hot import Husk
from machinami.store.sqlite.values import ValueIndexes, values_of

_PATCHES = 3  # merge patches of an entity that cost less than to write it anew
_GEO = Kind.GEO  # looked up once: before Python 3.12 an enum's member costs as much as the rest of the comparison
_PLAIN = (float, str, int)


@dataclass(slots=True)
class Step:
    """One change of the state that is in the log, but not yet in the tables.

    doc: the JSON of the entity or what its attributes say (whole), or a merge patch; None where the entity ends. deep:
    more than this JSON is to be changed. husk: what was left of an earlier entity of this id, and goes.
    """

    key: int
    subject: int
    before: Entity | None
    after: Entity | None
    doc: Doc
    whole: bool
    deep: bool
    husk: Husk | None = None


@dataclass(slots=True)
class Run:
    """Changes of one entity, taken together: the same as a Step. whole without doc: to be written from `after`."""

    key: int
    subject: int
    before: Entity | None
    after: Entity | None
    doc: Doc
    whole: bool
    deep: bool
    husk: Husk | None
    patches: list[bytes]

    def add(self, step: Step) -> None:
        """Take one more change."""
        self.after = step.after
        self.deep = self.deep or step.deep
        if step.whole:
            self.doc, self.whole = step.doc, True
            self.patches.clear()
        elif not self.whole and len(self.patches) < _PATCHES and isinstance(step.doc, bytes):
            self.patches.append(step.doc)
        else:
            self.doc, self.whole = None, True
            self.patches.clear()


@dataclass(slots=True)
class Runs:
    """The runs of a stretch of the log, in the order in which they began.

    An entity that ends and begins anew, or the reverse, has a run in each of several layers.
    """

    layers: list[dict[str, Run]] = field(default_factory=list)
    deep: bool = False

    def __bool__(self) -> bool:
        return bool(self.layers)

    def take(self, entity_id: str, step: Step) -> None:
        """Add one change of the entity."""
        self.deep = self.deep or step.deep
        if not self.layers:
            self.layers.append({})
        run = self.layers[-1].get(entity_id)
        if run is not None and step.before is not None and (step.after is not None or run.before is not None):
            run.add(step)
            return
        if run is not None:
            self.layers.append({})
        patches = [step.doc] if not step.whole and isinstance(step.doc, bytes) else []
        doc = step.doc if step.whole else None
        self.layers[-1][entity_id] = Run(
            step.key, step.subject, step.before, step.after, doc, step.whole, step.deep, step.husk, patches
        )


def is_deep(change: Change, indexes: ValueIndexes) -> bool:
    """Whether the change moves more of the state than the JSON of the entity: its types, places, indexed values …"""
    before, after = change.before, change.after
    if before is None or after is None or before.types != after.types or before.expires_at != after.expires_at:
        return True
    told = change.attributes
    if type(told) is Renewal and told.was is not None:
        return not (told.steady and told.keeps(indexes.numbers))
    for one in told:
        old, new = one.before, one.after
        if old is None or new is None or old.kind is not new.kind or old.expires_at != new.expires_at:
            return True
        if new.kind is _GEO and old.value != new.value:
            return True
    return bool(indexes) and _differ(before, after, indexes)


def _differ(before: Entity, after: Entity, indexes: ValueIndexes) -> bool:
    none: tuple[Attribute, ...] = ()
    for name in indexes.numbers:
        old, new = before.attributes.get(name, none), after.attributes.get(name, none)
        if old is not new and not _same(old, new):
            return True
    return False


def _same(old: tuple[Attribute, ...], new: tuple[Attribute, ...]) -> bool:
    if len(old) == len(new) == 1:
        was: Any = old[0].value
        if type(was) in _PLAIN and type(new[0].value) is type(was):
            return bool(was == new[0].value)
    return values_of(old) == values_of(new)
