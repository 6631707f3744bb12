"""Is why a message did not arrive said in words that its reader knows, as the wire notes it?"""

import errno
import socket

import pytest

from machinami.kit.unreached import why_unreached
from machinami.kit.words import LANGUAGES, Words
from machinami.wire.http import HttpWire
from machinami.wire.mqtt import MqttPublisher
from machinami.wire.reasons import unreached


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("scheme", ["http", "mqtt"])
async def test_an_address_at_which_nothing_listens_is_said_to_be_so(scheme: str) -> None:
    wire = HttpWire() if scheme == "http" else MqttPublisher()
    told = await wire.send(f"{scheme}://127.0.0.1:{_free_port()}/x", b"{}", {}, 10.0)
    await wire.close()
    assert why_unreached(told.reason, Words("ja")) == "そのアドレスでは何も動いていません"
    assert why_unreached(told.reason, Words("en")) == "nothing listens at its address"


@pytest.mark.parametrize(
    "reason",
    [
        "the receiver answered 503",
        "the server answered 404",
        "its server does not answer as one of the web",
        "no answer within 10 s",
        "the MQTT broker did not take it within 2.5 s",
        "its certificate is not trusted: self-signed certificate; an authority of your own is named as ca_file",
        "the receiver closed the connection without an answer",
        *(unreached(OSError(number, "")) for number in (errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH)),
        unreached(socket.gaierror(socket.EAI_NONAME, "")),
    ],
)
def test_what_the_wire_says_is_known_in_every_language(reason: str) -> None:
    told = {language: why_unreached(reason, Words(language)) for language in LANGUAGES}
    assert reason not in (told["ja"], told["easy"])
    assert "{" not in "".join(told.values())


def test_what_nobody_knows_stays_as_it_is() -> None:
    assert why_unreached("OSError inside", Words("ja")) == "OSError inside"
    assert unreached(ValueError("'x' is no address for http or https")) == "'x' is no address for http or https"
