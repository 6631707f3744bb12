"""What may somebody see of an entity, by the policy and by the law? Their plain meaning, said attribute by attribute.

The compiled form (`veil`, `guarding`) is held against this by a test; nothing else is made of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.model.consent import Consent, lets_see, names_of
from machinami.model.entity import Entity
from machinami.model.legal import SERVES, Ground, LegalClass, Mark, is_free
from machinami.model.policy import Deed, Row, permits
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.purpose import Purpose
from machinami.model.sight import Span
from machinami.model.veil import subjects_of


@dataclass(frozen=True, slots=True)
class Code:
    """What is marked in a town, and on what it may be given."""

    marks: Sequence[Mark] = ()
    grounds: Sequence[Ground] = ()
    purposes: Sequence[Purpose] = ()
    consents: Sequence[Consent] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what, and when. span: for its past within this time; None: as it is at present."""

    by: Principal
    entity: Entity
    now: datetime
    span: Span | None = None


def visible(rows: Sequence[Row], code: Code, asked: Asked) -> Entity | None:
    """The entity as who asks may see it; None where it is hidden."""
    entity = asked.entity
    if not is_there(rows, code, asked):
        return None
    return entity.keeping([name for name in entity.attributes if shows(rows, code, asked, name)])


def is_there(rows: Sequence[Row], code: Code, asked: Asked) -> bool:
    """Whether who asks is told that there is such an entity."""
    permitted = permits(rows, asked.by, Deed.READ, asked.entity) is not None or _is_own(code, asked, None)
    return permitted and all(_lets(code, mark, asked, None) for mark in _about(code, asked) if not mark.attribute)


def shows(rows: Sequence[Row], code: Code, asked: Asked, name: str) -> bool:
    """Whether who asks sees an attribute of an entity that is there for them."""
    extent = permits(rows, asked.by, Deed.READ, asked.entity)
    if not ((extent is not None and extent.holds((name,))) or _is_own(code, asked, name)):
        return False
    for mark in _about(code, asked):
        if mark.legal is LegalClass.PSEUDONYMISED and mark.subject == name:
            return False
        if mark.attribute in ("", name):
            is_link = not mark.attribute and mark.subject == name  # shown with anything of what is about the person
            if not _lets(code, mark, asked, None if is_link else name):
                return False
    return True


def _about(code: Code, asked: Asked) -> list[Mark]:
    return [mark for mark in code.marks if mark.is_about(asked.entity)]


def _is_own(code: Code, asked: Asked, name: str | None) -> bool:
    """Whether the entity, or the attribute of it, is about who asks."""
    if asked.by.id == ANONYMOUS.id or asked.by.scopes is not None:
        return False
    for mark in _about(code, asked):
        has = not mark.attribute or mark.attribute in asked.entity.attributes
        concerned = has and (name is None or not mark.attribute or name in (mark.attribute, mark.subject))
        if concerned and mark.legal is LegalClass.PERSONAL and asked.by.id in subjects_of(mark, asked.entity):
            return True
    return False


def _lets(code: Code, mark: Mark, asked: Asked, name: str | None) -> bool:
    """Whether what the mark says lets an attribute be seen; None: anything."""
    if is_free(mark.legal, asked.by):
        return True
    for ground in code.grounds:
        holds = asked.now < ground.end and ground.is_for(asked.by) and ground.is_about(asked.entity.types)
        if holds and ground.basis in SERVES[mark.legal] and (name is None or name in (ground.attributes or (name,))):
            return True
    if mark.legal is not LegalClass.PERSONAL:
        return False
    subjects = subjects_of(mark, asked.entity)
    return bool(subjects) and all(_consents(code, subject, asked, name) for subject in subjects)


def _consents(code: Code, subject: str, asked: Asked, name: str | None) -> bool:
    """Whether a person lets who asks see an attribute of what is about them; None: anything."""
    if subject == asked.by.id:
        return True
    published = any(one.id == asked.by.purpose and one.is_open(asked.now) for one in code.purposes)
    for consent in code.consents:
        if not published or consent.subject != subject or not consent.holds(asked.now):
            continue
        terms = consent.terms
        if terms.purpose == asked.by.purpose and not set(terms.recipients).isdisjoint(names_of(asked.by)):
            sight = lets_see(terms, asked.entity, asked.span)
            if sight is not None and (name is None or sight.shows(name)):
                return True
    return False
