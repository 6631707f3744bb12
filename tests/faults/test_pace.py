"""From a sensor's message to the hand-off of its notification: how long, at a hundred messages a second?"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import aiomqtt
import pytest
from tests.faults.load import BASE
from tests.faults.receiver import Receiver
from tests.servers import Mosquitto

from machinami.app.running import TownOS
from machinami.foundation.settings import MqttSettings, Settings

MAPPING = """
[[topic]]
pattern = "level/{gauge}"
format = "number"
entity = "urn:ngsi-ld:LevelGauge:{gauge}"
type = "LevelGauge"
[[topic.value]]
attribute = "level"
unit = "MTR"
"""
WISH = {"id": "urn:ngsi-ld:Subscription:levels", "type": "Subscription", "entities": [{"type": "LevelGauge"}]}
RATE = 100  # messages a second
Figure = Callable[[str, float, str], None]


class Timed(Receiver):
    """Notes when each value was handed over."""

    def __init__(self) -> None:
        super().__init__(self._note)
        self.at: list[float] = []

    def _note(self) -> int:
        self.at.append(time.perf_counter())
        return 204


async def hand_over(folder: Path, broker: Mosquitto, seconds: int, figure: Figure) -> None:
    folder.joinpath("levels.toml").write_text(MAPPING)
    receiver, messages = Timed(), seconds * RATE
    await receiver.start()
    mqtt = MqttSettings(f"mqtt://127.0.0.1:{broker.port}", folder / "levels.toml", client_id="town")
    town = TownOS(Settings(folder, port=0, mqtt=(mqtt,)), "test")
    serving = await town.start()
    try:
        async with aiohttp.ClientSession(serving.url) as session:
            wish = {**WISH, "notification": {"endpoint": {"uri": receiver.url}}}
            async with session.post(f"{BASE}/subscriptions", json=wish) as answer:
                assert answer.status == 201
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.publish("level/first", "0", qos=1)
            await receiver.until(lambda: len(receiver.at) == 1)  # the town listens
            sent = []
            began = time.perf_counter()
            for number in range(messages):
                while (ahead := began + number / RATE - time.perf_counter()) > 0:
                    await asyncio.sleep(ahead)
                sent.append(time.perf_counter())
                await client.publish(f"level/{number % 50}", str(number + 1), qos=1)
            await receiver.until(lambda: len(receiver.at) == messages + 1, 60)
    finally:
        await town.stop()
        await receiver.die()
    entities = [entity for one in receiver.told for entity in one["data"]]
    values = [next(said["value"] for key, said in one.items() if key.endswith("level")) for one in entities]
    assert sorted(values) == list(range(messages + 1))
    took = sorted(receiver.at[place] - sent[int(value) - 1] for place, value in enumerate(values) if value)
    figure("MQTT messages at 100 a second, each told", messages, "")
    figure("from message to hand-off, p50", round(1000 * took[len(took) // 2], 1), "ms")
    figure("from message to hand-off, p99", round(1000 * took[int(0.99 * len(took))], 1), "ms")
    assert took[int(0.99 * len(took))] < 5


async def test_p99_from_message_to_hand_off_is_below_five_seconds(
    tmp_path: Path, mosquitto: Mosquitto, figure: Figure
) -> None:
    await hand_over(tmp_path, mosquitto, 5, figure)


@pytest.mark.long
async def test_p99_from_message_to_hand_off_is_below_five_seconds_for_a_minute(
    tmp_path: Path, mosquitto: Mosquitto, figure: Figure
) -> None:
    await hand_over(tmp_path, mosquitto, 60, figure)
