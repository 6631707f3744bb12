"""What does a service say of itself: what it reads, writes, needs, sets, measures, and for whom?

A manifest is TOML beside the code, readable without importing Python. One list then serves the check at
run time (`kit.city` refuses any type not declared), the consent purpose, the data map and the documentation.
`manifest_reading` turns the text into these values.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from machinami.foundation.errors import InputError, SettingsError

Value = bool | int | float | str
Kind = Literal["service", "ingest"]
Level = Literal["output", "outcome", "impact"]
Direction = Literal["up", "down", "keep"]
ANY_TYPE = "*"
CONTRACT = 1  # of the handle and the manifest; raised when a service written for an older one could break
NEEDS = ("artefacts", "compute", "files", "private", "reception", "send", "templates")
TIERS = ("bronze", "silver", "gold")


class ManifestError(InputError):
    """A manifest is incomplete or not well formed."""


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in Japanese, English and, where given, やさしい日本語 (else the Japanese serves)."""

    ja: str
    en: str
    easy: str = ""

    def spoken(self, language: str) -> str:
        """Return the sentence in `ja`, `en` or `easy`; Japanese for any other language."""
        if language == "en":
            return self.en
        return self.easy or self.ja if language == "easy" else self.ja


@dataclass(frozen=True, slots=True)
class DataUse:
    """An entity type and the attributes of it that are read, written or waited for; none named is all."""

    type: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing a town may set: its short title, its default, its unit and the range of what makes sense.

    `minimum` and `maximum` are in `unit` and inclusive; a text setting may have `choices`. A secret is never shown.
    """

    name: str
    title: Text
    default: Value
    unit: str
    help: Text
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False

    def check(self, value: Value) -> None:
        """Raise SettingsError, saying what would do, unless `value` is of the right kind and in range."""
        if not self._is_of_kind(value):
            raise SettingsError(
                f"{self.name}: {value!r} is not {_kind_name(self.default)}; "
                f"give one like {self.default!r} ({self.unit})",
                setting=self.name,
            )
        if self.choices and value not in self.choices:
            raise SettingsError(f"{self.name}: {value!r} is not one of {', '.join(self.choices)}", setting=self.name)
        if self._is_out_of_range(value):
            raise SettingsError(
                f"{self.name}: {value} is out of range; give {self.minimum} to {self.maximum} {self.unit}",
                setting=self.name,
            )

    def _is_out_of_range(self, value: Value) -> bool:
        if self.minimum is None or self.maximum is None or not isinstance(value, int | float):
            return False
        return not self.minimum <= value <= self.maximum  # NaN lies in no range

    def _is_of_kind(self, value: Value) -> bool:
        if isinstance(self.default, bool) or isinstance(value, bool):
            return isinstance(self.default, bool) and isinstance(value, bool)
        if isinstance(self.default, float):
            return isinstance(value, int | float)
        return isinstance(value, type(self.default))


@dataclass(frozen=True, slots=True)
class Personal:
    """Personal data a service needs: of which type, what for, and of which legal class.

    id: the name of the purpose, as a consent says it. subject: the relationship that names the person whom an entity
    is about; empty where the entity itself is the person.
    """

    data: DataUse
    purpose: Text
    legal: str
    id: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure the service is judged by; `direction` says what is better.

    formula: over entities, in the language of the indicators service; empty where the figure cannot be computed from
    them. counting: the rule of counting, in words. unit: as people read it.
    """

    id: str
    title: Text
    level: Level
    direction: Direction
    formula: str
    counting: Text | None = None
    unit: Text | None = None


@dataclass(frozen=True, slots=True)
class Seed:
    """The case the service learned from: which city did this, what it aimed at, where that is written."""

    city: str
    aim: str
    source: str


@dataclass(frozen=True, slots=True)
class Quality:
    """One rung of the quality ladder: a rule of a tier that is done, still to do, or exempt for a reason."""

    tier: str
    rule: str
    state: Literal["done", "todo", "exempt"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Assurance:
    """How surely it must be known who somebody is, and that it is they now, to do something on a service's pages
    (0 to 3, NIST SP 800-63). Looking needs what the policy says of the data."""

    identity: int = 0
    authentication: int = 0


@dataclass(frozen=True, slots=True)
class Templates:
    """By what a service recognises people, where it needs that: the model by its SHA-256, and how those are served as
    well who do not want to be recognised, or cannot be: without any penalty."""

    model: str
    alternative: Text


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that a service (or a source of data) declares; what is not declared is refused at run time.

    simulated: what it writes was never measured; a town that has such data says so on every page from then on.
    """

    id: str
    version: str
    kind: Kind
    title: Text
    help: Text
    writes: tuple[DataUse, ...]
    settings: tuple[Setting, ...]
    question: Text | None = None
    field: str = ""
    owner: str = ""
    reads: tuple[DataUse, ...] = ()
    every: timedelta | None = None
    triggers: tuple[DataUse, ...] = ()
    needs: frozenset[str] = frozenset()
    personal: tuple[Personal, ...] = ()
    kpis: tuple[Kpi, ...] = ()
    seed: Seed | None = None
    quality: tuple[Quality, ...] = ()
    contract: int = CONTRACT
    simulated: bool = False
    assurance: Assurance = Assurance()
    templates: Templates | None = None

    def may_read(self, entity_type: str) -> bool:
        """Tell whether this type is declared as read, written or waited for."""
        declared = (*self.reads, *self.writes, *self.triggers)
        return any(use.type in (entity_type, ANY_TYPE) for use in declared)

    def may_write(self, entity_type: str) -> bool:
        """Tell whether this type is declared as written."""
        return any(use.type in (entity_type, ANY_TYPE) for use in self.writes)

    def setting(self, name: str) -> Setting:
        """Return the setting of this name; SettingsError names those there are."""
        for setting in self.settings:
            if setting.name == name:
                return setting
        known = ", ".join(setting.name for setting in self.settings) or "none"
        raise SettingsError(f"{self.id} has no setting {name}; it has: {known}", setting=name)


def _kind_name(default: Value) -> str:
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return names[type(default)]
