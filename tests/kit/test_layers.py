"""The map's style and places: everything from us, a sign for every state."""

import json

import pytest

from machinami.kit.happening import Level
from machinami.kit.layers import BASE_LAYERS, Place, bounds, collection, style
from machinami.kit.words import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_style_asks_nobody_else_for_anything(language: str, theme: str) -> None:
    drawn = style(language, theme, BASE_LAYERS)  # type: ignore[arg-type]
    text = json.dumps(drawn)
    assert "://" not in text
    assert "glyphs" not in drawn
    assert "sprite" not in drawn
    assert "tiles" not in text


def test_layers_have_names_of_their_own_and_sources_that_are_there() -> None:
    drawn = style("ja", "light", BASE_LAYERS)
    layers = drawn["layers"]
    assert isinstance(layers, list)
    names = [layer["id"] for layer in layers]
    assert len(names) == len(set(names))
    assert {layer["source"] for layer in layers if "source" in layer} == set(BASE_LAYERS)


def test_a_town_without_a_base_map_has_a_plain_ground() -> None:
    drawn = style("ja", "light", ())
    assert drawn["sources"] == {}
    assert [layer["type"] for layer in drawn["layers"]] == ["background"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("level", "sign"),
    [(0, "level-0"), (2, "level-2"), (3, "level-3"), (4, "level-4"), (5, "level-5"), (None, "level-none")],
)
def test_every_state_has_a_sign_of_its_own(level: Level | None, sign: str) -> None:
    found = collection([Place("g", "gauges", "橋", 138.0, 35.0, level, "1.20 m")])
    assert found["features"][0]["properties"]["sign"] == sign  # type: ignore[index]


def test_the_frame_holds_every_place() -> None:
    places = [Place("a", "gauges", "a", 138.0, 35.0), Place("b", "rains", "b", 138.2, 34.9)]
    west, south, east, north = bounds(places) or (0, 0, 0, 0)
    assert west < 138.0
    assert east > 138.2
    assert south < 34.9
    assert north > 35.0
    assert bounds([]) is None
