"""Which past do the query parameters of a request ask for? (pure; ETSI GS CIM 009, 6.18.3.2, 6.19.3.1, 6.3.12)"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

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
    read_flag,
    read_page,
    read_selection,
)
from machinami.foundation.errors import BadRequestData
from machinami.model import core_terms, parse
from machinami.model.context import Context
from machinami.model.names import SCOPE
from machinami.model.query import Condition, Duration, Page, Query, TemporalQuery, hops, names
from machinami.model.representation import Representation
from machinami.model.temporal_form import TemporalForm

_TIME = frozenset({"timerel", "timeAt", "endTimeAt", "timeproperty", "lastN"})
_SHOW = frozenset({"options", "format", "lang", "attrs", "pick", "omit", "datasetId", "local"})
_AGGREGATE = frozenset({"aggrMethods", "aggrPeriodDuration"})
RETRIEVE = _TIME | _SHOW | _AGGREGATE
QUERY = RETRIEVE | SELECT | PAGING | {"orderBy", "collation", "jsonKeys", "splitEntities"}

_TIMES = ("createdAt", "modifiedAt", "deletedAt", "expiresAt", "observedAt")
_SYSTEM = frozenset(("@id", "@type", SCOPE, *(core_terms.NAMESPACE + name for name in _TIMES)))
METHODS = ("totalCount", "distinctCount", "sum", "avg", "min", "max", "stddev", "sumsq")
_FORMS = {name: name for name in ("normalized", "concise", "temporalValues", "aggregatedValues")}
_OPTIONS = frozenset({"sysAttrs", "count", "local", *_FORMS})
_WRITTEN: dict[str, TemporalForm] = {"concise": "concise", "temporalValues": "temporalValues"}
_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,6})?)S)?)?\Z", re.ASCII
)
_DIGITS = 30
_SECONDS = (604_800.0, 86_400.0, 3_600.0, 60.0, 1.0)


@dataclass(frozen=True, slots=True)
class Evolution:
    """What part of the past is wanted, and how. methods: of aggregation; empty without. attributes None: all.

    csf: which sources may be asked; split: whether parts of one entity may be in
    several places (None: as the installation has it).
    """

    query: Query
    page: Page
    temporal: TemporalQuery
    attributes: tuple[str, ...] | None
    context: Context
    representation: Representation
    form: TemporalForm
    methods: tuple[str, ...] = ()
    period: Duration | None = None
    csf: Condition | None = None
    split: bool | None = None
    local: bool = False

    @property
    def is_restricted(self) -> bool:
        """Whether instances are asked for, by name, dataset or time, so that an entity without any does not match."""
        if self.attributes is not None:
            return bool(self.attributes)
        return self.temporal.relation is not None or self.temporal.datasets is not None


def read_evolution(arguments: Arguments, context: Context, paging: Paging, searching: bool) -> Evolution:
    """What part of the past is asked for. searching: among all entities, so that a time and a kind must be said."""
    times = (arguments.get(name) for name in ("timerel", "timeAt", "endTimeAt", "timeproperty", "lastN"))
    temporal = replace(parse.parse_temporal(*times), datasets=read_datasets(arguments))
    words = options(arguments, _OPTIONS)
    form = chosen_form(arguments, words, _FORMS) or "normalized"
    methods: tuple[str, ...] = ()
    period = None
    if form == "aggregatedValues":
        methods, period = _read_methods(arguments), read_duration(arguments.get("aggrPeriodDuration", "PT0S"))
    attributes, representation = _read_shown(arguments, context, "sysAttrs" in words)
    return Evolution(
        query=_read_query(arguments, context, temporal) if searching else Query(),
        page=read_page(arguments, paging, "count" in words) if searching else Page(),
        temporal=temporal,
        attributes=attributes,
        context=context,
        representation=representation,
        form=_WRITTEN.get(form, "normalized"),
        methods=methods,
        period=period,
        csf=parse.parse_q(arguments["csf"], context) if "csf" in arguments else None,
        split=read_flag(arguments, "splitEntities") if "splitEntities" in arguments else None,
        local=is_local(arguments),
    )


def _read_query(arguments: Arguments, context: Context, temporal: TemporalQuery) -> Query:
    """Which entities are wanted (5.7.4.4)."""
    if temporal.relation is None:
        raise BadRequestData(
            "Say which time is asked for: timerel with timeAt, such as timerel=after&timeAt=2026-06-30T00:00:00Z",
            parameter="timerel",
        )
    query = read_selection(arguments, context)
    if query.q is not None and hops(query.q):
        raise BadRequestData("q asks for linked entities, whose past is not looked into", parameter="q")
    if any(order.path.names != ("@id",) or order.path.trail for order in query.order):
        raise BadRequestData("Evolutions of entities are ordered by id only: orderBy=id", parameter="orderBy")
    asked = {*query.attrs, *(names(query.q) if query.q is not None else ())}
    if not (query.types or query.geo or asked - _SYSTEM or is_local(arguments)):
        raise BadRequestData(
            "The query is too wide: give at least one of type, attrs, q or georel, or say local=true to mean everything"
        )
    return query


def _read_shown(
    arguments: Arguments, context: Context, sys_attrs: bool
) -> tuple[tuple[str, ...] | None, Representation]:
    """The attributes whose past is wanted (None: all), and how it is to be shown (4.21)."""
    if "attrs" in arguments and ("pick" in arguments or "omit" in arguments):
        raise BadRequestData("attrs cannot stand beside pick or omit; name the attributes in pick", parameter="attrs")
    pick, omit = _read_members(arguments, "pick", context), _read_members(arguments, "omit", context)
    both = sorted(pick.keys() & omit.keys()) if pick and omit else []
    if both:
        raise BadRequestData(f"{both[0]} stands in pick and in omit; name it in one of them", parameter="omit")
    attributes = parse.parse_names(arguments["attrs"], context) if "attrs" in arguments else None
    if pick is not None:
        attributes = tuple(SCOPE if name == "scope" else name for name in pick if name not in ("id", "type"))
    return attributes, Representation(sys_attrs=sys_attrs, pick=pick, omit=omit, lang=arguments.get("lang"))


def _read_members(arguments: Arguments, parameter: str, context: Context) -> Mapping[str, Any] | None:
    if parameter not in arguments:
        return None
    projection = parse.parse_projection(arguments[parameter], context, parameter)
    if projection.hops:
        raise BadRequestData(f"{parameter} names members of linked entities, whose past is not shown with it")
    return as_tree(projection)


def _read_methods(arguments: Arguments) -> tuple[str, ...]:
    methods = tuple(name.strip() for name in arguments.get("aggrMethods", "").split(",") if name.strip())
    if not methods or not set(methods) <= set(METHODS):
        raise BadRequestData(
            f"aggregatedValues needs aggrMethods, a list of {', '.join(METHODS)}", parameter="aggrMethods"
        )
    return methods


def read_duration(text: str) -> Duration | None:
    """The duration of a period (4.5.19); None for no length, which means the whole range."""
    found = _DURATION.match(text)
    if found is None or text[-1] in "PT" or sum(map(len, filter(None, found.groups()))) > _DIGITS:
        raise BadRequestData(
            f"aggrPeriodDuration={text[:60]!r} is not a duration; write for example PT1H, P1D, P1M or P1Y6M",
            parameter="aggrPeriodDuration",
        )
    years, months, *parts = (float(part or 0) for part in found.groups())
    seconds = sum(part * unit for part, unit in zip(parts, _SECONDS, strict=True))
    length = Duration(int(years * 12 + months), seconds)
    return None if length == Duration() else length
