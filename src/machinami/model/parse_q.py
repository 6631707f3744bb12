"""What does the text of a `q` ask for? The NGSI-LD Query Language (ETSI GS CIM 009, 4.9).

Beyond the clause: `!attr` (the attribute is missing), IRIs in angle brackets as names, a whole query inside
the braces of a linked condition, bare words as texts, and blanks between the parts.
"""

import math
import re
from collections.abc import Callable, Collection
from datetime import date, datetime, time
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import parse_instant
from machinami.foundation.pattern import compile_pattern
from machinami.foundation.urn import is_uri
from machinami.model.comparison import as_clock, as_moment
from machinami.model.context import Context
from machinami.model.query import (
    All,
    AnyOf,
    Compare,
    Condition,
    Exists,
    Linked,
    Literal,
    Missing,
    Operator,
    Path,
    Range,
)
from machinami.model.scanner import NAME, QUOTED, Scanner, is_prefix, read_logic, unquote
from machinami.model.target import TIMES

EXAMPLE = 'waterLevel>=2.5;river=="Yodo"|status[code]!=3'

_OPERATORS = ("!~=", "==", "!=", ">=", "<=", "~=", ">", "<")
_END = r"(?=\s*(?:\Z|[;|,)}]|\.\.))"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?" + _END)
_FRACTION = r"(?:[.,][0-9]{1,6})?"
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}" + _FRACTION + r"(?:Z|[+-][0-9]{2}:[0-9]{2})" + _END
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}" + _END)
_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}" + _FRACTION + "Z" + _END)
_BOOLEAN = re.compile(r"(true|false)" + _END)
_BARE = re.compile(r"[^\W\d_][^\s\";|,(){}<>]*?" + _END)
_WORD = re.compile(r"[^\W\d_]\w*\Z")
MEMBER = re.compile(r"[^\s.\[\]\"][^.\[\]\"]*")
TYPE_HINT = re.compile(rf"({NAME.pattern}|<[^<>\s]+>)(,({NAME.pattern}|<[^<>\s]+>))*:(?!//)")
_LARGEST_INTEGER = 2**63


def parse_q(text: object, context: Context, expand_values: Collection[str] = ()) -> Condition:
    """The condition that the text says, with names expanded by the context.

    expand_values: expanded names of the attributes whose texts are terms of the context (parameter expandValues).
    Raises BadRequestData that gives the position, what is expected there and an example.
    """
    reader = _Reader(Scanner(text, "q", EXAMPLE), context, frozenset(expand_values))
    condition = reader.condition()
    reader.scanner.wants_end("';', '|' or the end")
    return condition


def read_q(scanner: Scanner, context: Context) -> Condition:
    """The condition that comes next in a longer text; what stands after it is left to whoever reads that text.

    Raises BadRequestData as `parse_q` does, with the position in the longer text.
    """
    return _Reader(scanner, context, frozenset()).condition()


def read_path(scanner: Scanner, context: Context) -> Path:
    """The path `attr.sub[member]` that comes next in a longer text."""
    return _Reader(scanner, context, frozenset()).path()


