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


def known_cause(text: str) -> str:
    """What an error was about, by the number that stands in its words; empty where there is none that is known."""
    found = _NUMBER.search(text)
    return "" if found is None else _BY_NUMBER.get(int(found[1]), "")


def unreached(error: Exception) -> str:
    """Why a connection failed; as the error says it where no more is known."""
    if isinstance(error, socket.gaierror):
        return UNKNOWN
    number = getattr(error, "errno", None)
    known = _BY_NUMBER.get(number) if isinstance(number, int) else known_cause(str(error))  # libraries wrap it in words
    return known or str(error) or type(error).__name__
