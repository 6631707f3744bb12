"""What does the text of a formula ask for? Aggregates over the entities of the town, and arithmetic between them.

    count(Shelter where state=="open")                        how many entities
    share(Shelter where state=="open")                        of all of this type, from 0 to 1
    mean(waterLevel of RiverGauge over 7d where river=="淀")   past values of one attribute, each counted once
    median(minutes(refProposal{issuedAt}, decidedAt) of FloodDecision since 365d)
    100 * sum(persons of WalkingKpi) / max(population of Town)

After `where` stands a `q` of NGSI-LD (ETSI GS CIM 009, 4.9), with the one meaning that it has everywhere.
`over` asks for the past values of a window, `since` for the entities that came to be within it; neither: as it is now.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from machinami.foundation.errors import BadRequestData
from machinami.model.context import Context
from machinami.model.parse_q import read_path, read_q
from machinami.model.query import Condition, Path
from machinami.model.scanner import NAME, Scanner

EXAMPLE = 'share(Shelter where state=="open")'
LONGEST = 2_000
Name = Literal["count", "share", "sum", "mean", "median", "min", "max", "distinct"]
NAMES: tuple[Name, ...] = get_args(Name)
Unit = Literal["days", "hours", "minutes"]
UNITS: tuple[Unit, ...] = get_args(Unit)
Kind = Literal["over", "since"]
Sign = Literal["+", "-", "*", "/"]
DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "y": 365.25}
MOST_DAYS = 3_660.0

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_LENGTH = re.compile(r"([0-9]{1,5})\s*(h|d|w|y)\b")
_WORD = re.compile(r"(of|over|since|where)\b")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    value: float


@dataclass(frozen=True, slots=True)
class Negated:
    """The opposite."""

    of: "Term"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two terms and what is done with them."""

    sign: Sign
    left: "Term"
    right: "Term"


@dataclass(frozen=True, slots=True)
class Attribute:
    """What stands in an entity at a path; `rel{…}` of a relationship: what stands in the entity that it points to."""

    path: Path
    inner: "Attribute | None" = None


@dataclass(frozen=True, slots=True)
class Elapsed:
    """How long from one moment to another, in days, hours or minutes. None: now."""

    unit: Unit
    start: Attribute | None
    end: Attribute | None


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time that ends now."""

    kind: Kind
    days: float


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One figure over the entities of a type (expanded). value: what of each is taken, None: the entity itself.

    text: as it is written, so that a page can say which part gave what.
    """

    name: Name
    type: str
    value: "Term | None"
    window: Window | None
    condition: Condition | None
    text: str


Term = Number | Negated | Arithmetic | Attribute | Elapsed | Aggregate


def parse_formula(text: str, context: Context) -> Term:
    """The formula that the text says, with names expanded by the context.

    Raises BadRequestData that gives the position, what is expected there and an example.
    """
    scanner = Scanner(text, "formula", EXAMPLE)
    if len(text) > LONGEST:
        raise scanner.fault(f"a formula of {LONGEST} characters at most", LONGEST)
    reader = _Reader(scanner, context)
    found = reader.sum(reader.figure)
    scanner.wants_end("+, -, *, / or the end")
    if not aggregates(found):
        raise scanner.fault(f"one of {', '.join(NAMES)} over entities, somewhere in the formula,", 0)
    return found


def aggregates(term: Term) -> list[Aggregate]:
    """Every aggregate of a formula, from left to right."""
    if isinstance(term, Aggregate):
        return [term]
    if isinstance(term, Arithmetic):
        return [*aggregates(term.left), *aggregates(term.right)]
    return aggregates(term.of) if isinstance(term, Negated) else []


