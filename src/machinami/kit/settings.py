"""How does a page show what a service may be set to, and read what an officer typed?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from machinami.foundation.errors import SettingsError
from machinami.kit.city import City
from machinami.kit.manifest import Manifest, Setting, Value
from machinami.kit.words import Words, without_ruby

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


@dataclass(frozen=True, slots=True)
class SettingSheet:
    """One setting of a service, and its changes in words, the newest first."""

    field: SettingField
    changes: Sequence[str] = ()


async def sheets_of(city: City, values: Mapping[str, Value], words: Words) -> list[SettingSheet]:
    """Every setting of a service that may be shown, with who changed it from what to what, and when."""
    past = (await city.setting_history())[::-1]

    def said(row: Mapping[str, object]) -> str:
        facts = {"at": str(row["at"])[:10], "before": row["from"], "after": row["to"], "who": row["by"]}
        return words.plain("form.setting.changed", **facts)

    fields = fields_of(city.manifest, values, words)
    return [SettingSheet(one, [said(row) for row in past if row["name"] == one.name]) for one in fields]


def said_refusal(sheets: Sequence[SettingSheet], name: str, error: SettingsError, words: Words) -> str:
    """What is wrong with a value that was typed for a setting, in the reader's words where the setting is known."""
    known = next((one.field for one in sheets if one.field.name == name), None)
    return error.detail if known is None else refusal(known, words)


def fields_of(manifest: Manifest, values: Mapping[str, Value], words: Words) -> list[SettingField]:
    """Every setting that may be shown, in the manifest's order; a secret is left out."""
    return [_field(setting, values[setting.name], words) for setting in manifest.settings if not setting.secret]


def written(value: Value) -> str:
    """A value as it stands in a form; `read_setting` reads it back."""
    return (ON if value else OFF) if isinstance(value, bool) else str(value)


def read_setting(setting: Setting, text: str) -> Value:
    """The value that an officer typed. Raises SettingsError, saying what would do."""
    value = _parsed(setting.default, text.strip())
    if isinstance(setting.default, str) and not text.strip():
        raise SettingsError(f"{setting.name} is empty; give one like {setting.default!r}", setting=setting.name)
    setting.check(value)
    return value


def refusal(field: SettingField, words: Words) -> str:
    """What would do for a setting, in the words of an officer whose value was refused."""
    said = {"title": without_ruby(field.title)}
    if field.minimum is None or field.maximum is None:
        return words.plain("refused.text" if field.kind == "text" else "refused.choice", **said)
    said |= {"least": f"{field.minimum:g}", "most": f"{field.maximum:g}"}
    name = "whole" if field.step == "1" else "number"
    if field.unit:
        return words.plain(f"refused.{name}", **said, unit=field.unit)
    return words.plain(f"refused.plain_{name}", **said)


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
        _unit(setting, words),
        _kind(setting),
        written(value),
        written(setting.default),
        setting.minimum,
        setting.maximum,
        "1" if isinstance(setting.default, int) else "any",
        setting.choices,
    )


def _unit(setting: Setting, words: Words) -> str:
    """The unit as the reader's language writes it: minutes and hours have words, metres have none."""
    name = f"unit.{setting.unit}"
    return "" if setting.unit == "1" else words.plain(name) if words.has(name) else setting.unit


def _kind(setting: Setting) -> Kind:
    if isinstance(setting.default, bool):
        return "switch"
    if setting.choices:
        return "choice"
    return "text" if isinstance(setting.default, str) else "number"
