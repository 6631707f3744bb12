"""Has the simulated town a hot morning, halls that are open, and ways to school of which some lie in the sun?"""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from machinami.foundation.geojson import check_geometry
from machinami.ingest.town.climate import climate
from machinami.ingest.town.coolness import HALLS, WAYS, coolness
from machinami.ingest.town.terrain import terrain
from machinami.model.opening_hours import parse_hours

ANCHOR = datetime(2026, 11, 22, 0, tzinfo=UTC)  # nine in the morning in Japan
MINUTE = int(ANCHOR.timestamp()) // 60


def weather(hours: float) -> tuple[float, float]:
    """Temperature and sunshine so many hours from the anchor, without rain."""
    minutes = np.array([MINUTE + int(60 * hours)])
    found = climate(1, minutes, np.zeros(1), MINUTE)
    return float(found.temperature[0]), float(found.sunshine[0])


@pytest.mark.parametrize("hours", [-68, -44, -20])
def test_the_three_days_before_the_storm_are_hot_whatever_the_calendar_says(hours: int) -> None:
    celsius, light = weather(hours)  # one in the afternoon
    assert celsius > 33
    assert light > 800


def test_the_heat_goes_with_the_storm() -> None:
    assert weather(28)[0] < weather(-20)[0]


def test_whatever_is_told_is_sound_and_said_to_be_simulated() -> None:
    found = list(coolness(terrain(1), ANCHOR))
    ids = {one.entity_id for one in found}
    assert {one.entity_id for one in found if one.attribute == "simulated" and one.value is True} == ids
    for one in found:
        assert one.observed_at <= ANCHOR + timedelta(0)
        if one.attribute == "location":
            check_geometry(one.value)
        if one.attribute == "openingHours":
            assert isinstance(one.value, list)
            assert all(parse_hours(row) for row in one.value)
    kinds = {kind: sum(one.entity_type == kind for one in found if one.attribute == "simulated") for kind in
             ("CoolingShelter", "Walkway")}  # fmt: skip
    assert kinds["CoolingShelter"] == len(HALLS)
    assert kinds["Walkway"] == len(WAYS)


def test_the_same_seed_makes_the_same_ways() -> None:
    one, other, third = (list(coolness(terrain(seed), ANCHOR)) for seed in (1, 1, 2))
    assert one == other
    assert one != third
