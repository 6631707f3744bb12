"""Is it said how hot it is, what that means, and what is to come, and is what is not known not said?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from machinami.model.view import Measured, Point
from machinami.model.vocabulary.weather import WeatherObserved
from machinami.services.heat.logic.forecast import learn, naive_misses, say
from machinami.services.heat.logic.now import lacking, level_of, observe, observed
from machinami.services.heat.logic.outlook import is_due, outlook
from machinami.services.heat.logic.panel import panel_of, usual, yesterday

NOON = datetime(2026, 8, 1, 4, tzinfo=UTC)


def station(**other: object) -> WeatherObserved:
    """A station in the sun, at noon of a summer's day in Japan."""
    told = {
        "temperature": Measured(33.0, NOON, "CEL"),
        "relative_humidity": Measured(0.5, NOON, "C62"),
        "wind_speed": Measured(2.0, NOON, "MTS"),
        "solar_radiation": Measured(900.0, NOON, "D54"),
        "location": Point(140.0, 36.0),
        "wind_height": 2.0,
        **other,
    }
    return WeatherObserved("urn:ngsi-ld:WeatherObserved:s1", **told)


@pytest.mark.parametrize(
    ("wbgt", "level"), [(20.9, 0), (21.0, 1), (24.9, 1), (25.0, 2), (28.0, 3), (30.9, 3), (31.0, 4), (36.0, 4)]
)
def test_the_bounds_belong_to_the_worse_level(wbgt: float, level: int) -> None:
    assert level_of(wbgt) == level


def test_a_station_with_a_place_is_worked_out_by_the_balance_of_heat() -> None:
    found = observed(station())
    assert found is not None
    assert found.wbgt is not None
    assert found.method == "liljegren"
    assert found.wbgt.value == pytest.approx(31.4, abs=0.1)
    assert found.wbgt.observed_at == NOON
    assert found.globe_temperature is not None
    assert found.globe_temperature.value == pytest.approx(48.3, abs=0.2)


def test_one_without_a_place_by_the_ministrys_formula() -> None:
    found = observed(station(location=None))
    assert found is not None
    assert found.wbgt is not None
    assert found.method == "ono_tonouchi"
    assert 28 < (found.wbgt.value or 0) < 34


def test_wind_from_a_high_mast_blows_less_where_people_stand() -> None:
    low, high = (observed(station(wind_height=metres)) for metres in (2.0, 30.0))
    told = [one.wbgt.value or 0 for one in (low, high) if one and one.wbgt]
    assert told[1] > told[0]


def test_without_sunshine_nothing_is_said_and_what_lacks_is_named() -> None:
    lame = station(solar_radiation=None, wind_speed=Measured(None, NOON))
    assert observed(lame) is None
    assert lacking(lame) == ("windSpeed", "solarRadiation")
    assert lacking(station()) == ()


def test_measurements_an_hour_apart_are_not_of_one_moment() -> None:
    assert observed(station(temperature=Measured(33.0, NOON - timedelta(hours=1), "CEL"))) is None


def test_what_was_said_already_is_not_said_again() -> None:
    said = observe([station()], [])
    assert observe([station()], said) == []
    later = replace(station(), temperature=Measured(34.0, NOON + timedelta(minutes=10), "CEL"))
    assert len(observe([later], said)) == 1


def summer(days: int, seed: int = 1, places: int = 2) -> dict[str, tuple[list[float], list[float]]]:
    """Hot and cool spells that come to the second place a day after the first, with a course of the day."""
    drawn = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    spell = np.cumsum(drawn.normal(0, 1, days + 2))
    spell = 3 * (spell - spell.mean()) / max(float(spell.std()), 1e-9)
    seconds = [float(hour * 3600 + 1_780_000_000 // 3600 * 3600) for hour in hours]
    found = {}
    for place in range(places):
        slow = np.interp(hours / 24 + 1 - place, np.arange(days + 2), spell)
        values = 25 + slow + 3 * np.sin(2 * np.pi * hours / 24) + drawn.normal(0, 0.3, len(hours))
        found[f"p{place}"] = (seconds, [float(value) for value in values])
    return found


def test_weather_that_comes_from_next_door_is_foreseen() -> None:
    panel = panel_of(summer(120))
    first = 90 * 24
    (model,) = [one for one in learn(panel.until(first), 24) if one.place == "p1"]
    said = say(model, panel)
    later = np.concatenate([panel.values[24:, 1], np.full(24, np.nan)])
    span = slice(first - 24, panel.hours - 24)
    errors = np.abs(later - said.middle)[span]
    simple = np.abs(naive_misses(panel, 1, 24))[:, span].mean(axis=1).min()
    assert model.used
    assert np.nanmean(errors) < 0.8 * simple
    inside = (later >= said.low) & (later <= said.high)
    assert 0.75 < inside[span].mean() <= 1.0


def test_what_is_forecast_hangs_on_nothing_that_comes_after() -> None:
    series = summer(60)
    panel = panel_of(series)
    (model, _) = learn(panel.until(50 * 24), 6)
    changed = panel._replace(values=panel.values.copy())
    changed.values[55 * 24 :] += 10
    before = slice(0, 55 * 24)
    np.testing.assert_array_equal(say(model, panel).middle[before], say(model, changed).middle[before])


def test_noise_alone_is_not_learned_from() -> None:
    drawn = np.random.default_rng(3)
    seconds = [float(hour * 3600) for hour in range(60 * 24)]
    course = 25 + np.sin(2 * np.pi * np.arange(60 * 24) / 24)
    rows = outlook({"p": (seconds, [float(value) for value in course + drawn.normal(0, 0.001, 60 * 24)])})
    assert [row["hours"] for row in rows["p"]] == [3, 6, 12, 24]
    assert all(abs(row["wbgt"] - 25) < 1.2 for row in rows["p"])


def test_a_place_of_two_days_is_forecast_as_yesterday() -> None:
    seconds = [float(hour * 3600) for hour in range(48)]
    rows = outlook({"new": (seconds, [float(hour % 24) for hour in range(48)])})
    assert [(row["hours"], row["wbgt"], row["used"]) for row in rows["new"]] == [
        (3, 2.0, False), (6, 5.0, False), (12, 11.0, False), (24, 23.0, False),
    ]  # fmt: skip


def test_a_place_of_some_hours_is_not_forecast() -> None:
    assert outlook({"new": ([0.0, 3600.0], [20.0, 21.0])}) == {}
    assert outlook({}) == {}


def test_a_gap_is_no_value_and_half_a_day_no_mean() -> None:
    panel = panel_of({"p": ([0, 3600, 4 * 3600], [20.0, 21.0, 24.0])})
    np.testing.assert_array_equal(panel.values[:, 0], [20, 21, np.nan, np.nan, 24])
    assert np.isnan(usual(panel.values, 24)).all()
    assert np.isnan(yesterday(panel, 0, 6)).all()


def test_a_forecast_is_due_when_a_new_hour_has_begun() -> None:
    issued = NOON
    assert not is_due(issued, None)
    assert not is_due(issued, NOON + timedelta(minutes=50))
    assert is_due(issued, NOON + timedelta(hours=1))
    assert is_due(None, NOON)
