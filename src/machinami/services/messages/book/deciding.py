"""What may an officer do: write, send, test, take back, say what was done by hand, tick off who was reached?"""

from collections.abc import Sequence
from dataclasses import replace

from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.kit import approving
from machinami.kit.city import City
from machinami.kit.drawer import Drawer
from machinami.model.letter import Letter, checked_address
from machinami.model.publishing import superseded
from machinami.model.view import Ref
from machinami.model.vocabulary.alerts import Alert
from machinami.model.vocabulary.decisions import demand_officer, move
from machinami.model.vocabulary.office import Officer
from machinami.services.messages.logic.ledger import row_of, ticked
from machinami.services.messages.logic.people import PURPOSE, bucket_of
from machinami.services.messages.logic.writing import (
    MARKS,
    SERVICE,
    Draft,
    alert_of,
    said,
    taken_place_of,
    written,
)
from machinami.services.messages.model import BY_HAND, LANGUAGES, Broadcast, Settings, Shared, TownMessage
from machinami.services.messages.service import (
    ANSWERED,
    HELD,
    LEDGER,
    OWN,
    SHELVES,
    account,
    broadcast_of,
    contacts,
    ledger_of,
)


class NotYours(Conflict):
    """An alert is withdrawn where it was approved."""


async def write(city: City, draft: Draft, by: Officer) -> TownMessage:
    """Take down what an officer wrote; it waits for a second look."""
    city.demand_author()
    message = written(city.new_id(TownMessage.TYPE), draft, by, city.now())
    await city.publish(message, by=by.who)
    return message


async def approve(city: City, message_id: str, by: Officer) -> Alert:
    """Make what was written public: it goes out by all roads from now on. Raises NotThatWay where it stands otherwise,
    Conflict where the town wants two persons and only one was there."""
    now, settings = city.now(), await city.settings(Settings)
    async with city.turn:
        message = await message_of(city, message_id)
        if settings.second_person and by.who.strip() == (message.written_by or "").strip():
            raise Conflict("Another person than who wrote it must send it; the setting second_person says so")
        ready = move(message, "approved", now, by)
        known = {one.id: one for one in await city.find(TownMessage)}
        standing = taken_place_of(message, await city.find(Alert), known)
        alert = alert_of(city.new_id(Alert.TYPE), message, by, settings.sender, standing, now)
        public = replace(move(ready, "published", now), ref_alert=Ref(alert.id))
        told = OWN.entry(city, "approved", public.headline, by, ref_proposal=Ref(public.id), ref_alert=Ref(alert.id))
        ended = [replace(move(known[str(old.ref_proposal)], "superseded", now)) for old in standing]
        await city.publish(alert, public, told, *map(superseded, standing), *ended, by=by.who)
    return alert


async def decline(city: City, message_id: str, reason: str, by: Officer) -> None:
    """Decide not to send what was written."""
    now = city.now()
    async with city.turn:
        message = await message_of(city, message_id)
        refused = move(message, "rejected", now, by, reason)
        told = OWN.entry(city, "declined", refused.headline, by, reason, ref_proposal=Ref(refused.id))
        await city.publish(refused, told, by=by.who)


async def withdraw(city: City, alert_id: str, reason: str, by: Officer) -> None:
    """Take back what went out; the withdrawal goes by the same roads, to the same people."""
    alert = await city.get(Alert, alert_id)
    if alert is not None and alert.source_service != SERVICE:
        raise NotYours(f"It was approved in {alert.source_service}; withdraw it there", service=alert.source_service)
    await approving.withdraw(city, OWN, alert_id, reason, by)


async def message_of(city: City, message_id: str) -> TownMessage:
    """What was written under this id. Raises NotFound."""
    message = await city.get(TownMessage, message_id)
    if message is None:
        raise NotFound(f"There is no message {message_id!r}", message=message_id)
    return message


async def done_by_hand(city: City, broadcast_id: str, road: Shared, by: Officer) -> None:
    """Say that a text was read out, put on the telephone or handed out."""
    demand_officer(by)
    city.demand_author()
    if road not in BY_HAND:
        raise BadRequestData(f"Nobody does {road!r} by hand; it is one of {', '.join(sorted(BY_HAND))}", field="road")
    own, now = city.for_purpose(PURPOSE), city.now()
    async with own.turn:
        broadcast = await broadcast_of(own, broadcast_id)
        row = {"road": road, "state": "done", "at": now.isoformat(), "by": by.who}
        roads = [row if one["road"] == road else one for one in broadcast.roads or []]
        await own.publish(replace(broadcast, roads=roads), by=by.who)


async def tick(city: City, broadcast_id: str, person: str, reached: bool, by: Officer) -> None:
    """Say that somebody on the call list was reached, or was not."""
    demand_officer(by)
    city.demand_author()
    own, now, bucket = city.for_purpose(PURPOSE), city.now(), bucket_of(person)

    def mark(drawer: Drawer) -> None:
        kept = drawer.get(f"{LEDGER}/{broadcast_id}", bucket)
        if kept is None or person not in kept["rows"]:
            raise NotFound("This person is not on the list of this message", person=person)
        row = ticked(row_of(kept["rows"][person]), reached, by.who, now)
        drawer.put(f"{LEDGER}/{broadcast_id}", bucket, {"rows": {**kept["rows"], person: row.kept()}})

    async with own.turn:
        await own.private(mark)
        await account(own, await broadcast_of(own, broadcast_id))


async def send_test(city: City, message_id: str, address: str, by: Officer) -> Broadcast:
    """Send what was written to one address, marked as a test, in every language: to see how it arrives."""
    demand_officer(by)
    city.demand_author()
    message, now, settings = await message_of(city, message_id), city.now(), await city.settings(Settings)
    to = checked_address(address)
    whole = (message.headline, message.text, message.instruction)
    parts = [MARKS["Test"][one] + "\n\n".join(said(part, one) for part in whole) for one in LANGUAGES]
    name = city.new_id(Broadcast.TYPE)
    subject = f"{MARKS['Test']['ja']}{said(message.headline, 'ja')}"
    letter = Letter(to, subject, "\n\n――――\n\n".join(parts), name.rpartition(":")[2])
    done = await city.roads.mail(letter, settings.sender_name, now)
    row = {"road": "mail", "state": "done", "at": now.isoformat(), "by": by.who, "people": 1}
    row |= {"sent": int(done.ok), "failed": int(not done.ok), "waiting": 0, "reason": done.reason}
    told = Broadcast(name, "done", "test", now, status="Test", headline=message.headline, roads=[row])
    await city.publish(told, by=by.who)
    return told


async def answered(city: City, broadcast_id: str, addresses: Sequence[str]) -> Broadcast:
    """Say who did what a mailing asks for (such as the list of who signed up), so that its effect can be seen. Only who
    was sent it or held out of it counts; the addresses themselves are not kept."""
    city.demand_author()
    own, wanted = city.for_purpose(PURPOSE), {one.strip().lower() for one in addresses if one.strip()}
    async with own.turn:
        broadcast = await broadcast_of(own, broadcast_id)
        if not broadcast.holdout:
            raise BadRequestData("Nobody was held out of this mailing, so its effect cannot be seen", field="broadcast")
        held = (await own.private_rows(HELD)).get(broadcast_id, {}).get("people", ())
        asked = {*await ledger_of(own, broadcast_id), *held}
        people = [one for bucket in SHELVES for one in await contacts(own, bucket)]
        found = [one.id for one in people if one.id in asked and one.to.lower() in wanted]
        await own.private(lambda drawer: drawer.put(ANSWERED, broadcast_id, {"people": found}))
        return await account(own, broadcast)
