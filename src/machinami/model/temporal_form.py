"""What does the evolution of an entity look like outside? History as JSON.

Normalized (ETSI GS CIM 009, 4.5.6 to 4.5.8), simplified as pairs of value and time (4.5.9), and aggregated (4.5.19).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, Protocol

from machinami.model.attribute import Attribute, Kind
from machinami.model.compaction import Json, attribute_writer, moment_text
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.found import Readings, Series
from machinami.model.names import SCOPE
from machinami.model.null import NULL
from machinami.model.representation import NORMALIZED, Representation
from machinami.model.values import MEMBERS, SERIES

TemporalForm = Literal["normalized", "concise", "temporalValues"]
Write = Callable[[str, tuple[Attribute, ...]], Any]
_BARE = Representation("simplified")


_TIMES = {"observedAt": "observed_at", "createdAt": "created_at", "modifiedAt": "modified_at"}


class Moment(Protocol):
    """One instance of the history, as a store gives it."""

    @property
    def attribute(self) -> str:
        """The expanded name."""

    @property
    def value(self) -> Attribute:
        """The instance with its times."""

    @property
    def deleted_at(self) -> datetime | None:
        """When the attribute was deleted, if this instance says so."""


class Period(Protocol):
    """One aggregated period, as a store gives it."""

    @property
    def start(self) -> datetime:
        """When it starts."""

    @property
    def end(self) -> datetime:
        """When it ends."""

    @property
    def values(self) -> dict[str, Any]:
        """Aggregation method -> value."""


def temporal_entity(
    entity: Entity,
    past: Iterable[Moment | Series],
    context: Context,
    form: TemporalForm = "normalized",
    representation: Representation = NORMALIZED,
    time_property: str = "observedAt",
    deleted_at: datetime | None = None,
) -> Json:
    """The evolution of an entity: its head, and for each attribute its instances in the order given.

    past: the instances one by one or as series; in columns only for the form temporalValues.
    time_property: which time goes beside each value in the form temporalValues; createdAt where it is not known.
    """
    series: dict[str, list[Moment]] = {}
    parts = list(past)
    document = temporal_head(entity, context, representation, deleted_at)
    if any(part.attribute == SCOPE for part in parts):
        document.pop("scope", None)
    for part in parts:
        if isinstance(part, Series) and part.kind is not None:
            if shows(representation, part.attribute):
                empty: Json = {"type": part.kind.value, SERIES[part.kind]: []}
                document[_member(part.attribute, context)] = empty if form == "temporalValues" else []
        elif not isinstance(part, Series):
            series.setdefault(part.attribute, []).append(part)
        elif part.readings is None:
            series.setdefault(part.attribute, []).extend(part.instances)
        elif shows(representation, part.attribute):
            document[_member(part.attribute, context)] = _pairs(part.readings)
    for name, instances in series.items():
        if not shows(representation, name):
            continue
        member = _member(name, context)
        if form == "temporalValues":
            document[member] = _values(name, instances, context, representation, time_property)
        else:
            write = attribute_writer(context, replace(representation, form=form))
            document[member] = [_instance(name, m, write, form) for m in instances]
    return document


def shows(representation: Representation, name: str) -> bool:
    """Whether the history of this name is shown; that of the scope is where the scope is (4.5.6)."""
    return representation.shows("scope" if name == SCOPE else name)


def _member(name: str, context: Context) -> str:
    return "scope" if name == SCOPE else context.compact(name)


def _pairs(readings: Readings) -> Json:
    """A series of plain readings in the form temporalValues."""
    return {"type": Kind.PROPERTY.value, SERIES[Kind.PROPERTY]: readings.pairs()}


def aggregated_entity(
    entity: Entity,
    aggregates: Mapping[str, tuple[Kind, Sequence[Period]]],
    methods: Sequence[str],
    context: Context,
    representation: Representation = NORMALIZED,
) -> Json:
    """The evolution by periods (4.5.19): expanded name -> kind and periods; a method without value is left out."""
    document = temporal_head(entity, context, representation)
    for name, (kind, periods) in aggregates.items():
        if not representation.shows(name):
            continue
        shown: Json = {"type": "Relationship" if kind in (Kind.RELATIONSHIP, Kind.LIST_RELATIONSHIP) else "Property"}
        for method in methods:
            shown[method] = [
                [period.values[method], moment_text(period.start), moment_text(period.end)]
                for period in periods
                if period.values.get(method) is not None
            ]
        document[context.compact(name)] = shown
    return document


def temporal_head(
    entity: Entity, context: Context, representation: Representation, deleted_at: datetime | None = None
) -> Json:
    """Id, type, scope and, if they are wanted, the system times of an entity."""
    document: Json = {}
    if representation.shows("id"):
        document["id"] = entity.id
    if representation.shows("type"):
        types = [context.compact(name) for name in entity.types]
        document["type"] = types[0] if len(types) == 1 else types
    if entity.scopes and representation.shows("scope"):
        document["scope"] = entity.scopes[0] if len(entity.scopes) == 1 else list(entity.scopes)
    if representation.sys_attrs:
        times = {"createdAt": entity.created_at, "modifiedAt": entity.modified_at, "deletedAt": deleted_at}
        document.update({member: moment_text(at) for member, at in times.items() if at is not None})
    return document


def _instance(name: str, moment: Moment, write: Write, form: TemporalForm) -> Json:
    instance, deleted_at = moment.value, moment.deleted_at
    if deleted_at is not None:
        instance = replace(instance, value=NULL)
    written = write(name, (instance,))
    # in the concise form a bare value has no room for its instanceId
    is_whole = type(written) is dict and (form != "concise" or _is_open(written))
    document: Json = written if is_whole else {"value": written}
    if instance.instance_id is not None:
        document["instanceId"] = instance.instance_id
    if deleted_at is not None:
        document["deletedAt"] = moment_text(deleted_at)
    return document


def _is_open(written: Json) -> bool:
    return any(member in written for member in MEMBERS.values())


def _values(
    name: str, past: Sequence[Moment], context: Context, representation: Representation, time_property: str
) -> Any:
    datasets: dict[str | None, list[Moment]] = {}
    for moment in past:
        datasets.setdefault(moment.value.dataset_id, []).append(moment)
    write = attribute_writer(context, replace(_BARE, lang=representation.lang))
    written = []
    for dataset, moments in datasets.items():
        kind = moments[-1].value.kind
        pairs = [
            [
                write(name, (replace(m.value, value=NULL) if m.deleted_at else m.value,)),
                _time(m, time_property),
            ]
            for m in moments
        ]
        document: Json = {"type": kind.value, SERIES[kind]: pairs}
        if dataset is not None:
            document["datasetId"] = dataset
        written.append(document)
    return written[0] if len(written) == 1 else written


def time_of(moment: Moment, time_property: str) -> datetime | None:
    """The time of an instance by which it is asked for; when it was written where it has none."""
    instance = moment.value
    asked = moment.deleted_at if time_property == "deletedAt" else getattr(instance, _TIMES[time_property])
    return asked or moment.deleted_at or instance.modified_at or instance.created_at


def _time(moment: Moment, time_property: str) -> str | None:
    at = time_of(moment, time_property)
    return None if at is None else moment_text(at)
