"""Which towns has an installation, who runs them, and what may each take? As its operator handles it."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from machinami.app.clock import utc_now
from machinami.app.keys import KeyRing
from machinami.app.person_keys import PersonKeyRing
from machinami.app.towns import carrying
from machinami.app.towns.record import Record
from machinami.broker.broker import Broker
from machinami.broker.identity import people
from machinami.broker.identity.identity import Identity
from machinami.broker.retention import trim
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.errors import (
    AlreadyExists,
    BadRequestData,
    Conflict,
    Forbidden,
    TenantNotFound,
)
from machinami.foundation.instant import format_instant
from machinami.foundation.settings import Settings
from machinami.model.principal import SYSTEM, Principal, Role
from machinami.model.quota import UNLIMITED, Quota, read_quota, write_quota
from machinami.model.town_name import check_town_name
from machinami.store.sqlite.backend import FILE
from machinami.store.sqlite.connection import is_plain

_RULERS = frozenset({Role.OPERATOR, Role.ADMINISTRATOR})
_LINK_LASTS = timedelta(days=7)
_HISTORY_EVERY = 60
Answer = dict[str, Any]


class Office:
    """The towns of one installation, as its operator founds and bounds them; what they hold is not seen here."""

    def __init__(
        self,
        settings: Settings,
        broker: Broker,
        identity: Identity,
        ring: KeyRing,
        record: Record,
        persons: PersonKeyRing,
    ) -> None:
        self._settings = settings
        self._data = settings.data
        self._broker = broker
        self._identity = identity
        self._ring = ring
        self._persons = persons
        broker.leaving.append(persons.leave)
        self.record = record
        self._ticks = 0
        self.listeners: list[Callable[[], None]] = []  # told when a host or a bound has changed

    # who may

    def demand(self, by: Principal) -> None:
        """Raise Forbidden unless who asks, as the installation's own people know them, is its operator or
        administrator; in an open installation everyone is."""
        default = self._broker.open_town(DEFAULT_TOWN)
        if by == SYSTEM or default is None or default.policy.is_open:
            return
        if not _RULERS.intersection(by.roles) or by.authentication_assurance < 1 or by.scopes is not None:
            raise Forbidden("Only the operator or an administrator of this installation may do this", principal=by.id)

    # what there is

    def quota(self, name: str) -> Quota:
        """What a town may take of the machine."""
        return read_quota(self.record.given.get(name, {}).get("quota", {}))

    def host(self, name: str) -> str:
        """The name of the host by which browsers reach a town."""
        return str(self.record.given.get(name, {}).get("host") or f"{name}.localhost")

    def address(self, name: str) -> str:
        """Where browsers find a town."""
        own = self._identity.supplies.address() or f"http://127.0.0.1:{self._settings.port}"
        if name == DEFAULT_TOWN:
            return own
        told = urlsplit(own)
        return f"{told.scheme}://{self.host(name)}" + (f":{told.port}" if told.port else "")

    def towns(self, by: Principal) -> list[Answer]:
        """Every town with what it takes and may take; nothing of what it holds."""
        self.demand(by)
        return [self._row(town) for town in sorted(self._broker.towns, key=lambda one: one.name)]

    def _row(self, town: Town) -> Answer:
        entities = town.store.statistics()["entities"]
        subscriptions = len(self._broker.notifier(town).outboxes)
        meter = town.meter
        return {
            "name": town.name,
            "address": self.address(town.name),
            "administrators": len(self._identity.own(town.name).administrators),
            "entities": int(entities),
            "bytes": used_bytes(town),
            "subscriptions": subscriptions,
            "history": meter.history if meter.quota.history is not None else None,
            "quota": write_quota(meter.quota),
            "refused": dict(meter.refused),
            "keyFingerprint": self._fingerprint(town.name),
        }

    def _fingerprint(self, name: str) -> str:
        is_open = is_plain(carrying.town_folder(self._data, name) / FILE)
        return "" if is_open else self._ring.fingerprint(name)

    def _another(self, name: str, act: str) -> Town:
        """A town that is not the installation itself. Raises TenantNotFound, BadRequestData, Conflict."""
        if name == DEFAULT_TOWN:
            raise Conflict(
                f"The default town is the installation itself; to {act} it, stop it and take its data folder"
            )
        return self._known(name)

    def _known(self, name: str) -> Town:
        """A town. Raises TenantNotFound, BadRequestData: no name at all is not the default town here."""
        town = self._broker.open_town(check_town_name(name))
        if town is None:
            raise TenantNotFound(f"There is no town {name!r} here", tenant=name)
        return town

    # founding

    async def found(
        self, name: str, by: Principal, administrator: str = "", host: str = "", quota: object = None
    ) -> Answer:
        """Make a town that has nothing yet; administrator: who is invited to run it. Raises AlreadyExists."""
        self.demand(by)
        check_town_name(name)
        if self._broker.open_town(name) is not None:
            raise AlreadyExists(f"There is a town {name} already", tenant=name)
        bounds = read_quota(quota) if isinstance(quota, Mapping) else UNLIMITED
        self.record.give(name, host=self._checked_host(name, host), quota=_said(bounds))
        town = await self._broker.town(name, create=True)
        town.meter.limit(bounds)
        self._tell()
        self._note("found", name, by)
        if administrator:
            return {**self._row(town), **await self.invite(name, administrator, by)}
        return self._row(town)

    async def invite(self, name: str, person: str, by: Principal) -> Answer:
        """A link by which somebody comes into a town as its administrator, as long as none of its own has come in: from
        then on a link that is made here would open to who runs the machine what the town holds."""
        self.demand(by)
        town = self._another(name, "invite somebody to")
        registry = self._identity.own(town.name)
        roles = frozenset({Role.ADMINISTRATOR.value})
        account = registry.named(person.strip().lower())
        own = registry.administrators
        if any(one.came_in for one in own) or (own and (account is None or not account.is_administrator)):
            raise Forbidden(f"The town {name} has administrators of its own; they invite whom they want")
        if account is None or account.ended is not None:
            account = await people.make_account(self._identity, registry, person, person, roles, SYSTEM)
        code = await people.invite(self._identity, registry, account.id, SYSTEM, _LINK_LASTS)
        self._note("invite", name, by, person=account.name)
        return {"invited": account.name, "link": f"{self.address(name)}/invitation#{code}"}

    def call(self, name: str, host: str, by: Principal) -> Answer:
        """Say by which host name browsers reach a town."""
        self.demand(by)
        town = self._another(name, "name the host of")
        self.record.give(name, host=self._checked_host(name, host))
        self._tell()
        self._note("host", name, by, host=host)
        return self._row(town)

    def _checked_host(self, name: str, host: str) -> str | None:
        if not host:
            return None
        parts = host.lower().split(".")
        if len(host) > 253 or not all(part and part.isascii() and part.replace("-", "").isalnum() for part in parts):
            raise BadRequestData(f"{host[:100]!r} is no name of a host, such as matsukawa.example.jp")
        if any(other != name and self.host(other) == host.lower() for other in self.record.given):
            raise AlreadyExists(f"Another town is reached at {host} already")
        return host.lower()

    # quotas

    async def limit(self, name: str, bounds: Mapping[str, Any], by: Principal) -> Answer:
        """Other bounds for a town, from now on; null takes one away."""
        self.demand(by)
        town = self._known(name)
        quota = read_quota(bounds, self.quota(name))
        self.record.give(name, quota=_said(quota))
        town.meter.limit(quota)
        self._tell()
        await self._measure(town, history=True)
        self._note("quota", name, by, quota=_said(quota) or {})
        return self._row(town)

    async def measure(self) -> None:
        """Measure what the towns take that have a quota; to be called every second."""
        self._ticks += 1
        for town in self._broker.towns:
            if not town.meter.free:
                await self._measure(town, self._ticks % _HISTORY_EVERY == 1)

    async def _measure(self, town: Town, history: bool) -> None:
        meter = town.meter
        if meter.quota.bytes is not None:
            meter.bytes = used_bytes(town)
            if meter.bytes >= meter.quota.bytes:  # a town that is full keeps no more of the log than is needed
                await trim(town, utc_now() + timedelta(days=36_500), self._broker.cursors(town))
                meter.bytes = used_bytes(town)
        over = meter.quota.history is not None and meter.history >= meter.quota.history
        if meter.quota.history is not None and (history or over):
            meter.history = (await town.store.inventory()).instances

    def _tell(self) -> None:
        for tell in self.listeners:
            tell()

    # accounting

    def _facts(self, act: str, town: str, by: Principal, **more: Any) -> Answer:
        now: datetime = utc_now()
        number = f"{town}-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        return {"id": number, "act": act, "town": town, "at": format_instant(now), "by": by.id, **more}

    def _note(self, act: str, town: str, by: Principal, **more: Any) -> None:
        self.record.note(self._facts(act, town, by, **more))


def used_bytes(town: Town) -> int:
    """What a town takes on the disk: its data, and the files of its services."""
    return town.store.used_bytes() + (town.files.used_bytes() if town.files is not None else 0)


def _said(quota: Quota) -> dict[str, int] | None:
    return {name: bound for name, bound in write_quota(quota).items() if bound is not None} or None
