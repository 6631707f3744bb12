"""For what does the town ask people for data about them? Purposes that it has published, each with its texts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

_NAME = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,99}")
_LONGEST = 100_000
LANGUAGES = ("ja", "en", "easy")  # Japanese, English, やさしい日本語


@dataclass(frozen=True, slots=True)
class Version:
    """The text that people are shown from some moment on, by language."""

    number: int
    texts: tuple[tuple[str, str], ...]
    at: datetime
    by: str

    @property
    def by_language(self) -> Mapping[str, str]:
        """The text in each language."""
        return dict(self.texts)


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose with all versions of its text; closed_at: from when on nobody is given data for it."""

    id: str
    versions: tuple[Version, ...]
    closed_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether data may be given for it."""
        return self.closed_at is None or now < self.closed_at

    def shows(self, version: str, language: str) -> bool:
        """Whether the text exists that somebody says to have been shown."""
        return any(str(one.number) == version and one.by_language.get(language) for one in self.versions)


def is_name(text: str) -> bool:
    """Whether a purpose may be called so."""
    return _NAME.fullmatch(text) is not None


def faults(purpose_id: str, texts: Mapping[str, str]) -> str | None:
    """What is wrong with a purpose and its texts; None if nothing is."""
    if not is_name(purpose_id):
        return "its id is made of a-z, 0-9 and _ . : -, at most 100"
    if sum(map(len, texts.values())) > _LONGEST:
        return f"its texts are longer than {_LONGEST} characters"
    missing = [language for language in LANGUAGES if not texts.get(language, "").strip()]
    if missing:
        return f"a purpose is said in three kinds of language; {', '.join(missing)} is missing"
    unknown = sorted(texts.keys() - set(LANGUAGES))
    return f"{', '.join(unknown)[:50]} is none of the languages {', '.join(LANGUAGES)}" if unknown else None
