"""How does a change of plain attributes stand in the log? As its values; what they are values of is written once."""

from functools import lru_cache
from typing import Any

import apsw
import orjson

from machinami.model.attribute import Kind
from machinami.model.change import Change
from machinami.model.document import VERB_CODES, Document, moment_to_text
from machinami.model.plain import Plain, Shape, form_of, shape_of
from machinami.store.encoding import encode
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.statements import SQL

Layout = tuple[list[str], Shape]  # the types of an entity, and the shape of its attributes

_MOST = 1_024  # layouts of a town that have a number: they come from outside, and stay in memory
_WIDEST = 64  # attributes of an entity that has one


class Shapes:
    """The layouts that have a number; new ones are written with the next commit."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._numbers = {text: number for number, text in connection.execute(SQL.all_shapes)}
        self._known: dict[tuple[tuple[str, ...], Shape], int] = {}
        self._new: list[tuple[int, str]] = []

    def number(self, types: tuple[str, ...], shape: Shape) -> int | None:
        """The number of a layout, a new one if it has none yet; None where there are too many already."""
        number = self._known.get((types, shape))
        if number is None:
            number = self._find(types, shape)
            if number is not None:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[types, shape] = number
        return number

    def _find(self, types: tuple[str, ...], shape: Shape) -> int | None:
        if len(shape.forms) > _WIDEST:
            return None
        text = encode([types, [(one.name, one.kind.value, one.unit, one.timed) for one in shape.forms]]).decode()
        number = self._numbers.get(text)
        if number is None and len(self._numbers) < _MOST:
            number = self._numbers[text] = len(self._numbers) + 1
            self._new.append((number, text))
        return number

    def write(self, connection: apsw.Connection) -> int:
        """Write the new layouts in the open transaction; returns how many, for `written` after its commit."""
        if self._new:
            connection.executemany(SQL.add_shape, self._new)
        return len(self._new)

    def written(self, count: int) -> None:
        """These many new layouts are committed; what is not will be written again with the next commit."""
        del self._new[:count]


def values_text(change: Change, plain: Plain, shapes: Shapes) -> bytes | None:
    """The row of the log for a change that makes an entity of plain attributes, all of them written by it; None where
    it takes more than their values to say it."""
    after, at = change.after, moment_to_text(change.at)
    if after is None or after.created_at is None or after.modified_at != change.at or plain.written != at:
        return None
    number = shapes.number(change.types, plain.shape) if after.types == change.types else None
    if number is None:
        return None
    created, made = moment_to_text(after.created_at), plain.made
    told = number, plain.fields, None if made == at else made, None if created == at else created
    return encode({"l": told, "v": VERB_CODES[change.verb], "i": change.entity_id, "at": at, "by": change.by})


class LogReader:
    """Reads rows of the log, also those that are no more than values."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._layouts: dict[int, Layout] = {}

    def read(self, doc: bytes) -> Document:
        """The document of a change (see `model.document`)."""
        document: Document = orjson.loads(doc)
        values = document.pop("l", None)
        if values is not None:
            layout = self._layouts.get(values[0])
            if layout is None:
                ((text,),) = read(self.connection, SQL.shape_text, (values[0],))
                layout = self._layouts[values[0]] = _layout(text)
            _lay_out(document, values, layout)
        return document


def _lay_out(document: Document, values: list[Any], layout: Layout) -> None:
    """Say in the document what its values are."""
    (_, fields, made, created), (types, shape), at = values, layout, document["at"]
    plain = Plain(shape, tuple(fields), tuple(made) if isinstance(made, list) else made or at, at)
    document["t"] = types
    document["a"] = {"i": document["i"], "t": types, "c": created or at, "m": at, "a": plain.document()}


@lru_cache(_MOST)
def _layout(text: str) -> Layout:
    types, forms = orjson.loads(text)
    return types, shape_of(tuple([form_of(name, Kind(kind), unit, timed) for name, kind, unit, timed in forms]))
