"""Which past do the query parameters of a request ask for? (pure; ETSI GS CIM 009, 6.18.3.2, 6.19.3.1, 6.3.12)"""

import re
from dataclasses import dataclass, replace

from machinami.apis.ngsild.parameters import (
    PAGING,
    SELECT,
    Arguments,
    Paging,
    as_tree,
    chosen_form,
    is_local,
    options,
    read_datasets,
    read_page,
    read_selection,
)
from machinami.foundation.errors import BadRequestData
from machinami.model import parse
from machinami.model.context import Context
from machinami.model.query import Page, Query, TemporalQuery
from machinami.model.representation import Representation
from machinami.model.temporal_form import TemporalForm

_TIME = frozenset({"timerel", "timeAt", "endTimeAt", "timeproperty", "lastN"})
_SHOW = frozenset({"options", "format", "lang", "attrs", "pick", "omit", "datasetId", "local"})
_AGGREGATE = frozenset({"aggrMethods", "aggrPeriodDuration"})
RETRIEVE = _TIME | _SHOW | _AGGREGATE
QUERY = RETRIEVE | SELECT | PAGING

METHODS = ("totalCount", "distinctCount", "sum", "avg", "min", "max", "stddev", "sumsq")
_FORMS = {name: name for name in ("normalized", "concise", "temporalValues", "aggregatedValues")}
_OPTIONS = frozenset({"sysAttrs", "count", "local", *_FORMS})
_WRITTEN: dict[str, TemporalForm] = {"concise": "concise", "temporalValues": "temporalValues"}
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,6})?)S)?)?\Z", re.ASCII)
_SECONDS = (604_800.0, 86_400.0, 3_600.0, 60.0, 1.0)


@dataclass(frozen=True, slots=True)
class Evolution:
    """What part of the past is wanted, and how. methods: of aggregation; empty without. attributes None: all."""

    query: Query
    page: Page
    temporal: TemporalQuery
    attributes: tuple[str, ...] | None
    context: Context
    representation: Representation
    form: TemporalForm
    methods: tuple[str, ...] = ()
    period: float | None = None


def read_evolution(arguments: Arguments, context: Context, paging: Paging, searching: bool) -> Evolution:
    """What part of the past is asked for. searching: among all entities, so that a time and a kind must be said."""
    times = (arguments.get(name) for name in ("timerel", "timeAt", "endTimeAt", "timeproperty", "lastN"))
    temporal = parse.parse_temporal(*times)
    if searching and temporal.relation is None:
        raise BadRequestData(
            "Say which time is asked for: timerel with timeAt, such as timerel=after&timeAt=2026-06-30T00:00:00Z",
            parameter="timerel",
        )
    kinds = ("type", "attrs", "q", "georel", "geometry")
    if searching and arguments.keys().isdisjoint(kinds) and not is_local(arguments):
        raise BadRequestData(
            "The query is too wide: give at least one of type, attrs, q or georel, or say local=true to mean everything"
        )
    words = options(arguments, _OPTIONS)
    form = chosen_form(arguments, words, _FORMS) or "normalized"
    methods: tuple[str, ...] = ()
    period = None
    if form == "aggregatedValues":
        methods, period = _read_methods(arguments), read_duration(arguments.get("aggrPeriodDuration", "PT0S"))
    attrs = parse.parse_names(arguments["attrs"], context) if "attrs" in arguments else None
    pick = parse.parse_projection(arguments["pick"], context, "pick") if "pick" in arguments else None
    omit = parse.parse_projection(arguments["omit"], context, "omit") if "omit" in arguments else None
    return Evolution(
        query=replace(read_selection(arguments, context), order=()) if searching else Query(),
        page=read_page(arguments, paging, "count" in words) if searching else Page(),
        temporal=temporal,
        attributes=attrs,
        context=context,
        representation=Representation(
            sys_attrs="sysAttrs" in words,
            pick=as_tree(pick) if pick else None,
            omit=as_tree(omit) if omit else None,
            lang=arguments.get("lang"),
            datasets=read_datasets(arguments),
        ),
        form=_WRITTEN.get(form, "normalized"),
        methods=methods,
        period=period,
    )


def _read_methods(arguments: Arguments) -> tuple[str, ...]:
    names = tuple(name.strip() for name in arguments.get("aggrMethods", "").split(",") if name.strip())
    if not names or not set(names) <= set(METHODS):
        raise BadRequestData(
            f"aggregatedValues needs aggrMethods, a list of {', '.join(METHODS)}", parameter="aggrMethods"
        )
    return names


def read_duration(text: str) -> float | None:
    """Seconds of an ISO 8601 duration without years and months; None for no length, which means the whole range."""
    found = _DURATION.match(text)
    if found is None or text[-1] in "PT" or sum(map(len, filter(None, found.groups()))) > 30:
        raise BadRequestData(
            f"aggrPeriodDuration={text[:60]!r} is not a duration of weeks, days, hours, minutes and seconds; "
            "write for example PT1H or P1D",
            parameter="aggrPeriodDuration",
        )
    seconds = sum(float(part or 0) * unit for part, unit in zip(found.groups(), _SECONDS, strict=True))
    return seconds or None
