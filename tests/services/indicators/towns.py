"""Entities as a town holds them, and the rows that a formula asks of them, by the one meaning of a query."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from machinami.broker.contexts import town_context
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.matching import matches
from machinami.model.query import Query, TypeIs
from machinami.services.indicators.logic.computing import Asked, Outcome, Row, came_within, compute
from machinami.services.indicators.logic.formula import parse_formula

NOW = datetime(2026, 6, 30, 3, tzinfo=UTC)
CONTEXT = town_context()
Past = Mapping[str, Sequence[tuple[float, float]]]
"""Past values by entity id: how many days ago, and what."""


def entity(kind: str, name: str, days_old: float = 0.0, /, **values: object) -> Entity:
    """An entity of a type (short name) with plain attributes; one whose name begins with ref points elsewhere."""
    attributes = {
        CONTEXT.expand(key): (Attribute(Kind.RELATIONSHIP if key.startswith("ref") else Kind.PROPERTY, value),)
        for key, value in values.items()
    }
    born = NOW - timedelta(days=days_old)
    found = Entity(f"urn:ngsi-ld:{kind}:{name}", (CONTEXT.expand(kind),), attributes)
    return replace(found, created_at=born, modified_at=born)


def ask(text: str, entities: Sequence[Entity], past: Past | None = None) -> Outcome:
    """What a formula comes to over these entities."""
    by_id = {one.id: one for one in entities}

    def rows(asked: Asked) -> list[Row]:
        query = Query(types=TypeIs(asked.type), q=asked.condition)
        found = [one for one in entities if matches(query, one, NOW, by_id.get)]
        if asked.since_days is not None:
            found = [one for one in found if came_within(one, asked.since_days, NOW)]
        return [Row(one, _within((past or {}).get(one.id, ()), asked.past_days)) for one in found]

    return compute(parse_formula(text, CONTEXT), rows, NOW, by_id.get)


def _within(values: Sequence[tuple[float, float]], days: float) -> tuple[float, ...]:
    return tuple(value for ago, value in values if ago <= days)
