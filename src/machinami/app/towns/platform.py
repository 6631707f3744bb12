"""What may the operator do with the towns of an installation? Found, limit, move and delete them; never read them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machinami.app.clock import utc_now
from machinami.app.configuration import FILE as SETTINGS_FILE
from machinami.app.configuration import read
from machinami.app.first_settings import EXAMPLE
from machinami.app.keys import KeyRing, is_apart
from machinami.app.sealing import sealing_key
from machinami.app.towns import carrying
from machinami.app.towns.carrying import Parcel
from machinami.app.towns.office import Answer, Office
from machinami.app.towns.report_page import write_report
from machinami.broker import audit as accounts
from machinami.broker.identity.seal import Seal
from machinami.broker.registrations import RECORD as REGISTRATION
from machinami.broker.subscriptions import RECORD as SUBSCRIPTION
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.errors import (
    AlreadyExists,
    Conflict,
    NotFound,
    SettingsError,
)
from machinami.model.departure import KeyFacts, departure_report, with_files
from machinami.model.principal import Principal
from machinami.model.town_name import check_town_name
from machinami.store.files import FOLDER as FILES
from machinami.store.files import seal_files
from machinami.store.sqlite.backend import FILE
from machinami.store.sqlite.connection import is_plain
from machinami.store.sqlite.encrypting import encrypt_file

MOVED, REPORTS = "moved", "reports"


@dataclass(frozen=True, slots=True)
class Going:
    """How a town leaves. folder: where to; key: whether its key goes along in that folder; key_file: into which file
    the master key goes instead; stays: whether the town stays here too, as a copy is made."""

    folder: Path
    key: bool = False
    key_file: Path | None = None
    stays: bool = False


class Platform(Office):
    """The towns of one installation, as its operator handles them. Acts are done one after the other."""

    _forgotten: Sequence[str] = ()

    # encrypting

    async def encrypt(self, name: str, by: Principal) -> Answer:
        """Encrypt the file of a town that is not encrypted yet."""
        self.demand(by)
        self._another(name, "encrypt")
        path = carrying.town_folder(self._data, name) / FILE
        if not is_plain(path):
            raise Conflict(f"The town {name} is encrypted already")
        await self._broker.part(name)
        try:
            key = self._ring.make(name)
            seal_files(path.parent / FILES, key)  # first: what is sealed stays readable whatever follows
            encrypt_file(path, key)
        finally:
            town = await self._broker.rejoin(name)
        self._note("encrypt", name, by, keyFingerprint=self._ring.fingerprint(name))
        return self._row(town)

    # moving out and in

    async def move(self, name: str, going: Going, by: Principal) -> Answer:
        """Have a town go as a folder that serves it as its default town; while it goes, nobody can write to it."""
        self.demand(by)
        town = self._another(name, "move")
        folder = carrying.check_target(going.folder)
        encrypted = bool(self._fingerprint(name))
        if encrypted and not (going.key or going.key_file):
            raise SettingsError(
                f"The town {name} is encrypted: say whether its key goes along in the folder, or into a file"
            )
        facts = self._facts("move", name, by, folder=str(folder), stays=going.stays)
        contexts = await self._contexts_of(town)
        self.record.begin(facts)
        await self._broker.part(name)
        try:
            await self._pack(name, folder, going, facts, contexts)
        except BaseException:
            carrying.clear(folder)
            await self._broker.rejoin(name)
            self.record.end()
            raise
        if going.stays:
            await self._broker.rejoin(name)
            self.record.note(facts)
            self.record.end()
        else:
            self._finish_move(facts)
            await self._broker.forget(name)
        return {"moved": name, "folder": str(folder), "stays": going.stays}

    async def send_out(self, name: str, stays: bool, key: bool, by: Principal) -> Answer:
        """Have a town go into a folder of this installation's own choosing, for who asks over the network."""
        self.demand(by)
        outside = self._data / MOVED
        outside.mkdir(mode=0o700, exist_ok=True)
        folder = outside / f"{check_town_name(name)}-{utc_now():%Y%m%dT%H%M%SZ}"
        return await self.move(name, Going(folder, key, None, stays), by)

    async def _contexts_of(self, town: Town) -> dict[str, dict[str, Any]]:
        told = [await town.store.records(kind) for kind in (SUBSCRIPTION, REGISTRATION)]
        text = str(told)
        named = [one.url for one in self._broker.contexts.stored(DEFAULT_TOWN) if one.url in text]
        return await self._broker.contexts.of_town(town.name, named)

    async def _pack(
        self, name: str, folder: Path, going: Going, facts: Answer, contexts: Mapping[str, Mapping[str, Any]]
    ) -> None:
        file = carrying.town_folder(self._data, name) / FILE
        key = None if is_plain(file) else self._ring.key(name)
        made = carrying.beside(folder)
        carrying.clear(folder)
        made.mkdir(exist_ok=True)
        parcel = Parcel(file, key, self._seal(self._data), self._seal(made), contexts)

        def finish(made: Path) -> None:
            carrying.keep_keys(made, key, going.key_file)
            self._persons.carry(name, made)
            (made / SETTINGS_FILE).write_text(EXAMPLE, encoding="utf-8")

        await carrying.pack(parcel, folder, facts, finish)

    def _finish_move(self, facts: Answer) -> None:
        name = facts["town"]
        self._ring.destroy(name)
        self._persons.destroy(name)
        carrying.remove_files(self._data, name, facts["id"])
        self.record.take(name)
        self.record.note(facts)
        self.record.end()

    async def bring(self, folder: Path, name: str, by: Principal, key_file: Path | None = None) -> Answer:
        """Have the default town of another folder here, under a name; the folder is left as it is."""
        self.demand(by)
        check_town_name(name)
        if self._broker.open_town(name) is not None:
            raise AlreadyExists(f"There is a town {name} already", tenant=name)
        source = folder.absolute()
        file = carrying.town_folder(source, DEFAULT_TOWN) / FILE
        if not file.is_file():
            raise NotFound(f"{source} holds no town; name a folder that `machinami serve` can serve")
        came = read(source)
        key = None if is_plain(file) else KeyRing(source, key_file or came.key_file).key(DEFAULT_TOWN)
        facts = self._facts("bring", name, by, folder=str(source))
        self.record.begin(facts)
        try:
            with carrying.held(file):
                parcel = Parcel(file, key, self._seal(source), self._seal(self._data), {})
                contexts = await carrying.unpack(parcel, self._data, name)
            await self._broker.contexts.take_in(contexts, name)
            if key is not None:
                self._ring.put(name, key)
            self._persons.take(name, came)
            carrying.place(self._data, name)
        except BaseException:
            self._take_back(name)
            await self._broker.forget(name)
            raise
        town = await self._broker.rejoin(name)
        self.record.note(facts)
        self.record.end()
        return self._row(town)

    def _take_back(self, name: str) -> None:
        carrying.clear_arriving(self._data)
        self._ring.destroy(name)
        self._persons.destroy(name)
        self.record.end()

    def _seal(self, data: Path) -> Seal:
        return Seal(sealing_key(data), secrets.token_bytes)

    # deleting

    async def delete(self, name: str, by: Principal) -> Answer:
        """Delete a town for good, its key first; the report stays with the platform."""
        self.demand(by)
        town = self._another(name, "delete")
        audit = self._broker.audit(town)
        await audit.keep()
        head = town.store.record(accounts.STATE, "head")
        held = await town.store.inventory()
        key = KeyFacts(self._fingerprint(name), is_apart(self._settings))
        said = f"{head['number']}:{head['digest']}" if head else ""
        facts = self._facts("delete", name, by)
        report = departure_report(name, facts["id"], by.id, facts["at"], held, said, key)
        self.record.begin(report)  # from here on it is brought to its end, also after a crash
        await self._broker.part(name)
        report = self._finish_deletion(report)
        await self._broker.forget(name)
        return report

    def _finish_deletion(self, report: Answer) -> Answer:
        name = report["town"]
        files = carrying.files_of(self._data, name)
        if files:
            report = with_files(report, files)
            self.record.begin(report)
        self._ring.destroy(name)
        self._persons.destroy(name)
        carrying.remove_files(self._data, name, report["id"])
        write_report(self.record.folder / REPORTS, report)
        self.record.take(name)
        self.record.note(report)
        self.record.end()
        return report

    def reports(self, by: Principal) -> list[Answer]:
        """What was done with towns, the last act first."""
        self.demand(by)
        return self.record.entries()[::-1]

    # after a crash

    def recover(self) -> None:
        """Bring to its end, or take back, what a crash broke off; before any town is opened."""
        act = self.record.under_way
        if act is None:
            return
        name = act["town"]
        match act["act"]:
            case "delete":
                self._finish_deletion(act)
                self._forgotten = (*self._forgotten, name)
            case "move" if carrying.is_there(Path(act["folder"]), act["id"]):
                if act["stays"]:
                    self.record.note(act)
                    self.record.end()
                else:
                    self._finish_move(act)
                    self._forgotten = (*self._forgotten, name)
            case "bring" if carrying.town_folder(self._data, name).exists():
                carrying.clear_arriving(self._data)
                self.record.note(act)
                self.record.end()
            case "bring":
                self._take_back(name)
                self._forgotten = (*self._forgotten, name)
            case _:
                carrying.clear(Path(act["folder"]))
                self.record.end()

    async def settle(self) -> None:
        """What is left of a recovery when the towns are open."""
        for name in self._forgotten:
            await self._broker.forget(name)
        self._forgotten = ()
