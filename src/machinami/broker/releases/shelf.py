"""Which releases has a town, and who may see, make and publish them?"""

from collections.abc import Callable
from dataclasses import replace

from machinami.broker.policy import Rights
from machinami.broker.releases.version import Version, key_of
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound, SignInRequired
from machinami.model.entity import Entity
from machinami.model.identity.record import read
from machinami.model.legal import SERVES, is_free, is_staff
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal, Role
from machinami.model.town_terms import NAMESPACE

RELEASE = NAMESPACE + "Release"  # a row about this type is about who makes releases, and who decides on them
VERSION, TABLE, MEMBERS, STATE = "release", "release-table", "release-members", "release-state"
OUT_COUNT = "out"  # of STATE: how many were ever published
_HOUSE, _PEOPLE = "urn:machinami:", "urn:machinami:person:"  # what the town runs, and its accounts
_DECIDING = frozenset({Role.DEPARTMENT_HEAD, Role.MAYOR, Role.ADMINISTRATOR})


def may_make(town: Town, by: Principal) -> bool:
    """Whether who asks may have releases made: staff whom a row lets make what is of the type Release."""
    return _may(town, by, Deed.CREATE) or _may(town, by, Deed.CHANGE)


def may_decide(town: Town, by: Principal) -> bool:
    """Whether who asks may publish: a person with responsibility whom a row lets change what is of the type Release."""
    is_house = by.id.startswith(_HOUSE) and not by.id.startswith(_PEOPLE)
    return by.scopes is None and not is_house and not _DECIDING.isdisjoint(by.roles) and _may(town, by, Deed.CHANGE)


def _may(town: Town, by: Principal, deed: Deed) -> bool:
    rights = town.policy.rights(by)
    if rights is None or not is_staff(by):
        return False
    return rights.extent(deed, Entity("", (RELEASE,))) is not None


def demand_may(town: Town, by: Principal, may: Callable[[Town, Principal], bool], what: str) -> Rights:
    rights = town.policy.rights(by)
    if rights is None:
        raise Conflict(
            "A town without administrators has nobody who answers for a release; make an administrator first"
        )
    if not may(town, by):
        if by.id == ANONYMOUS.id:
            raise SignInRequired(f"Sign in to {what}")
        raise Forbidden(f"{by.id} may not {what} here", principal=by.id)
    return rights


async def versions(town: Town, by: Principal) -> list[Version]:
    """Every version, the newest first, without its table. Raises Forbidden for who makes no releases."""
    demand_may(town, by, may_make, "see what is prepared")
    return await _versions(town)


async def published(town: Town) -> list[Version]:
    """What is or was published, the newest first, without its table; for everyone."""
    return [one for one in await _versions(town) if one.is_out]


async def _versions(town: Town) -> list[Version]:
    found = [read(Version, record) for record in (await town.store.records(VERSION)).values()]
    return sorted(found, key=lambda one: (one.made_at, one.key), reverse=True)


def version(town: Town, release: str, number: int, by: Principal) -> Version:
    """One version with its table: for everyone what is published, for staff the others too. Raises NotFound."""
    found = known_version(town, release, number)
    if not found.is_out and not may_make(town, by):
        raise NotFound(f"There is no release {release[:100]}/{number} here")
    table = town.store.record(TABLE, found.key)
    return found if table is None else replace(found, rows=tuple(map(tuple, table["rows"])))


def known_version(town: Town, release: str, number: int) -> Version:
    record = town.store.record(VERSION, key_of(release, number))
    if record is None:
        raise NotFound(f"There is no release {release[:100]}/{number} here")
    return read(Version, record)


def demand_reason(reason: str) -> None:
    if not reason.strip():
        raise BadRequestData("Say why; it is kept, and everybody can read it", member="reason")


def may_have(town: Town, found: Version, by: Principal) -> bool:
    """Whether who asks may be given the table: of statistics everyone; rows of persons that a public body made
    (行政機関等匿名加工情報) the town itself, and who has a recorded contract (APPI 109, 115)."""
    if not found.is_out:
        return may_make(town, by)
    legal = found.description.legal
    if not found.description.is_of_persons or is_free(legal, by):
        return True
    law = town.policy.law
    grounds = () if law is None else law.grounds.values()
    return any(one.basis in SERVES[legal] and town.clock() < one.end and one.is_for(by) for one in grounds)
