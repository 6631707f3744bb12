"""By which way does a notification go? Over HTTP or MQTT, as its address says."""

from collections.abc import Mapping

from machinami.wire.mqtt import SCHEMES
from machinami.wire.protocol import Channel, Delivery, Sender


class Carriers:
    """Hands each notification to the sender of its kind of address."""

    def __init__(self, http: Sender, mqtt: Sender) -> None:
        self._http = http
        self._mqtt = mqtt

    async def send(
        self, uri: str, body: bytes, headers: Mapping[str, str], timeout: float, channel: Channel = ()
    ) -> Delivery:
        """Deliver the notification, however it travels."""
        carrier = self._mqtt if uri.partition(":")[0].lower() in SCHEMES else self._http
        return await carrier.send(uri, body, headers, timeout, channel)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._http.close()
        await self._mqtt.close()
