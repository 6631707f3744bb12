"""A town with many people to tell and this service alone, in this process or in one of its own that may be killed.

`crowd.py FOLDER MAIL PUSH PEOPLE` tells so many people of an alert over the mail server and the push service at these
ports, or goes on telling them where it was broken off, prints a line once that has begun, and another once it is done.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from machinami.app.running import TownOS
from machinami.foundation.settings import MailSettings, Settings
from machinami.kit.city import City
from machinami.kit.drawer import Drawer
from machinami.kit.installed import Broken, Service, load
from machinami.model.push import public_text
from machinami.model.view import Words
from machinami.model.vocabulary.alerts import Alert
from machinami.services.messages.logic.people import Contact, bucket_of
from machinami.services.messages.model import Broadcast

BROWSER = public_text(ec.derive_private_key(7, ec.SECP256R1()))


class OneService(TownOS):
    """An installation that has this service alone."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """The messages."""
        return [load("machinami.services.messages")], []


def settings(folder: Path, mail: int) -> Settings:
    """The installation's settings, with a mail server on this machine."""
    server = MailSettings("127.0.0.1", mail, "bosai@town.example", "none")
    return Settings(folder, port=0, mail=server, requests_per_client=0)


async def settle(city: City, people: int, push: int) -> None:
    """Half of the people have a mail address, half a browser; each is sealed with their own key."""
    contacts = [
        Contact(f"urn:ngsi-ld:MessageSubscriber:{n:05d}", "mail", to=f"p{n}@example.jp", key="k")
        if n % 2
        else Contact(
            f"urn:ngsi-ld:MessageSubscriber:{n:05d}", "push", to=f"http://127.0.0.1:{push}/{n}", p256dh=BROWSER,
            auth="AAAAAAAAAAAAAAAAAAAAAA", key="k",
        )
        for n in range(people)
    ]  # fmt: skip
    for start in range(0, people, 500):
        part = contacts[start : start + 500]

        def put(drawer: Drawer, part: Sequence[Contact] = part) -> None:
            for one in part:
                drawer.put(f"people/{bucket_of(one.id)}", one.id, one.row(), about=one.id)

        await city.private(put)


def storm(now: datetime) -> Alert:
    """An order that somebody approved a moment ago."""
    return Alert(
        "urn:ngsi-ld:Alert:storm", headline=Words(ja="避難指示", en="Evacuate"), text=Words(ja="逃げて", en="Go"),
        status="Actual", state="published", date_issued=now, decided_by="x", role="y", source_service="flood",
    )  # fmt: skip


async def done(city: City, town: TownOS, seconds: float) -> Broadcast:
    """The going out, once it is done."""
    stirred = asyncio.Event()
    (await town.broker.town(None)).store.on_commit(lambda _: stirred.set())
    async with asyncio.timeout(seconds):
        while True:
            found = [one for one in await city.find(Broadcast) if one.state == "done"]
            if found:
                return found[0]
            stirred.clear()
            await stirred.wait()


async def tell(folder: Path, mail: int, push: int, people: int) -> None:
    """Begin, or go on, until all are told."""
    town = OneService(settings(folder, mail), "test")
    await town.start()
    try:
        city = town.houses[0].city
        if not await city.find(Alert):
            await settle(city, people, push)
            await city.publish(storm(datetime.now(UTC)))
        print("begun", flush=True)
        told = await done(city, town, 240)
        print("done", told.people, told.sent, told.failed, flush=True)
    finally:
        await town.stop()


if __name__ == "__main__":
    asyncio.run(tell(Path(sys.argv[1]), *map(int, sys.argv[2:5])))
