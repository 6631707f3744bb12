"""Why was nobody reached? In plain words for whoever looks after it: what the system says is for the log."""

import errno
import re
import socket

REFUSED = "nothing listens at its address"
UNKNOWN = "no address is known of its host"
BROKEN = "the connection broke off"
AWAY = "there is no way to its network"

_NUMBER = re.compile(r"\[Errno (-?\d+)\]")
_BY_NUMBER = {
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: BROKEN,
    errno.EPIPE: BROKEN,
    errno.ENETUNREACH: AWAY,
    errno.EHOSTUNREACH: AWAY,
    socket.EAI_NONAME: UNKNOWN,
    socket.EAI_AGAIN: UNKNOWN,
}


def unreached(error: Exception) -> str:
    """Why a connection failed; as the error says it where no more is known."""
    number = getattr(error, "errno", None)
    if number is None and (found := _NUMBER.search(str(error))):  # as libraries wrap it
        number = int(found[1])
    if isinstance(error, socket.gaierror):
        return UNKNOWN
    known = _BY_NUMBER.get(number) if isinstance(number, int) else None
    return known or str(error) or type(error).__name__
