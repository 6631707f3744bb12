"""A process that writes without end and says on stdout what was acknowledged; the crash test kills it."""

import asyncio
import sys
from itertools import count
from pathlib import Path

from machinami.store.conformance.acts import LEVEL, create, gauge, observe, reading
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend


async def write_without_end(folder: Path, durability: str, writers: int) -> None:
    settings = StoreSettings(durability=durability, checkpoint_bytes=1 << 18)
    town = await open_backend(folder, settings).open("default")

    async def run(number: int) -> None:
        await create(town, [gauge(number, level=0)])
        for step in count(1):
            await observe(town, gauge(number).id, LEVEL, reading(step, step))
            sys.stdout.write(f"{number} {step}\n")
            sys.stdout.flush()

    await asyncio.gather(*map(run, range(writers)))


asyncio.run(write_without_end(Path(sys.argv[1]), sys.argv[2], 8))
