"""What does the messages service do by itself? Take what was approved, send it, find the ways on foot."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from machinami.foundation.errors import NotFound
from machinami.kit.city import City
from machinami.kit.drawer import Drawer
from machinami.kit.words import catalogue, without_ruby
from machinami.model.push import Urgency, headers, private_key, private_text, vapid
from machinami.model.vocabulary.alerts import Alert
from machinami.model.vocabulary.places import District, Shelter
from machinami.services.messages.logic import ways
from machinami.services.messages.logic.broadcasts import accounted, begun, chosen, due_alerts
from machinami.services.messages.logic.ledger import Outcome, Row, after, is_due, row_of
from machinami.services.messages.logic.letters import (
    Going,
    Phrases,
    Piece,
    Sealing,
    letter_of,
    piece_of,
    push_text,
    sealed,
    where_to_go,
)
from machinami.services.messages.logic.people import BUCKETS, PURPOSE, Contact, bucket_of, contact_of, opening_mark
from machinami.services.messages.logic.writing import said
from machinami.services.messages.model import (
    LANGUAGES,
    Broadcast,
    EvacuationRoute,
    Footway,
    HazardZone,
    Language,
    MessageSubscriber,
    Settings,
    TownMessage,
)

PACKAGE = "machinami.services.messages"
ADDRESS = "/services/messages"
PEOPLE, LEDGER, OPENED, STAMPS, KEYS = "people", "ledger", "opened", "stamps", "keys"
HELD, ANSWERED = "held", "answered"
SHELVES = tuple(f"{number:02d}" for number in range(BUCKETS))
_TURN = timedelta(minutes=10)  # how often it is seen to that who withdrew a consent elsewhere is forgotten
_SHELVES_AT_ONCE = 4
_AT_ONCE: Mapping[str, int] = {"mail": 8, "push": 24}
_PUSH_LASTS = timedelta(hours=6)


@dataclass
class Job:
    """What is the same for everybody to whom one message goes; made once, so that each person costs little."""

    broadcast: Broadcast
    settings: Settings
    pieces: Mapping[Language, Piece]
    phrases: Mapping[Language, Phrases]
    goings: Mapping[str, Going]
    known: Mapping[str, Mapping[str, Row]]
    keys: Mapping[str, str]
    address: str
    contact: str
    now: datetime
    gates: Mapping[str, asyncio.Semaphore] = field(
        default_factory=lambda: {road: asyncio.Semaphore(most) for road, most in _AT_ONCE.items()}
    )
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The broadcast's own part of its id."""
        return self.broadcast.id.rpartition(":")[2]

    @property
    def tag(self) -> str:
        """By which a later push message takes the place of an earlier one about the same alert."""
        return str(self.broadcast.ref_alert).rpartition(":")[2][-32:]

    def going(self, to: Contact) -> str:
        """Where a person is to go: told where they named the one district that they are in."""
        if not self.goings or len(to.districts) != 1:
            return ""
        return where_to_go(self.goings.get(to.districts[0]), to.language, self.phrases[to.language])

    def links(self, to: Contact) -> tuple[str, str]:
        """Where a person reads more, and where they leave; empty where the town does not know its own address."""
        if not self.address:
            return "", ""
        alert = quote(str(self.broadcast.ref_alert).rpartition(":")[2], safe="")
        mark = opening_mark(to.id, self.broadcast.id, self.keys["links"])
        more = f"{self.address}{ADDRESS}/m/{alert}?b={quote(self.name, safe='')}&r={mark}&lang={to.language}"
        return more, leave_address(self.address, to)

    def authorization(self, endpoint: str) -> str:
        """By what a push service knows the town; made once for each of them."""
        parts = urlsplit(endpoint)
        if (known := self.tokens.get(parts.netloc)) is None:
            known = self.tokens[parts.netloc] = vapid(endpoint, self.contact, private_key(self.keys["vapid"]), self.now)
        return known


def leave_address(address: str, to: Contact) -> str:
    """The link by which a person ends what they are sent, and nobody else does."""
    return f"{address}{ADDRESS}/leave?who={quote(to.id.rpartition(':')[2], safe='')}&key={to.key}"


