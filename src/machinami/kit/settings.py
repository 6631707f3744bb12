"""How does a page show what a service may be set to, and read what an officer typed?"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from machinami.foundation.errors import Conflict, SettingsError
from machinami.kit.city import City
from machinami.kit.manifest import Manifest, Setting, Value
from machinami.kit.signing import officer, said
from machinami.kit.units import unit_text
from machinami.kit.words import Words, without_ruby
from machinami.model.vocabulary.decisions import demand_officer, demand_reason
from machinami.model.vocabulary.office import Officer

Kind = Literal["switch", "number", "text", "choice"]
ON, OFF = "yes", "no"


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting in a form: its title and what it does, both with ruby marks, what it is now (`text`, as typed) and
    by default, and what would do."""

    name: str
    title: str
    help: str
    unit: str
    kind: Kind
    text: str
    default: str
    minimum: float | None = None
    maximum: float | None = None
    step: str = "any"
    choices: tuple[str, ...] = ()

    @property
    def least(self) -> str:
        """The smallest value for eyes; empty where there is none."""
        return "" if self.minimum is None else f"{self.minimum:,.12g}"

    @property
    def most(self) -> str:
        """The largest one."""
        return "" if self.maximum is None else f"{self.maximum:,.12g}"

    def spoken(self, text: str) -> str:
        """A value for eyes, with its unit: a number in groups and without zeros that say nothing."""
        value = _parsed(0.0, text) if self.kind == "number" else text
        figure = f"{value:,.12g}" if isinstance(value, float) else text  # an earlier release may have had a text here
        return f"{figure} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One change of a setting: its values as they are typed; undone: whether it took another one back."""

    at: datetime
    who: str
    before: str
    after: str
    reason: str = ""
    undone: bool = False


@dataclass(frozen=True, slots=True)
class SettingSheet:
    """One setting of a service, and its changes, the newest first; `undoes`: when the last one was made that still
    stands, by which an undo says which one it means; empty where there is none."""

    field: SettingField
    changes: Sequence[SettingChange] = ()
    undoes: str = ""


class Refused(NamedTuple):
    """A value that was typed for a setting and will not do, and what would; all empty where nothing was refused."""

    name: str = ""
    text: str = ""
    fault: str = ""


NOTHING_REFUSED = Refused()


@dataclass(frozen=True, slots=True)
class Change:
    """What an officer wants a setting to be, and what it is now; undone: it shall be again what it was before the
    change that was made at a moment (undoes)."""

    name: str
    before: Value
    after: Value
    reason: str
    by: Officer
    undone: bool = False
    undoes: str = ""


Make = Callable[[City, Change], Awaitable[None]]


async def keep(city: City, change: Change) -> None:
    """Set a setting; who did it, when and why stays in its history."""
    more: dict[str, Any] = {"undone": True, "undoes": change.undoes} if change.undone else {"reason": change.reason}
    await city.set_setting(change.name, change.after, str(change.by), **more)


async def change_setting(city: City, form: Mapping[str, str], make: Make = keep) -> None:
    """Do what the form of a setting (in `forms.html`) asks for: change it for a reason, or undo the last change that
    still stands. make: `keep`, or what holds more against it and keeps it. Raises SettingsError where the value will
    not do, or the setting is not what the form showed (`seen`), with what it is (`now`); BadRequestData where name,
    role or reason are missing; Conflict where nothing is to undo, or another change than the one that was seen."""
    name, by = said(form, "setting"), officer(form)
    await make(city, await (_back(city, name, by, form["undo"]) if form.get("undo") else _wanted(city, name, form, by)))


async def take_setting(city: City, form: Mapping[str, str], words: Words, make: Make = keep) -> Refused | None:
    """The same; the refusal to be shown where the value will not do, else None."""
    try:
        await change_setting(city, form, make)
    except SettingsError as error:
        return refused_by(city, form, error, words)
    return None


def refused_by(city: City, form: Mapping[str, str], error: SettingsError, words: Words) -> Refused:
    """What is wrong with a value that was typed, in the reader's words where the setting is known."""
    name = form.get("setting", "")
    known = [one for one in city.manifest.settings if one.name == name and not one.secret]
    fault = error.detail
    if known:
        field = _field(known[0], error.facts.get("now", known[0].default), words)
        fault = _meanwhile(field, words) if "now" in error.facts else refusal(field, words)
    return Refused(name, form.get("value", ""), fault)


