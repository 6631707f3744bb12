"""Is the heat worked out as published, is what is to come better than simple ways, do few places serve all?

The rule for forecasts is fixed: each month of --months is forecast by models that learned from all before it, and the
error at every place and hour is compared with that of "as it is now" and "as yesterday at that hour".
"""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from machinami.foundation.errors import InputError
from machinami.methods.facility_location import p_median
from machinami.methods.scorecard import Argument, Check, Each, Progress, Report, Table
from machinami.methods.series import Floats, lagged
from machinami.services.heat.logic.forecast import learn, naive_misses, say
from machinami.services.heat.logic.panel import HOUR, Panel, panel_of
from machinami.services.heat.logic.published import graph_of, optima_of, reference_of, worked_out

TABLE_OPTIONAL = True
ARGUMENTS = (
    Argument("wbgt", "column", "column of the WBGT in °C; --csv may be a folder of files, by place and month"),
    Argument("months", "text", "months to forecast, as 2019-09,2019-10 (default: the last two of the table)"),
    Argument("zone", "text", "zone in which the months begin", default="Asia/Tokyo"),
    Argument("horizons", "text", "hours ahead", default="6,24"),
    Argument("reference", "file", "values of the published program: a CSV file; its columns stand in docs/heat.md"),
    Argument(
        "medians", "folder", "p-median problems of the OR-Library (pmed1.txt …) with pmedopt.txt", pattern="*.txt"
    ),
    Argument("largest", "text", "the most vertices of a p-median problem that is tried", default="200"),
)
IMPROVEMENT = 0.1
NEAR = 0.1  # °C


def evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each = map) -> Report:
    """Score whatever was given; InputError where nothing was."""
    checks: list[Check] = []
    notes: list[str] = []
    documents = dict(table.documents)
    reference = documents.pop("reference", None)
    if reference is not None:
        checks += _as_published(reference)
    if table.columns.get("wbgt"):
        series = {place: _known(table.seconds, values) for place, values in table.columns["wbgt"].items()}
        found, said = _forecasts(panel_of(series), options, progress, each)
        checks, notes = checks + found, notes + said
    if documents:
        checks += _medians(documents, int(options.get("largest") or 200))
    if not checks:
        raise InputError("give --csv with --time and --wbgt, or --reference, or --medians")
    return Report("heat", tuple(checks), len(table.seconds), tuple(notes))


def _known(seconds: NDArray[np.int64], values: Floats) -> tuple[Floats, Floats]:
    there = np.isfinite(values)
    return seconds[there].astype(np.float64), values[there]


def _as_published(data: bytes) -> list[Check]:
    rows = reference_of(data)
    told = np.isfinite(rows["wbgt"])
    apart = np.abs(worked_out(rows) - rows["wbgt"])[told]
    apart = np.where(np.isfinite(apart), apart, np.inf)
    if not apart.size:
        raise InputError("no row of the reference has a WBGT")
    return [
        Check("liljegren_largest_difference", float(apart.max()), "°C", NEAR, most=True),
        Check("liljegren_rows_within_a_tenth", float((apart <= NEAR).mean()), "1", 1.0),
        Check("liljegren_rows", float(len(apart)), "1"),
    ]


def _forecasts(
    panel: Panel, options: Mapping[str, str], progress: Progress, each: Each
) -> tuple[list[Check], list[str]]:
    spans = _months(panel, options)
    hours = [int(word) for word in (options.get("horizons") or "6,24").split(",")]
    checks: list[Check] = []
    for number, ahead in enumerate(hours):
        missed, naive, inside = [], [], []
        for begin, end in spans:
            for model in learn(panel.until(begin), ahead, each):
                place = panel.places.index(model.place)
                span = slice(max(begin - ahead, 0), end - ahead)
                said, later = say(model, panel), lagged(panel.values[:, place], -ahead)
                errors, simple = (later - said.middle)[span], naive_misses(panel, place, ahead)[:, span]
                both = np.isfinite(errors) & np.isfinite(simple).all(axis=0)
                missed.append(np.abs(errors[both]))
                naive.append(np.abs(simple[:, both]))
                inside.append(((later >= said.low) & (later <= said.high))[span][both])
        progress(number + 1, len(hours))
        if not missed:
            raise InputError("no place has four weeks of readings before the first month; give more of the record")
        errors, simple = np.concatenate(missed), np.concatenate(naive, axis=1).mean(axis=1)
        gain = 1.0 - float(errors.mean() / simple.min())
        checks += [
            Check(f"improvement_{ahead}h", gain, "1", IMPROVEMENT),
            Check(f"mae_{ahead}h", float(errors.mean()), "°C"),
            Check(f"mae_persistence_{ahead}h", float(simple[0]), "°C"),
            Check(f"mae_yesterday_{ahead}h", float(simple[1]), "°C"),
            Check(f"coverage90_{ahead}h", float(np.concatenate(inside).mean()), "1"),
        ]
    return checks, [f"{len(panel.places)} places, {panel.hours} hours; {len(spans)} months forecast"]


def _months(panel: Panel, options: Mapping[str, str]) -> list[tuple[int, int]]:
    """Where each month begins and ends, in hours of the panel."""
    zone = ZoneInfo(options.get("zone") or "Asia/Tokyo")
    last = datetime.fromtimestamp(panel.start + (panel.hours - 2) * HOUR, zone)  # midnight closes a month
    words = [word.strip() for word in (options.get("months") or "").split(",") if word.strip()]
    if not words:
        year, month = (last.year, last.month - 1) if last.month > 1 else (last.year - 1, 12)
        words = [f"{year}-{month:02}", f"{last.year}-{last.month:02}"]
    spans = []
    for word in words:
        try:
            begin = datetime.strptime(word, "%Y-%m").replace(tzinfo=zone)
        except ValueError:
            raise InputError(f"{word!r} is no month; write 2019-09") from None
        end = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
        first, after = (round((one.timestamp() - panel.start) / HOUR) for one in (begin, end))
        if not 0 < first < panel.hours:
            raise InputError(f"the record has nothing before {word} to learn from, or nothing in it")
        spans.append((first, min(after, panel.hours)))
    return spans


def _medians(documents: Mapping[str, bytes], largest: int) -> list[Check]:
    optima = optima_of(documents)
    checks = []
    tried = 0
    for name, least in sorted(optima.items(), key=lambda one: (len(one[0]), one[0])):
        distances, count = graph_of(documents[f"{name}.txt"], name)
        if len(distances) > largest:
            continue
        found = p_median(distances, count)
        tried += 1
        checks.append(Check(f"median_gap_{name}", found.value / least - 1.0, "1", 1e-9, most=True))
    return [Check("medians_tried", float(tried), "1"), *checks]
