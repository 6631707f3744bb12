"""What does the messages service do by itself? Take what was approved, send it, find the ways on foot."""

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from machinami.foundation.errors import NotFound
from machinami.kit.approving import Warner
from machinami.kit.city import City
from machinami.kit.drawer import Drawer
from machinami.kit.gathering import Gathering
from machinami.kit.words import catalogue, without_ruby
from machinami.model.push import Urgency, headers, private_text
from machinami.model.vocabulary.alerts import Alert
from machinami.model.vocabulary.decisions import WarningDecision
from machinami.model.vocabulary.places import District, Shelter
from machinami.services.messages.logic import ways
from machinami.services.messages.logic.broadcasts import accounted, begun, chosen, due_alerts, is_over
from machinami.services.messages.logic.job import Job
from machinami.services.messages.logic.ledger import Outcome, Row, after, is_due, row_of
from machinami.services.messages.logic.letters import (
    Going,
    Phrases,
    Sealing,
    letter_of,
    piece_of,
    push_text,
    sealed,
)
from machinami.services.messages.logic.people import BUCKETS, PURPOSE, Contact, bucket_of, contact_of
from machinami.services.messages.logic.writing import SERVICE, said
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
OWN = Warner(SERVICE, TownMessage, WarningDecision)
PEOPLE, LEDGER, OPENED, STAMPS, KEYS = "people", "ledger", "opened", "stamps", "keys"
HELD, ANSWERED, UNDERWAY = "held", "answered", "underway"
SHELVES = tuple(f"{number:02d}" for number in range(BUCKETS))
_TURN = timedelta(minutes=10)  # how often it is seen to that who withdrew a consent elsewhere is forgotten
_SHELVES_AT_ONCE = 4
_AT_ONCE: Mapping[str, int] = {"mail": 24, "push": 24}
ON_THEIR_WAY = sum(_AT_ONCE.values())
"""So many are on their way at once, and a place is free again only when it is kept what became of the one who had it:
if the machine dies, no more than these are told twice."""
_PUSH_LASTS = timedelta(hours=6)


@dataclass
class Flow:
    """What holds back the sending of one message: how many are on their way at once."""

    results: Gathering[tuple[str, str, Row]]
    gates: Mapping[str, asyncio.Semaphore] = field(
        default_factory=lambda: {road: asyncio.Semaphore(most) for road, most in _AT_ONCE.items()}
    )


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
        if alert is None or is_over(alert, broadcast, now):
            await own.publish(replace(broadcast, state="done"))
            continue
        await send_out(own, broadcast, alert, now)


async def send_out(own: City, broadcast: Broadcast, alert: Alert, now: datetime) -> Broadcast:
    """Send what is to be sent now of one going out, a few shelves of people at a time; then account for it."""
    job, number = await _job(own, broadcast, alert, now)
    flow = Flow(Gathering(_noting(own, broadcast.id, number)))
    gate = asyncio.Semaphore(_SHELVES_AT_ONCE)

    async def shelf(bucket: str) -> None:
        async with gate:
            await _send_shelf(own, job, flow, bucket)

    await asyncio.gather(*map(shelf, SHELVES))
    notes = f"{UNDERWAY}/{broadcast.id}"
    told = await own.private_rows(notes)
    await own.private(lambda drawer: [drawer.drop(notes, note) for note in told])  # the shelves have it all by now
    async with own.turn:
        return await account(own, await broadcast_of(own, broadcast.id), ends=True)


async def _job(own: City, broadcast: Broadcast, alert: Alert, now: datetime) -> tuple[Job, int]:
    """What is the same for everybody: texts by language, where to go by district, keys, and what was sent before; and
    the number of the next note of it."""
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
    known, noted, number = await _shelves(own, broadcast.id)
    settings, roads = await own.settings(Settings), own.roads
    contact = (
        f"mailto:{roads.from_address}" if roads.from_address else roads.address or "mailto:nobody@machinami.invalid"
    )
    return Job(
        broadcast, settings, pieces, phrases, goings if leads else {}, known, noted, await keys_of(own), roads.address,
        settings.contact or contact, now,
    ), number  # fmt: skip


def _noting(own: City, broadcast_id: str, first: int) -> Callable[[list[tuple[str, str, Row]]], Awaitable[object]]:
    """What keeps what became of some sendings until their shelf is whole. first: the number of the next note."""
    number = itertools.count(first)

    async def note(results: list[tuple[str, str, Row]]) -> None:
        told: dict[str, dict[str, Any]] = {}
        for bucket, person, row in results:
            told.setdefault(bucket, {})[person] = row.kept()
        part = f"{next(number):08d}"
        await own.private(lambda drawer: drawer.put(f"{UNDERWAY}/{broadcast_id}", part, {"rows": told}))

    return note


