"""What did an officer write into the form of an indicator, what is wrong with it, and of what should they be warned?"""

from collections.abc import Collection, Mapping
from math import isfinite
from typing import Any, NamedTuple

from machinami.model.context import Context
from machinami.model.view import Words
from machinami.services.indicators.logic.formula import Term, aggregates, read_or_fault
from machinami.services.indicators.model import DIRECTIONS, KINDS, LEVELS, Definition

TARGETS = ("none", "value", "range", "rate")
FIRST_YEAR, LAST_YEAR = 1950, 2150
LONGEST = 2_000
LEADS = "leads:"
_PILOT = "Pilot"


class Fault(NamedTuple):
    """What is wrong with a field: a kind that names the sentence, and where in a formula it goes wrong."""

    kind: str
    position: int = 0
    expected: str = ""


def read_definition(
    form: Mapping[str, str], kpi_id: str, context: Context, known: Collection[str], before: Definition | None = None
) -> tuple[Definition, dict[str, Fault]]:
    """The indicator that was written, and what is wrong by field; nothing is wrong where that is empty.

    known: ids of the indicators to which it may lead. before: what it was, of which the form does not show all.
    """
    faults: dict[str, Fault] = {}
    words = {name: _spoken(form, name) for name in ("name", "text", "counting")}
    if not words["name"]:
        faults["name_ja"] = Fault("empty")
    formula = _text(form, "formula")
    if formula:
        error = read_or_fault(formula, context)[1]
        if error is not None:
            faults["formula"] = Fault("formula", error.facts["position"], str(error.facts["expected"]))
    numbers = {name: _number(form, name, faults) for name in ("baseline", "low", "high")}
    years = {name: _year(form, name, faults) for name in ("baseline_year", "year_from", "year_to")}
    target = _target(form, numbers, faults)
    if years["year_from"] and years["year_to"] and years["year_from"] > years["year_to"]:
        faults["year_to"] = Fault("years")
    leads = sorted(name.removeprefix(LEADS) for name in form if name.startswith(LEADS))
    written = Definition(
        kpi_id,
        words["name"],
        words["text"],
        _text(form, "field") or None,
        _text(form, "service") or None,
        _chosen(form, "level", LEVELS, "outcome"),
        _chosen(form, "kind", KINDS, "own"),
        form.get("is_goal") == "yes",
        _chosen(form, "direction", DIRECTIONS, "up"),
        _text(form, "unit") or None,
        formula or None,
        words["counting"],
        numbers["baseline"],
        years["baseline_year"],
        target,
        _years(form, years["year_from"], years["year_to"]),
        [name for name in leads if name in known and name != kpi_id] or None,
        _text(form, "owner") or None,
        before.from_kpi if before else None,
        before.retired_on if before else None,
    )
    return written, faults


def _target(form: Mapping[str, str], numbers: Mapping[str, float | None], faults: dict[str, Fault]) -> Any:
    kind, low, high = _chosen(form, "target", TARGETS, "none"), numbers["low"], numbers["high"]
    if kind == "none":
        return None
    if low is None and high is None:
        faults.setdefault("low", Fault("no_number"))
    elif low is not None and high is not None and low > high:
        faults["high"] = Fault("order")
    per = {"per": "year"} if kind == "rate" and form.get("per_year") == "yes" else {}
    bounds = {name: value for name, value in (("low", low), ("high", high)) if value is not None}
    return {"kind": kind, **bounds, **per}


def _years(form: Mapping[str, str], begin: int | None, end: int | None) -> dict[str, Any] | None:
    if begin is None and end is None:
        return None
    first, last = (begin, end) if begin and end else (begin or end, begin or end)
    return {"from": first, "to": last, "fiscal": form.get("fiscal") == "yes"}


def _spoken(form: Mapping[str, str], name: str) -> Words | None:
    said = {tag: text for tag in ("ja", "en", "easy") if (text := _text(form, f"{name}_{tag}"))}
    return Words(said) if said else None


def _text(form: Mapping[str, str], name: str) -> str:
    return form.get(name, "").replace("\r\n", "\n").strip()[:LONGEST]


def _chosen(form: Mapping[str, str], name: str, choices: Collection[str], otherwise: str) -> str:
    return form.get(name, "") if form.get(name, "") in choices else otherwise


def _number(form: Mapping[str, str], name: str, faults: dict[str, Fault]) -> float | None:
    text = _text(form, name).replace(",", "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        faults[name] = Fault("number")
        return None
    return value


def _year(form: Mapping[str, str], name: str, faults: dict[str, Fault]) -> int | None:
    text = _text(form, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and FIRST_YEAR <= int(text) <= LAST_YEAR):
        faults[name] = Fault("year")
        return None
    return int(text)


def cautions(wanted: Definition, context: Context, led_to: bool = True) -> list[str]:
    """Of what the people who rely on the indicator should be warned, by name; each is a sentence of the catalogue.

    After the cautions of the guidebook of the Digital Agency (2026, section 8.3) and the logic model's own: an output
    alone says that something was delivered, not that it was used or helped. led_to: whether something leads to it.
    """
    term = read_or_fault(wanted.formula, context)[0] if wanted.formula else None
    name = " ".join((wanted.name or {}).values()).lower()
    counts = [one for one in aggregates(term) if one.name == "count" and one.condition is None] if term else []
    found = {
        "count_is_not_use": wanted.level in ("output", "process") and not _mentions(name, "利用", "use"),
        "duplicates": bool(counts),
        "api_calls": _mentions(name, "api"),
        "break_down": _mentions(name, "利用者", "アクティブ", "active user", "users"),
        "survey_design": not wanted.formula,
        "same_conditions": wanted.baseline is not None and wanted.level in ("outcome", "impact"),
        "pilot_rate": term is not None
        and _asks_of(term, context.expand(_PILOT))
        and not _mentions(name, "移行", "rate"),
        "no_baseline": wanted.baseline is None and wanted.target is not None,
        "no_year": wanted.target is not None and wanted.target_years is None,
        "no_counting": not wanted.counting,
        "leads_nowhere": wanted.level in ("input", "process", "output") and not wanted.leads_to,
        "from_nowhere": wanted.level in ("outcome", "impact") and not led_to,
    }
    return [kind for kind, holds in found.items() if holds]


def _mentions(name: str, *words: str) -> bool:
    return any(word in name for word in words)


def _asks_of(term: Term, kind: str) -> bool:
    return any(one.type == kind for one in aggregates(term))
