"""What does the server stack itself cost? The same stack answering fixed bytes: the measure of all ratios."""

import argparse
import asyncio
import signal

from machinami.app.ground import fast_loop
from machinami.kit.http import JSON, Request, Response, Route
from machinami.kit.server import serve


def routes() -> list[Route]:
    """GET /bare/{size}, POST and PATCH /bare/{size}: fixed bytes of that size."""
    kept: dict[str, bytes] = {}

    def answer(request: Request) -> Response:
        size = request.params["size"]
        if size not in kept:
            kept[size] = b"x" * int(size)
        return Response(200, kept[size], JSON)

    return [Route(method, "/bare/{size}", answer, hot=True) for method in ("GET", "POST", "PATCH")]


async def _serve(port: int) -> None:
    serving = await serve(routes(), "127.0.0.1", port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()
    await serving.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(_serve(parser.parse_args().port))
