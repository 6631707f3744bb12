"""Which attributes of an entity are sealed, and with the keys of whom? As the marks of the law say."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from machinami.broker.law import Law
from machinami.model.entity import Entity
from machinami.model.legal import LegalClass, Mark
from machinami.model.veil import subjects_of


@dataclass(frozen=True, slots=True)
class Concern:
    """Whom something is about, and the scope of the keys that seal it: the type, or the attribute, that is marked."""

    people: tuple[str, ...]
    scope: str


class Concerns:
    """What of a town's entities is personal, and about whom."""

    def __init__(self, law: Law) -> None:
        self._law = law
        self._known: object = None
        self._marks: tuple[Mark, ...] = ()
        self._types: frozenset[str] = frozenset()
        self._names: frozenset[str] = frozenset()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks of what is personal, in an order that stays."""
        if self._law.marks is not self._known:
            self._known = self._law.marks
            personal = [mark for mark in self._law.marks.values() if mark.legal is LegalClass.PERSONAL]
            self._marks = tuple(sorted(personal, key=lambda mark: mark.id))
            self._types = frozenset(mark.type for mark in personal if mark.type)
            self._names = frozenset(mark.attribute for mark in personal if not mark.type)
        return self._marks

    def leaves(self, types: Iterable[str]) -> bool:
        """Whether the types of an entity say by themselves that nothing of it is personal."""
        return not self.marks or (not self._names and self._types.isdisjoint(types))

    def may_concern(self, types: Iterable[str], names: Collection[str]) -> bool:
        """Whether anything of an entity with these types and attributes may be personal."""
        if not self.marks:
            return False
        return not (self._types.isdisjoint(types) and self._names.isdisjoint(names))

    def of(self, entity: Entity, names: Iterable[str]) -> dict[str, Concern]:
        """Of these attributes of the entity, those that are personal, and whom they are about."""
        marks = [mark for mark in self.marks if mark.is_about(entity)]
        if not marks:
            return {}
        about = {mark.id: subjects_of(mark, entity) or (entity.id,) for mark in marks}
        if not any(mark.attribute for mark in marks):  # as mostly: it is marked as a whole
            return dict.fromkeys(names, _together(marks, about))
        found: dict[str, Concern] = {}
        for name in names:
            meant = [mark for mark in marks if mark.attribute in ("", name)]
            if meant:
                found[name] = _together(meant, about)
        return found

    def people(self, entity: Entity, scope: str) -> frozenset[str]:
        """Whom the entity is about, as far as the scope goes; the entity itself where nobody is named."""
        marks = [mark for mark in self.marks if mark.is_about(entity) and scope_of(mark) == scope]
        return frozenset(person for mark in marks for person in subjects_of(mark, entity) or (entity.id,))


def scope_of(mark: Mark) -> str:
    """The scope of the keys for what is marked."""
    return mark.type or mark.attribute


def _together(marks: Sequence[Mark], about: Mapping[str, tuple[str, ...]]) -> Concern:
    """All whom these marks say something to be about; the keys are those of the first one's scope."""
    people = dict.fromkeys(person for mark in marks for person in about[mark.id])
    return Concern(tuple(people), scope_of(marks[0]))
