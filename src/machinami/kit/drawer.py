"""What may a service do with the records that it keeps for itself alone, within one transaction?"""

from typing import Any, Protocol


class Drawer(Protocol):
    """A service's private records. What a work puts in becomes durable together, or not at all."""

    def get(self, shelf: str, key: str) -> dict[str, Any] | None:
        """A record as this work sees it now."""
        ...

    def put(self, shelf: str, key: str, value: dict[str, Any], about: str = "") -> None:
        """Keep a record. about: the person whom it is about; it is sealed with their key, and erased with them."""
        ...

    def drop(self, shelf: str, key: str) -> bool:
        """Remove a record; False if there was none."""
        ...
