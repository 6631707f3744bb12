"""Does a table that people wrote (TOML) say what it may say? Its keys are read one by one, or refused with the cure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from machinami.foundation.errors import SettingsError

_LARGEST = 1e300


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what stands in it, what the whole document is called, and where in it the table stands.

    Every reader raises SettingsError that names document, place and key, and says what to write.
    """

    said: Mapping[str, Any]
    document: str
    where: str

    def __contains__(self, key: str) -> bool:
        return key in self.said

    def at(self, where: str, said: Mapping[str, Any] | None = None) -> "Table":
        """Another table of the same document, or this one by a better name."""
        return Table(self.said if said is None else said, self.document, where)

    def wrong(self, key: str, what: str) -> SettingsError:
        """The error that says what is wrong with a key."""
        return SettingsError(f"In {self.document}, {self.where}: {key} {what}", where=self.where, key=key)

    def only(self, keys: Sequence[str]) -> None:
        """Refuse any key but these."""
        if unknown := [key for key in self.said if key not in keys]:
            raise self.wrong(unknown[0], f"is not known; known are {', '.join(keys)}")

    def table(self, key: str, where: str) -> "Table":
        """The table below a key, called `where`."""
        said = self.said.get(key)
        if not isinstance(said, Mapping):
            raise self.wrong(where, "is missing" if said is None else "must be a table")
        return self.at(where, said)

    def rows(self, key: str, head: str, where: str, cure: str) -> "list[Table]":
        """The tables of an array, each called `where` and its number; `head` is how one of them begins."""
        said = self.said.get(key)
        if not isinstance(said, list) or not said or not all(isinstance(row, Mapping) for row in said):
            raise self.wrong(key, f"is missing; {cure}" if not said else f"must be tables, each under {head}")
        return [self.at(f"{where} {number}", row) for number, row in enumerate(said, 1)]

    def text(self, key: str, default: str | None = None) -> str:
        """A text; without a default it must be there and not be empty."""
        value = self.said.get(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self.wrong(key, "is missing" if value is None else f"must be text, not {value!r}")
        return value

    def texts(self, key: str, empty: bool = False) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one. empty: whether it may be left out."""
        value = self.said.get(key, [] if empty else None)
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found) or not (found or empty):
            raise self.wrong(key, "is missing" if value is None else f'is written ["…", "…"], not {value!r}')
        return tuple(found)

    def number(self, key: str, default: float) -> float:
        """A finite number."""
        if key not in self.said:
            return default
        value = self.said[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
            raise self.wrong(key, f"must be a number, not {value!r}")
        return float(value)

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        """One of a few words."""
        value = self.said.get(key, default)
        if value not in allowed:
            raise self.wrong(key, f"must be one of {', '.join(allowed)}, not {value!r}")
        return str(value)

    def flag(self, key: str, default: bool) -> bool:
        """Yes or no."""
        value = self.said.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, f"must be true or false, not {value!r}")
        return value
