"""How is the history itself changed: corrected, filled in, forgotten?

These edits run inside the group's open transaction, on the rows as they are.
"""

from collections.abc import Sequence
from dataclasses import replace

import apsw
import orjson

from machinami.model.attribute import Attribute
from machinami.model.document import entity_from_document
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.store.encoding import husk_of
from machinami.store.sqlite.encoded import to_columns
from machinami.store.sqlite.group import Group
from machinami.store.sqlite.hot import Husk
from machinami.store.sqlite.series import instance_name, named_place
from machinami.store.sqlite.statements import SQL


def correct_instance(group: Group, entity_id: str, attribute: str, instance_id: str, after: Attribute | None) -> bool:
    """Replace one instance, or remove it (None); it keeps its name. False if there is none."""
    state = group.look(entity_id)
    number = group.names.known(attribute)
    if state is None or number is None:
        return False
    place = _find(group.connection, state.subject, number, instance_id)
    if place is None:
        return False
    group.connection.execute(SQL.drop_instance, (state.subject, number, *place))
    if after is not None:
        instance = Instance(entity_id, attribute, replace(after, instance_id=instance_id))
        _add(group.connection, state.subject, number, instance, place)
    return True


def _find(connection: apsw.Connection, subject: int, number: int, instance_id: str) -> tuple[int, int] | None:
    named = named_place(instance_id)
    if named is not None and named[:2] == (subject, number):
        for time, serial in connection.execute(SQL.instance_at, named):
            return time, serial
    for time, serial in connection.execute(SQL.instance_named, (subject, number, instance_id)):
        return time, serial
    return None


def _add(
    connection: apsw.Connection,
    subject: int,
    number: int,
    instance: Instance,
    place: tuple[int, int] | None = None,
) -> None:
    """Insert the instance; at its old place if the time is the same, so that its name need not be written."""
    value = instance.value
    time, _ = to_columns(instance.value, instance.deleted_at)
    serial = place[1] if place is not None and place[0] == time else None
    if serial is None:
        ((last,),) = connection.execute(SQL.last_serial, (subject, number, time))
        serial = last + 1
    if value.instance_id == instance_name(subject, number, time, serial):
        instance = replace(instance, value=replace(value, instance_id=None))
    _, columns = to_columns(instance.value, instance.deleted_at)
    connection.execute(SQL.add_history, (subject, number, time, serial, *columns))


def recall(group: Group, entity_id: str) -> Entity | None:
    """What is known of an entity that is not there."""
    state = group.look(entity_id)
    if isinstance(state, Husk):
        for _, _, doc in group.connection.execute(SQL.entity_by_key, (state.key,)):
            return entity_from_document(orjson.loads(doc))
    return None


def remember(group: Group, head: Entity) -> None:
    """Know an entity that is not there by this head."""
    state = group.look(head.id)
    if isinstance(state, Husk):
        group.fold.discard(state)
        group.leave_husk(state, husk_of(head))
    elif state is None:
        key = group.next_key()
        group.leave_husk(Husk(key, key), husk_of(head))


def add_instance(group: Group, instance: Instance) -> None:
    """Add an instance to the history only; an entity that never was is known from now on as a past one."""
    state = group.look(instance.entity_id)
    if state is None:
        remember(group, Entity(instance.entity_id, ()))
        state = group.look(instance.entity_id)
    if state is not None:
        _add(group.connection, state.subject, group.names.number(instance.attribute), instance)


def thin_history(group: Group, entity_id: str, attribute: str, gone: Sequence[str], made: Sequence[Instance]) -> bool:
    """Put a few instances in the place of many; False, and nothing is done, where one of those is not there."""
    state, number = group.look(entity_id), group.names.known(attribute)
    if state is None or number is None:
        return False
    places = [_find(group.connection, state.subject, number, name) for name in gone]
    found = [place for place in places if place is not None]
    if len(found) < len(places):
        return False
    group.connection.executemany(SQL.drop_instance, [(state.subject, number, *place) for place in found])
    for instance in made:
        _add(group.connection, state.subject, number, instance)
    return True


def forget_history(group: Group, entity_id: str, attribute: str | None, dataset_id: str | None) -> bool:
    """Forget the history of an entity, of one attribute, or of one dataset. False if there was none."""
    state = group.look(entity_id)
    if state is None:
        return False
    number = None if attribute is None else group.names.known(attribute)
    if attribute is not None and number is None:
        return False
    statement, parameters = _forgetting(state.subject, number, dataset_id)
    group.connection.execute(statement, parameters)
    forgotten = group.connection.changes() > 0
    if attribute is None and dataset_id is None and isinstance(state, Husk):
        group.fold.discard(state)
        group.state[entity_id] = None
        group.changed.add(entity_id)
        forgotten = True
    return forgotten


def _forgetting(subject: int, number: int | None, dataset_id: str | None) -> tuple[str, tuple[int | str, ...]]:
    if number is None:
        if dataset_id is None:
            return SQL.forget_subject, (subject,)
        return SQL.forget_dataset_everywhere, (subject, dataset_id)
    if dataset_id is None:
        return SQL.forget_attribute, (subject, number)
    return SQL.forget_dataset, (subject, number, dataset_id)
