"""Do messages from a real broker become readings, without one being lost and whatever goes wrong?"""

import asyncio
import base64
import hashlib
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import pytest
from tests.servers import MOSQUITTO, Mosquitto, write_certificates

from machinami.foundation.errors import BadRequestData, SettingsError, StoreUnavailable
from machinami.foundation.settings import MqttSettings
from machinami.ingest.mqtt.mapping import read_mapping
from machinami.ingest.mqtt.source import QUEUE, Subscription, address
from machinami.model.reading import Reading

RULES = read_mapping(
    tomllib.loads("""
[[topic]]
pattern = "rain/{gauge}"
format = "number"
entity = "urn:ngsi-ld:RainGauge:{gauge}"
type = "RainGauge"
[[topic.value]]
attribute = "precipitation"
unit = "MMT"
""")
)
DEADLINE = 20.0


class FakeCity:
    """Takes readings as the city does; may be told to be unable, or to refuse a value."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.able = asyncio.Event()
        self.able.set()
        self.refused_value: float | None = None
        self.turned_away = 0
        self._told = asyncio.Condition()

    async def deliver(self, readings: Sequence[Reading]) -> None:
        """Take readings or raise."""
        if not self.able.is_set():
            await self._tell(1)
            raise StoreUnavailable
        if any(reading.value == self.refused_value for reading in readings):
            raise BadRequestData("a wrong value")
        self.readings.extend(readings)
        await self._tell(0)

    async def _tell(self, turned_away: int) -> None:
        async with self._told:
            self.turned_away += turned_away
            self._told.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on what was delivered holds."""
        async with asyncio.timeout(DEADLINE), self._told:
            await self._told.wait_for(condition)

    def values(self) -> set[object]:
        """Return all values taken so far."""
        return {reading.value for reading in self.readings}


async def briefly(seconds: float) -> None:
    await asyncio.sleep(min(seconds, 0.05))


@asynccontextmanager
async def listening(settings: MqttSettings, city: FakeCity, queue: int = QUEUE) -> AsyncIterator[Subscription]:
    subscription = Subscription(settings, RULES, city.deliver, lambda: datetime.now(UTC), briefly, queue)
    task = asyncio.create_task(subscription.run())
    try:
        async with asyncio.timeout(DEADLINE):
            await subscription.ready.wait()
        yield subscription
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def plain(broker: Mosquitto) -> MqttSettings:
    return MqttSettings(f"mqtt://127.0.0.1:{broker.port}", Path("rain.toml"), client_id="town")


async def publish(broker: Mosquitto, payloads: Sequence[str], topic: str = "rain/toge") -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for payload in payloads:
            await client.publish(topic, payload, qos=1)


async def test_a_published_number_becomes_a_reading(mosquitto: Mosquitto) -> None:
    city = FakeCity()
    async with listening(plain(mosquitto), city) as subscription:
        await publish(mosquitto, ["2.5"])
        await city.until(lambda: len(city.readings) == 1)
        assert city.readings[0].entity_id == "urn:ngsi-ld:RainGauge:toge"
        assert city.readings[0].value == 2.5
        assert subscription.account.connected


async def test_a_bad_message_is_kept_for_the_operator_and_the_next_one_is_taken(mosquitto: Mosquitto) -> None:
    city = FakeCity()
    async with listening(plain(mosquitto), city) as subscription:
        await publish(mosquitto, ["lots", "3"])
        await city.until(lambda: city.values() == {3.0})
        account = subscription.account
        assert (account.received, account.readings, account.refused) == (2, 1, 1)
        assert account.last_refused is not None
        assert account.last_refused.payload == b"lots"
        assert "a number is expected" in account.last_refused.reason


async def test_a_value_that_the_city_refuses_does_not_hold_up_the_others(mosquitto: Mosquitto) -> None:
    city = FakeCity()
    city.refused_value = 2.0
    async with listening(plain(mosquitto), city) as subscription:
        await publish(mosquitto, [str(number) for number in range(5)])
        await city.until(lambda: city.values() == {0.0, 1.0, 3.0, 4.0})
        assert subscription.account.last_refused is not None
        assert subscription.account.last_refused.reason == "a wrong value"


async def test_a_city_that_cannot_take_readings_gets_them_all_when_it_can(mosquitto: Mosquitto) -> None:
    city = FakeCity()
    city.able.clear()
    async with listening(plain(mosquitto), city) as subscription:
        await publish(mosquitto, [str(number) for number in range(120)])
        await city.until(lambda: city.turned_away > 0)
        assert city.readings == []
        assert "cannot take readings now" in str(subscription.account.last_error)
        city.able.set()
        await city.until(lambda: len(city.readings) >= 120)
    assert city.values() == {float(number) for number in range(120)}


async def test_what_was_not_taken_before_we_stopped_comes_again_when_we_start(mosquitto: Mosquitto) -> None:
    city = FakeCity()
    city.able.clear()
    async with listening(plain(mosquitto), city):
        await publish(mosquitto, ["1", "2"])
        await city.until(lambda: city.turned_away > 0)
    await publish(mosquitto, ["3"])
    city.able.set()
    async with listening(plain(mosquitto), city):
        await city.until(lambda: len(city.values()) == 3)
    assert city.values() == {1.0, 2.0, 3.0}


