"""What does a regular expression from outside mean, and how can it be run without hanging?

The syntax is what POSIX extended expressions (IEEE 1003.2, as ETSI GS CIM 009, 4.9 asks) and Python have in
common: `. [] ^ $ | () * + ? {m,n}`, classes such as [[:digit:]] (ASCII) and backslash d, w, s; also lazy
repetitions (which match the same texts), (?:…) and a leading (?i). `.` is any character, `^` and `$` are the
ends of the whole text. Back references and look-around are refused. A pattern is searched for anywhere in a
text unless it is anchored.

Simple patterns are run by `re`, whose backtracking they cannot provoke; all others by an automaton.
"""

import re
from dataclasses import dataclass

from machinami.foundation.automaton import (
    Automaton,
    Choice,
    End,
    One,
    Repeat,
    Sequence,
    Start,
    Tree,
)
from machinami.foundation.errors import BadRequestData
from machinami.foundation.remembered import remembered

MAX_LENGTH = 256
MAX_REPEATS = 1_000
_MAX_DEPTH = 20
_LONGEST_FOR_RE = 1_000  # characters: one free repetition costs the square of it at worst

_ANY = One(r"[\s\S]")
_REPEAT = re.compile(r"[*+?]|\{([0-9]{1,5})?(,)?([0-9]{1,5})?\}")
_CLASSES = {
    "digit": "0-9",
    "alpha": "a-zA-Z",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "xdigit": "0-9A-Fa-f",
    "punct": r"!-/:-@\[-`{-~",
}
_ESCAPES = "dDwWsS"
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that is safe to run."""

    text: str
    _quick: re.Pattern[str] | None
    _thorough: Automaton

    def finds(self, text: str) -> bool:
        """Whether the pattern matches anywhere in the text."""
        if self._quick is not None and len(text) <= _LONGEST_FOR_RE:
            return self._quick.search(text) is not None
        return self._thorough.finds(text)


@remembered(512)
def compile_pattern(text: str) -> Pattern:
    """The pattern, ready to run.

    Raises BadRequestData (fact `position`, from 1) where it cannot be understood, or if it is too long.
    """
    if len(text) > MAX_LENGTH:
        raise BadRequestData(f"a pattern may have {MAX_LENGTH} characters at most", length=len(text))
    reader = _Reader(text)
    tree = _without_margins(reader.whole())
    automaton = Automaton(tree, reader.flags)
    quick = re.compile(_write(tree), reader.flags) if _is_simple(tree) else None
    return Pattern(text, quick, automaton)


class _Reader:
    """One reading of a pattern from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.flags = 0
        self.at = 0
        self.depth = 0

    def fault(self, reason: str, at: int | None = None) -> BadRequestData:
        position = (self.at if at is None else at) + 1
        return BadRequestData(
            f"{self.text!r} is no regular expression that can be used: {reason} at position {position}",
            position=position,
        )

    def takes(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def whole(self) -> Tree:
        if self.takes("(?i)"):
            self.flags = re.IGNORECASE
        tree = self.choice()
        if self.at < len(self.text):
            raise self.fault("a parenthesis closes that was not opened")
        return tree

    def choice(self) -> Tree:
        parts = [self.sequence()]
        while self.takes("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Tree:
        parts: list[Tree] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeated(self, part: Tree) -> Tree:
        start = self.at
        found = _REPEAT.match(self.text, start)
        if found is None or found[0] in ("{}", "{,}"):
            return part
        self.at = found.end()
        low, high = _bounds(found)
        if high is not None and (high < low or high > MAX_REPEATS):
            raise self.fault(f"a repetition goes from the smaller to the greater number, {MAX_REPEATS} at most", start)
        self.takes("?")  # lazy: it matches the same texts
        if _REPEAT.match(self.text, self.at):
            raise self.fault("a repetition of a repetition (use parentheses)")
        return Repeat(part, low, high)

    def atom(self) -> Tree:
        sign = self.text[self.at]
        if sign == "(":
            return self.group()
        if sign == "[":
            return self.char_class()
        if sign == "\\":
            return self.escape()
        if sign in "*+?":
            raise self.fault("a repetition of nothing")
        self.at += 1
        if sign == "^":
            return Start()
        if sign == "$":
            return End()
        return _ANY if sign == "." else One(re.escape(sign))

    def group(self) -> Tree:
        start = self.at
        self.takes("(")
        if self.takes("?") and not self.takes(":"):
            raise self.fault("look-around, names and flags of groups cannot be used", start)
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.fault(f"groups are more than {_MAX_DEPTH} levels deep", start)
        inner = self.choice()
        self.depth -= 1
        if not self.takes(")"):
            raise self.fault("a parenthesis is not closed", start)
        return inner

    def escape(self) -> Tree:
        start = self.at
        self.at += 2
        sign = self.text[start + 1 : start + 2]
        if sign and sign in _ESCAPES:
            return One("\\" + sign)
        if sign == "A":
            return Start()
        if sign in ("Z", "z"):
            return End()
        if sign in _CONTROLS:
            return One(re.escape(_CONTROLS[sign]))
        if not sign or sign.isalnum():
            raise self.fault("this backslash cannot be used", start)
        return One(re.escape(sign))

    def char_class(self) -> Tree:
        """A bracket expression, written anew so that `re` understands it as POSIX does."""
        start = self.at
        self.takes("[")
        body = "[^" if self.takes("^") else "["
        first = True
        while first or not self.takes("]"):
            if self.at >= len(self.text):
                raise self.fault("a bracket is not closed", start)
            body += self.class_member()
            first = False
        try:
            re.compile(body + "]")
        except re.error as error:
            raise self.fault(f"the bracket cannot be used ({error.msg})", start) from error
        return One(body + "]")

    def class_member(self) -> str:
        if self.takes("[:"):
            end = self.text.find(":]", self.at)
            name = self.text[self.at : end] if end >= 0 else ""
            if name not in _CLASSES:
                raise self.fault(f"a class is one of {', '.join(_CLASSES)}")
            self.at = end + 2
            return _CLASSES[name]
        sign = self.text[self.at]
        self.at += 1
        if sign == "-":
            if self.takes("-"):
                raise self.fault("a doubled hyphen in brackets means nothing certain", self.at - 2)
            return "-"
        if sign != "\\":
            return re.escape(sign)
        escaped = self.text[self.at : self.at + 1]
        self.at += 1
        if escaped and escaped in _ESCAPES:
            return "\\" + escaped
        if escaped in _CONTROLS:
            return re.escape(_CONTROLS[escaped])
        if not escaped or escaped.isalnum():
            raise self.fault("this backslash cannot be used", self.at - 2)
        return re.escape(escaped)


def _bounds(found: re.Match[str]) -> tuple[int, int | None]:
    fixed = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(found[0])
    if fixed is not None:
        return fixed
    low = int(found[1] or 0)
    if not found[2]:
        return low, low
    return low, int(found[3]) if found[3] else None


def _without_margins(tree: Tree) -> Tree:
    """The tree without `.*` at either end, which means nothing when a pattern is searched for."""
    parts = tree.parts if isinstance(tree, Sequence) else (tree,)
    margin = Repeat(_ANY, 0, None)
    while parts[:1] == (margin,) or parts[:2] == (Start(), margin):
        parts = parts[1:] if parts[0] == margin else parts[2:]
    while parts[-1:] == (margin,) or parts[-2:] == (margin, End()):
        parts = parts[:-1] if parts[-1] == margin else parts[:-2]
    return parts[0] if len(parts) == 1 else Sequence(parts)


def _is_simple(tree: Tree) -> bool:
    """Whether backtracking costs the square of the text at worst: one free repetition, nothing nested."""
    parts = tree.parts if isinstance(tree, Sequence) else (tree,)
    repeats = [part for part in parts if isinstance(part, Repeat)]
    choices = [part for part in parts if isinstance(part, Choice)]
    return (
        len(repeats) + len(choices) <= 2
        and sum(part.low != part.high for part in repeats) <= 1
        and all(isinstance(part.part, One) for part in repeats)
        and all(_is_plain(option) for choice in choices for option in choice.parts)
        and not any(isinstance(part, Sequence) for part in parts)
    )


def _is_plain(tree: Tree) -> bool:
    parts = tree.parts if isinstance(tree, Sequence) else (tree,)
    return all(isinstance(part, One | Start | End) for part in parts)


def _write(tree: Tree) -> str:
    """The tree in the syntax of `re`."""
    if isinstance(tree, One):
        return tree.source
    if isinstance(tree, Start):
        return r"\A"
    if isinstance(tree, End):
        return r"\Z"
    if isinstance(tree, Repeat):
        high = "" if tree.high is None else tree.high
        return f"(?:{_write(tree.part)}){{{tree.low},{high}}}"
    sign = "|" if isinstance(tree, Choice) else ""
    return "(?:" + sign.join(_write(part) for part in tree.parts) + ")"
