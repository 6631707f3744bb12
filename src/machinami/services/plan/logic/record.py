"""What do the tables of a plan say at a moment? Plain values, as they are kept with a publication for good."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from machinami.foundation.instant import format_instant
from machinami.model.vocabulary.circle import (
    CityNeed,
    CostItem,
    EffectEstimate,
    IncomeItem,
    Initiative,
    KeyPerformanceIndicator,
    Pilot,
    Vision,
)
from machinami.services.plan.logic.works import in_order
from machinami.services.plan.model import Running

Row = dict[str, Any]
INITIAL = "initial"
GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Sources:
    """All that the tables are made of, as it stands now."""

    vision: Vision | None = None
    needs: Sequence[CityNeed] = ()
    initiatives: Sequence[Initiative] = ()
    kpis: Sequence[KeyPerformanceIndicator] = ()
    costs: Sequence[CostItem] = ()
    incomes: Sequence[IncomeItem] = ()
    pilots: Sequence[Pilot] = ()
    services: Sequence[Running] = ()
    effects: Sequence[EffectEstimate] = ()


def record(sources: Sources, now: datetime) -> Row:
    """The tables of the plan. Works that ended stay out, but for what they cost, and indicators no longer followed."""
    works = [work for work in in_order(sources.initiatives) if work.state != "ended"]
    names = {work.id: dict(work.name or {}) for work in sources.initiatives}
    return {
        "at": format_instant(now),
        "vision": _vision(sources.vision),
        "needs": _needs(sources.needs, works),
        "kpis": [_kpi(kpi) for kpi in sources.kpis if kpi.retired_on is None],
        "effects": [_effect(one) for one in sources.effects if one.effect is not None and not one.withdrawn],
        "works": [_work(work, sources) for work in works],
        "money": money(sources.costs, sources.incomes, names),
    }


def _vision(vision: Vision | None) -> Row | None:
    if vision is None:
        return None
    return {
        "id": vision.id,
        "name": dict(vision.name or {}),
        "text": dict(vision.text or {}),
        "version": vision.version,
        "adopted_on": vision.adopted_on,
        "adopted_by": vision.adopted_by,
    }


def _needs(needs: Sequence[CityNeed], works: Sequence[Initiative]) -> list[Row]:
    """The needs that stand for themselves and are not closed, the most voices first, each with the works for it."""
    heads = {need.id for need in needs if need.ref_group is None}
    members: dict[str, list[CityNeed]] = {}
    for need in needs:
        if need.ref_group is not None and str(need.ref_group) in heads:
            members.setdefault(str(need.ref_group), []).append(need)
    rows = []
    for need in needs:
        under = members.get(need.id, [])
        if need.state == "closed" or (need.ref_group is not None and str(need.ref_group) in heads):
            continue
        ids = {need.id, *(one.id for one in under)}
        rows.append(
            {
                "id": need.id,
                "name": dict(need.name or {}),
                "field": need.field,
                "state": need.state or "open",
                "voices": sum(one.voices or 1 for one in (need, *under)),
                "works": [work.id for work in works if ids & set(work.needs or ())],
            }
        )
    return sorted(rows, key=lambda row: -int(row["voices"]))


def _kpi(kpi: KeyPerformanceIndicator) -> Row:
    current = kpi.current
    return {
        "id": kpi.id,
        "name": dict(kpi.name or {}),
        "level": kpi.level,
        "kind": kpi.kind,
        "is_goal": bool(kpi.is_goal),
        "direction": kpi.direction,
        "unit": kpi.unit,
        "counting": dict(kpi.counting or {}),
        "baseline": kpi.baseline,
        "baseline_year": kpi.baseline_year,
        "target": kpi.target,
        "target_years": kpi.target_years,
        "value": current.value if current else None,
        "at": format_instant(current.observed_at) if current else None,
        "state": kpi.state,
        "simulated": bool(kpi.simulated),
    }


def _effect(found: EffectEstimate) -> Row:
    return {
        "id": found.id,
        "kpi": str(found.ref_indicator or ""),
        "name": dict(found.name or {}),
        "method": found.method,
        "effect": found.effect,
        "low": found.low,
        "high": found.high,
        "unit": found.unit,
        "began": found.began,
        "at": format_instant(found.decided_at) if found.decided_at else None,
        "findings": [str(row.get("kind")) for row in found.findings or ()],
    }


def _work(work: Initiative, sources: Sources) -> Row:
    service = next((one for one in sources.services if one.id == work.service), None)
    pilots = [pilot for pilot in sources.pilots if pilot.ref_initiative == work.id]
    return {
        "id": work.id,
        "name": dict(work.name or {}),
        "text": dict(work.text or {}),
        "state": work.state or "proposed",
        "service": work.service,
        "service_title": dict(service.title) if service else {},
        "uses": list(service.uses) if service else [],
        "personal": [dict(one) for one in service.personal] if service else [],
        "lead": work.lead,
        "roles": [dict(row) for row in work.roles or ()],
        "stages": [dict(row) for row in work.stages or ()],
        "needs": list(work.needs or ()),
        "kpis": list(work.kpis or ()),
        "pilots": [{"name": dict(pilot.name or {}), "state": pilot.state or "planned"} for pilot in pilots],
    }


def money(costs: Iterable[CostItem], incomes: Iterable[IncomeItem], names: Mapping[str, Mapping[str, str]]) -> Row:
    """What the works cost and what comes in, in whole yen: by work and year, and by year.

    uncovered: the years in which what comes in without grants is less than what running costs (all but what is paid
    once at the beginning). undated: how many items have no year or no amount, and are in no sum.
    """
    cells: dict[tuple[str, int], dict[str, int]] = {}
    undated = 0
    items = [(item.year, item.amount, item.ref_initiative, _cost_column(item)) for item in costs]
    items += [(item.year, item.amount, item.ref_initiative, _income_column(item)) for item in incomes]
    for year, amount, work, column in items:
        if year is None or amount is None:
            undated += 1
            continue
        cell = cells.setdefault((str(work or ""), year), dict.fromkeys(("once", "running", "grant", "other"), 0))
        cell[column] += amount
    rows = [
        {"work": work, "name": dict(names.get(work, {})), "year": year, **cell}
        for (work, year), cell in sorted(cells.items(), key=lambda row: (row[0][1], row[0][0]))
    ]
    years = [_year(year, [row for row in rows if row["year"] == year]) for year in sorted({y for _, y in cells})]
    uncovered = [row["year"] for row in years if row["other"] < row["running"]]
    return {"rows": rows, "years": years, "uncovered": uncovered, "undated": undated}


def _year(year: int, rows: Sequence[Row]) -> Row:
    sums = {column: sum(int(row[column]) for row in rows) for column in ("once", "running", "grant", "other")}
    balance = sums["grant"] + sums["other"] - sums["once"] - sums["running"]
    return {"year": year, **sums, "balance": balance}


def _cost_column(item: CostItem) -> str:
    return "once" if item.task == INITIAL else "running"


def _income_column(item: IncomeItem) -> str:
    return "grant" if item.source == GRANT else "other"
