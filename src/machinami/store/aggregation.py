"""What is the sum, the average or the spread of many values? (ETSI GS CIM 009, 4.5.19)

Numbers are taken as they are and booleans as 0 and 1. Where there are none of them, arrays are taken by their size,
then times as times, and else min and max are those of the texts. The targets of relationships and the words of a
vocabulary are only counted. A missing value (null) counts for nothing. stddev is that of the whole population: 0 for
one value.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from machinami.foundation.errors import InvalidRequest
from machinami.foundation.instant import to_micros
from machinami.model.attribute import Kind
from machinami.model.found import Bucket, Instance
from machinami.model.query import Duration, TemporalQuery, TimeRelation
from machinami.model.retention import Sum, condensed_of, sum_of, sum_of_number
from machinami.store.periods import Periods, moment
from machinami.store.time_values import aggregate_times, time_value
from machinami.store.timeline import order_time


def _deviation(numbers: Sequence[float]) -> float:
    mean = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers))


NUMERIC: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "avg": lambda numbers: math.fsum(numbers) / len(numbers),
    "min": min,
    "max": max,
    "stddev": _deviation,
    "sumsq": lambda numbers: math.fsum(x * x for x in numbers),
}
_OF_SIZES = ("sum", "avg", "min", "max")
_URIS = (Kind.RELATIONSHIP, Kind.LIST_RELATIONSHIP, Kind.VOCAB)
COUNTS = ("totalCount", "distinctCount")


def check_methods(methods: Sequence[str]) -> None:
    """Raises InvalidRequest if there is a method that 4.5.19 does not have."""
    for method in methods:
        if method not in NUMERIC and method not in COUNTS:
            known = ", ".join((*COUNTS, *NUMERIC))
            raise InvalidRequest(f"{method!r} is no way to aggregate; there are {known}", aggrMethods=method)


def aggregate_values(values: Sequence[Any], methods: Sequence[str]) -> dict[str, Any]:
    """Method name -> result; a method that makes no sense of these values is left out."""
    if any(isinstance(v, Sum) for v in values):
        return _aggregate_sums([v if isinstance(v, Sum) else sum_of_number(v) for v in values if _counts(v)], methods)
    numbers = [v for v in values if isinstance(v, int | float)]
    sizes = [len(v) for v in values if isinstance(v, list)]
    texts = [v for v in values if isinstance(v, str)]
    times = [] if numbers or sizes else [found for v in values if (found := time_value(v)) is not None]
    results: dict[str, Any] = {}
    for method in methods:
        if method == "totalCount":
            results[method] = len(values)
        elif method == "distinctCount":
            results[method] = len({_identity(v) for v in values})
        elif numbers:
            results[method] = NUMERIC[method](numbers)
        elif sizes:
            if method in _OF_SIZES:
                results[method] = NUMERIC[method](sizes)
        elif times:
            result = aggregate_times(times, method)
            if result is not None:
                results[method] = result
        elif texts and method in ("min", "max"):
            results[method] = min(texts) if method == "min" else max(texts)
    return results


def _counts(value: Any) -> bool:
    return isinstance(value, int | float | Sum)


def _aggregate_sums(sums: Sequence[Sum], methods: Sequence[str]) -> dict[str, Any]:
    """The same of readings of which some were condensed: exact but for distinctCount, which is that of what is kept."""
    whole = sums[0]
    for one in sums[1:]:
        whole = whole.joined(one)
    results: Mapping[str, Any] = {
        "totalCount": whole.count,
        "distinctCount": len({one.mean for one in sums}),
        "sum": whole.mean * whole.count,
        "avg": whole.mean,
        "min": whole.low,
        "max": whole.high,
        "stddev": math.sqrt(whole.spread / whole.count),
        "sumsq": whole.spread + whole.count * whole.mean**2,
    }
    return {method: results[method] for method in methods}


def _identity(value: Any) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def origin(temporal: TemporalQuery, first: int) -> int:
    """Where the first period begins, in microseconds: with the range, or with the first instance."""
    if temporal.relation in (TimeRelation.AFTER, TimeRelation.BETWEEN) and temporal.time_at is not None:
        return to_micros(temporal.time_at)
    return first


def end_of_range(temporal: TemporalQuery, last: int) -> int:
    """Where the range ends that is aggregated as a whole: as asked for, or with the last instance."""
    if temporal.relation is TimeRelation.BETWEEN and temporal.end_time_at is not None:
        return to_micros(temporal.end_time_at)
    if temporal.relation is TimeRelation.BEFORE and temporal.time_at is not None:
        return to_micros(temporal.time_at)
    return last


def aggregate_instances(
    instances: Sequence[Instance], temporal: TemporalQuery, methods: Sequence[str], period: Duration | None
) -> list[Bucket]:
    """The periods that hold values, in order; `last_n` of them. The instances come in order of time."""
    meant = [i for i in instances if i.deleted_at is None and i.value.value is not None]
    if not meant:
        return []
    times = [to_micros(order_time(i, temporal.property)) for i in meant]
    start = origin(temporal, times[0])
    if period is None:
        whole = aggregate_values([_value(i) for i in meant], methods)
        return [Bucket(moment(start), moment(end_of_range(temporal, times[-1])), whole)]
    periods = Periods(start, period)
    groups: dict[int, list[Any]] = {}
    for time, instance in zip(times, meant, strict=True):
        groups.setdefault(periods.number(time), []).append(_value(instance))
    buckets = [
        Bucket(periods.begin(n), periods.begin(n + 1), aggregate_values(values, methods))
        for n, values in sorted(groups.items())
    ]
    return buckets[-temporal.last_n :] if temporal.last_n else buckets


def _value(instance: Instance) -> Any:
    """What is aggregated of an instance; URIs come as a tuple, of which nothing but the number counts."""
    if condensed_of(instance.value) is not None:
        return sum_of(instance.value)
    value = instance.value.value
    if instance.value.kind not in _URIS:
        return value
    return value if isinstance(value, tuple) else (value,)