async def sheets_of(city: City, values: Mapping[str, Value], words: Words) -> list[SettingSheet]:
    """Every setting of a service that may be shown, with who changed it from what to what, when and why."""
    past = await city.setting_history()

    def sheet(field: SettingField) -> SettingSheet:
        rows = [row for row in past if row["name"] == field.name]
        standing = _standing(rows)
        return SettingSheet(field, [_change(row) for row in rows][::-1], str(standing[-1]["at"]) if standing else "")

    return [sheet(one) for one in fields_of(city.manifest, values, words)]


def fields_of(manifest: Manifest, values: Mapping[str, Value], words: Words) -> list[SettingField]:
    """Every setting that may be shown, in the manifest's order; a secret is left out."""
    return [_field(setting, values[setting.name], words) for setting in manifest.settings if not setting.secret]


def written(value: Value) -> str:
    """A value as it stands in a form; `read_setting` reads it back."""
    return (ON if value else OFF) if isinstance(value, bool) else str(value)


def read_setting(setting: Setting, text: str) -> Value:
    """The value that an officer typed. Raises SettingsError, saying what would do."""
    value = _parsed(setting.default, text.strip())
    if isinstance(setting.default, str) and setting.default and not text.strip():
        raise SettingsError(f"{setting.name} is empty; give one like {setting.default!r}", setting=setting.name)
    setting.check(value)
    return value


def refusal(field: SettingField, words: Words) -> str:
    """What would do for a setting, in the words of an officer whose value was refused."""
    said = {"title": without_ruby(field.title)}
    if not (field.least and field.most):
        return words.plain("refused.text" if field.kind == "text" else "refused.choice", **said)
    said |= {"least": field.least, "most": field.most}
    name = "whole" if field.step == "1" else "number"
    if field.unit:
        return words.plain(f"refused.{name}", **said, unit=field.unit)
    return words.plain(f"refused.plain_{name}", **said)


def _meanwhile(field: SettingField, words: Words) -> str:
    """What is said to an officer whose colleague was faster: what the setting is now."""
    now = words.plain(f"form.setting.{field.text}") if field.kind == "switch" else field.spoken(field.text)
    return words.plain("refused.meanwhile", title=without_ruby(field.title), now=now)


def _parsed(default: Value, text: str) -> Value:
    if isinstance(default, bool):
        return {ON: True, OFF: False}.get(text, text)
    try:
        if isinstance(default, int):
            return int(text)
        return float(text) if isinstance(default, float) else text
    except ValueError:
        return text  # of the wrong kind: the check of the setting says so


def _field(setting: Setting, value: Value, words: Words) -> SettingField:
    return SettingField(
        setting.name,
        setting.title.spoken(words.language),
        setting.help.spoken(words.language),
        unit_text(setting.unit, words),
        _kind(setting),
        written(value),
        written(setting.default),
        setting.minimum,
        setting.maximum,
        "1" if isinstance(setting.default, int) else "any",
        setting.choices,
    )


def _kind(setting: Setting) -> Kind:
    if isinstance(setting.default, bool):
        return "switch"
    if setting.choices:
        return "choice"
    return "text" if isinstance(setting.default, str) else "number"


async def _wanted(city: City, name: str, form: Mapping[str, str], by: Officer) -> Change:
    setting = city.manifest.setting(name)
    value, before = read_setting(setting, form.get("value", "")), (await city.setting_values())[name]
    if form.get("seen", written(before)).strip() != written(before).strip():
        raise SettingsError("This setting was changed meanwhile; look at it once more", setting=name, now=before)
    return Change(name, before, value, demand_reason(said(form, "reason")), demand_officer(by))


async def _back(city: City, name: str, by: Officer, seen: str) -> Change:
    standing = _standing([row for row in await city.setting_history() if row["name"] == name])
    if not standing:
        raise Conflict("There is no change of this setting to undo", setting=name)
    last = standing[-1]
    if last["at"] != seen:
        raise Conflict("This setting was changed or undone meanwhile; look at it once more", setting=name)
    return Change(name, last["to"], last["from"], last.get("reason", ""), demand_officer(by), True, seen)


def _standing(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The changes of one setting that were not taken back, in order."""
    standing: list[Mapping[str, Any]] = []
    for row in rows:
        if not row.get("undone"):
            standing.append(row)
        elif "undoes" in row:  # two who press at once undo one change
            standing = [one for one in standing if one["at"] != row["undoes"]]
        elif standing:
            standing.pop()
    return standing


def _change(row: Mapping[str, Any]) -> SettingChange:
    at, before, after = datetime.fromisoformat(row["at"]), written(row["from"]), written(row["to"])
    return SettingChange(at, str(row["by"]), before, after, str(row.get("reason", "")), bool(row.get("undone")))
