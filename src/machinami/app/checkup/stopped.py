"""What can be told of an installation that does not run? From its folder alone, which is read and never changed."""

from datetime import datetime
from pathlib import Path
from typing import Any

import apsw
import orjson

from machinami.app.authority import AUTHORITY, FOLDER
from machinami.app.checkup import machine
from machinami.app.checkup.backing import of_archive, of_standby
from machinami.app.checkup.notes import load
from machinami.app.checkup.running import failing_since, host_of
from machinami.app.clock import utc_now
from machinami.app.configuration import FILE as TOML
from machinami.app.configuration import read as read_settings
from machinami.app.keys import KeyRing, ring_of
from machinami.broker.subscriptions import PROGRESS, RECORD, Progress
from machinami.foundation.errors import MachinamiError, SettingsError
from machinami.foundation.settings import Settings
from machinami.foundation.urn import without_password
from machinami.kit.tls import last_day
from machinami.model.checkup.checks import check_up, since_noticed
from machinami.model.checkup.contradictions import contradictions
from machinami.model.checkup.facts import EndFact, Facts, SourceFact, StoreFact, SubscriptionFact
from machinami.model.checkup.finding import Checkup
from machinami.store.settings import StoreSettings
from machinami.store.sqlite import first_page
from machinami.store.sqlite.backend import FILE
from machinami.store.sqlite.connection import is_plain, migrations, open_connection, read, read_one
from machinami.store.sqlite.statements import SQL
from machinami.wire.exchange import HttpCaller
from machinami.wire.reach import is_reached


async def examine_stopped(data: Path, host: str, port: int) -> Checkup:
    """How the installation in a folder fares, as far as that can be told while it does not run.

    host, port: where it would be served.
    """
    now, notes, fault = utc_now(), load(data), ""
    try:
        settings = read_settings(data)
    except SettingsError as error:
        settings, fault = Settings(data), error.detail
    caller = HttpCaller()
    try:
        clock = await machine.clock(settings, notes, caller, ())
    finally:
        await caller.close()
    following = of_standby(data)
    # files that a second machine puts pages into are opened by nobody
    stores, subscriptions, count = _towns(settings, fault) if following is None else ((), (), 0)
    facts = Facts(
        now=now,
        data=str(data),
        settings_fault=fault,
        contradictions=None if fault else contradictions(settings),
        stores=stores,
        towns=count,
        clock=clock,
        disk=machine.disk(data, notes),
        folders=machine.folders(settings),
        subscriptions=None if fault else subscriptions,
        sources=None if fault else await _sources(settings),
        port=machine.port(host, port),
        ends=_ends(settings),
        backup=of_archive(settings) if following is None else None,
        following=following,
    )
    return since_noticed(check_up(facts), notes.noticed)


def _towns(settings: Settings, fault: str) -> tuple[tuple[StoreFact, ...], tuple[SubscriptionFact, ...], int]:
    """What is wrong with the files of the towns, their subscriptions, and how many towns there are."""
    files = sorted(settings.data.glob(f"towns/*/{FILE}"))
    if not files:
        begun = (settings.data / TOML).exists()
        return (StoreFact("default", "new" if begun else "missing"),), (), 0
    try:
        ring = ring_of(settings)
    except MachinamiError as error:
        return (StoreFact("default", "locked", error.detail),), (), len(files)
    faults: list[StoreFact] = []
    found: list[SubscriptionFact] = []
    for file in files:
        told = _town(file, ring)
        if isinstance(told, StoreFact):
            faults.append(told)
        else:
            found += told
    return tuple(faults), tuple(found), len(files)


def _town(file: Path, ring: KeyRing) -> StoreFact | list[SubscriptionFact]:
    name = file.parent.name
    key = None if is_plain(file) else ring.key(name)
    if key is None and not is_plain(file):
        if is_plain(first_page.place(file)):
            return StoreFact(name, "damaged", f"{file}: its first page is damaged, and a copy of it is there")
        return StoreFact(name, "locked")
    try:
        connection = open_connection(file, StoreSettings(key=key), write=False)
    except MachinamiError as error:
        return StoreFact(name, "damaged", error.detail)
    try:
        form, known = read_one(connection, "PRAGMA user_version"), len(migrations())
        if form != known:
            return StoreFact(name, "newer" if form > known else "older")
        last = read_one(connection, SQL.last_seq)
        progress = {key: orjson.loads(doc) for key, doc in read(connection, SQL.records, (PROGRESS,))}
        rows = read(connection, SQL.records, (RECORD,))
        return [_subscription(name, key, orjson.loads(doc), progress.get(key, {}), last) for key, doc in rows]
    except apsw.Error as error:
        return StoreFact(name, "damaged", str(error))
    finally:
        connection.close()


def _subscription(
    town: str, name: str, record: dict[str, Any], progress: dict[str, Any], last: int
) -> SubscriptionFact:
    document = record.get("document", {})
    endpoint = document.get("notification", {}).get("endpoint", {}).get("uri", "")
    came = Progress.from_record({"cursor": last, **progress})
    status = "active" if document.get("isActive", True) else "paused"
    receiver = host_of(without_password(str(endpoint)))
    behind = last - came.cursor if came.last_notification else 0
    return SubscriptionFact(town, name, receiver, status, behind, failing_since(came, None), came.last_reason)


async def _sources(settings: Settings) -> tuple[SourceFact, ...]:
    """The MQTT brokers, asked whether they can be reached at all."""
    found = []
    for row in settings.mqtt:
        reached, reason = await is_reached(row.url, 3.0)
        found.append(SourceFact("mqtt", host_of(row.url), reached, reason))
    return tuple(found)


def _ends(settings: Settings) -> tuple[EndFact, ...]:
    """The certificates that the folder tells of."""
    files = [("certificate", settings.certificate), ("authority", settings.data / FOLDER / AUTHORITY)]
    found = []
    for kind, file in files:
        until = None if file is None else _until(file)
        if until is not None:
            found.append(EndFact(kind, until))
    return tuple(found)


def _until(file: Path) -> datetime | None:
    try:
        return last_day(file)
    except (OSError, ValueError):
        return None