async def refresh(city: City, now: datetime) -> None:
    """Take what was approved since, send what is to be sent, find the ways on foot where something has changed."""
    own = city.for_purpose(PURPOSE)
    await adopt_simulated(own)
    async with own.turn:
        fresh = await opened_broadcasts(own, now)
        await own.publish(*fresh)
    await deliver(own, now)
    await find_ways(own, now)
    await forget_who_left(own, now)


async def opened_broadcasts(own: City, now: datetime) -> list[Broadcast]:
    """What must go out and has not begun to: of approved alerts, and of their withdrawal."""
    settings = await own.settings(Settings)
    messages = {one.id: one for one in await own.find(TownMessage)}
    districts = await own.find(District)
    fresh = []
    for alert, what in due_alerts(await own.find(Alert), await own.find(Broadcast), settings.send_alerts, now):
        message = messages.get(str(alert.ref_proposal))
        where = list(message.districts or []) if message else []
        if message is None and alert.location is not None and alert.radius:
            where = ways.districts_near(alert.location.lon, alert.location.lat, alert.radius, districts)
        fresh.append(begun(own.new_id(Broadcast.TYPE), alert, what, where, message, now))
    return fresh


async def deliver(own: City, now: datetime) -> None:
    """Send what is to be sent now, the oldest first; what was approved in earnest before drills."""
    waiting = [one for one in await own.find(Broadcast) if one.state == "sending"]
    for broadcast in sorted(waiting, key=lambda one: (one.status != "Actual", one.issued_at)):
        alert = await own.get(Alert, str(broadcast.ref_alert))
        if alert is None:
            await own.publish(replace(broadcast, state="done"))
            continue
        await send_out(own, broadcast, alert, now)


async def send_out(own: City, broadcast: Broadcast, alert: Alert, now: datetime) -> Broadcast:
    """Send what is to be sent now of one going out, a few shelves of people at a time; then account for it."""
    job = await _job(own, broadcast, alert, now)
    gate = asyncio.Semaphore(_SHELVES_AT_ONCE)

    async def shelf(bucket: str) -> list[str]:
        async with gate:
            return await _send_shelf(own, job, bucket)

    held = [person for part in await asyncio.gather(*map(shelf, SHELVES)) for person in part]
    if held:
        await own.private(lambda drawer: drawer.put(HELD, broadcast.id, {"people": held}))
    return await account(own, broadcast)


async def _job(own: City, broadcast: Broadcast, alert: Alert, now: datetime) -> Job:
    """What is the same for everybody: texts by language, where to go by district, keys, and what was sent before."""
    town = {one.id: one for one in await own.find(Shelter)}
    goings = {
        str(way.ref_district): Going(town[str(way.ref_shelter)].name or {}, way.minutes)
        if str(way.ref_shelter) in town
        else Going({}, None)
        for way in await own.find(EvacuationRoute)
    }
    phrases = {language: phrases_in(language) for language in LANGUAGES}
    withdrawn = broadcast.what == "withdrawal"
    pieces = {language: piece_of(alert, language, phrases[language], withdrawn) for language in LANGUAGES}
    leads = alert.kind == "order" and alert.response in ("Evacuate", None) and not withdrawn
    shelves = await own.private_rows(f"{LEDGER}/{broadcast.id}")
    known = {bucket: {p: row_of(kept) for p, kept in row["rows"].items()} for bucket, row in shelves.items()}
    settings, roads = await own.settings(Settings), own.roads
    contact = (
        f"mailto:{roads.from_address}" if roads.from_address else roads.address or "mailto:nobody@machinami.invalid"
    )
    return Job(
        broadcast, settings, pieces, phrases, goings if leads else {}, known, await keys_of(own), roads.address,
        settings.contact or contact, now,
    )  # fmt: skip