Shelves = dict[str, dict[str, Row]]


async def _shelves(own: City, broadcast_id: str) -> tuple[Shelves, Shelves, int]:
    """How it fared on its way to each person, by shelf; what was noted besides, of shelves that are perhaps not whole;
    and the number that no note has yet."""
    whole = await own.private_rows(f"{LEDGER}/{broadcast_id}")
    parts = await own.private_rows(f"{UNDERWAY}/{broadcast_id}")
    known = {bucket: {p: row_of(kept) for p, kept in row["rows"].items()} for bucket, row in whole.items()}
    noted: Shelves = {}
    for _, part in sorted(parts.items()):
        for bucket, rows in part["rows"].items():
            noted.setdefault(bucket, {}).update({person: row_of(kept) for person, kept in rows.items()})
    return known, noted, max(map(int, parts), default=-1) + 1


async def _send_shelf(own: City, job: Job, flow: Flow, bucket: str) -> None:
    """Send to the people of one shelf who are to be told now, and keep how they all fared."""
    people = {one.id: one for one in await contacts(own, bucket)}
    held: list[str] = []
    if bucket in job.known:
        rows = {person: row for person, row in job.known[bucket].items() if row.state != "waiting" or person in people}
    else:
        rows, held = chosen(people.values(), job.broadcast, job.keys["links"])
    rows |= job.noted.get(bucket, {})
    due = [person for person, row in rows.items() if is_due(row, job.now)]
    pushed = [_sealing(job, people[person]) for person in due if rows[person].road == "push"]
    bodies = dict(await own.compute(sealed, pushed)) if pushed else {}
    sent = (_send_one(own, job, flow, bucket, people[person], rows[person], bodies.get(person, b"")) for person in due)
    rows |= dict(zip(due, await asyncio.gather(*sent), strict=True))
    if (rows or held) and (due or bucket not in job.known):
        await own.private(partial(_put_shelf, about=job.broadcast.id, bucket=bucket, rows=rows, held=held))
    for person in due:
        if rows[person].state == "gone" and rows[person].road == "push":
            await forget(own, person)  # the browser gave its subscription up (RFC 8030, 7.3)


def _put_shelf(drawer: Drawer, about: str, bucket: str, rows: Mapping[str, Row], held: Sequence[str]) -> None:
    """Keep how a shelf fared, and who of it was held out."""
    told, shelf = {person: row.kept() for person, row in rows.items()}, f"{LEDGER}/{about}"
    before = (drawer.get(shelf, bucket) or {}).get("rows", {})
    # Who is called may have been ticked off meanwhile.
    told |= {person: kept for person, kept in before.items() if person in told and rows[person].road == "call"}
    drawer.put(shelf, bucket, {"rows": told})
    if held:
        others = (drawer.get(HELD, about) or {}).get("people", [])
        drawer.put(HELD, about, {"people": [*dict.fromkeys([*others, *held])]})


async def _send_one(own: City, job: Job, flow: Flow, bucket: str, to: Contact, row: Row, body: bytes) -> Row:
    """Send to one person, and note what became of it before anybody else has the place."""
    settings = job.settings
    async with flow.gates.get(to.road) or nullcontext():
        outcome = await _handed_over(own, job, to, body)
        told = after(row, outcome, own.now(), settings.tries, timedelta(seconds=settings.pause_seconds))
        if to.road in flow.gates:
            await flow.results.keep((bucket, to.id, told))
    return told


async def _handed_over(own: City, job: Job, to: Contact, body: bytes) -> Outcome:
    if to.road == "simulated":
        return Outcome(True, None, "simulated")
    if job.broadcast.simulated:
        return Outcome(False, 0, "what is simulated goes to nobody who is not")
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
    """How it fared on its way to each person, also of those who were told a moment ago."""
    known, noted, _ = await _shelves(own, broadcast_id)
    return {person: row for shelves in (known, noted) for shelf in shelves.values() for person, row in shelf.items()}


async def account(own: City, broadcast: Broadcast, ends: bool = False) -> Broadcast:
    """Add up anew how a going out fares, and tell the town. ends: whether everybody was looked at; before, what is not
    in the ledger may still be to be sent, and it goes on."""
    rows = await ledger_of(own, broadcast.id)
    opened = await own.private_rows(f"{OPENED}/{broadcast.id}")
    held = (await own.private_rows(HELD)).get(broadcast.id, {}).get("people", ())
    answered = (await own.private_rows(ANSWERED)).get(broadcast.id, {}).get("people", ())
    told = accounted(broadcast, rows, opened, held, answered)
    if not ends:
        told = replace(told, state=broadcast.state)
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
