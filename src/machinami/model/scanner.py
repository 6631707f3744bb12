"""How is the text of a query read from left to right, and what is said where it goes wrong?

One scanner for all query languages of ETSI GS CIM 009 (q, types, scopes, names, orders), so that every fault
is told in the same way: where it is, what is expected there, and an example of the right form.
"""

import json
import re
from collections.abc import Callable
from typing import TypeVar

from machinami.foundation.errors import BadRequestData
from machinami.model.context import Context

T = TypeVar("T")

MAX_TEXT = 32_768  # characters: far above any honest query
MAX_DEPTH = 20  # parentheses or braces inside each other
MAX_PARTS = 1_000  # parts of one disjunction, conjunction or list

PREFIX_ENDS = (":", "/", "?", "#", "[", "]", "@")  # JSON-LD 1.1: a term is a prefix if its IRI ends in one
NAME = re.compile(r"(?:[^\W\d_][\w-]*:)?[^\W\d_]\w*")
BARE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s<>\"{}|\\^`,;()]+|urn:[^\s<>\"{}|\\^`,;()]+")
BRACKETED_IRI = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+)>")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")
_SHOWN = 24


class Scanner:
    """A text and how far it has been read. parameter and example name it in messages."""

    __slots__ = ("at", "depth", "example", "parameter", "text")

    def __init__(self, text: object, parameter: str, example: str) -> None:
        self.parameter = parameter
        self.example = example
        self.at = 0
        self.depth = 0
        self.text = text if isinstance(text, str) else ""
        if not isinstance(text, str):
            raise self.fault("a text")
        if len(text) > MAX_TEXT:
            raise self.fault(f"a text of {MAX_TEXT} characters at most")
        if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
            raise self.fault("well-formed Unicode")

    def fault(self, expected: str, at: int | None = None) -> BadRequestData:
        """The error that something else is expected at this position (facts: position counts from 1)."""
        position = self.at if at is None else at
        rest = self.text[position : position + _SHOWN]
        found = f"{rest!r} is there" if rest else "the text ends"
        return BadRequestData(
            f"{self.parameter}: at position {position + 1} {expected} is expected, but {found}; "
            f"write for example {self.example}",
            parameter=self.parameter,
            position=position + 1,
            expected=expected,
            example=self.example,
        )

    def skip(self) -> None:
        """Passes blanks; they mean nothing between the parts of a query."""
        space = _SPACE.match(self.text, self.at)
        if space is not None:
            self.at = space.end()

    def sees(self, sign: str) -> bool:
        """Whether the sign comes next."""
        self.skip()
        return self.text.startswith(sign, self.at)

    def takes(self, *signs: str) -> str | None:
        """The first of the signs that comes next, passed; None if none does."""
        self.skip()
        for sign in signs:
            if self.text.startswith(sign, self.at):
                self.at += len(sign)
                return sign
        return None

    def wants(self, sign: str) -> None:
        """Passes the sign. Raises BadRequestData if it does not come next."""
        if self.takes(sign) is None:
            raise self.fault(repr(sign))

    def reads(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The match of the pattern right here, passed; None if there is none."""
        self.skip()
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def ends(self) -> bool:
        """Whether nothing but blanks is left."""
        self.skip()
        return self.at >= len(self.text)

    def wants_end(self, expected: str = "the end") -> None:
        """Raises BadRequestData if anything is left."""
        if not self.ends():
            raise self.fault(expected)

    def name(self, context: Context, what: str = "a name") -> str:
        """The IRI of the name that comes next: a term, prefix:term, or an IRI in angle brackets."""
        start = self.at
        iri = self.reads(BRACKETED_IRI)
        if iri is not None:
            return iri[1]
        found = self.reads(NAME)
        if found is None:
            raise self.fault(what)
        if self.text.startswith("://", self.at):
            raise self.fault("a short name, or a whole IRI in angle brackets such as <https://…>,", start)
        return context.expand(found[0])

    def name_or_iri(self, context: Context, what: str = "a name") -> str:
        """Like `name`, where nothing else can begin like an IRI: whole IRIs need no brackets (5.2.23)."""
        iri = self.reads(BARE_IRI)
        return iri[0] if iri is not None else self.name(context, what)

    def quoted(self) -> str | None:
        """The JSON string that comes next, without its quotes; None if there is none."""
        start = self.at
        found = self.reads(QUOTED)
        if found is None:
            return None
        return unquote(found[0], self, start)

    def nested(self, read: Callable[[], T]) -> T:
        """What `read` reads one level deeper. Raises BadRequestData below MAX_DEPTH levels."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fault(f"no more than {MAX_DEPTH} levels")
        made = read()
        self.depth -= 1
        return made

    def listed(self, read: Callable[[], T], *separators: str) -> list[T]:
        """One or more things between separators."""
        parts = [read()]
        while self.takes(*separators):
            if len(parts) >= MAX_PARTS:
                raise self.fault(f"no more than {MAX_PARTS} parts")
            parts.append(read())
        return parts


def is_prefix(name: str, context: Context) -> bool:
    """Whether the name is a prefix of compact IRIs in this context."""
    return context.terms.get(name, "").endswith(PREFIX_ENDS)


def unquote(text: str, scanner: Scanner, at: int) -> str:
    """The text that a JSON string literal stands for."""
    try:
        value = str(json.loads(text))
        value.encode()
    except ValueError as error:
        raise scanner.fault('a JSON string such as "upper river"', at) from error
    return value


def read_logic(
    scanner: Scanner,
    read: Callable[[], T],
    alternatives: tuple[str, ...],
    every: Callable[[tuple[T, ...]], T],
    some: Callable[[tuple[T, ...]], T],
) -> T:
    """Parts joined by `;` (binding closer) and by the signs of alternatives, with parentheses (4.9, 4.17, 4.19)."""

    def part() -> T:
        if scanner.takes("("):
            inner = scanner.nested(disjunction)
            scanner.wants(")")
            return inner
        return read()

    def conjunction() -> T:
        parts = scanner.listed(part, ";")
        return parts[0] if len(parts) == 1 else every(tuple(parts))

    def disjunction() -> T:
        parts = scanner.listed(conjunction, *alternatives)
        return parts[0] if len(parts) == 1 else some(tuple(parts))

    return disjunction()
