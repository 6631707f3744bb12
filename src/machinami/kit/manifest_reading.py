"""Is this TOML a manifest, and if not, which keys are wrong and how are they mended?

Every fault is collected before any is told, so that one reading of the message mends the whole file.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, cast, get_args

from machinami.kit.manifest import (
    ANY_TYPE,
    CONTRACT,
    NEEDS,
    TIERS,
    Assurance,
    DataUse,
    Direction,
    Kind,
    Kpi,
    Level,
    Manifest,
    ManifestError,
    Personal,
    Quality,
    Seed,
    Setting,
    Templates,
    Text,
)
from machinami.model.never_kept import is_never_kept

Table = Mapping[str, Any]
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_KEYS = frozenset(
    "id version kind title question help field owner reads writes schedule triggers needs settings personal kpis"
    " seed quality contract simulated assurance templates".split()
)
_SETTING_KEYS = frozenset("title default unit min max choices secret help".split())
_REQUIRED: Mapping[Kind, frozenset[str]] = {
    "service": frozenset(
        "id version title question help field owner reads writes settings personal kpis seed quality".split()
    ),
    "ingest": frozenset("id version title help writes settings".split()),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a manifest: the key, and what to write there."""

    key: str
    cure: str

    def __str__(self) -> str:
        return f"{self.key}: {self.cure}"


class Reader:
    """Reads keys out of one manifest and remembers every fault it meets."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, key: str, cure: str) -> None:
        """Note one fault."""
        self.faults.append(Fault(key, cure))

    def text(self, table: Table, key: str, within: str = "") -> str:
        """Read a text that is not empty."""
        value = table.get(key)
        if isinstance(value, str) and value.strip():
            return value
        self.fault(_join(within, key), "write a text that is not empty")
        return ""

    def spoken(self, table: Table, key: str, within: str = "", easy: bool = False) -> Text:
        """Read a sentence in Japanese and English, and やさしい日本語 where it is asked for."""
        path = _join(within, key)
        value = table.get(key)
        if not isinstance(value, dict):
            self.fault(path, f'write {path}.ja = "…" and {path}.en = "…"' + (" and .easy" if easy else ""))
            return Text("", "")
        simple = self.text(value, "easy", path) if easy else str(value.get("easy", ""))
        return Text(self.text(value, "ja", path), self.text(value, "en", path), simple)

    def one_of(self, table: Table, key: str, within: str, choices: Sequence[str]) -> str:
        """Read a word out of a few."""
        value = table.get(key)
        if isinstance(value, str) and value in choices:
            return value
        self.fault(_join(within, key), f"write one of {', '.join(choices)}")
        return choices[0]

    def rows(self, table: Table, key: str) -> list[tuple[str, Table]]:
        """Read an array of tables, each with the path that names it in a fault."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            self.fault(key, f"write each as its own table under [[{key}]]")
            return []
        return [(f"{key}[{number}]", row) for number, row in enumerate(value)]

    def table(self, table: Table, key: str) -> Table:
        """Read a table; an absent one is empty."""
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self.fault(key, f"write it as a table [{key}]")
        return {}

    def strings(self, table: Table, key: str, within: str) -> tuple[str, ...]:
        """Read a list of texts; an absent one is empty."""
        value = table.get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.fault(_join(within, key), "write a list of texts")
        return ()


def parse(text: str, file: str, kind: Kind = "service") -> Manifest:
    """Read the manifest of a service or a source from the text of `file`.

    Raises ManifestError that lists every faulty key with its cure.
    """
    manifest, faults = examine(text, kind)
    if manifest is None or faults:
        listed = "; ".join(str(fault) for fault in faults)
        raise ManifestError(f"{file}: {listed}", file=file, keys=[fault.key for fault in faults])
    return manifest


