"""Which attributes need not be written as JSON once more?

A reading changes one attribute of an entity; the others are the same objects as before, and so is their JSON.
"""

import orjson

from machinami.model.attribute import Attribute
from machinami.model.document import instances_to_document
from machinami.store.encoding import encode

_Kept = tuple[tuple[Attribute, ...], orjson.Fragment]


class Fragments:
    """The JSON of the attributes that were written most recently, by object; bounded, in two generations."""

    def __init__(self, limit: int) -> None:
        self._limit = max(1, limit // 2)
        self._young: dict[int, _Kept] = {}
        self._old: dict[int, _Kept] = {}

    def of(self, instances: tuple[Attribute, ...]) -> orjson.Fragment:
        """The JSON of the instances. An entry holds the object, so that its id cannot come to mean another."""
        place = id(instances)
        kept = self._young.get(place)
        if kept is None or kept[0] is not instances:
            kept = self._old.get(place)
            if kept is None or kept[0] is not instances:
                kept = instances, orjson.Fragment(encode(instances_to_document(instances)))
            self._young[place] = kept
            if len(self._young) >= self._limit:
                self._old, self._young = self._young, {}
        return kept[1]
