"""May this address be connected to on behalf of somebody outside? Against server-side request forgery.

Receivers of notifications, registered sources and @contexts are named by clients. Unless the installation says so,
none of them may lead into the machine or the network that it stands in: not to loopback, private, link-local (where
clouds keep their secrets) or otherwise special addresses. What is judged is the address itself, at the moment of
connecting, whatever name led there: a name that means another address the next time is of no use.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import Any

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_WITHIN = 0xFFFF_FFFF
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class ForbiddenTarget(OSError):
    """The address lies where nobody outside may have this town connect to."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Where connections may lead, and how. private: also into the machine and its network; plain: also without TLS, but
    for the machine itself, where nobody listens on the way."""

    private: bool = True
    plain: bool = True

    def allows(self, address: str) -> bool:
        """Whether an IP address may be connected to."""
        return self.private or is_public(address)

    def check(self, address: str) -> None:
        """Raise ForbiddenTarget unless the IP address may be connected to."""
        if not self.allows(address):
            raise ForbiddenTarget(
                "It leads inside this machine or its network, where nobody may have this town connect to; "
                "private_targets = true in machinami.toml allows it"
            )

    def check_way(self, encrypted: bool, host: str) -> None:
        """Raise ForbiddenTarget unless a host may be connected to in this way."""
        if not encrypted and not self.plain and host.strip("[]").lower() not in _HERE:
            raise ForbiddenTarget(
                f"{host} would be told without TLS, and others could listen; name it by https:// or mqtts://, or say "
                "plain_targets = true in machinami.toml"
            )

    def opened(self, info: tuple[Any, ...]) -> socket.socket:
        """The socket with which an address (as getaddrinfo gives it) is connected to. Raises ForbiddenTarget."""
        family, kind, protocol, _, place = info
        self.check(str(place[0]))
        return socket.socket(family, kind, protocol)

    async def resolve(self, host: str, port: int) -> str:
        """The first address of a host that may be connected to. Raises ForbiddenTarget, OSError."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return self._first(found)

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """A connected socket; for clients that connect in a thread. Raises ForbiddenTarget, OSError."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return socket.create_connection((self._first(found), port), timeout)

    def _first(self, found: list[Any]) -> str:
        addresses = [str(info[4][0]) for info in found]
        for address in addresses:
            if self.allows(address):
                return address
        for address in addresses:
            self.check(address)
        raise OSError("the name leads to no address")


ANYWHERE = Targets()


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public network; one that carries another inside it is what that is."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & _WITHIN)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved
