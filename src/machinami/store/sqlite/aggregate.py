"""What is the sum, the average or the spread of a series, by period?

Series of numbers are aggregated by SQLite. If the range holds anything else, its instances are read and
`store.aggregation`, which says what each method means, does it.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import apsw

from machinami.model.found import Bucket
from machinami.model.query import Duration, TemporalQuery
from machinami.model.retention import CONDENSED
from machinami.store.aggregation import aggregate_instances, end_of_range, origin
from machinami.store.periods import LONGEST, Periods, moment
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.history import Span, Stretch, read_instances, span
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.reading import read_state


@dataclass(frozen=True, slots=True)
class Aggregation:
    """What is asked for; period None: the whole range."""

    entity_id: str
    attribute: str
    temporal: TemporalQuery
    methods: tuple[str, ...]
    period: Duration | None


_METHODS = {
    "totalCount": "count(*)",
    "distinctCount": "count(DISTINCT number)",
    "sum": "total(number)",
    "avg": "avg(number)",
    "min": "min(number)",
    "max": "max(number)",
    "sumsq": "total(number * number)",
    # the mean of each period is taken away first, so that nothing is lost where it is large against the spread
    "stddev": "total((number - mean) * (number - mean)) / count(*)",
}
_OVERVIEW = (
    "SELECT min({by}), max({by}), total(number IS NULL OR (doc IS NOT NULL AND instr(doc, CAST(? AS BLOB)))) "
    "FROM history "
    "WHERE subject = ? AND attribute = ? AND deleted = 0 AND {where}"
)
_BUCKETS = (
    "WITH reading AS MATERIALIZED (SELECT ({by} - ?) / ? AS period, number FROM history "
    "WHERE subject = ? AND attribute = ? AND deleted = 0 AND {where}), "
    "middle AS MATERIALIZED (SELECT period, avg(number) AS mean FROM reading GROUP BY period) "
    "SELECT period, {results} FROM reading JOIN middle USING (period) GROUP BY period ORDER BY period"
)
_PLAIN_BUCKETS = (
    "SELECT ({by} - ?) / ? AS period, {results} FROM history "
    "WHERE subject = ? AND attribute = ? AND deleted = 0 AND {where} GROUP BY period ORDER BY period"
)
_FOREVER = Duration(seconds=LONGEST / 1_000_000)  # one period for everything


def aggregate(names: Names, wanted: Aggregation, connection: apsw.Connection) -> list[Bucket]:
    """The periods that hold values, in order."""
    state = read_state(connection, wanted.entity_id)
    number = names.known(wanted.attribute)
    if state is None or number is None:
        return []
    place = (state.subject, number)
    where = span(wanted.temporal)
    overview = _OVERVIEW.format(by=where.by, where=where.where)
    ((first, last, others),) = read(connection, overview, (CONDENSED, *place, *where.parameters))
    if first is None:
        return []
    if others or (wanted.period is not None and wanted.period.months):
        everything = replace(wanted.temporal, last_n=None)
        stretch = Stretch([wanted.entity_id], [wanted.attribute], everything, None)
        instances = read_instances(connection, names, stretch)
        return aggregate_instances(instances, wanted.temporal, wanted.methods, wanted.period)
    return _aggregate_numbers(connection, place, where, wanted, (first, last))


def _aggregate_numbers(
    connection: apsw.Connection,
    place: tuple[int, int],
    where: Span,
    wanted: Aggregation,
    ends: tuple[int, int],
) -> list[Bucket]:
    start = origin(wanted.temporal, ends[0])
    periods = Periods(start, wanted.period or _FOREVER)
    template = _BUCKETS if "stddev" in wanted.methods else _PLAIN_BUCKETS
    results = ", ".join(_METHODS[method] for method in wanted.methods) or "0"
    sql = template.format(by=where.by, where=where.where, results=results)
    buckets = []
    for period, *values in read(connection, sql, (start, periods.width, *place, *where.parameters)):
        whole = wanted.period is None
        end = moment(end_of_range(wanted.temporal, ends[1])) if whole else periods.begin(period + 1)
        buckets.append(Bucket(periods.begin(period), end, _named(wanted.methods, values)))
    return buckets[-wanted.temporal.last_n :] if wanted.temporal.last_n else buckets


def _named(methods: tuple[str, ...], values: list[Any]) -> dict[str, Any]:
    named = dict(zip(methods, values, strict=False))
    if "stddev" in named:
        named["stddev"] = math.sqrt(named["stddev"])
    return named