async def test_a_broker_that_restarts_midway_loses_nothing(mosquitto: Mosquitto) -> None:
    city = FakeCity()
    async with listening(plain(mosquitto), city) as subscription:
        await publish(mosquitto, [str(number) for number in range(40)])
        city.able.clear()
        await publish(mosquitto, [str(number) for number in range(40, 80)])
        await asyncio.to_thread(mosquitto.stop)
        city.able.set()
        await asyncio.to_thread(mosquitto.start)
        await publish(mosquitto, [str(number) for number in range(80, 120)])
        await city.until(lambda: len(city.values()) == 120)
        assert subscription.account.connections == 2


async def test_a_broker_that_sends_more_than_we_can_hold_sends_the_rest_again(tmp_path: Path) -> None:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    broker = Mosquitto(tmp_path / "eager", ("allow_anonymous true", "max_inflight_messages 0"))
    broker.start()
    city = FakeCity()
    city.able.clear()
    try:
        async with listening(plain(broker), city, queue=20) as subscription:
            await publish(broker, [str(number) for number in range(100)])
            await city.until(lambda: city.turned_away > 0)
            city.able.set()
            await city.until(lambda: len(city.values()) == 100)
            assert subscription.account.connections > 1
    finally:
        broker.stop()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[Mosquitto, Path]]:
    """A broker with TLS that lets in nobody without the password; and its authority's certificate."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    authority, certificate, key = write_certificates(tmp_path)
    passwords = tmp_path / "passwords"
    passwords.write_text(hashed_password("gauge", "kasumi"))
    passwords.chmod(0o600)
    lines = ("allow_anonymous false", f"password_file {passwords}", f"certfile {certificate}", f"keyfile {key}")
    broker = Mosquitto(tmp_path / "guarded", lines)
    broker.start()
    yield broker, authority
    broker.stop()


def hashed_password(user: str, password: str) -> str:
    """Return a line of mosquitto's password file (scheme 7: PBKDF2 with SHA-512)."""
    salt = b"saltsaltsalt"
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"{user}:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


async def test_a_guarded_broker_lets_us_in_with_certificate_and_password(guarded: tuple[Mosquitto, Path]) -> None:
    broker, authority = guarded
    settings = MqttSettings(
        f"mqtts://127.0.0.1:{broker.port}", Path("rain.toml"), user="gauge", password="kasumi", ca_file=authority
    )
    city = FakeCity()
    async with listening(settings, city):
        tls = address(settings).tls
        async with aiomqtt.Client(
            "127.0.0.1", broker.port, username="gauge", password="kasumi", tls_context=tls
        ) as client:
            await client.publish("rain/toge", "1.5", qos=1)
        await city.until(lambda: bool(city.readings))
    assert city.values() == {1.5}


@pytest.mark.parametrize(
    ("password", "trusted", "words"), [("wrong", True, "uthori"), ("kasumi", False, "certificate")]
)
async def test_a_broker_that_shuts_us_out_is_tried_again_and_said_to(
    guarded: tuple[Mosquitto, Path], password: str, trusted: bool, words: str
) -> None:
    broker, authority = guarded
    settings = MqttSettings(
        f"mqtts://gauge:{password}@127.0.0.1:{broker.port}", Path("rain.toml"), ca_file=authority if trusted else None
    )
    waits: list[float] = []
    third = asyncio.Event()

    async def count(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            third.set()
        await asyncio.sleep(0)

    subscription = Subscription(settings, RULES, FakeCity().deliver, lambda: datetime.now(UTC), count)
    task = asyncio.create_task(subscription.run())
    async with asyncio.timeout(DEADLINE):
        await third.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert waits[:3] == [1.0, 2.0, 4.0]
    assert words in str(subscription.account.last_error)
    assert not subscription.account.connected


@pytest.mark.parametrize("url", ["http://broker", "mqtt://", "broker:1883", "mqtt://broker:0", "mqtt://broker:x"])
def test_a_wrong_address_is_told_how_to_write_one(url: str) -> None:
    with pytest.raises(SettingsError, match="mqtt://host:1883"):
        address(MqttSettings(url, Path("rain.toml")))


def test_a_wrong_address_does_not_give_away_its_password() -> None:
    with pytest.raises(SettingsError) as caught:
        address(MqttSettings("http://me:secret@broker", Path("rain.toml")))
    assert "secret" not in caught.value.detail


def test_a_certificate_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.pem"):
        address(MqttSettings("mqtts://broker", Path("rain.toml"), ca_file=tmp_path / "none.pem"))


def test_user_and_password_may_stand_in_the_address() -> None:
    found = address(MqttSettings("mqtt://me:p%40ss@broker", Path("rain.toml")))
    assert (found.host, found.port, found.user, found.password, found.tls) == ("broker", 1883, "me", "p@ss", None)
