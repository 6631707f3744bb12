"""Which data are kept nowhere in the town's data? Features of bodies by which a person can be found again.

They are individual identification codes (個人識別符号: APPI 2(2)(i), Cabinet Order 1(1): DNA, face, iris, voice, gait,
veins, finger and palm prints). Who has them can find the person for life, and nobody can be given another face; so they
stay with what measures them, as templates that can be revoked (`kit.biometry`). They are known by their names alone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Attribute
from machinami.model.change import AttributeChange
from machinami.model.entity import Entity
from machinami.model.plain import plain_of
from machinami.model.renewal import Renewal

_CODE = re.compile(
    r"(biometric|face|facial|finger|fingerprint|iris|retina|retinal|voice|speaker|gait|palm|palm_?vein|vein|ear)_?"
    r"(template|embedding|feature_?vector|minutiae|signature)s?"
    r"|(face|voice|palm)_?prints?|iris_?codes?|dna_?(sequence|profile)s?|genome(_?sequence)?s?",
    re.IGNORECASE,
)
_REMEMBERED = 4_096


@lru_cache(_REMEMBERED)
def is_never_kept(name: str) -> bool:
    """Whether a type or an attribute (expanded or short) is named as what is never kept."""
    local = name[max(name.rfind("/"), name.rfind("#"), name.rfind(":")) + 1 :]
    return _CODE.fullmatch(local) is not None


def demand_keepable(names: Iterable[str], attributes: Mapping[str, Sequence[Attribute]]) -> None:
    """Raise BadRequestData where an entity of these types (or other names) and attributes would hold what is never
    kept, within an attribute too."""
    for name in names:
        if is_never_kept(name):
            raise _refusal(name)
    for name, several in attributes.items():
        for one in several:
            demand_attribute_keepable(name, one)


def demand_entity_keepable(entity: Entity) -> None:
    """The same of an entity; one of plain attributes is not opened for it, as within them there is nothing."""
    plain = plain_of(entity)
    if plain is None:
        demand_keepable(entity.types, entity.attributes)
    else:
        demand_keepable((*entity.types, *plain.shape.names), {})


def demand_changes_keepable(changes: Sequence[AttributeChange]) -> None:
    """The same of what the attributes of an entity become."""
    if type(changes) is Renewal:
        demand_keepable(changes.plain.shape.names, {})
        return
    for part in changes:
        if part.after is not None:
            demand_attribute_keepable(part.name, part.after)


def demand_attribute_keepable(name: str, one: Attribute) -> None:
    """Raise BadRequestData where an instance of an attribute is, or holds, what is never kept."""
    if is_never_kept(name):
        raise _refusal(name)
    if one.attributes:
        demand_keepable((), one.attributes)


def _refusal(name: str) -> BadRequestData:
    return BadRequestData(
        f"{name[-200:]} is never kept here: a feature of a body by which a person can be found again stays where it is "
        "measured, as a template that can be revoked; see docs/biometry.md",
        attribute=name[-200:],
    )
