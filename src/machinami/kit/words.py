"""In which words does the town say it? Catalogues of texts in Japanese, English and やさしい日本語.

A catalogue is a TOML file `texts/<language>.toml` beside the code that uses it; its tables become dotted keys.
A text may hold `{placeholders}`, and ruby as `[漢字|かんじ]`. A table of `one` and `other` is a plural, chosen
by the placeholder `count`.
"""

import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from markupsafe import Markup, escape

from machinami.foundation.errors import MachinamiError

Language = Literal["ja", "en", "easy"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT_LANGUAGE: Language = "ja"
HTML_LANG: dict[Language, str] = {"ja": "ja", "en": "en", "easy": "ja"}
OWN = "machinami.kit"

Text = str | dict[str, str]
_RUBY = re.compile(r"\[([^\[\]|]+)\|([^\[\]|]+)\]")
_PLURAL = {"one", "other"}


class UnknownWord(MachinamiError):
    """No catalogue has this text."""


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language as seen from one package: its own first, then the kit's."""

    language: Language
    package: str = OWN

    def plain(self, key: str, /, **values: object) -> str:
        """The text without ruby: for titles, attributes, canvas and JSON."""
        return without_ruby(self._pattern(key, values)).format(**values)

    def rich(self, key: str, /, **values: object) -> Markup:
        """The text as safe HTML with ruby; every value is escaped."""
        return with_ruby(self._pattern(key, values)).format(**values)

    @property
    def tongue(self) -> str:
        """The language in which what somebody types on a page is kept: English, or Japanese for either way of it."""
        return "en" if self.language == "en" else DEFAULT_LANGUAGE

    def of(self, text: Mapping[str, str] | None, otherwise: str = "") -> str:
        """A text of the town's data in the reader's language; in Japanese, then in any, where there is none in it."""
        said = text or {}
        return said.get(self.language) or said.get(DEFAULT_LANGUAGE) or next(filter(None, said.values()), otherwise)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return any(key in catalogue(package, self.language) for package in (self.package, OWN))

    def _pattern(self, key: str, values: dict[str, object]) -> str:
        for package in (self.package, OWN):
            text = catalogue(package, self.language).get(key)
            if text is not None:
                return text if isinstance(text, str) else text[_plural(self.language, values.get("count"))]
        raise UnknownWord(f"No text {key!r} in {self.language} for {self.package}", key=key)


def with_ruby(text: str) -> Markup:
    """The text as safe HTML, its ruby marks as ruby."""
    return Markup(_RUBY.sub(r"<ruby>\1<rp>（</rp><rt>\2</rt><rp>）</rp></ruby>", str(escape(text))))


def without_ruby(text: str) -> str:
    """The text with its ruby marks taken away."""
    return _RUBY.sub(r"\1", text)


def choose_language(asked: str | None, remembered: str | None) -> Language:
    """The language of this answer: what the address asks, else what the cookie remembers, else Japanese."""
    for wish in (asked, remembered):
        for language in LANGUAGES:
            if wish == language:
                return language
    return DEFAULT_LANGUAGE


@cache
def catalogue(package: str, language: Language) -> dict[str, Text]:
    """Every text of a package in one language by dotted key; empty where the package brings none."""
    source = files(package) / "texts" / f"{language}.toml"
    return flatten(tomllib.loads(source.read_text(encoding="utf-8"))) if source.is_file() else {}


def flatten(tree: dict[str, object], before: str = "") -> dict[str, Text]:
    """Nested tables as dotted keys; a table of one and other stays one text."""
    texts: dict[str, Text] = {}
    for name, node in tree.items():
        key = f"{before}{name}"
        if isinstance(node, dict) and set(node) == _PLURAL:
            texts[key] = {form: str(text) for form, text in node.items()}
        elif isinstance(node, dict):
            texts |= flatten(node, f"{key}.")
        else:
            texts[key] = str(node)
    return texts


def placeholders(text: Text) -> frozenset[str]:
    """The names between braces, over all plural forms."""
    forms = [text] if isinstance(text, str) else list(text.values())
    return frozenset(name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name)


def differences(package: str) -> list[str]:
    """What the catalogues of a package disagree on, as sentences; empty when they agree."""
    first = catalogue(package, DEFAULT_LANGUAGE)
    found: list[str] = []
    for language in LANGUAGES[1:]:
        other = catalogue(package, language)
        found += [f"{package} {language}: {key} is missing" for key in sorted(first.keys() - other.keys())]
        found += [f"{package} {language}: {key} is not in ja" for key in sorted(other.keys() - first.keys())]
        for key in sorted(first.keys() & other.keys()):
            ours, theirs = placeholders(first[key]), placeholders(other[key])
            if ours != theirs:
                found.append(f"{package} {language}: {key} has {sorted(theirs)}, ja has {sorted(ours)}")
            if isinstance(other[key], dict) and "count" not in theirs:
                found.append(f"{package} {language}: {key} is a plural without {{count}}")
    return found


def _plural(language: Language, count: object) -> str:
    return "one" if language == "en" and count == 1 else "other"
