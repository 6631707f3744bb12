"""Do the log, the state and the history of a town agree? What to ask after a crash, or of a copy."""

import apsw
import orjson

from machinami.model.change import Verb
from machinami.model.document import entity_to_document
from machinami.store.evolution import scope_change
from machinami.store.sqlite.connection import read, read_one
from machinami.store.sqlite.log import read_log
from machinami.store.sqlite.statements import SQL


def disagreements(connection: apsw.Connection) -> list[str]:
    """Sentences about everything that does not fit, none if all is well. Reads all of the file.

    The last logged state of each entity is its present state; each logged change of an attribute is in the
    history unless it was corrected or forgotten since; the numbers of the log have no gap. What still waits to go into
    state or history is left out.
    """
    found = [f"SQLite: {text}" for (text,) in read(connection, "PRAGMA integrity_check") if text != "ok"]
    last: dict[str, object] = {}
    settled, state = read_one(connection, SQL.settled), read_one(connection, SQL.settled_state)
    before: int | None = None
    for change in read_log(connection, 0):
        seq, after = change.seq, change.after
        if before is not None and seq != before + 1:
            found.append(f"the log goes from {before} to {seq}")
        before = seq
        if seq <= state and (after is not None or change.verb is Verb.DELETED):
            last[change.entity_id] = None if after is None else entity_to_document(after)
        if seq <= settled and not (change.before is None and after is None):  # else only the past was added to
            instances = len(change.attributes) + (scope_change(change) is not None)
            found += _missing_history(connection, change.entity_id, seq, instances)
    for entity_id, document in last.items():
        if _present(connection, entity_id) != document:
            found.append(f"the state of {entity_id} is not what the log says")
    counted = {tuple(place): count for *place, count in read(connection, SQL.tallies)}
    actual = {tuple(place): count for *place, count in read(connection, SQL.tallies_made_again)}
    if counted != actual:
        found.append(f"types and attributes in use are not as counted: {dict(counted.items() ^ actual.items())}")
    return found


def _present(connection: apsw.Connection, entity_id: str) -> object:
    """The document of an entity; None where there is none, what no document is where it cannot be read."""
    held = [(gone, doc) for _, _, gone, doc in read(connection, SQL.entity_by_id, (entity_id,))]
    if not held or held[0][0]:
        return None
    try:
        return orjson.loads(held[0][1])
    except orjson.JSONDecodeError:
        return ...


def _missing_history(connection: apsw.Connection, entity_id: str, seq: int, changes: int) -> list[str]:
    count = read_one(connection, SQL.instances_of_change, (entity_id, seq))
    return [] if count == changes else [f"change {seq} of {entity_id} has {count} of {changes} instances"]
