"""How does somebody want to see entities? The choice of form, members, language and datasets as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

Form = Literal["normalized", "concise", "simplified"]

# name -> what to show (or leave out) of the linked entity below it; an empty tree: all of it (4.21)
Projection = Mapping[str, Any]

NONE = "@none"


@dataclass(frozen=True, slots=True)
class Representation:
    """The wanted representation of an entity (ETSI GS CIM 009, 6.3.7 to 6.3.11).

    attrs: expanded names of the only attributes to show (4.5.1, 5.7.2); None or empty: all.
    pick, omit: expanded names, and the words id, type and scope, as trees (4.21).
    lang: a language filter such as `fr-CH,fr;q=0.9,*;q=0.5` (4.15).
    datasets: the only datasetIds to show, @none for the default instance (4.5.5).
    """

    form: Form = "normalized"
    sys_attrs: bool = False
    attrs: tuple[str, ...] | None = None
    pick: Projection | None = None
    omit: Projection | None = None
    lang: str | None = None
    datasets: tuple[str, ...] | None = None

    @property
    def is_projected(self) -> bool:
        """Whether members are picked or omitted, so that nothing may be left of an entity."""
        return self.pick is not None or self.omit is not None

    def shows(self, name: str) -> bool:
        """Whether an attribute, or one of the members id, type and scope, is shown."""
        if self.pick is not None and name not in self.pick:
            return False
        return not (self.omit is not None and name in self.omit and not self.omit[name])

    def shows_attribute(self, name: str) -> bool:
        """Whether an attribute is among those to show."""
        return (not self.attrs or name in self.attrs) and self.shows(name)

    def below(self, name: str) -> "Representation":
        """How to show the entities that the relationship `name` links to."""
        return Representation(
            self.form,
            self.sys_attrs,
            None,
            self.pick.get(name) or None if self.pick is not None else None,
            self.omit.get(name) or None if self.omit is not None else None,
            self.lang,
            None,
        )


NORMALIZED = Representation()


@lru_cache(256)
def ranked_languages(text: str) -> tuple[str, ...]:
    """The language ranges of a filter in lower case, the most wanted first."""
    ranges = []
    for position, part in enumerate(text.split(",")):
        tag, _, parameter = part.strip().partition(";")
        quality = parameter.strip().removeprefix("q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            ranges.append((-weight, position, tag.strip().lower()))
    return tuple(tag for _, _, tag in sorted(ranges))


def best_language(text: str, tags: Mapping[str, Any]) -> str:
    """The tag of the language map that serves the filter best; any tag where none does (4.15)."""
    present = {tag.lower(): tag for tag in tags}
    for wanted in ranked_languages(text):
        if wanted == "*":
            break
        shorter = wanted
        while shorter:
            if shorter in present:
                return present[shorter]
            shorter = shorter.rpartition("-")[0]
        for tag, written in present.items():
            if tag.startswith(wanted + "-"):
                return written
    return NONE if NONE in tags else next(iter(tags))