class _Reader:
    """One reading of a q."""

    def __init__(self, scanner: Scanner, context: Context, expanded: frozenset[str]) -> None:
        self.scanner = scanner
        self.context = context
        self.expanded = expanded

    def condition(self) -> Condition:
        return read_logic(self.scanner, self.term, ("|",), All, AnyOf)

    def term(self) -> Condition:
        scanner = self.scanner
        if scanner.takes("!"):
            return Missing(self.path())
        path = self.path()
        if not path.trail and scanner.sees("{"):
            linked = self.linked(path)
            start = scanner.at
            sign = scanner.takes(*_OPERATORS)
            return linked if sign is None else self.compare_linked(linked, Operator(sign), start)
        sign = scanner.takes(*_OPERATORS)
        if sign is not None:
            return self.compare(path, Operator(sign))
        if scanner.sees("="):
            raise scanner.fault("an operator such as == or >=")
        return Exists(path)

    def path(self) -> Path:
        names = self.scanner.listed(lambda: self.scanner.name(self.context, "an attribute name"), ".")
        return Path(tuple(names), read_trail(self.scanner))

    def linked(self, path: Path) -> Linked:
        self.scanner.wants("{")
        types = self.type_hint()
        condition = self.scanner.nested(self.condition)
        self.scanner.wants("}")
        return Linked(path, condition, types)

    def type_hint(self) -> tuple[str, ...]:
        """The types of `{Type,Type:attr}`; what stands before a colon may also be a prefix of the context."""
        scanner = self.scanner
        scanner.skip()
        hint = TYPE_HINT.match(scanner.text, scanner.at)
        if hint is None:
            return ()
        written = hint[0][:-1]
        if is_prefix(written, self.context):
            return ()
        end = hint.end() - 1
        inner = Scanner(written, scanner.parameter, scanner.example)
        types = inner.listed(lambda: inner.name(self.context, "an entity type"), ",")
        scanner.at = end + 1
        return tuple(types)

    def compare_linked(self, linked: Linked, operator: Operator, at: int) -> Linked:
        """`rel{attr}==5` means the same as `rel{attr==5}`."""
        inner = linked.condition
        if isinstance(inner, Exists):
            return Linked(linked.path, self.compare(inner.path, operator), linked.types)
        if isinstance(inner, Linked):
            return Linked(linked.path, self.compare_linked(inner, operator, at), linked.types)
        raise self.scanner.fault("no operator after '}', because the braces hold a comparison,", at)

    def compare(self, path: Path, operator: Operator) -> Compare:
        if operator in (Operator.MATCHES, Operator.NOT_MATCHES):
            return Compare(path, operator, (self.pattern(),))
        equality = operator in (Operator.EQUAL, Operator.UNEQUAL)
        start = self.scanner.at
        first = self.value(path, equality)
        if self.scanner.sees("..") or self.scanner.sees(","):
            if not equality:
                raise self.scanner.fault("a single value, because a range or list goes with == or != only,")
            if self.scanner.takes(".."):
                return Compare(path, operator, (self.range(path, first, start),))
            self.scanner.wants(",")
            more = self.scanner.listed(lambda: self.value(path, True), ",")
            return Compare(path, operator, (first, *more))
        return Compare(path, operator, (first,))

    def range(self, path: Path, low: Literal, at: int) -> Range:
        high = self.value(path, False)
        if _family(low.value) is not _family(high.value):
            raise self.scanner.fault("a range between two numbers, texts, dates or times", at)
        return Range(low, high)

    def value(self, path: Path, equality: bool) -> Literal:
        scanner = self.scanner
        scanner.skip()
        start = scanner.at
        value = self.scalar(equality)
        if path.names[-1] in TIMES and not path.trail and not isinstance(value, datetime):
            value = as_moment(value)
            if value is None:
                raise scanner.fault("a date-time such as 2026-06-30T09:00:00Z", start)
        iri = None
        if isinstance(value, str) and not self.expanded.isdisjoint(path.names):
            iri = self.context.expand(value)
        return Literal(value, iri)

    def scalar(self, equality: bool) -> Any:
        scanner = self.scanner
        start = scanner.at
        text = scanner.quoted()
        if text is not None:
            return text
        for pattern, read in _SCALARS:
            found = scanner.reads(pattern)
            if found is not None:
                value = read(found[0])
                if value is None:
                    raise scanner.fault("a value that exists in the calendar and among numbers", start)
                return value
        if equality:
            boolean = scanner.reads(_BOOLEAN)
            if boolean is not None:
                return boolean[1] == "true"
            bare = scanner.reads(_BARE)
            if bare is not None and (_WORD.match(bare[0]) or is_uri(bare[0])):
                return bare[0]
        also = ", true, false or a URI" if equality else ""
        raise scanner.fault('a value (5, "text", 2026-06-30, 2026-06-30T09:00:00Z, 09:00:00Z' + also + ")", start)

    def pattern(self) -> Literal:
        scanner = self.scanner
        scanner.skip()
        start = scanner.at
        quoted = scanner.reads(QUOTED)
        text = _bare_pattern(scanner) if quoted is None else _quoted_pattern(quoted[0], scanner, start)
        try:
            compile_pattern(text)
        except BadRequestData as error:
            raise BadRequestData(
                f"q: the pattern at position {start + 1} cannot be used: {error.detail}",
                **{**error.facts, "parameter": "q", "position": start + 1, "example": 'name~="^Upper"'},
            ) from error
        return Literal(text)


def read_trail(scanner: Scanner) -> tuple[str, ...]:
    """The members of `[a.b]`, or nothing; a member with a dot or bracket in its name is put in quotes."""
    if scanner.takes("[") is None:
        return ()

    def member() -> str:
        quoted = scanner.quoted()
        if quoted is not None:
            return quoted
        found = scanner.text[scanner.at : scanner.at + 1] == "*" and scanner.takes("*")
        plain = found or scanner.reads(MEMBER)
        if not plain:
            raise scanner.fault("the name of a member")
        return plain if isinstance(plain, str) else plain[0].rstrip()

    members = tuple(scanner.listed(member, "."))
    scanner.wants("]")
    return members


def _number(text: str) -> float | int | None:
    if len(text) < 20 and not set(text) & set(".eE"):
        number = int(text)
        if -_LARGEST_INTEGER <= number < _LARGEST_INTEGER:
            return number
    value = float(text)
    return value if math.isfinite(value) else None


def _moment(text: str) -> datetime | None:
    try:
        return parse_instant(text)
    except (BadRequestData, OverflowError):
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_SCALARS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (_NUMBER, _number),
    (_MOMENT, _moment),
    (_DAY, _day),
    (_CLOCK, as_clock),
)
_FAMILIES: dict[type, type] = {int: float, float: float, str: str, datetime: datetime, date: date, time: time}


def _family(value: object) -> type:
    return _FAMILIES.get(type(value), bool)


def _quoted_pattern(quoted: str, scanner: Scanner, at: int) -> str:
    """A pattern in quotes: a JSON string or, where its backslashes are those of the pattern, the text itself."""
    try:
        return unquote(quoted, scanner, at)
    except BadRequestData:
        return quoted[1:-1]


def _bare_pattern(scanner: Scanner) -> str:
    """A pattern without quotes: up to a `;` or `|` or an unmatched bracket outside its own brackets."""
    text, start = scanner.text, scanner.at
    at, depth, in_class = start, 0, False
    while at < len(text):
        sign = text[at]
        if sign == "\\":
            at += 2
            continue
        if in_class:
            in_class = sign != "]"
        elif sign == "[":
            in_class = True
        elif sign in "({":
            depth += 1
        elif sign in ")}":
            if depth == 0:
                break
            depth -= 1
        elif sign in ";|" and depth == 0:
            break
        at += 1
    scanner.at = min(at, len(text))
    if scanner.at == start:
        raise scanner.fault('a pattern such as "^Upper"')
    return text[start : scanner.at]