class _Reader:
    """One reading of a formula."""

    def __init__(self, scanner: Scanner, context: Context) -> None:
        self.scanner = scanner
        self.context = context

    def sum(self, leaf: Callable[[], Term]) -> Term:
        found = self.product(leaf)
        while sign := self.scanner.takes("+", "-"):
            found = Arithmetic("+" if sign == "+" else "-", found, self.product(leaf))
        return found

    def product(self, leaf: Callable[[], Term]) -> Term:
        found = self.factor(leaf)
        while sign := self.scanner.takes("*", "/"):
            found = Arithmetic("*" if sign == "*" else "/", found, self.factor(leaf))
        return found

    def factor(self, leaf: Callable[[], Term]) -> Term:
        scanner = self.scanner
        if scanner.takes("-"):
            return Negated(scanner.nested(lambda: self.factor(leaf)))
        if scanner.takes("("):
            inner = scanner.nested(lambda: self.sum(leaf))
            scanner.wants(")")
            return inner
        number = scanner.reads(_NUMBER)
        return Number(float(number[0])) if number else leaf()

    def figure(self) -> Term:
        """An aggregate: `name([value of] Type [over … | since …] [where q])`."""
        scanner = self.scanner
        scanner.skip()
        start = scanner.at
        word = scanner.reads(NAME)
        name = next((name for name in NAMES if word and word[0] == name), None)
        if name is None:
            raise scanner.fault(f"a number or one of {', '.join(NAMES)}", start)
        scanner.wants("(")
        value, kind = self.what(name)
        window = self.window(value)
        condition = self.condition(name)
        scanner.wants(")")
        return Aggregate(name, kind, value, window, condition, scanner.text[start : scanner.at])

    def what(self, name: Name) -> tuple[Term | None, str]:
        """What of which type: `value of Type`, or the type alone for those that count entities."""
        scanner = self.scanner
        if name in ("count", "share"):
            start = scanner.at
            kind = scanner.name(self.context, "an entity type")
            if scanner.ends() or scanner.sees(")") or _WORD.match(scanner.text, scanner.at):
                if not self.word("of"):
                    return None, kind
                scanner.at = start
            else:
                scanner.at = start
            if name == "share":
                raise scanner.fault("an entity type, because share counts entities,", start)
        value = self.sum(self.attribute)
        if not self.word("of"):
            raise scanner.fault("'of' and an entity type")
        return value, scanner.name(self.context, "an entity type")

    def window(self, value: Term | None) -> Window | None:
        scanner = self.scanner
        scanner.skip()
        start = scanner.at
        kind: Kind | None = "over" if self.word("over") else "since" if self.word("since") else None
        if kind is None:
            return None
        length = scanner.reads(_LENGTH)
        if length is None:
            raise scanner.fault("a length such as 24h, 7d, 4w or 1y")
        days = int(length[1]) * DAYS[length[2]]
        if not 0 < days <= MOST_DAYS:
            raise scanner.fault("a length of ten years at most", start)
        if kind == "over" and not is_measured(value):
            raise scanner.fault("'since', because 'over' looks at the past of one attribute alone,", start)
        return Window(kind, days)

    def condition(self, name: Name) -> Condition | None:
        if self.word("where"):
            return read_q(self.scanner, self.context)
        if name == "share":
            raise self.scanner.fault("'where' and a condition, because share needs one,")
        return None

    def attribute(self) -> Term:
        scanner = self.scanner
        scanner.skip()
        start = scanner.at
        word = scanner.reads(NAME)
        unit = next((unit for unit in UNITS if word and word[0] == unit), None)
        if unit is not None and scanner.takes("("):
            begin = self.moment()
            scanner.wants(",")
            end = self.moment()
            scanner.wants(")")
            return Elapsed(unit, begin, end)
        scanner.at = start
        return self.path()

    def moment(self) -> Attribute | None:
        """A path, or `now`."""
        scanner = self.scanner
        start = scanner.at
        word = scanner.reads(NAME)
        if word and word[0] == "now":
            return None
        scanner.at = start
        return self.path()

    def path(self) -> Attribute:
        path = read_path(self.scanner, self.context)
        if not self.scanner.takes("{"):
            return Attribute(path)
        inner = self.scanner.nested(self.path)
        self.scanner.wants("}")
        return Attribute(path, inner)

    def word(self, word: str) -> bool:
        """Passes the word if it comes next, as a word of its own."""
        scanner = self.scanner
        scanner.skip()
        found = _WORD.match(scanner.text, scanner.at)
        if found is None or found[1] != word:
            return False
        scanner.at = found.end()
        return True


def is_measured(value: Term | None) -> bool:
    """Whether the value is one attribute itself, which has a past of its own."""
    return isinstance(value, Attribute) and value.inner is None and len(value.path.names) == 1 and not value.path.trail


def read_or_fault(text: str, context: Context) -> tuple[Term | None, BadRequestData | None]:
    """The formula, or what is wrong with it: for texts of which not all must be formulas."""
    try:
        return parse_formula(text, context), None
    except BadRequestData as error:
        return None, error
