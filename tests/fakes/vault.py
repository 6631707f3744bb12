"""A vault for templates in memory, as tests see one. Keys and templates lie apart."""

from collections.abc import Callable, Sequence

from machinami.foundation.errors import BadRequestData
from machinami.kit.biometry import NotEnrolled
from machinami.methods.cancellable import distance, template

BITS, TOLERANCE = 256, 0.25


class MemoryVault:
    """Templates and keys of people. fresh_key: 32 new random bytes; consented: whether a consent holds."""

    def __init__(self, fresh_key: Callable[[], bytes], consented: Callable[[str], bool]) -> None:
        self.keys: dict[str, bytes] = {}
        self.templates: dict[str, tuple[bytes, str]] = {}
        self._fresh_key = fresh_key
        self._consented = consented

    async def enrol(self, subject: str, vector: Sequence[float], consent: str) -> None:
        """Keep a template under a fresh key."""
        if not self._consented(consent):
            raise BadRequestData(f"The consent {consent} does not hold")
        key = self._fresh_key()
        self.templates[subject] = template(vector, key, BITS), consent
        self.keys[subject] = key

    async def matches(self, subject: str, vector: Sequence[float]) -> bool:
        """Whether a vector is of the person, as long as they consent."""
        if subject not in self.templates:
            raise NotEnrolled(f"{subject} is not enrolled")
        kept, consent = self.templates[subject]
        key = self.keys.get(subject)
        if key is None or not self._consented(consent):
            return False
        return distance(kept, template(vector, key, BITS)) <= TOLERANCE

    async def revoke(self, subject: str) -> None:
        """Throw the key away."""
        if subject not in self.templates:
            raise NotEnrolled(f"{subject} is not enrolled")
        self.keys.pop(subject, None)

    async def erase(self, subject: str) -> None:
        """Leave nothing."""
        self.keys.pop(subject, None)
        self.templates.pop(subject, None)

    async def enrolled(self) -> Sequence[str]:
        """Who is enrolled."""
        return list(self.templates)
