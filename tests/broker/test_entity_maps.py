"""A map fixes which entities a sequence of requests is about, for a while and in its own town (5.5.14)."""

from datetime import timedelta

import pytest
from tests.broker.conftest import OFFICER, gauge, level

from machinami.broker import operations
from machinami.broker.entity_maps import LONGEST_LIFETIME, EntityMaps, matching_here, places_here
from machinami.foundation.errors import NotFound
from machinami.model.context import core
from machinami.model.parse import parse_q
from machinami.model.query import Query, TypeIs

HIGH = Query(TypeIs(core().expand("Gauge")), q=parse_q("level>1", core()))


async def mapped(town, lifetime=None):
    for number in range(1, 4):
        await operations.create(town, gauge(number, float(number)), OFFICER)
    maps = EntityMaps()
    return maps, maps.keep(town, HIGH, await places_here(town, HIGH, OFFICER), lifetime, OFFICER)


async def test_what_comes_later_is_not_in_the_map_and_what_fits_no_more_leaves_it(town):
    maps, made = await mapped(town)
    assert list(made.entries) == ["urn:ngsi-ld:Gauge:2", "urn:ngsi-ld:Gauge:3"]
    await operations.create(town, gauge(4, 4.0), OFFICER)
    await operations.update(town, "urn:ngsi-ld:Gauge:2", level(0.5), OFFICER)

    kept = await maps.prune(town, made.id, OFFICER)

    assert list(kept.entries) == ["urn:ngsi-ld:Gauge:3"]
    found = await matching_here(town, made.entries, HIGH, OFFICER)
    assert [one.id for one in found] == ["urn:ngsi-ld:Gauge:3"]
    assert maps.get(town, made.id, OFFICER) == kept


async def test_a_map_is_gone_when_its_time_is_over_which_is_bounded(town, house):
    maps, made = await mapped(town, timedelta(days=3650))
    assert made.expires_at == town.clock() + LONGEST_LIFETIME
    maps.prolong(town, made.id, town.clock() + timedelta(days=9), OFFICER)
    assert maps.get(town, made.id, OFFICER).expires_at == town.clock() + LONGEST_LIFETIME

    house.clock.pass_seconds(3601)

    with pytest.raises(NotFound):
        maps.get(town, made.id, OFFICER)


async def test_a_map_is_known_in_its_own_town_only(town, house):
    maps, made = await mapped(town)
    other = await house.broker.town("harbour", create=True)

    for act in (maps.get, maps.drop):
        with pytest.raises(NotFound):
            act(other, made.id, OFFICER)
    maps.drop(town, made.id, OFFICER)
    with pytest.raises(NotFound):
        maps.get(town, made.id, OFFICER)


async def test_the_oldest_maps_go_first(town):
    maps, made = await mapped(town)

    for _ in range(1_000):
        last = maps.keep(town, HIGH, {}, None, OFFICER)

    with pytest.raises(NotFound):
        maps.get(town, made.id, OFFICER)
    assert maps.get(town, last.id, OFFICER) == last


async def test_large_maps_go_sooner(town):
    maps, made = await mapped(town)
    many = {f"urn:ngsi-ld:Gauge:{number}": ("@none",) for number in range(100_000)}

    kept = [maps.keep(town, HIGH, many, None, OFFICER) for _ in range(6)]

    for gone in (made, kept[0]):
        with pytest.raises(NotFound):
            maps.get(town, gone.id, OFFICER)
    assert maps.get(town, kept[1].id, OFFICER) == kept[1]
