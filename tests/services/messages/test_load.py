"""Many people are told in seconds over a real mail server and a real push service, and the broker answers meanwhile."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from machinami.app.running import TownOS
from machinami.broker import operations
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
SINKS = str(Path(__file__).with_name("sinks.py"))


class OneService(TownOS):
    """An installation that has this service alone."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """The messages."""
        return [load("machinami.services.messages")], []


async def begun(*words: str) -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, SINKS, *words, stdin=PIPE, stdout=PIPE)


async def line_of(process: Process) -> list[float]:
    assert process.stdout is not None
    return [float(word) for word in (await process.stdout.readline()).split()]


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


@pytest.mark.parametrize("people", [100, pytest.param(10_000, marks=pytest.mark.long)])
async def test_people_are_told_in_seconds_while_the_broker_answers(tmp_path: Path, people: int) -> None:
    sinks = await begun("serve")
    mail, push = (int(port) for port in await line_of(sinks))
    settings = Settings(
        tmp_path, port=0, mail=MailSettings("127.0.0.1", mail, "bosai@town.example", "none"), requests_per_client=0
    )
    town = OneService(settings, "test")
    serving = await town.start()
    try:
        city = town.houses[0].city
        await settle(city, people, push)
        gauge = operations.peek((await town.broker.town(None)), "urn:ngsi-ld:Alert:storm", city.viewer)
        assert gauge is None
        asked = people / 300 if people > 1_000 else 2.0
        began = datetime.now(UTC)
        alert = Alert(
            "urn:ngsi-ld:Alert:storm", headline=Words(ja="避難指示", en="Evacuate"), text=Words(ja="逃げて", en="Go"),
            status="Actual", state="published", date_issued=began, decided_by="x", role="y", source_service="flood",
        )  # fmt: skip
        await city.publish(alert)
        asker = await begun("ask", f"{serving.url}/ngsi-ld/v1/entities/{alert.id}", str(asked))
        told = await done(city, town, 240)
        seconds = (datetime.now(UTC) - began).total_seconds()
        count, middle, late, longest = await line_of(asker)
        await asker.wait()
        assert sinks.stdin is not None
        sinks.stdin.write(b"\n")
        letters, addresses, messages, endpoints = (int(one) for one in await line_of(sinks))
    finally:
        sinks.terminate()
        await sinks.wait()
        await town.stop()
    print(
        f"{people} people in {seconds:.1f} s ({people / seconds:.0f}/s); meanwhile {count:.0f} answers of the broker:"
        f" median {middle:.1f} ms, p99 {late:.1f} ms, longest {longest:.1f} ms"
    )
    assert (told.people, told.sent, told.failed) == (people, people, 0)
    assert (letters, addresses) == (people // 2, people // 2)  # each once
    assert (messages, endpoints) == (people // 2, people // 2)
    assert told.reached_share == 1.0
    assert late < 1_000
