"""What are people, programs, types and attributes called on these pages, in the reader's words?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from machinami.broker.reasons import short
from machinami.kit.words import Words
from machinami.model.policy import Row, Whom
from machinami.model.principal import ANONYMOUS, SYSTEM

_SERVICE, _SOURCE, _CONSOLE = "urn:machinami:service:", "urn:machinami:source:", "urn:machinami:console"


@dataclass(frozen=True, slots=True)
class Names:
    """Names in one language. people, programs: what they are called, by the id of the principal; services: the titles
    of services, and purposes those of what they ask for, where they are known."""

    words: Words
    people: Mapping[str, str]
    programs: Mapping[str, str]
    services: Mapping[str, str] = field(default_factory=dict)
    purposes: Mapping[str, str] = field(default_factory=dict)

    def type(self, iri: str) -> Markup:
        """A type: in words where we have some, else its short name."""
        return self._labelled("type", short(iri))

    def attribute(self, iri: str) -> Markup:
        """An attribute, likewise."""
        return self._labelled("attribute", short(iri))

    def purpose(self, purpose: str) -> str:
        """What a purpose is called; its id where it has no title."""
        return self.purposes.get(purpose, purpose)

    def role(self, role: str) -> Markup:
        """All who have a role."""
        return self.words.rich(f"those.{role}")

    def opening(self, sentence: Markup) -> Markup:
        """A sentence as it begins."""
        begins = self.words.language == "en" and ":" not in sentence.partition(" ")[0]
        return sentence[:1].upper() + sentence[1:] if begins else sentence

    def within(self, name: Markup) -> Markup:
        """A name as it stands inside a sentence."""
        plain = self.words.language == "en" and name[:2].istitle()
        return name[:1].lower() + name[1:] if plain else name

    def listed(self, parts: Iterable[str], between: str = "says.comma") -> Markup:
        """Several names in a row."""
        return Markup(self.words.rich(between)).join(parts)

    def deeds(self, parts: Sequence[str]) -> Markup:
        """Several deeds in a row."""
        head = self.listed(parts[:-1], "says.and")
        return Markup(self.words.rich("says.last")).join([head, parts[-1]] if head else parts[-1:])

    def whom(self, row: Row) -> Markup:
        """For whom a row is."""
        if row.whom is Whom.EVERYONE:
            return self.words.rich("who.everyone")
        return self.role(row.name) if row.whom is Whom.ROLE else self.who(row.name)

    def who(self, principal: str) -> Markup:
        """Somebody, by the id under which deeds are kept."""
        if principal in self.people:
            return self.words.rich("who.person", name=self.people[principal])
        if principal in self.programs:
            return self.words.rich("who.program", name=self.programs[principal])
        for start, key in ((_SERVICE, "who.service"), (_SOURCE, "who.source")):
            if principal.startswith(start):
                return self.words.rich(key, name=self.services.get(principal, principal.removeprefix(start)))
        known = {ANONYMOUS.id: "who.stranger", _CONSOLE: "who.console", SYSTEM.id: "who.system"}
        known["machinami"] = "who.system"
        return self.words.rich(known[principal]) if principal in known else escape(principal)

    def _labelled(self, group: str, name: str) -> Markup:
        key = f"{group}.{name}"
        return self.words.rich(key) if self.words.has(key) else escape(name)
