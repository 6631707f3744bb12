"""By which way does a notification go? Over HTTP or MQTT, as its address says."""

from collections.abc import Coroutine, Mapping
from typing import Any

from machinami.wire.mqtt import SCHEMES
from machinami.wire.protocol import Channel, Delivery, Sender


class Carriers:
    """Hands each notification to the sender of its kind of address."""

    def __init__(self, http: Sender, mqtt: Sender) -> None:
        self._http = http
        self._mqtt = mqtt

    def send(
        self, uri: str, body: bytes, headers: Mapping[str, str], timeout: float, channel: Channel = ()
    ) -> Coroutine[Any, Any, Delivery]:
        """Deliver the notification, however it travels."""
        if uri.startswith("http") or uri.partition(":")[0].lower() not in SCHEMES:
            return self._http.send(uri, body, headers, timeout, channel)
        return self._mqtt.send(uri, body, headers, timeout, channel)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._http.close()
        await self._mqtt.close()
