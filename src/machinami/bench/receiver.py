"""Who takes the bench's notifications? A process that counts them and prints the count when it is told to stop."""

import argparse
import asyncio
import signal

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class _Taker(asyncio.Protocol):
    count = 0

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            lower = self._buffer[:head].lower()
            at = lower.find(b"content-length:")
            length = int(lower[at + 15 : (lower + b"\r").find(b"\r", at)]) if at >= 0 else 0
            if len(self._buffer) < head + 4 + length:
                return
            self._buffer = self._buffer[head + 4 + length :]
            _Taker.count += 1
            self._transport.write(_ANSWER)


async def _take(port: int, report: str) -> None:
    server = await asyncio.get_running_loop().create_server(_Taker, "127.0.0.1", port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    while not stop.is_set():
        with open(report, "w", encoding="ascii") as file:
            file.write(str(_Taker.count))
        try:
            async with asyncio.timeout(0.2):
                await stop.wait()
        except TimeoutError:
            continue
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--report", required=True)
    arguments = parser.parse_args()
    asyncio.run(_take(arguments.port, arguments.report))
