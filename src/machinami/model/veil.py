"""What does the law keep from who asks? Marks, grounds and consents, brought to what a guard asks of an entity.

Where several marks are about an attribute, each must let it be seen.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from machinami.model.attribute import Kind
from machinami.model.consent import Terms, lets_see
from machinami.model.entity import Entity
from machinami.model.legal import SERVES, Ground, LegalClass, Mark, is_free
from machinami.model.names import LOCATION
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.query import About, Allowance, TypeIs
from machinami.model.sight import WHOLE, Sight, Span

_RELATIONS = (Kind.RELATIONSHIP, Kind.LIST_RELATIONSHIP)

Consented = Callable[[str], Sequence[Terms]]
"""What somebody (by id) consents to at present for who asks and what they ask for."""

Few = Callable[[], Collection[str] | None]
"""All who may consent to something for who asks; None where they are many."""


def subjects_of(mark: Mark, entity: Entity) -> tuple[str, ...]:
    """Whom an entity is about, by what a mark says; none where it does not say it."""
    if not mark.subject:
        return (entity.id,)
    found: list[str] = []
    for instance in entity.attributes.get(mark.subject, ()):
        if instance.kind not in _RELATIONS:
            return ()
        found += [instance.value] if isinstance(instance.value, str) else instance.value
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Rule:
    """A mark that keeps something from who asks, with the grounds that let them see it all the same."""

    mark: Mark
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LegalVeil:
    """What the law keeps from one who asks. touched: the types that entities with something marked have; it grows.

    consented: what people consent to for them at present; few: who they are, where they are few; now: what time it is.
    """

    by: Principal
    rules: tuple[Rule, ...]
    severed: tuple[Mark, ...]
    touched: AbstractSet[str]
    consented: Consented
    few: Few
    now: Callable[[], datetime]

    @property
    def looks_at(self) -> frozenset[str]:
        """The attributes by which it is decided."""
        return frozenset(rule.mark.subject for rule in self.rules if rule.mark.subject) | {LOCATION}

    def touches(self, types: Iterable[str]) -> bool:
        """Whether an entity with one of these types may have something that is kept from who asks."""
        return not self.touched.isdisjoint(types)

    def people(self, kind: str) -> Collection[str] | None:
        """The ids of which every entity of a type is that is not hidden, where such entities are people themselves and
        few of them consent; None otherwise."""
        for rule in self.rules:
            mark = rule.mark
            persons = mark.type == kind and not mark.attribute and not mark.subject
            if persons and mark.legal is LegalClass.PERSONAL and not rule.grounds:
                few = self.few()
                return None if few is None else {*few, self.by.id}
        return None

    def keeps(self, kind: str, names: Iterable[str] | None) -> bool:
        """Whether something of entities of a type may be kept: of these attributes (None: of any), or as a whole."""
        marks = [rule.mark for rule in self.rules if rule.mark.type in ("", kind)]
        wanted = None if names is None else frozenset(names)
        return any(not mark.attribute or wanted is None or mark.attribute in wanted for mark in marks)

    def over(self, entity: Entity, span: Span | None = None) -> Sight | None:
        """What is left of the entity; None where it is hidden as a whole."""
        found = WHOLE
        for rule in self.rules:
            mark = rule.mark
            if mark.type and mark.type not in entity.types:
                continue
            left = self._through(rule, entity, span)
            if not mark.attribute:
                if left is None:
                    return None
                found = found.narrowed(left)
            elif left is None or not left.shows(mark.attribute):
                found = found.narrowed(Sight(None, frozenset((mark.attribute,))))
        for mark in self.severed:
            if not mark.type or mark.type in entity.types:
                found = found.narrowed(Sight(None, frozenset((mark.subject,))))
        return found

    def _through(self, rule: Rule, entity: Entity, span: Span | None) -> Sight | None:
        """What grounds and consents let be seen of what one mark keeps."""
        mark, now = rule.mark, self.now()
        found: Sight | None = None
        for ground in rule.grounds:
            if now < ground.end and ground.is_about(entity.types):
                if not ground.attributes:
                    return WHOLE
                found = _widened(found, Sight(frozenset(ground.attributes)))
        if mark.legal is LegalClass.PERSONAL:
            consented = self._consents(subjects_of(mark, entity), entity, span)
            if consented is not None:
                found = _widened(found, consented)
        if found is not None and mark.subject and not mark.attribute and found.only is not None:
            found = Sight(found.only | {mark.subject}, found.without)
        return found

    def _consents(self, subjects: Sequence[str], entity: Entity, span: Span | None) -> Sight | None:
        """What all whom the entity is about let be seen; each sees what is about them."""
        found: Sight | None = None
        for subject in subjects:
            if subject == self.by.id:
                each: Sight | None = WHOLE
            else:
                each = None
                for terms in self.consented(subject):
                    seen = lets_see(terms, entity, span)
                    if seen is not None:
                        each = _widened(each, seen)
            if each is None:
                return None
            found = each if found is None else found.narrowed(each)
        return found


def _widened(found: Sight | None, more: Sight) -> Sight:
    return more if found is None else found.widened(more)


def veil_for(
    by: Principal,
    marks: Iterable[Mark],
    grounds: Sequence[Ground],
    touched: AbstractSet[str],
    consented: Consented,
    few: Few,
    now: Callable[[], datetime],
) -> LegalVeil | None:
    """What the law keeps from who asks; None where it is nothing at all."""
    rules: list[Rule] = []
    severed: list[Mark] = []
    for mark in marks:
        if mark.legal is LegalClass.PSEUDONYMISED and mark.subject:  # APPI 41(7): not to be linked to a person again
            severed.append(mark)
        if not is_free(mark.legal, by):
            serving = SERVES[mark.legal]
            rules.append(Rule(mark, tuple(one for one in grounds if one.basis in serving and one.is_for(by))))
    if not rules and not severed:
        return None
    return LegalVeil(by, tuple(rules), tuple(severed), touched, consented, few, now)


def own(veil: LegalVeil) -> list[Allowance]:
    """What who asks may see because it is about them, whatever the rows of the policy say."""
    if veil.by.id == ANONYMOUS.id or veil.by.scopes is not None:
        return []
    found: list[Allowance] = []
    for mark in (rule.mark for rule in veil.rules if rule.mark.legal is LegalClass.PERSONAL):
        names = frozenset(filter(None, (mark.attribute, mark.subject))) if mark.attribute else None
        for name in [mark.type] if mark.type else sorted(veil.touched):
            about = About(veil.by.id, mark.subject, mark.attribute)
            found.append(Allowance(TypeIs(name), attributes=names, about=about, veil=veil))
    return found
