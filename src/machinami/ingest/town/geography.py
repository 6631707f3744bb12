"""What does the map of the simulated town show?"""

from __future__ import annotations

import numpy as np

from machinami.ingest.town import parcels, relief, streets, waters
from machinami.ingest.town.isoline import polygons
from machinami.ingest.town.landmarks import ground
from machinami.ingest.town.names import DISTRICTS, LANDMARKS, TOWN, DistrictRow
from machinami.ingest.town.noise import Floats
from machinami.ingest.town.projection import Feature, Layers, area_feature, collection, point_feature
from machinami.ingest.town.terrain import Land


def district_ring(land: Land, row: DistrictRow) -> Floats:
    """Return the closed ring of a district: from the main river to the boundary, or both banks up the
    valley."""
    along = np.linspace(row.south, row.north, 40)
    rim = relief.boundary(land)
    along = along[relief.within(rim, land.axis.place(along, land.river_across(along)))]
    river = land.river_across(along)
    far = _farthest(land, rim, along, river, row.bank or 1)
    near = river if row.bank else _farthest(land, rim, along, river, -1)
    ring = np.concatenate([land.axis.place(along, near), land.axis.place(along[::-1], far[::-1])])
    return np.concatenate([ring, ring[:1]])


def _farthest(land: Land, rim: Floats, along: Floats, river: Floats, bank: int) -> Floats:
    """Return how far across the valley the boundary is, on one bank, at each place along it."""
    away = np.arange(0.0, 6500.0, 60.0)
    across = river[:, None] + bank * away[None, :]
    places = land.axis.place(np.broadcast_to(along[:, None], across.shape), across)
    kept = relief.within(rim, places)
    reach = np.argmin(np.concatenate([kept, np.zeros((len(along), 1), dtype=bool)], axis=1), axis=1) - 1
    return np.asarray(river + bank * away[np.maximum(reach, 0)])


def _districts(land: Land) -> list[Feature]:
    return [
        area_feature([[district_ring(land, row)]], key=row.key, name={"ja": row.ja, "en": row.en}, people=row.people)
        for row in DISTRICTS
    ]


def _urban(land: Land, grid: streets.Lattice) -> list[Feature]:
    """Return the built-up ground."""
    x, y = np.meshgrid(land.xs, land.ys)
    across = x - land.axis.x(y)
    crowd = streets.crowding(y, across)
    crowd = np.where(land.rise > 0.0, crowd - 0.02 * land.rise, crowd)
    return [
        area_feature([shape], kind="residential") for shape in polygons(crowd, 0.34, land.xs, land.ys, 20_000.0, 4.0)
    ]


def _labels(land: Land) -> list[Feature]:
    centre = land.axis.place(np.array([-560.0]), np.array([-430.0]))[0]
    labels = [point_feature(centre.tolist(), kind="town", rank=1, name=TOWN)]
    for row in DISTRICTS:
        middle, aside = np.array([0.5 * (row.south + row.north)]), np.array([row.bank * 520.0])
        place = land.axis.place(middle, aside)[0]
        labels.append(point_feature(place.tolist(), kind="district", rank=2, name={"ja": row.ja, "en": row.en}))
    for mark in LANDMARKS:
        place, _ = ground(land, mark)
        labels.append(point_feature(place.tolist(), kind=mark.kind, rank=3, name={"ja": mark.ja, "en": mark.en}))
    return labels + relief.peaks(land)


def draw(land: Land) -> Layers:
    """Return the base map: one GeoJSON feature collection a layer, in the order in which to paint them."""
    grid = streets.lattice(land)
    layers = {
        "boundary": [area_feature([[relief.boundary(land)]], kind="town", name=TOWN)],
        "wood": relief.woods(land),
        "hillshade": relief.shading(land),
        "contour": relief.contours(land),
        "field": parcels.fields(land, grid),
        "urban": _urban(land, grid),
        "ground": parcels.grounds(land),
        "riverbed": waters.beds(land),
        "water": waters.water(land),
        "river": waters.rivers(land),
        "district": _districts(land),
        "building": parcels.buildings(land, grid),
        "road": streets.roads(land, grid),
        "rail": streets.rails(land),
        "outside": relief.outside(land),
        "label": _labels(land),
    }
    return {name: collection(features) for name, features in layers.items()}
