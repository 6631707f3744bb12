"""How is a map drawn from GeoJSON layers that we serve ourselves? Rows of a table become a MapLibre style.

No tile, glyph or sprite comes from elsewhere: without `glyphs` in the style, MapLibre GL JS draws every letter
in the browser from the page's own fonts (MapLibre style specification, root, glyphs).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from machinami.kit.happening import Level
from machinami.kit.words import Language

Theme = Literal["light", "dark"]
Kind = Literal["gauges", "rains", "shelters", "cool"]
FONT = "Noto Sans JP Variable"

BASE_LAYERS: tuple[str, ...] = (
    "boundary", "wood", "hillshade", "contour", "field", "urban", "ground", "riverbed", "water", "river",
    "district", "building", "road", "rail", "outside", "label",
)  # fmt: skip
"""The base layers of a town that the style knows, as `/map/base/<name>.geojson`."""


@dataclass(frozen=True, slots=True)
class Place:
    """One thing with a place on the map."""

    id: str
    kind: Kind
    name: str
    lon: float
    lat: float
    level: Level | None = 0
    value: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme of the map."""

    land: str
    beyond: str
    wood: str
    fields: tuple[tuple[str, str], ...]
    field: str
    urban: str
    ground: str
    shade: str
    light: str
    relief: tuple[float, float, float, float]
    contour: str
    gravel: str
    water: str
    shore: str
    building: str
    wall: str
    road: str
    casing: str
    rail: str
    border: str
    text: str
    soft: str
    river: str
    halo: str


LIGHT = Palette(
    land="#f5f2e9", beyond="#fbfaf6", wood="#dde7d3", field="#ebeed9", urban="#f0eae0", ground="#e6e9dc",
    fields=(("paddy", "#e7eed8"), ("vegetable", "#f0ead3"), ("orchard", "#e6ebcf"), ("tea", "#d6e4c5")),
    shade="#4a5a3f", light="#ffffff", relief=(0.11, 0.065, 0.03, 0.22),
    contour="#b9ad92", gravel="#e8e3d6", water="#aed0e6", shore="#86b5d4",
    building="#dcd3c5", wall="#c3b8a6", road="#ffffff", casing="#d3cab9", rail="#8a8f93", border="#8f8572",
    text="#22313b", soft="#4f5b62", river="#17537d", halo="#fbfaf6",
)  # fmt: skip
DARK = Palette(
    land="#17212a", beyond="#10181e", wood="#1b2d29", field="#1d2b2a", urban="#212c35", ground="#22322f",
    fields=(("paddy", "#1c2c2d"), ("vegetable", "#272c27"), ("orchard", "#212f27"), ("tea", "#1d3327")),
    shade="#000000", light="#cfe0ea", relief=(0.22, 0.13, 0.07, 0.035),
    contour="#41505a", gravel="#2a333a", water="#24587c", shore="#3d7aa3",
    building="#33414c", wall="#445462", road="#465662", casing="#1a242c", rail="#8796a1", border="#7c8a94",
    text="#e8eef1", soft="#b5c1c9", river="#9fd0f0", halo="#10181e",
)  # fmt: skip
THEMES: Mapping[Theme, Palette] = {"light": LIGHT, "dark": DARK}

_DRAWN = str.maketrans({"（": "(", "）": ")", "「": "｢", "」": "｣", "【": "[", "】": "]"})
"""Full-width opening brackets begin far right in their box; MapLibre GL JS 5.24 cuts them away when it draws."""


