"""What would a tenant ask of every operation of the NGSI-LD face? Every request bears its mark."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote

from machinami.broker.town import DEFAULT_TOWN

SHARED_CONTEXT = "http://words.test/shared.jsonld"
ROOT = "/ngsi-ld/v1"
TOLD = "/ngsi-ld/ex/remote-notify"
NOWHERE = "ffffffff"
DAY = "2026-06-30T00:00:{:02}Z"
QUERIES = (
    "type=Gauge&count=true&limit=1",
    "type=Gauge&count=true&limit=1&offset=1",
    "type=Gauge&count=true&options=keyValues&local=true&orderBy=level",
    "idPattern=urn&local=true&count=true",
    "q=level&options=sysAttrs",
    "type=Gauge&join=inline&local=true",
    "type=Gauge&join=flat&joinLevel=2",
    "attrs=level&local=true",
    "type=Gauge&georel=near%3BmaxDistance==5000&geometry=Point&coordinates=%5B138,35%5D",
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: its path below the root of the face, or beside it where it says so; the body as JSON."""

    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """What to ask for, with the root of the face."""
        return self.path if self.path.startswith("/ngsi-ld/") else ROOT + self.path


def mark_of(name: str) -> str:
    """What stands in everything of this tenant, and nowhere else."""
    return f"qx{name}xq"


@dataclass(slots=True)
class Tenant:
    """One tenant with the random numbers by which it acts, what it learned, and what others learned."""

    name: str
    random: Random
    others: Callable[[], str | None]
    foreign_map: Callable[[], str | None]
    learned: list[str] = field(default_factory=list)
    instances: list[tuple[str, str, str]] = field(default_factory=list)
    maps: list[str] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """What stands in everything of this tenant, and nowhere else."""
        return mark_of(self.name)

    @property
    def words(self) -> str:
        """The URL of the tenant's own @context."""
        return f"http://{self.mark}.test/words.jsonld"

    @property
    def header(self) -> dict[str, str]:
        """How the tenant is named in a request."""
        return {} if self.name == DEFAULT_TOWN else {"NGSILD-Tenant": self.name}

    def number(self, last: int = 3) -> int:
        """A small number."""
        return self.random.randint(1, last)

    def id(self, kind: str = "Gauge") -> str:
        """One of the ids that all tenants use."""
        return f"urn:ngsi-ld:{kind}:{self.number()}"

    def told(self) -> dict[str, Any]:
        """A notification under the name of a copy that nobody made."""
        return {"type": "Notification", "subscriptionId": self.id("Subscription"), "data": [self.entity(self.id())]}

    def attribute(self) -> str:
        """The name of an attribute: common, the tenant's own, a linked one."""
        return self.random.choice(("level", self.mark, "next", "place"))

    def value(self, name: str) -> dict[str, Any]:
        """A value for an attribute, with the mark."""
        if name == "next":
            return {"type": "Relationship", "object": self.id(), "via": self.mark}
        if name == "place":
            return {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [138, 35]}, "via": self.mark}
        value = {"type": "Property", "value": f"{self.mark} {self.number(9)}"}
        return {**value, "observedAt": DAY.format(self.number(50))} if self.number(2) == 1 else value

    def entity(self, entity_id: str | None = None) -> dict[str, Any]:
        """An entity."""
        names = [name for name in ("level", self.mark, "next", "place") if self.number() > 1]
        types = ["Gauge", *([self.mark] if self.number() == 1 else [])]
        found = {"id": entity_id or self.id(), "type": types, "scope": f"/{self.mark}"}
        return {**found, **{name: self.value(name) for name in names}}

    def entities(self) -> list[dict[str, Any]]:
        """Every entity that is spoken of, and some more."""
        return [self.entity(f"urn:ngsi-ld:Gauge:{number}") for number in range(1, 4 + self.number())]

    def past(self, **members: str) -> dict[str, Any]:
        """The past of an entity."""
        moments = sorted(self.random.sample(range(10, 50), 3))
        values = [{"type": "Property", "value": f"{self.mark} {n}", "observedAt": DAY.format(n)} for n in moments]
        return {**members, "level": values, self.mark: values[:1]}

    def subscription(self) -> dict[str, Any]:
        """A subscription, to entities or registrations."""
        endpoint: dict[str, Any] = {"uri": f"http://{self.mark}.test/told"}
        endpoint["accept"] = self.random.choice(("application/json", "application/ld+json"))
        notification: dict[str, Any] = {"endpoint": endpoint}
        if self.number() == 1:
            notification["join"] = self.random.choice(("inline", "flat"))
        wished = {"entities": [{"type": "Gauge"}], "description": self.mark, "notification": notification}
        if self.number() == 1:
            wished["jsonldContext"] = self.random.choice((SHARED_CONTEXT, self.words))
        return {"id": self.id("Subscription"), "type": "Subscription", **wished}

    def registration(self) -> dict[str, Any]:
        """A registration of a source of the tenant's own."""
        return {
            "id": self.id("ContextSourceRegistration"),
            "type": "ContextSourceRegistration",
            "endpoint": f"http://{self.mark}.test",
            "registrationName": self.mark,
            "contextSourceInfo": [{"key": "X-Mark", "value": self.mark}],
            "information": [{"entities": [{"type": self.random.choice(("Gauge", self.mark))}]}],
            "mode": self.random.choice(("inclusive", "auxiliary", "redirect")),
        }

    def context(self) -> dict[str, Any]:
        """A @context."""
        return {"@context": {"level": "http://words.test/level", self.mark: f"http://{self.mark}.test/term"}}

    def kept(self) -> str:
        """The local id of a kept context: of the tenant, of another, or by its URL."""
        foreign = self.others() if self.number() == 1 else None
        known = [*self.learned, foreign or NOWHERE, *map(_escaped, (SHARED_CONTEXT, self.words))]
        return self.random.choice(known)

    def map(self) -> str:
        """The path of an entity map, of the tenant or of another."""
        foreign = self.foreign_map() if self.number() == 1 else None
        return f"/entityMaps/{self.random.choice([*self.maps[-3:], foreign or f'urn:ngsi-ld:EntityMap:{NOWHERE}'])}"

    def instance(self) -> str:
        """The path of an instance of an attribute's past."""
        entity, attribute, instance = self.random.choice(self.instances or [(self.id(), "level", f"urn:i:{NOWHERE}")])
        return f"/temporal/entities/{entity}/attrs/{_escaped(attribute)}/{_escaped(instance)}"

    def speak(self, ask: Ask) -> Ask:
        """The request with the tenant, and perhaps a @context of its own or a common one."""
        headers = {"Host": "town.test", **self.header, **ask.headers}
        body, way = ask.body, self.number(4)
        if "jsonldContexts" in ask.path or way == 4:
            return Ask(ask.path, body, headers)
        source = self.random.choice((SHARED_CONTEXT, self.words, self.context()["@context"]))
        if isinstance(body, dict) and way == 1:
            return Ask(ask.path, {"@context": source, **body}, {**headers, "Content-Type": "application/ld+json"})
        if isinstance(source, str):
            headers["Link"] = f'<{source}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
        if body is None and way == 2:
            headers["Accept"] = "application/ld+json"
        return Ask(ask.path, body, headers)


