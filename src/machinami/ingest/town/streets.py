"""Where do the streets and the railway of the simulated town run?

Streets form a lattice that follows the valley: rows run across it, columns along it. Where few people live
only some lines are built; nothing is built in the river except bridges, and nothing stands apart from the
rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from machinami.ingest.town.landmarks import Flags, taken
from machinami.ingest.town.names import RAILWAY, ROADS
from machinami.ingest.town.noise import Floats, generator, waves
from machinami.ingest.town.projection import Feature, line_feature
from machinami.ingest.town.terrain import CONFLUENCE_EAST, CONFLUENCE_WEST, NORTH, SOUTH, Land
from machinami.ingest.town.waters import bed_width, beside, smooth

ALONG_STEP, ACROSS_STEP = 82.0, 58.0
TRUNK_ACROSS, RAIL_ACROSS = -262.0, -668.0
BRIDGES = (-1150.0, -120.0, 900.0, -2330.0, -3300.0)
STATION_ALONG = -1080.0
_LEFT_OUT = 0.13
RAIL_END = 1330.0

# Where people live: along, across, spread along, spread across, weight.
_QUARTERS = (
    (-900.0, -480.0, 760.0, 330.0, 1.35),
    (300.0, -430.0, 620.0, 260.0, 0.8),
    (-480.0, 480.0, 560.0, 240.0, 0.95),
    (-2150.0, -400.0, 420.0, 240.0, 0.75),
    (1650.0, -330.0, 280.0, 160.0, 0.62),
    (-3150.0, 380.0, 300.0, 190.0, 0.6),
    (800.0, 620.0, 240.0, 200.0, 0.55),
    (-1950.0, 620.0, 260.0, 180.0, 0.5),
    (2050.0, 330.0, 200.0, 130.0, 0.45),
    (-3350.0, -450.0, 240.0, 180.0, 0.5),
)


@dataclass(frozen=True, slots=True)
class Lattice:
    """The lattice of possible streets: node places (rows, columns, 2), density, and what is built."""

    along: Floats
    across: Floats
    places: Floats
    density: Floats
    dry: Flags
    rows_built: Flags
    columns_built: Flags


def crowding(along: Floats, across: Floats) -> Floats:
    """Return how densely people live at a point of the valley: 0 for nobody, about 1 for a town street."""
    total = np.zeros(np.broadcast(along, across).shape)
    for a, b, long, wide, weight in _QUARTERS:
        total += weight * np.exp(-0.5 * (((along - a) / long) ** 2 + ((across - b) / wide) ** 2))
    return total


def _distance(places: Floats, path: Floats) -> Floats:
    best = np.full(places.shape[:-1], np.inf)
    for point in path:
        best = np.minimum(best, np.hypot(places[..., 0] - point[0], places[..., 1] - point[1]))
    return best


def lattice(land: Land) -> Lattice:
    """Return the streets of the town as a lattice."""
    rng = generator(land.seed, 5)
    along = np.arange(SOUTH + 260.0, 2350.0, ALONG_STEP)
    along = along + rng.uniform(-17.0, 17.0, len(along))
    across = np.arange(TRUNK_ACROSS - 20 * ACROSS_STEP, 1500.0, ACROSS_STEP)
    across = across + np.where(np.arange(len(across)) == 20, 0.0, rng.uniform(-11.0, 11.0, len(across)))
    rows, columns = np.meshgrid(along, across, indexing="ij")
    bend_a, bend_b = waves(rng, 1500.0, 500.0, 8), waves(rng, 1500.0, 500.0, 8)
    still = np.clip(np.abs(columns - TRUNK_ACROSS) / 200.0, 0.15, 1.0)
    places = land.axis.place(
        rows + 15.0 * still * bend_a.at(rows, columns), columns + 11.0 * still * bend_b.at(rows, columns)
    )
    density = crowding(rows, columns)
    gravel = np.interp(rows, land.rivers[0].path[::-1, 1], bed_width(land)[::-1])
    dry = np.abs(columns - land.river_across(rows)) > 0.5 * gravel + 26.0
    for side in land.rivers[1:]:
        dry &= _distance(places, smooth(side.path, 1)) > 24.0
    level = land.sample(land.rise, places) < 0.0
    rows_built, columns_built = _built(rng, land, density, dry & level, along, across, places)
    return Lattice(along, across, places, density, dry & level, rows_built, columns_built)


def _built(
    rng: np.random.Generator,
    land: Land,
    density: Floats,
    dry: Flags,
    along: Floats,
    across: Floats,
    places: Floats,
) -> tuple[Flags, Flags]:
    """Say which pieces across (rows, columns - 1) and along (rows - 1, columns) the valley are built."""
    thin = rng.uniform(0.28, 0.85, density.shape)
    thin = np.where(rng.random(density.shape) < _LEFT_OUT, np.inf, thin)
    lane_rows = np.arange(len(along))[:, None] % 5 == 2
    lane_columns = np.arange(len(across))[None, :] % 6 == 2
    across_piece = dry[:, :-1] & dry[:, 1:]
    along_piece = dry[:-1] & dry[1:]
    rows = across_piece & ((0.5 * (density[:, :-1] + density[:, 1:]) > thin[:, 1:]) | lane_rows)
    columns = along_piece & ((0.5 * (density[:-1] + density[1:]) > thin[1:]) | lane_columns)
    sides = np.sign(across[None, :] - land.river_across(along)[:, None])
    rows &= sides[:, :-1] == sides[:, 1:]
    track = np.abs(across - RAIL_ACROSS)
    crosses_track = (across[:-1] < RAIL_ACROSS) & (across[1:] >= RAIL_ACROSS)
    crossing_open = (np.arange(len(along)) % 3 == 0) | (along > RAIL_END)
    rows &= ~(crosses_track[None, :] & ~crossing_open[:, None])
    columns &= ~((track < 24.0)[None, :] & (along[:-1] < RAIL_END)[:, None])
    for side in land.rivers[1:]:
        near = _distance(places[:-1] * 0.5 + places[1:] * 0.5, smooth(side.path, 1)) < 40.0
        columns &= ~near | lane_columns
    rows &= ~taken(land, 0.5 * (places[:, :-1] + places[:, 1:]))
    columns &= ~taken(land, 0.5 * (places[:-1] + places[1:]))
    for northing in BRIDGES:
        _bridge(rows, dry, along, northing)
    return _joined(rows, columns)


def _bridge(rows: Flags, dry: Flags, along: Floats, northing: float) -> None:
    """Build the row nearest to ``northing`` right across the river, from the last dry node to the first."""
    row = int(np.argmin(np.abs(along - northing)))
    reach = np.flatnonzero(dry[row])
    if len(reach) > 1:
        rows[row, reach[0] : reach[-1]] = True


def _joined(rows: Flags, columns: Flags) -> tuple[Flags, Flags]:
    """Keep only what hangs together with the largest piece of the network."""
    label = np.arange(rows.shape[0] * (rows.shape[1] + 1)).reshape(rows.shape[0], rows.shape[1] + 1)
    for _ in range(400):
        before = label.copy()
        low = np.minimum(label[:, :-1], label[:, 1:])
        label[:, :-1] = np.where(rows, low, label[:, :-1])
        label[:, 1:] = np.where(rows, np.minimum(low, label[:, 1:]), label[:, 1:])
        low = np.minimum(label[:-1], label[1:])
        label[:-1] = np.where(columns, low, label[:-1])
        label[1:] = np.where(columns, np.minimum(low, label[1:]), label[1:])
        if (label == before).all():
            break
    names, counts = np.unique(label, return_counts=True)
    main = names[int(np.argmax(counts))]
    return rows & (label[:, :-1] == main), columns & (label[:-1] == main)


def trunk(land: Land) -> Floats:
    """Return the highway: through the town, then up the main valley along the river."""
    along = np.arange(SOUTH + 40.0, NORTH - 420.0, 60.0)
    up = 1.0 / (1.0 + np.exp(-(along - 2500.0) / 190.0))
    return smooth(land.axis.place(along, TRUNK_ACROSS * (1 - up) + up * (land.river_across(along) - 62.0)), 1)


def railway(land: Land) -> Floats:
    """Return the railway, from the south to the terminus above the town."""
    along = np.arange(SOUTH + 40.0, RAIL_END + 1.0, 60.0)
    sway = 24.0 * np.sin(along / 900.0) / (1.0 + np.exp((along - STATION_ALONG + 700.0) / 120.0))
    return land.axis.place(along, RAIL_ACROSS + sway)


def side_road(land: Land, number: int, mouth: float) -> Floats:
    """Return the road up a tributary's valley, starting at the highway (west) or at the lattice (east)."""
    path = land.rivers[number].path
    valley = smooth(beside(path, 40.0 if number == 1 else -40.0), 1)[::-1]
    start = land.axis.place(np.array([mouth]), np.array([TRUNK_ACROSS if number == 1 else 250.0]))
    return np.concatenate([start, valley[14:-6]])


