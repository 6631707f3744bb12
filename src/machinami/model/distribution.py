"""Which part of a request goes to which source, and what is left to be done here?

ETSI GS CIM 009, 4.3.6.2, 4.3.6.3 and the behaviour of each operation in 5.6.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from machinami.model.registration import Mode, Registration
from machinami.model.registration_matching import covers


@dataclass(frozen=True, slots=True)
class Share:
    """What one source is to do: of these attributes, expanded; None: of the entity as a whole.

    supported: whether the source offers the operation; looped: whether the request has passed it, or us, already.
    """

    registration: Registration
    attributes: frozenset[str] | None
    supported: bool = True
    looped: bool = False


@dataclass(frozen=True, slots=True)
class Division:
    """The shares of the sources, and the attributes left for here. taken: a source alone holds some or all of it."""

    shares: tuple[Share, ...]
    left: frozenset[str]
    taken: bool


def divide(
    registrations: Iterable[Registration],
    operations: Collection[str],
    entity_id: str,
    types: Sequence[str] | None,
    attributes: frozenset[str],
    passed: Collection[str] = (),
    looped: bool = False,
) -> Division:
    """Divide a change of one entity (types None: not known) among the sources and this broker.

    operations: the names of which a source must offer one. attributes: empty where the request is about the entity
    as a whole. passed: the aliases of the brokers that the request has passed; looped: whether this is one of them.
    """
    covering = [(r, _covered(r, entity_id, types, attributes)) for r in registrations if r.mode is not Mode.AUXILIARY]
    left = attributes
    shares: list[Share] = []
    for mode in (Mode.EXCLUSIVE, Mode.REDIRECT, Mode.INCLUSIVE):
        taken_now: frozenset[str] = frozenset()
        for registration, names in covering:
            if registration.mode is not mode or names is None:
                continue
            mine = names & left
            if attributes and not mine:
                continue
            again = looped or (registration.alias is not None and registration.alias in passed)
            offered = not registration.operations.isdisjoint(operations)
            if mode is not Mode.INCLUSIVE or (offered and not again):
                shares.append(Share(registration, None if mine == attributes else mine, offered, again))
            taken_now |= mine
        if mode is not Mode.INCLUSIVE:
            left -= taken_now
    return Division(tuple(shares), left, any(share.registration.proxied for share in shares))


def _covered(
    registration: Registration, entity_id: str, types: Sequence[str] | None, attributes: frozenset[str]
) -> frozenset[str] | None:
    """The attributes of these that the registration covers for the entity; None if it does not cover the entity."""
    found: frozenset[str] | None = None
    for info in registration.information:
        if covers(info, entity_id, types):
            names = attributes & info.attributes if info.attributes else attributes
            found = names if found is None else found | names
    return found