def examine(text: str, kind: Kind = "service") -> tuple[Manifest | None, list[Fault]]:
    """Read a manifest as far as it goes, with all its faults; None where the text is no TOML.

    `kind` is what it is unless it says so itself.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [Fault("(file)", f"this is not TOML: {error}")]
    reader = Reader()
    kind = cast(Kind, reader.one_of({"kind": kind, **data}, "kind", "", get_args(Kind)))
    for key in sorted(_REQUIRED[kind] - data.keys()):
        reader.fault(key, f"is missing; {_how(key)}")
    for key in sorted(data.keys() - _KEYS):
        reader.fault(key, f"is not known; the keys are {', '.join(sorted(_KEYS))}")
    manifest = _manifest(reader, data, kind)
    missing = {fault.key for fault in reader.faults if fault.cure.startswith("is missing")}
    return manifest, [f for f in reader.faults if f.key not in missing or f.cure.startswith("is missing")]


def _manifest(reader: Reader, data: Table, kind: Kind) -> Manifest:
    service = kind == "service"
    every = _schedule(reader, data)
    triggers = _uses(reader, data, "triggers")
    if service and every is None and not triggers:
        reader.fault("schedule", 'say when it runs: [schedule] every = "10m", or [[triggers]] type = "…"')
    return Manifest(
        id=_identifier(reader, data),
        version=reader.text(data, "version"),
        kind=kind,
        title=reader.spoken(data, "title", easy=service),
        help=reader.spoken(data, "help"),
        question=reader.spoken(data, "question") if service else None,
        field=reader.text(data, "field") if service else str(data.get("field", "")),
        owner=reader.text(data, "owner") if service else str(data.get("owner", "")),
        reads=_uses(reader, data, "reads"),
        writes=_uses(reader, data, "writes"),
        every=every,
        triggers=triggers,
        needs=_needs(reader, data),
        settings=_settings(reader, data),
        personal=_personal(reader, data),
        kpis=_kpis(reader, data),
        seed=_seed(reader, data) if service else None,
        quality=_quality(reader, data),
        contract=_contract(reader, data),
        simulated=_simulated(reader, data),
        assurance=_assurance(reader, data),
        templates=_templates(reader, data),
    )


def _identifier(reader: Reader, data: Table) -> str:
    value = reader.text(data, "id")
    if value and not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        reader.fault("id", f"{value!r} must be small letters, digits and _, as the folder's name")
    return value


def _contract(reader: Reader, data: Table) -> int:
    value = data.get("contract", CONTRACT)
    if not isinstance(value, int) or not 1 <= value <= CONTRACT:
        reader.fault(
            "contract", f"{value!r} is not known here (this Machinami knows 1 to {CONTRACT}); install a newer one"
        )
        return CONTRACT
    return value


def _simulated(reader: Reader, data: Table) -> bool:
    value = data.get("simulated", False)
    if not isinstance(value, bool):
        reader.fault("simulated", "write true or false")
    return value is True


def _schedule(reader: Reader, data: Table) -> timedelta | None:
    table = reader.table(data, "schedule")
    if "every" not in table:
        return None
    found = re.fullmatch(r"([1-9][0-9]*)([smhd])", str(table["every"]))
    if found is None:
        reader.fault("schedule.every", 'write a number and s, m, h or d, as "10m"')
        return None
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def _uses(reader: Reader, data: Table, key: str) -> tuple[DataUse, ...]:
    return tuple(_use(reader, row, within) for within, row in reader.rows(data, key))


def _use(reader: Reader, row: Table, within: str) -> DataUse:
    name = reader.text(row, "type", within)
    if name and name != ANY_TYPE and not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
        reader.fault(f"{within}.type", f"{name!r} must be an entity type such as WaterLevelObserved")
    attributes = reader.strings(row, "attributes", within)
    for kept_out in filter(is_never_kept, (name, *attributes)):
        reader.fault(
            within, f"{kept_out} is never in the town's data; see docs/biometry.md for the port to use instead"
        )
    return DataUse(name, attributes)


def _needs(reader: Reader, data: Table) -> frozenset[str]:
    table = reader.table(data, "needs")
    for key, value in table.items():
        if key not in NEEDS or not isinstance(value, bool):
            reader.fault(f"needs.{key}", f"write true or false for one of {', '.join(NEEDS)}")
    return frozenset(key for key, value in table.items() if value is True)


def _templates(reader: Reader, data: Table) -> Templates | None:
    """What the port to templates asks of a service that uses it: a model by its digest, and an alternative."""
    needed, said = "templates" in _needs_said(data), "templates" in data
    if not needed:
        if said:
            reader.fault("templates", "write [needs] templates = true, or leave it out")
        return None
    table = reader.table(data, "templates")
    model = reader.text(table, "model", "templates")
    if model and not re.fullmatch(r"[0-9a-f]{64}", model):
        reader.fault("templates.model", "write the SHA-256 of the model: 64 digits and small letters a to f")
    return Templates(model, reader.spoken(table, "alternative", "templates", easy=True))


def _needs_said(data: Table) -> frozenset[str]:
    table = data.get("needs")
    return frozenset(key for key, value in table.items() if value is True) if isinstance(table, dict) else frozenset()


def _assurance(reader: Reader, data: Table) -> Assurance:
    table = reader.table(data, "assurance")
    for key, value in table.items():
        if key not in ("identity", "authentication") or type(value) is not int or not 0 <= value <= 3:
            reader.fault(f"assurance.{key}", "write identity or authentication, each 0 to 3")
            return Assurance()
    return Assurance(table.get("identity", 0), table.get("authentication", 0))


def _settings(reader: Reader, data: Table) -> tuple[Setting, ...]:
    settings = []
    for name, row in reader.table(data, "settings").items():
        if isinstance(row, dict):
            settings.append(_setting(reader, name, row))
        else:
            reader.fault(f"settings.{name}", f"write it as a table [settings.{name}]")
    return tuple(settings)


def _setting(reader: Reader, name: str, row: Table) -> Setting:
    within = f"settings.{name}"
    default = row.get("default")
    choices = reader.strings(row, "choices", within)
    if not isinstance(default, bool | int | float | str):
        reader.fault(f"{within}.default", "write true, false, a number or a text")
        default = ""
    lowest, highest = row.get("min"), row.get("max")
    for key in sorted(row.keys() - _SETTING_KEYS):
        reader.fault(f"{within}.{key}", f"is not known; the keys are {', '.join(sorted(_SETTING_KEYS))}")
    setting = Setting(
        name=name,
        title=reader.spoken(row, "title", within, easy=True),
        default=default,
        unit=reader.text(row, "unit", within),
        help=reader.spoken(row, "help", within),
        minimum=_number(lowest),
        maximum=_number(highest),
        choices=choices,
        secret=row.get("secret") is True,
    )
    _check_range(reader, within, setting)
    return setting


def _check_range(reader: Reader, within: str, setting: Setting) -> None:
    default, low, high = setting.default, setting.minimum, setting.maximum
    if isinstance(default, bool):
        return
    if isinstance(default, str):
        if setting.choices and default not in setting.choices:
            reader.fault(f"{within}.default", f"{default!r} must be one of the choices")
        return
    if low is None or high is None:
        reader.fault(within, "give min and max, the range of what makes sense, as numbers in its unit")
    elif not low <= default <= high:
        reader.fault(f"{within}.default", f"{default} must lie between min {low} and max {high}")


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _personal(reader: Reader, data: Table) -> tuple[Personal, ...]:
    return tuple(
        Personal(
            data=_use(reader, row, within),
            purpose=reader.spoken(row, "purpose", within),
            legal=reader.text(row, "legal", within),
            id=str(row.get("id", "")),
            subject=str(row.get("subject", "")),
        )
        for within, row in reader.rows(data, "personal")
    )


def _kpis(reader: Reader, data: Table) -> tuple[Kpi, ...]:
    return tuple(
        Kpi(
            id=reader.text(row, "id", within),
            title=reader.spoken(row, "title", within),
            level=cast(Level, reader.one_of(row, "level", within, get_args(Level))),
            direction=cast(Direction, reader.one_of(row, "direction", within, get_args(Direction))),
            formula=reader.text(row, "formula", within) if row.get("formula") != "" else "",
            counting=reader.spoken(row, "counting", within) if "counting" in row else None,
            unit=reader.spoken(row, "unit", within) if "unit" in row else None,
        )
        for within, row in reader.rows(data, "kpis")
    )


def _seed(reader: Reader, data: Table) -> Seed | None:
    if "seed" not in data:
        return None
    table = reader.table(data, "seed")
    return Seed(*(reader.text(table, key, "seed") for key in ("city", "aim", "source")))


def _quality(reader: Reader, data: Table) -> tuple[Quality, ...]:
    rungs = []
    for tier, rules in reader.table(data, "quality").items():
        if tier not in TIERS or not isinstance(rules, dict):
            reader.fault(f"quality.{tier}", f"write the rules of one of {', '.join(TIERS)} as a table")
            continue
        rungs += [_rung(reader, tier, rule, state) for rule, state in rules.items()]
    return tuple(rungs)


def _rung(reader: Reader, tier: str, rule: str, state: object) -> Quality:
    if isinstance(state, dict) and isinstance(state.get("exempt"), str) and state["exempt"].strip():
        return Quality(tier, rule, "exempt", state["exempt"])
    if state not in ("done", "todo"):
        reader.fault(f"quality.{tier}.{rule}", 'write "done", "todo" or { exempt = "the reason" }')
    known: Literal["done", "todo"] = "done" if state == "done" else "todo"
    return Quality(tier, rule, known)


def _join(within: str, key: str) -> str:
    return f"{within}.{key}" if within else key


def _how(key: str) -> str:
    tables = {"settings": "[settings.NAME]", "seed": "[seed]", "quality": "[quality.bronze]"}
    if key in ("reads", "writes", "personal", "kpis"):
        return f"write [[{key}]] tables, or {key} = [] where there are none"
    if key in tables:
        return f"write {tables[key]}" + (", or [settings] where there are none" if key == "settings" else "")
    return f'write {key}.ja = "…" and {key}.en = "…"' if key in ("title", "question", "help") else "write a text"