def _escaped(text: str) -> str:
    return quote(text, safe="")


Driver = Callable[[Tenant], Ask]


def _one(t: Tenant, after: str = "", body: Any = None) -> Ask:
    return Ask(f"/entities/{t.id()}{after}", body)


def _named(t: Tenant, write: bool) -> Ask:
    name = t.attribute()
    return _one(t, f"/attrs/{name}", t.value(name) if write else None)


def _fragment(t: Tenant) -> dict[str, Any]:
    return {name: t.value(name) for name in {"level", t.attribute()}}


def _search(t: Tenant) -> dict[str, Any]:
    return {"type": "Query", "entities": [{"type": "Gauge", "idPattern": "urn"}], "q": "level"}


def _span(t: Tenant) -> str:
    return t.random.choice(("timerel=after&timeAt=2020-01-01T00:00:00Z", "timerel=before&timeAt=2030-01-01T00:00:00Z"))


def _pasts(t: Tenant) -> Ask:
    extra = t.random.choice(("type=Gauge", "type=Gauge&count=true", "q=level&lastN=2", "type=Gauge&options=sysAttrs"))
    return Ask(f"/temporal/entities?{_span(t)}&{extra}&local=true")


def _followed(t: Tenant) -> Ask:
    """A query, perhaps with a map of its own, or one that was made before."""
    asked = f"/entities?{t.random.choice(QUERIES)}"
    if t.number() > 1:
        return Ask(asked)
    return Ask(f"{asked}&entityMap=true" if t.number() > 1 else asked, None, {"NGSILD-EntityMap": f"{ROOT}{t.map()}"})