def _lines(built: Flags, places: Floats) -> list[tuple[int, Floats]]:
    """Join the built pieces of each line of the lattice into polylines; return line number and places."""
    found: list[tuple[int, Floats]] = []
    for number, flags in enumerate(built):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
        found.extend((number, places[number, a : b + 1]) for a, b in zip(edges[::2], edges[1::2], strict=True))
    return found


def roads(land: Land, grid: Lattice) -> list[Feature]:
    """Return the roads: ``trunk``, ``major``, ``minor`` and ``path``."""
    big_rows = {int(np.argmin(np.abs(grid.along - northing))): northing for northing in BRIDGES}
    features = []
    for number, line in _lines(grid.rows_built, grid.places):
        kind = "major" if number in big_rows else "minor"
        name: dict[str, Any] = {"name": ROADS["cross"]} if big_rows.get(number) == BRIDGES[0] else {}
        features.append(line_feature(smooth(line, 1) if len(line) > 2 else line, kind=kind, **name))
    east = int(np.argmin(np.abs(grid.across - 450.0)))
    for number, line in _lines(grid.columns_built.T, grid.places.transpose(1, 0, 2)):
        if number == 20:
            continue
        kind = "major" if number == east and len(line) > 6 else "minor"
        features.append(line_feature(smooth(line, 1) if len(line) > 2 else line, kind=kind))
    features.append(line_feature(side_road(land, 1, CONFLUENCE_WEST + 60.0), kind="major", name=ROADS["west"]))
    features.append(line_feature(side_road(land, 2, CONFLUENCE_EAST + 420.0), kind="major", name=ROADS["east"]))
    features.append(line_feature(trunk(land), kind="trunk", name=ROADS["trunk"]))
    main = land.rivers[0].path
    low = main[:, 1] < 1900.0
    for side in (1.0, -1.0):
        levee = beside(main, side * (0.5 * bed_width(land) + 12.0))[low]
        features.append(line_feature(smooth(levee, 1), kind="path", levee=True))
    return features


def rails(land: Land) -> list[Feature]:
    """Return the railway line."""
    return [line_feature(railway(land), kind="rail", name=RAILWAY)]
