"""Which documents of @contexts are at hand in memory? As many as there is room for, those used last."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import orjson


class Shelf:
    """Documents at hand, with their bytes as JSON; those that were not used for longest go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[str, tuple[Mapping[str, Any], int]] = OrderedDict()
        self._bytes = 0

    def get(self, url: str) -> Mapping[str, Any] | None:
        """The document of a URL, None if it is not at hand."""
        found = self._held.get(url)
        if found is None:
            return None
        self._held.move_to_end(url)
        return found[0]

    def size(self, url: str) -> int:
        """The bytes of a document; 0 if it is not at hand."""
        found = self._held.get(url)
        return 0 if found is None else found[1]

    def put(self, url: str, body: Mapping[str, Any]) -> None:
        """Have a document at hand, however large it is."""
        self.drop(url)
        size = len(orjson.dumps(body))
        self._held[url] = body, size
        self._bytes += size
        while self._bytes > self._most and len(self._held) > 1:
            self.drop(next(iter(self._held)))

    def drop(self, url: str) -> None:
        """Have it at hand no more."""
        self._bytes -= self._held.pop(url, ({}, 0))[1]
