"""Which number stands for a long name in the tables?"""

import apsw

from machinami.store.sqlite.shapes import Shapes
from machinami.store.sqlite.statements import SQL

_MOST = 1_024  # sets of names of which the numbers are kept


class Names:
    """Attribute and type IRIs and their numbers, all in memory; new ones are written with the next commit.

    shapes: the numbers of the shapes that entities have.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._several: dict[tuple[str, ...], tuple[int, ...]] = {}
        self._new: list[tuple[int, str]] = []
        self.shapes = Shapes(connection)
        for number, text in connection.execute(SQL.all_names):
            self._numbers[text] = number
            self._texts[number] = text

    def number(self, text: str) -> int:
        """The number of the name, a new one if it has none yet."""
        number = self._numbers.get(text)
        if number is None:
            number = len(self._numbers) + 1
            self._numbers[text] = number
            self._texts[number] = text
            self._new.append((number, text))
        return number

    def numbers(self, texts: tuple[str, ...]) -> tuple[int, ...]:
        """The numbers of several names; many changes have the same."""
        numbers = self._several.get(texts)
        if numbers is None:
            if len(self._several) >= _MOST:
                self._several.clear()
            numbers = self._several[texts] = tuple(map(self.number, texts))
        return numbers

    def known(self, text: str) -> int | None:
        """The number of the name if it has one."""
        return self._numbers.get(text)

    def text(self, number: int) -> str:
        """The name that the number stands for."""
        return self._texts[number]

    def write(self, connection: apsw.Connection) -> tuple[int, int]:
        """Write new names and shapes in the open transaction; returns how many, for `written` after its commit."""
        if self._new:
            connection.executemany(SQL.add_name, self._new)
        return len(self._new), self.shapes.write(connection)

    def written(self, counts: tuple[int, int]) -> None:
        """These many new names and shapes are committed; what is not will be written again with the next commit."""
        names, shapes = counts
        del self._new[:names]
        self.shapes.written(shapes)