async def _send_shelf(own: City, job: Job, bucket: str) -> list[str]:
    """Send to the people of one shelf; who of them is held out."""
    people = {one.id: one for one in await contacts(own, bucket)}
    held: list[str] = []
    if bucket in job.known:
        rows = {person: row for person, row in job.known[bucket].items() if row.state != "waiting" or person in people}
    else:
        rows, held = chosen(people.values(), job.broadcast, job.keys["links"])
    due = [person for person, row in rows.items() if is_due(row, job.now)]
    pushed = [_sealing(job, people[person]) for person in due if rows[person].road == "push"]
    bodies = dict(await own.compute(sealed, pushed)) if pushed else {}
    outcomes = await asyncio.gather(*(_send_one(own, job, people[person], bodies.get(person, b"")) for person in due))
    settings = job.settings
    for person, outcome in zip(due, outcomes, strict=True):
        pause = timedelta(seconds=settings.pause_seconds)
        rows[person] = after(rows[person], outcome, own.now(), settings.tries, pause)
    if rows and (due or bucket not in job.known):
        told = {"rows": {person: row.kept() for person, row in rows.items()}}
        await own.private(lambda drawer: drawer.put(f"{LEDGER}/{job.broadcast.id}", bucket, told))
    for person in due:
        if rows[person].state == "gone" and rows[person].road == "push":
            await forget(own, person)  # the browser gave its subscription up (RFC 8030, 7.3)
    return held


async def _send_one(own: City, job: Job, to: Contact, body: bytes) -> Outcome:
    if to.road == "simulated":
        return Outcome(True, None, "simulated")
    if job.broadcast.simulated:
        return Outcome(False, 0, "what is simulated goes to nobody who is not")
    async with job.gates[to.road]:
        if to.road == "mail":
            name = f"{job.name}.{to.id.rpartition(':')[2]}"
            piece, phrases = job.pieces[to.language], job.phrases[to.language]
            letter = letter_of(to.to, name, piece, job.going(to), phrases, *job.links(to))
            done = await own.roads.mail(letter, job.settings.sender_name, job.now)
        else:
            urgency: Urgency = "high" if job.broadcast.topic == "safety" else "normal"
            fields = headers(job.authorization(to.to), urgency, _PUSH_LASTS, job.tag)
            done = await own.roads.push(to.to, body, fields)
    return Outcome(done.ok, done.status, done.reason)


def _sealing(job: Job, to: Contact) -> Sealing:
    text = push_text(job.pieces[to.language], job.going(to), job.links(to)[0], job.tag)
    return Sealing(to.id, to.receiver, text, secrets.randbelow(2**255) + 1, secrets.token_bytes(16))


async def keys_of(own: City) -> Mapping[str, str]:
    """The keys of the service, made at the first need: what push services know it by, and what marks its links."""
    kept = (await own.private_rows(KEYS)).get(KEYS)
    if kept is None:
        made = {"vapid": private_text(ec.generate_private_key(ec.SECP256R1())), "links": secrets.token_urlsafe(32)}
        await own.private(lambda drawer: drawer.put(KEYS, KEYS, made))
        return made
    return {name: str(value) for name, value in kept.items()}


def phrases_in(language: Language) -> Phrases:
    """The sentences around a message, from the catalogue."""
    words = catalogue(PACKAGE, language)
    return Phrases(*(without_ruby(str(words[f"msg.letter.{name}"])) for name in Phrases.__dataclass_fields__))


async def contacts(own: City, bucket: str) -> list[Contact]:
    """The people of one shelf. Where the town asks for consents, those whose consent holds."""
    asked = own.consenting(PURPOSE)
    known = [contact_of(row) for row in (await own.private_rows(f"{PEOPLE}/{bucket}")).values()]
    return [one for one in known if not asked.is_asked or one.road == "simulated" or asked.holds(one.id)]


async def keep(own: City, contact: Contact) -> None:
    """Keep where a person is reached, sealed with their key, and tell the town of them under their pseudonym."""
    shelf = f"{PEOPLE}/{bucket_of(contact.id)}"
    await own.private(lambda drawer: drawer.put(shelf, contact.id, contact.row(), about=contact.id))


