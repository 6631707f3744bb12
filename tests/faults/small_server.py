"""The broker with its NGSI-LD face over the real store and the real network, and nothing else.

It starts in a second, so that it can be killed often. `python small_server.py DIR [normal|full]` says where it listens.
"""

import asyncio
import sys
from datetime import UTC, datetime
from os import urandom
from pathlib import Path

from machinami.apis.ngsild.parameters import Paging
from machinami.apis.ngsild.routes import routes
from machinami.apis.ngsild.subscription_documents import read_subscription
from machinami.broker.broker import Broker, Ports
from machinami.kit.server import serve
from machinami.kit.viewing import anyone
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.wire.http import HttpWire


async def run(folder: Path, durability: str) -> None:
    wire = HttpWire()
    # Small bounds, so that in a short life much happens: the write-ahead log moves into the file again and again.
    backend = open_backend(folder, StoreSettings(durability=durability, checkpoint_bytes=1 << 18))
    ports = Ports(backend, wire, wire, lambda: datetime.now(UTC), lambda: urandom(16).hex(), read_subscription)
    broker = Broker(ports)
    await broker.start()
    serving = await serve(routes(broker, anyone, Paging()))
    print(f"Machinami: {serving.url}/", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "normal"))
