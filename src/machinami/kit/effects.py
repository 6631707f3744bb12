"""What does an `EffectEstimate` say, and not say, in sentences that several services show?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from machinami.kit.moments import day_told
from machinami.kit.units import change_text
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import EffectEstimate

_LIMITS = ("elsewhere", "chosen", "spill", "later")
_WORTH = 0.005
"""From which share on a place is named in a mixture."""


@dataclass(frozen=True, slots=True)
class Cited:
    """An estimate as another page than that of its indicator shows it. says: the effect, its interval, and what was
    found of its worth; limits: what it does not say. of: the indicator."""

    key: str
    of: str
    name: str
    value: str
    says: Sequence[str]
    limits: Sequence[str]
    who: str
    role: str
    simulated: bool


def cited(found: Iterable[EffectEstimate], words: Words) -> list[Cited]:
    """The estimates that stand, the newest first."""
    return [
        Cited(
            one.id.rpartition(":")[2],
            str(one.ref_indicator or ""),
            words.of(one.name, one.id),
            change_text(one.effect, one.unit, words),
            [said for said in says(one, words) if said],
            limits(words),
            one.decided_by or "",
            one.role or "",
            bool(one.simulated),
        )
        for one in list(found)[::-1]
        if one.effect is not None and not one.withdrawn
    ]


def limits(words: Words) -> list[str]:
    """What no comparison of places can say."""
    return [words.plain(f"effect.limit.{one}") for one in _LIMITS]


def says(found: EffectEstimate, words: Words) -> list[str]:
    """What an estimate says, as sentences: the effect with its interval, then what was found of its worth."""
    treated, others = compared(found.treated), compared(found.others)
    told: dict[str, object] = {
        "name": words.of(found.name, found.id), "began": day_told(found.began, words),
        "place": treated[0] if treated else "", "treated": len(treated), "others": len(others),
        "effect": change_text(found.effect, found.unit, words), "low": change_text(found.low, found.unit, words),
        "high": change_text(found.high, found.unit, words), "before": found.before or 0, "after": found.after or 0,
        "step": words.plain(f"effect.step.{found.step}"),
    }  # fmt: skip
    method = "mixture" if found.method == "mixture" else "difference"
    rows = [words.plain(f"effect.{method}", **told)]
    if found.low is not None:
        rows.append(words.plain(f"effect.{method}_range", **told))
    if method == "mixture":
        mixed = [(str(row.get("name")), _number(row.get("weight")) or 0.0) for row in found.others or ()]
        named = [f"{name} {weight:.0%}" for name, weight in sorted(mixed, key=lambda one: -one[1]) if weight >= _WORTH]
        rows.append(words.plain("effect.weights", weights="、".join(named)))
    findings = (_finding(row, found, words) for row in found.findings or ())
    return [*rows, *findings, words.plain("effect.steps", **told)]


def compared(rows: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """What the places that were compared are called."""
    return [str(row.get("name") or row.get("id")) for row in rows or ()]


def _finding(row: Mapping[str, Any], found: EffectEstimate, words: Words) -> str:
    said: dict[str, object] = {
        name: change_text(_number(row.get(name)), found.unit, words) for name in ("value", "carried", "low", "high")
    }
    said |= {name: f"{_number(row.get(name)) or 0:.0%}" for name in ("share", "least")}
    said |= {name: row.get(name, 0) for name in ("count", "treated", "others")}
    said |= {"error": change_text(_number(row.get("error")), found.unit, words).lstrip("+")}
    said["step"] = words.plain(f"effect.step.{found.step}")
    key = f"effect.found.{row.get('kind')}"
    return words.plain(key, **said) if words.has(key) else ""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
