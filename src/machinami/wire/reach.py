"""Does anybody listen at an address? A connection is opened, and closed again; nothing is said."""

import asyncio
import contextlib
from urllib.parse import urlsplit

from machinami.wire.reasons import unreached

_PORTS = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}


async def is_reached(url: str, patience: float) -> tuple[bool, str]:
    """Whether somebody takes a connection there within so many seconds, and if not, why."""
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS.get(parts.scheme, 0)
        async with asyncio.timeout(patience):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except TimeoutError:
        return False, f"no answer within {patience:g} s"
    except (OSError, ValueError) as error:
        return False, unreached(error)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True, ""