def _subscribed(path: str) -> dict[tuple[str, str], Driver]:
    return {
        ("POST", f"/{path}"): lambda t: Ask(f"/{path}", t.subscription()),
        ("GET", f"/{path}"): lambda t: Ask(f"/{path}?count=true&limit={t.number()}"),
        ("GET", f"/{path}/{{id}}"): lambda t: Ask(f"/{path}/{t.id('Subscription')}?options=sysAttrs"),
        ("PATCH", f"/{path}/{{id}}"): lambda t: Ask(
            f"/{path}/{t.id('Subscription')}", {"description": f"{t.mark} {t.number()}", "isActive": t.number() > 1}
        ),
        ("DELETE", f"/{path}/{{id}}"): lambda t: Ask(f"/{path}/{t.id('Subscription')}"),
    }


_FROZEN = {"type": "Snapshot"}
_HERE = {"type": "Query", "entities": [{"type": "*"}]}  # sources would be asked at no fixed moment
_REGISTERED = "ContextSourceRegistration"
DRIVERS: dict[tuple[str, str], Driver] = {
    ("POST", "/entities"): lambda t: Ask("/entities", t.entity(f"urn:ngsi-ld:Gauge:{t.number(30)}")),
    ("GET", "/entities"): _followed,
    ("DELETE", "/entities"): lambda t: Ask(t.random.choice(("/entities?type=Gauge&drop=next", "/entities?type=Gauge"))),
    ("PUT", "/entities"): lambda t: Ask("/entities", t.entity()),
    ("PATCH", "/entities"): lambda t: Ask("/entities", t.entity()),
    ("GET", "/entities/{id}"): lambda t: _one(t, t.random.choice(("", "?local=true", "?options=sysAttrs"))),
    ("PUT", "/entities/{id}"): lambda t: _one(t, "", {"type": "Gauge", **_fragment(t)}),
    ("PATCH", "/entities/{id}"): lambda t: _one(t, "", _fragment(t)),
    ("DELETE", "/entities/{id}"): _one,
    ("POST", "/entities/{id}/attrs"): lambda t: _one(t, "/attrs", _fragment(t)),
    ("PATCH", "/entities/{id}/attrs"): lambda t: _one(t, "/attrs", _fragment(t)),
    ("PATCH", "/entities/{id}/attrs/{attribute}"): lambda t: _named(t, True),
    ("PUT", "/entities/{id}/attrs/{attribute}"): lambda t: _named(t, True),
    ("DELETE", "/entities/{id}/attrs/{attribute}"): lambda t: _named(t, False),
    ("POST", "/entityOperations/create"): lambda t: Ask("/entityOperations/create", t.entities()),
    ("POST", "/entityOperations/upsert"): lambda t: Ask("/entityOperations/upsert", t.entities()),
    ("POST", "/entityOperations/update"): lambda t: Ask("/entityOperations/update", t.entities()),
    ("POST", "/entityOperations/merge"): lambda t: Ask("/entityOperations/merge", t.entities()),
    ("POST", "/entityOperations/delete"): lambda t: Ask("/entityOperations/delete", [t.id(), t.id("None")]),
    ("POST", "/entityOperations/query"): lambda t: Ask("/entityOperations/query?count=true&limit=2", _search(t)),
    ("POST", "/temporal/entities"): lambda t: Ask("/temporal/entities", t.past(id=t.id(), type="Gauge")),
    ("GET", "/temporal/entities"): _pasts,
    ("GET", "/temporal/entities/{id}"): lambda t: Ask(f"/temporal/entities/{t.id()}?{_span(t)}"),
    ("DELETE", "/temporal/entities/{id}"): lambda t: Ask(f"/temporal/entities/{t.id()}"),
    ("POST", "/temporal/entities/{id}/attrs"): lambda t: Ask(f"/temporal/entities/{t.id()}/attrs", t.past()),
    ("DELETE", "/temporal/entities/{id}/attrs/{attribute}"): lambda t: Ask(
        f"/temporal/entities/{t.id()}/attrs/{t.random.choice(('level', t.mark))}"
    ),
    ("PATCH", "/temporal/entities/{id}/attrs/{attribute}/{instance}"): lambda t: Ask(
        t.instance(), {"type": "Property", "value": t.mark, "observedAt": DAY.format(t.number(50))}
    ),
    ("DELETE", "/temporal/entities/{id}/attrs/{attribute}/{instance}"): lambda t: Ask(t.instance()),
    ("POST", "/temporal/entityOperations/query"): lambda t: Ask(
        "/temporal/entityOperations/query",
        {**_search(t), "temporalQ": {"timerel": "after", "timeAt": "2020-01-01T00:00:00Z"}},
    ),
    **_subscribed("subscriptions"),
    **_subscribed("csourceSubscriptions"),
    ("POST", "/csourceRegistrations"): lambda t: Ask("/csourceRegistrations", t.registration()),
    ("GET", "/csourceRegistrations"): lambda t: Ask("/csourceRegistrations?type=Gauge&count=true"),
    ("GET", "/csourceRegistrations/{id}"): lambda t: Ask(f"/csourceRegistrations/{t.id(_REGISTERED)}"),
    ("PATCH", "/csourceRegistrations/{id}"): lambda t: Ask(
        f"/csourceRegistrations/{t.id(_REGISTERED)}", {"description": t.mark}
    ),
    ("DELETE", "/csourceRegistrations/{id}"): lambda t: Ask(f"/csourceRegistrations/{t.id(_REGISTERED)}"),
    ("GET", "/entityMaps"): lambda t: Ask("/entityMaps?type=Gauge"),
    ("POST", "/entityMaps"): lambda t: Ask("/entityMaps", _search(t)),
    ("GET", "/temporal/entityMaps"): lambda t: Ask(f"/temporal/entityMaps?{_span(t)}&type=Gauge"),
    ("POST", "/temporal/entityMaps"): lambda t: Ask(
        "/temporal/entityMaps", {**_search(t), "temporalQ": {"timerel": "after", "timeAt": "2020-01-01T00:00:00Z"}}
    ),
    ("GET", "/entityMaps/{id}"): lambda t: Ask(t.map()),
    ("PATCH", "/entityMaps/{id}"): lambda t: Ask(t.map(), {"expiresAt": "2026-06-30T09:30:00Z"}),
    ("DELETE", "/entityMaps/{id}"): lambda t: Ask(t.map()),
    ("POST", "/snapshots"): lambda t: Ask(
        "/snapshots", {**_FROZEN, "id": t.id("Snapshot"), "snapshotQueries": [_HERE]}
    ),
    ("DELETE", "/snapshots"): lambda t: Ask(f"/snapshots?q=snapshotPriority=={t.number()}"),
    ("GET", "/snapshots/{id}"): lambda t: Ask(f"/snapshots/{t.id('Snapshot')}"),
    ("PATCH", "/snapshots/{id}"): lambda t: Ask(f"/snapshots/{t.id('Snapshot')}", {"snapshotPriority": t.number()}),
    ("DELETE", "/snapshots/{id}"): lambda t: Ask(f"/snapshots/{t.id('Snapshot')}"),
    ("POST", "/snapshots/{id}/clone"): lambda t: Ask(f"/snapshots/{t.id('Snapshot')}/clone", _FROZEN),
    ("GET", "/types"): lambda t: Ask(f"/types?details={t.random.choice(('true', 'false'))}"),
    ("GET", "/types/{type}"): lambda t: Ask(f"/types/{t.random.choice(('Gauge', t.mark))}"),
    ("GET", "/attributes"): lambda t: Ask(f"/attributes?details={t.random.choice(('true', 'false'))}"),
    ("GET", "/attributes/{attribute}"): lambda t: Ask(f"/attributes/{t.attribute()}"),
    ("GET", "/jsonldContexts"): lambda t: Ask(f"/jsonldContexts?details={t.random.choice(('true', 'false'))}"),
    ("POST", "/jsonldContexts"): lambda t: Ask("/jsonldContexts", t.context()),
    ("GET", "/jsonldContexts/{id}"): lambda t: Ask(f"/jsonldContexts/{t.kept()}?details=true"),
    ("DELETE", "/jsonldContexts/{id}"): lambda t: Ask(
        f"/jsonldContexts/{t.kept()}" + t.random.choice(("", "?reload=true"))
    ),
    ("POST", TOLD): lambda t: Ask(TOLD, t.told()),
    ("GET", "/info/sourceIdentity"): lambda t: Ask("/info/sourceIdentity"),
}