async def forget(own: City, person: str) -> None:
    """Forget a person: where they are reached, and that they asked for anything."""
    asked = own.consenting(PURPOSE)
    if asked.is_asked:
        await asked.withdraw(person)
    await own.private(lambda drawer: drawer.drop(f"{PEOPLE}/{bucket_of(person)}", person))
    await own.erase(MessageSubscriber, [person])


async def forget_who_left(own: City, now: datetime) -> None:
    """Forget whose consent has ended elsewhere or by its date; until then nothing is sent to them either."""
    asked = own.consenting(PURPOSE)
    last = (await own.private_rows(STAMPS)).get("left", {}).get("at")
    if not asked.is_asked or (last and now - datetime.fromisoformat(last) < _TURN):
        return
    await own.private(lambda drawer: drawer.put(STAMPS, "left", {"at": now.isoformat()}))
    for bucket in SHELVES:
        for person, row in (await own.private_rows(f"{PEOPLE}/{bucket}")).items():
            if row["road"] != "simulated" and not asked.holds(person):
                await forget(own, person)


async def adopt_simulated(own: City) -> None:
    """Take up invented residents, to whom nothing ever goes: what would reach them is counted, and said to be so."""
    seen = await own.find(MessageSubscriber)
    invented = [one for one in seen if one.simulated]
    stamp = {"count": len(invented)}
    if (await own.private_rows(STAMPS)).get("invented", {"count": 0}) == stamp:
        return

    def take(drawer: Drawer) -> None:
        for one in invented:
            on_list = one.road == "call"
            contact = Contact(
                one.id, "call" if on_list else "simulated", one.language or "ja", tuple(one.districts or ()),
                tuple(one.topics or ("safety",)), since=one.joined_on or "",
                name=said(one.name, "ja") if on_list else "", helper="民生委員（模擬）" if on_list else "",
                consent="simulated",
            )  # fmt: skip
            drawer.put(f"{PEOPLE}/{bucket_of(one.id)}", one.id, contact.row())
        drawer.put(STAMPS, "invented", stamp)

    await own.private(take)


async def broadcast_of(city: City, broadcast_id: str) -> Broadcast:
    """The going out under this id. Raises NotFound."""
    found = await city.get(Broadcast, broadcast_id)
    if found is None:
        raise NotFound(f"There is no broadcast {broadcast_id!r}", broadcast=broadcast_id)
    return found


async def ledger_of(own: City, broadcast_id: str) -> dict[str, Row]:
    """How it fared on its way to each person."""
    shelves = await own.private_rows(f"{LEDGER}/{broadcast_id}")
    return {person: row_of(kept) for shelf in shelves.values() for person, kept in shelf["rows"].items()}


async def account(own: City, broadcast: Broadcast) -> Broadcast:
    """Add up anew how a going out fares, and tell the town."""
    rows = await ledger_of(own, broadcast.id)
    opened = await own.private_rows(f"{OPENED}/{broadcast.id}")
    held = (await own.private_rows(HELD)).get(broadcast.id, {}).get("people", ())
    answered = (await own.private_rows(ANSWERED)).get(broadcast.id, {}).get("people", ())
    told = accounted(broadcast, rows, opened, held, answered)
    if told != broadcast:
        await own.publish(told)
    return told


async def find_ways(own: City, now: datetime) -> None:
    """Find the way on foot for every district, where something that it depends on has changed."""
    streets, zones = await own.find(Footway), await own.find(HazardZone)
    refuges, districts = await own.find(Shelter), await own.find(District)
    settings = await own.settings(Settings)
    walker = ways.Walker(settings.depth_metres, settings.steep_percent / 100, settings.pace_percent / 100)
    stamp = sha256(repr((streets, zones, refuges, districts, walker)).encode()).hexdigest()
    known = (await own.private_rows(STAMPS)).get("ways", {}).get("stamp")
    if stamp == known or not districts or not (streets or known):
        return
    found: list[EvacuationRoute] = await own.compute(ways.routes, streets, zones, refuges, districts, walker, now)
    await own.publish(*found, whole=True)
    await own.private(lambda drawer: drawer.put(STAMPS, "ways", {"stamp": stamp}))
