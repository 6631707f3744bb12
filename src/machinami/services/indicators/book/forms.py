"""What stands in the form of an indicator before anybody types: its definition, or nothing but good defaults?"""

from collections.abc import Mapping

from machinami.services.indicators.logic.way import number
from machinami.services.indicators.model import Definition

EMPTY: Mapping[str, str] = {
    "level": "outcome", "kind": "own", "direction": "up", "target": "none", "fiscal": "yes", "is_goal": "no",
    "per_year": "no",
}  # fmt: skip
TEXTS = (
    "name_ja", "name_en", "text_ja", "text_en", "counting_ja", "counting_en", "field", "service", "level", "kind",
    "is_goal", "direction", "unit", "formula", "baseline", "baseline_year", "target", "low", "high", "per_year",
    "year_from", "year_to", "fiscal", "owner",
)  # fmt: skip


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed, for a form that is shown again."""
    return {name: form.get(name, "") for name in TEXTS}


def empty() -> dict[str, str]:
    """The form of a new indicator."""
    return {name: EMPTY.get(name, "") for name in TEXTS}


def filled(known: Definition) -> dict[str, str]:
    """The form of an indicator as it is."""
    target, years = known.target or {}, known.target_years or {}
    values: dict[str, object] = {
        "field": known.field, "service": known.service, "level": known.level, "kind": known.kind,
        "is_goal": "yes" if known.is_goal else "no", "direction": known.direction, "unit": known.unit,
        "formula": known.formula, "baseline": plain(known.baseline), "baseline_year": known.baseline_year,
        "target": target.get("kind", "none"), "low": plain(number(target.get("low"))),
        "high": plain(number(target.get("high"))), "per_year": "yes" if target.get("per") == "year" else "no",
        "year_from": years.get("from"), "year_to": years.get("to"),
        "fiscal": "yes" if years.get("fiscal", True) else "no", "owner": known.owner,
    }  # fmt: skip
    for name in ("name", "text", "counting"):
        for tag in ("ja", "en"):
            values[f"{name}_{tag}"] = (getattr(known, name) or {}).get(tag)
    return {name: "" if values.get(name) is None else str(values[name]) for name in TEXTS}


def plain(value: float | None) -> str:
    """A number as it is typed."""
    return "" if value is None else f"{value:.12g}"
