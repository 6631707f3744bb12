"""What does a Snapshot document say, and how is a snapshot written as one? (pure; ETSI GS CIM 009, 5.2.41, 5.2.42)"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from machinami.apis.ngsild.endpoints import check_address, read_pairs
from machinami.apis.ngsild.members import check_members, listed
from machinami.foundation.duration import duration_seconds
from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import format_instant
from machinami.foundation.urn import is_uri
from machinami.model import parse
from machinami.model.attribute import Attribute, Kind
from machinami.model.context import core
from machinami.model.entity import Entity
from machinami.model.fragments import NULLS, wrong
from machinami.model.query import Condition, hops, names
from machinami.model.snapshot import Snapshot

Json = dict[str, Any]

CURRENT, TEMPORAL = "snapshotQueries", "snapshotTemporalQueries"
QUERIES = frozenset({CURRENT, TEMPORAL})
FIXED = frozenset({"id", "type", "snapshotLifetime", "snapshotPriority", "endpoint", "receiverInfo"})
_TIMES = frozenset({"createdAt", "modifiedAt", "expiresAt", "lastUsedAt"})
_GIVEN = _TIMES | {"snapshotStatus", "snapshotQueriesDetails", "snapshotTemporalQueriesDetails"}
_MEMBERS = (FIXED | QUERIES | _GIVEN) - {"id", "type"}
_SEARCHABLE = frozenset(core().expand(name) for name in _MEMBERS)
_REMOVABLE = frozenset({"endpoint", "receiverInfo"})
_LONGEST = 1e9


def read_said(document: Json, known: Iterable[str]) -> Json:
    """What a client says of a snapshot; what only the broker says is passed over. Raises BadRequestData."""
    said = {name: value for name, value in document.items() if name not in _GIVEN}
    check_members(said, known, "the snapshot")
    if said.get("type") != "Snapshot":
        raise wrong("type", 'must be "Snapshot"')
    if "id" in said and not is_uri(said["id"]):
        raise wrong("id", "must be a URI")
    priority = said.get("snapshotPriority", 1)
    if not isinstance(priority, int) or isinstance(priority, bool) or not 1 <= priority <= 10:
        raise wrong("snapshotPriority", "must be a whole number from 1 to 10")
    read_lifetime(said)
    if "endpoint" in said:
        check_address(said["endpoint"], "endpoint")
    list(read_pairs(said, "receiverInfo"))
    for member in sorted(QUERIES):
        if not all(isinstance(row, dict) for row in listed(said, member)):
            raise wrong(member, "must be a list of queries {…}")
    return said


def read_fragment(document: Json) -> tuple[Json, frozenset[str]]:
    """What is to be said of a snapshot from now on, and which members are to go (5.5.8). Raises BadRequestData."""
    gone = frozenset(name for name, value in document.items() if value in NULLS)
    fixed = gone - _REMOVABLE
    if fixed:
        raise BadRequestData(f"{', '.join(sorted(fixed))[:200]} cannot be removed", members=sorted(fixed))
    kept = {name: value for name, value in document.items() if name not in gone}
    return read_said({"type": "Snapshot", **kept}, FIXED), gone


def read_lifetime(said: Json) -> timedelta | None:
    """How long the snapshot is wanted; None without a wish."""
    if "snapshotLifetime" not in said:
        return None
    seconds = duration_seconds(said["snapshotLifetime"])
    if seconds is None:
        raise wrong("snapshotLifetime", "must be a duration such as PT1H")
    return timedelta(seconds=min(seconds, _LONGEST))


def read_condition(arguments: dict[str, str]) -> Condition:
    """Which snapshots are meant; only their own members can be asked for (5.16.7.4)."""
    if "q" not in arguments:
        raise BadRequestData("Say with q which snapshots are to go, such as q=snapshotPriority<5", parameter="q")
    condition = parse.parse_q(arguments["q"], core())
    if hops(condition) or not names(condition) <= _SEARCHABLE:
        raise BadRequestData(f"q can ask for members of a snapshot only: {', '.join(sorted(_MEMBERS))}", parameter="q")
    return condition


def searchable(snapshot: Snapshot) -> Entity:
    """The snapshot as something that a condition can be asked of."""
    document = written(snapshot)
    attributes = {
        core().expand(name): (Attribute(Kind.PROPERTY, document[name]),) for name in _MEMBERS if name in document
    }
    return Entity(
        snapshot.id, ("Snapshot",), attributes, (), snapshot.created_at, snapshot.modified_at, snapshot.expires_at
    )


def written(snapshot: Snapshot) -> Json:
    """The snapshot as a document."""
    document: Json = {
        **snapshot.document,
        "id": snapshot.id,
        "type": "Snapshot",
        "snapshotStatus": snapshot.status,
        "createdAt": format_instant(snapshot.created_at),
        "modifiedAt": format_instant(snapshot.modified_at),
        "expiresAt": format_instant(snapshot.expires_at),
        "lastUsedAt": format_instant(snapshot.last_used_at),
    }
    if snapshot.details:
        document["snapshotQueriesDetails"] = [detail.to_document() for detail in snapshot.details]
    if snapshot.past_details:
        document["snapshotTemporalQueriesDetails"] = [detail.to_document() for detail in snapshot.past_details]
    return document
