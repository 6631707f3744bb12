"""Has a source told of this already? What was told lately, by which doubles are known (ETSI GS CIM 009, 5.8.6)."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

REMEMBERED = 1_000  # entities as they were told, of one subscription


@dataclass(frozen=True, slots=True)
class Telling:
    """One entity as it was told: its digest, by whom, and in which notification. unique: it bears the time of its
    change, and so is never told twice but by mistake."""

    digest: bytes
    teller: str
    notification: str
    unique: bool = False

    def to_record(self) -> Sequence[str]:
        """As it is kept in the store."""
        return self.digest.hex(), self.teller, self.notification

    @classmethod
    def from_record(cls, row: Sequence[str]) -> "Telling":
        """Back from the store."""
        digest, teller, notification = row
        return cls(bytes.fromhex(digest), teller, notification)


class Heard:
    """Of each digest, who told it and in which notification; and how many tellings each record in the store keeps."""

    def __init__(self) -> None:
        self._tellers: OrderedDict[bytes, dict[str, str]] = OrderedDict()
        self._records: deque[tuple[str, int]] = deque()
        self._kept = 0

    def is_double(self, telling: Telling) -> bool:
        """Whether this has been told already. What bears no time of its own is meant by who tells it again in another
        notification, and not by who merely tells it too."""
        tellers = self._tellers.get(telling.digest)
        if tellers is None:
            return False
        return telling.unique or tellers.get(telling.teller, telling.notification) == telling.notification

    def note(self, telling: Telling) -> None:
        """Remember it."""
        double = self.is_double(telling)
        before = self._tellers.pop(telling.digest, {})
        self._tellers[telling.digest] = {**(before if double else {}), telling.teller: telling.notification}
        if len(self._tellers) > REMEMBERED:
            self._tellers.popitem(last=False)

    def superfluous(self, more: int) -> list[str]:
        """The keys of the oldest records, which are not needed where one with so many tellings more is kept."""
        left, gone = self._kept + more, []
        for key, count in self._records:
            if left <= REMEMBERED:
                break
            left -= count
            gone.append(key)
        return gone

    def keep(self, key: str, count: int) -> None:
        """A record keeps so many tellings; those that are superfluous by it are kept no more."""
        for _ in self.superfluous(count):
            self._kept -= self._records.popleft()[1]
        self._records.append((key, count))
        self._kept += count

    def keys(self) -> list[str]:
        """The records that keep what is remembered."""
        return [key for key, _ in self._records]
