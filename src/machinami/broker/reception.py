"""May a stranger hand in one more thing? So many an hour from an address, and from all strangers of a town together.

Who drops their cookie is a stranger again; who is signed in stays who they are. Nothing of it is kept: the addresses
are at hand in memory for an hour, and no longer.
"""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from math import ceil

from machinami.foundation.errors import TooManyRequests

HOUR = timedelta(hours=1)
PER_ADDRESS, PER_TOWN = 20, 300
_IN_DISASTER = 10  # times the bounds for strangers
_MOST = 20_000  # addresses at hand


class Reception:
    """What strangers handed in within the last hour. per_address, per_town: the most of an hour; 0: no bound."""

    __slots__ = ("_all", "_by_address", "_per_address", "_per_town", "refused")

    def __init__(self, per_address: int = PER_ADDRESS, per_town: int = PER_TOWN) -> None:
        self._per_address = per_address
        self._per_town = per_town
        self._by_address: dict[str, deque[datetime]] = {}
        self._all: deque[datetime] = deque()
        self.refused = 0

    def admit_stranger(self, address: str, now: datetime, in_disaster: bool = False) -> None:
        """Count what somebody hands in whom nobody knows; in a disaster ten times as much is taken, when much is
        broken and a mobile network has one address for many. Raises TooManyRequests, with the seconds until there is
        room again as `retryAfter`."""
        since, times = now - HOUR, _IN_DISASTER if in_disaster else 1
        mine, everyone = self._recent(household(address), since), _forget(self._all, since)
        self._demand("address", mine, times * self._per_address, now)
        self._demand("town", everyone, times * self._per_town, now)
        _note(mine, self._per_address, now)
        _note(everyone, self._per_town, now)

    def admit_person(self, person: str, now: datetime) -> None:
        """Count what somebody hands in who is signed in: for them alone, however much strangers bring."""
        mine = self._recent(person, now - HOUR)
        self._demand("person", mine, self._per_address, now)
        _note(mine, self._per_address, now)

    def _demand(self, whose: str, times: deque[datetime], bound: int, now: datetime) -> None:
        if bound and len(times) >= bound:
            self.refused += 1
            wait = max(1, ceil((times[len(times) - bound] + HOUR - now).total_seconds()))
            raise TooManyRequests(
                f"{_WHY[whose]} {bound} an hour; please come again in {-(-wait // 60)} minutes, sign in, or call the "
                "town hall if it cannot wait",
                reception=whose,
                limit=bound,
                retryAfter=wait,
            )

    def _recent(self, who: str, since: datetime) -> deque[datetime]:
        found = self._by_address.get(who)
        if found is None:
            if len(self._by_address) >= _MOST:
                held = {one: times for one, times in self._by_address.items() if _forget(times, since)}
                self._by_address = dict(list(held.items())[-_MOST // 2 :])
            found = self._by_address[who] = deque()
        return _forget(found, since)


_WHY: Mapping[str, str] = {
    "address": "From one address the town takes",
    "town": "Very much is being handed in at the moment; from people who are not signed in the town takes",
    "person": "From one person the town takes",
}


def household(address: str) -> str:
    """For whom an address stands: an IPv6 one for its /64, which is one household's, and in which who wants has as many
    addresses as they like (RFC 6177)."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        inside = found.ipv4_mapped
        return str(inside) if inside else str(IPv6Address(int(found) >> 64 << 64))
    return address


def _forget(times: deque[datetime], since: datetime) -> deque[datetime]:
    while times and times[0] <= since:
        times.popleft()
    return times


def _note(times: deque[datetime], bound: int, now: datetime) -> None:
    if bound:  # else nobody ever looks
        times.append(now)
