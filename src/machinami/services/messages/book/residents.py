"""How do people ask to be told, confirm it, and leave; and how does somebody else put them on the list of calls?"""

import secrets
from dataclasses import replace
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import ec

from machinami.foundation.errors import BadRequestData, Conflict, NotFound, TooManyRequests
from machinami.kit.city import City
from machinami.kit.drawer import Drawer
from machinami.kit.roads import Delivery
from machinami.kit.words import catalogue, without_ruby
from machinami.model.letter import Letter
from machinami.model.push import encrypted, headers, private_key, public_text, vapid
from machinami.model.view import Words
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.places import District
from machinami.services.messages.logic.job import ADDRESS
from machinami.services.messages.logic.letters import Piece, push_text
from machinami.services.messages.logic.people import (
    PURPOSE,
    Contact,
    bucket_of,
    checked_contact,
    contact_of,
    digest,
    is_late,
    opening_mark,
)
from machinami.services.messages.model import MessageSubscriber, Settings
from machinami.services.messages.service import (
    OPENED,
    PACKAGE,
    PEOPLE,
    SHELVES,
    account,
    broadcast_of,
    contacts,
    forget,
    keys_of,
)

WAITING = "waiting"
_PUSH_LASTS = timedelta(hours=1)


class NoWayOut(Conflict):
    """Nothing can be sent to this address, so it cannot be confirmed."""


async def ask(city: City, contact: Contact, origin: str) -> None:
    """Ask at the address itself whether its owner wants to be told: until they say so nothing else is sent there.

    origin: where the town is found. Raises BadRequestData for what is no address, TooManyRequests while too many wait,
    NoWayOut where it cannot be reached.
    """
    desk, now = city.at_reception(), city.now()
    desk.admit()
    own, settings = city.for_purpose(PURPOSE), await city.settings(Settings)
    known = checked_contact(contact, {one.id for one in await own.find(District)})
    standing = await own.private_rows(WAITING)
    late = [key for key, row in standing.items() if is_late(row, settings.waiting_hours, now)]
    if len(standing) - len(late) >= settings.most_waiting:
        raise TooManyRequests("Too many subscriptions wait to be confirmed; try again later")
    token = secrets.token_urlsafe(24)
    if any(row["contact"].get("to") == known.to for key, row in standing.items() if key not in late):
        return  # it was asked already: nobody has others flooded with letters, and nobody learns who asked
    row = {"contact": known.row(), "at": now.isoformat()}

    def wait(drawer: Drawer) -> None:
        for key in late:
            drawer.drop(WAITING, key)
        drawer.put(WAITING, digest(token), row)

    await own.private(wait)
    done = await _ask_there(own, known, f"{origin}{ADDRESS}/confirm?key={token}&lang={known.language}", settings)
    if not done.ok:
        await own.private(lambda drawer: drawer.drop(WAITING, digest(token)))
        raise NoWayOut(f"Nothing can be sent there: {done.reason}", reason=done.reason)


async def _ask_there(own: City, to: Contact, link: str, settings: Settings) -> Delivery:
    words = catalogue(PACKAGE, to.language)
    subject, text = (without_ruby(str(words[f"msg.letter.{name}"])) for name in ("confirm_subject", "confirm"))
    if to.road == "mail":
        letter = Letter(to.to, subject, f"{text}\n\n{link}", secrets.token_hex(12))
        return await own.roads.mail(letter, settings.sender_name, own.now())
    key = private_key((await keys_of(own))["vapid"])
    contact = settings.contact or f"mailto:{own.roads.from_address or 'nobody@machinami.invalid'}"
    body = encrypted(
        push_text(Piece(subject, text), "", link, "confirm"),
        to.receiver,
        ec.generate_private_key(ec.SECP256R1()),
        secrets.token_bytes(16),
    )
    return await own.roads.push(to.to, body, headers(vapid(to.to, contact, key, own.now()), "normal", _PUSH_LASTS))


async def waits(city: City, token: str) -> bool:
    """Whether somebody may confirm with this."""
    own, settings = city.for_purpose(PURPOSE), await city.settings(Settings)
    row = (await own.private_rows(WAITING)).get(digest(token))
    return row is not None and not is_late(row, settings.waiting_hours, city.now())


async def confirm(city: City, token: str) -> Contact:
    """Begin to tell a person, who has shown that the address is theirs. Raises NotFound."""
    own, now, settings = city.for_purpose(PURPOSE), city.now(), await city.settings(Settings)
    async with own.turn:
        row = (await own.private_rows(WAITING)).get(digest(token))
        if row is None or is_late(row, settings.waiting_hours, now):
            raise NotFound("This link has run out or was used already; subscribe again")
        asked = contact_of({"id": "", "road": "mail", **row["contact"]})
        for before in await at_address(own, asked.to):
            await forget(own, before.id)
        person = own.new_id(MessageSubscriber.TYPE)
        contact = replace(asked, id=person, since=now.date().isoformat(), key=secrets.token_urlsafe(24))
        await _begin(own, contact)
        await own.private(lambda drawer: drawer.drop(WAITING, digest(token)))
    return contact


async def at_address(own: City, address: str) -> list[Contact]:
    """Who is told at an address already."""
    return [one for bucket in SHELVES for one in await contacts(own, bucket) if one.to == address]


async def _begin(own: City, contact: Contact, name: Words | None = None) -> None:
    asked = own.consenting(PURPOSE)
    if asked.is_asked:
        await asked.give(contact.id, contact.language)
    shelf = f"{PEOPLE}/{bucket_of(contact.id)}"
    await own.private(lambda drawer: drawer.put(shelf, contact.id, contact.row(), about=contact.id))
    known = list(contact.districts), list(contact.topics)
    await own.publish(MessageSubscriber(contact.id, contact.road, contact.language, *known, contact.since, name))


async def leaving(city: City, who: str, key: str) -> Contact | None:
    """Who may leave with this link; None where there is nobody."""
    own = city.for_purpose(PURPOSE)
    person = f"urn:ngsi-ld:{MessageSubscriber.TYPE}:{who}"
    row = (await own.private_rows(f"{PEOPLE}/{bucket_of(person)}")).get(person)
    if row is None or not key or not secrets.compare_digest(str(row.get("key", "")).encode(), key.encode()):
        return None
    return contact_of(row)


async def leave(city: City, who: str, key: str) -> bool:
    """Forget who leaves with their link; whether there was anybody."""
    own = city.for_purpose(PURPOSE)
    found = await leaving(city, who, key)
    if found is not None:
        await forget(own, found.id)
    return found is not None


async def opened(city: City, broadcast: str, mark: str) -> None:
    """Note that a person opened what was sent to them; a mark that is none is nobody's."""
    own = city.for_purpose(PURPOSE)
    person = f"urn:ngsi-ld:{MessageSubscriber.TYPE}:{mark.partition('.')[0]}"
    entity = f"urn:ngsi-ld:Broadcast:{broadcast}"
    expected = opening_mark(person, entity, (await keys_of(own))["links"])
    if not secrets.compare_digest(expected.encode(), mark.encode()):
        return
    at = {"at": city.now().isoformat()}

    def note(drawer: Drawer) -> bool:
        if drawer.get(f"{OPENED}/{entity}", person) is not None:
            return False
        drawer.put(f"{OPENED}/{entity}", person, at)
        return True

    if await own.private(note):
        async with own.turn:
            await account(own, await broadcast_of(own, entity))


async def public_key(city: City) -> str:
    """By what browsers know the town when they subscribe (VAPID)."""
    return public_text(private_key((await keys_of(city.for_purpose(PURPOSE)))["vapid"]))


async def on_call(city: City) -> list[Contact]:
    """The list of people whom somebody calls: for officers."""
    city.demand_author()
    own = city.for_purpose(PURPOSE)
    found = [one for bucket in SHELVES for one in await contacts(own, bucket) if one.road == "call"]
    return sorted(found, key=lambda one: (one.districts, one.name))


async def add_to_calls(city: City, contact: Contact, by: Officer) -> Contact:
    """Put somebody on the list who agreed to it: how and when they did is kept with it."""
    city.demand_author()
    own = city.for_purpose(PURPOSE)
    if not contact.consent.strip():
        raise BadRequestData("Say how and when they agreed; nobody is on the list who did not", field="consent")
    known = checked_contact(contact, {one.id for one in await own.find(District)})
    said = f"{known.consent} ({by})"
    added = replace(known, id=own.new_id(MessageSubscriber.TYPE), since=own.now().date().isoformat(), consent=said)
    async with own.turn:
        await _begin(own, added)
    return added


async def take_off(city: City, person: str) -> None:
    """Take somebody off the list: what is known of them is erased."""
    city.demand_author()
    own = city.for_purpose(PURPOSE)
    async with own.turn:
        if not any(one.id == person for one in await contacts(own, bucket_of(person))):
            raise NotFound("This person is not on the list", person=person)
        await forget(own, person)


async def counts(city: City) -> dict[str, int]:
    """How many people are told by each road."""
    own = city.for_purpose(PURPOSE)
    found: dict[str, int] = {}
    for bucket in SHELVES:
        for one in await contacts(own, bucket):
            found[one.road] = found.get(one.road, 0) + 1
    return found