def collection(places: Sequence[Place]) -> dict[str, object]:
    """The places as GeoJSON."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": number,
                "geometry": {"type": "Point", "coordinates": [place.lon, place.lat]},
                "properties": {
                    "key": place.id,
                    "kind": place.kind,
                    "name": place.name,
                    "sign": _SIGNS.get(place.kind) or _sign(place),
                    "label": f"{place.name}\n{place.value}".rstrip().translate(_DRAWN),
                    "rank": _FIRST[place.kind] + (3 if place.level is None else 5 - place.level),
                },
            }
            for number, place in enumerate(places)
        ],
    }


def bounds(places: Sequence[Place], margin: float = 0.008) -> tuple[float, float, float, float] | None:
    """West, south, east and north of all places with a margin in degrees; None without places."""
    if not places:
        return None
    lons, lats = [p.lon for p in places], [p.lat for p in places]
    return (min(lons) - margin, min(lats) - margin, max(lons) + margin, max(lats) + margin)


def style(language: Language, theme: Theme, available: Collection[str]) -> dict[str, object]:
    """The MapLibre style (version 8) of a town with these base layers."""
    colours = THEMES[theme]
    ground: dict[str, object] = {"id": "land", "type": "background"}
    ground["paint"] = {"background-color": colours.beyond if "boundary" in available else colours.land}
    rows = [
        row for row in [*_ground(colours), *_built(colours), *_names(colours, language)] if row["source"] in available
    ]
    return {
        "version": 8,
        "name": "Machinami",
        "sources": {
            name: {"type": "geojson", "data": f"/map/base/{name}.geojson", "tolerance": 0.2}
            for name in BASE_LAYERS
            if name in available
        },
        "layers": [ground, *rows],
    }


Row = dict[str, object]


def _row(source: str, kind: str, paint: Row, name: str = "", group: str = "", **rest: object) -> Row:
    row: Row = {"id": name or source, "type": kind, "source": source, "paint": paint, **rest}
    return {**row, "metadata": {"group": group}} if group else row


def _zoom(*steps: tuple[float, float]) -> list[object]:
    flat = [number for step in steps for number in step]
    return ["interpolate", ["exponential", 1.6], ["zoom"], *flat]


def _ground(c: Palette) -> list[Row]:
    """Land and water."""
    kinds = [part for pair in c.fields for part in pair]
    deep, middle, soft, lit = c.relief
    shade = ["match", ["get", "shade"], "deep", deep, "middle", middle, "soft", soft, "lit", lit, 0.0]
    tone = ["match", ["get", "shade"], "lit", c.light, c.shade]
    line: Row = {"line-join": "round", "line-cap": "round"}
    return [
        _row("boundary", "fill", {"fill-color": c.land}, "boundary-land"),
        _row("wood", "fill", {"fill-color": c.wood}),
        _row("hillshade", "fill", {"fill-color": tone, "fill-opacity": shade, "fill-antialias": False}),
        _row(
            "contour", "line",
            {"line-color": c.contour, "line-opacity": 0.5, "line-width": ["case", ["get", "index"], 0.9, 0.45]},
            minzoom=12.5,
        ),
        _row("field", "fill", {"fill-color": ["match", ["get", "kind"], *kinds, c.field], "fill-opacity": 0.85}),
        _row("urban", "fill", {"fill-color": c.urban, "fill-opacity": 0.9}),
        _row("ground", "fill", {"fill-color": c.ground}),
        _row("riverbed", "fill", {"fill-color": c.gravel}),
        _row("water", "fill", {"fill-color": c.water, "fill-outline-color": c.shore}),
        _row("river", "line", {"line-color": c.shore, "line-width": _zoom((10, 1.6), (13, 1.4), (16, 0.6))},
             layout=line),
    ]  # fmt: skip


def _built(c: Palette) -> list[Row]:
    """What people made: roads, rails, buildings, borders."""
    line: Row = {"line-join": "round", "line-cap": "round"}
    major, minor = ["==", ["get", "kind"], "major"], ["==", ["get", "kind"], "minor"]
    path = ["==", ["get", "kind"], "path"]
    wide, narrow = _zoom((11, 1.6), (14, 5), (17, 20)), _zoom((12.5, 0.4), (14, 1.8), (17, 11))
    return [
        _row("road", "line", {"line-color": c.casing, "line-width": _zoom((12.5, 0.6), (14, 2.8), (17, 13))},
             "road-minor-casing", filter=minor, layout=line, minzoom=12.5),
        _row("road", "line", {"line-color": c.casing, "line-width": _zoom((11, 2.6), (14, 6.6), (17, 23))},
             "road-major-casing", filter=major, layout=line),
        _row("road", "line", {"line-color": c.road, "line-width": narrow}, "road-minor", filter=minor,
             layout=line, minzoom=12.5),
        _row("road", "line", {"line-color": c.road, "line-width": wide}, "road-major", filter=major, layout=line),
        _row("road", "line", {"line-color": c.casing, "line-width": 1.2, "line-dasharray": [2, 1.5]},
             "road-path", filter=path, minzoom=13),
        _row("building", "fill", {"fill-color": c.building, "fill-outline-color": c.wall,
             "fill-opacity": _zoom((12.5, 0.0), (13.5, 1))}, group="buildings", minzoom=12.5),
        _row("rail", "line", {"line-color": c.rail, "line-width": _zoom((11, 1.6), (16, 4))}),
        _row("rail", "line", {"line-color": c.halo, "line-width": _zoom((11, 0.8), (16, 2.4)),
             "line-dasharray": [4, 4]}, "rail-ties"),
        _row("district", "line", {"line-color": c.border, "line-width": 0.8, "line-dasharray": [5, 3],
             "line-opacity": 0.45}),
        _row("outside", "fill", {"fill-color": c.beyond, "fill-opacity": 0.9}),
        _row("boundary", "line", {"line-color": c.border, "line-width": 1.6, "line-dasharray": [6, 2, 1.5, 2]}),
    ]  # fmt: skip


def _names(c: Palette, language: Language) -> list[Row]:
    """Names of places, waters and roads, in the reader's language."""
    said = ["get", "en" if language == "en" else "ja", ["object", ["get", "name"], ["literal", {}]]]
    other = ["to-string", ["coalesce", said, ""]]
    base: Row = {"text-field": other, "text-font": [FONT]}
    ink: Row = {"text-halo-color": c.halo, "text-halo-width": 1.6}
    along: Row = {"symbol-placement": "line", "text-size": 14, "text-letter-spacing": 0.15, "symbol-spacing": 320}
    rank = ["get", "rank"]
    return [
        _row("road", "symbol", {"text-color": c.soft, **ink}, "road-name", "labels", minzoom=13.5,
             layout={**base, **along, "text-size": 11.5, "text-letter-spacing": 0.05}),
        _row("river", "symbol", {"text-color": c.river, **ink}, "river-name", "labels", layout={**base, **along}),
        _row("label", "symbol", {"text-color": c.soft, **ink}, "label-mark", "labels", minzoom=13,
             filter=["==", rank, 3], layout={**base, "text-size": 12, "text-offset": [0, 0.9]}),
        _row("label", "symbol", {"text-color": c.text, **ink}, "label-district", "labels", minzoom=11,
             filter=["==", rank, 2], layout={**base, "text-size": 14, "text-letter-spacing": 0.08}),
        _row("label", "symbol", {"text-color": c.text, **ink}, "label-town", "labels", maxzoom=12.5,
             filter=["==", rank, 1], layout={**base, "text-size": 18, "text-letter-spacing": 0.12}),
    ]  # fmt: skip


_SIGNS: Mapping[Kind, str] = {"shelters": "shelter", "cool": "cool"}
_FIRST: Mapping[Kind, int] = {"gauges": 0, "rains": 10, "shelters": 20, "cool": 30}
"""Whose names are placed first where there is not room for all."""


def _sign(place: Place) -> str:
    if place.kind == "rains":
        return "rain" if place.level is not None else "rain-none"
    return "level-none" if place.level is None else f"level-{place.level}"
