"""How much water does a river carry after rain, and how high does it stand?

Hillslopes: a soil store of varying depth lets part of the rain run off at once (Zhao 1992, the Xinanjiang
curve); overland water leaves as a kinematic wave in a lumped store, q = a S^(5/3); what seeps reaches a slow
linear store. Channels: cascades of short cells whose discharge follows Manning's law for a wide bed. Every
store empties by the exact solution of its own equation, so no water is made or lost at any step. Stage comes
from discharge by Manning's law in the gauge's own trapezoidal section.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from machinami.ingest.town.noise import Floats

STEP_SECONDS = 300.0
_POWER = 5.0 / 3.0


@dataclass(frozen=True, slots=True)
class Hillslope:
    """The land that drains to one reach. Stores in mm over ``area`` (km2); rates in mm per hour."""

    area: float
    soil: float = 150.0
    unevenness: float = 0.45
    seepage: float = 1.1
    ground_hours: float = 140.0
    surface: float = 0.0034
    evaporation: float = 0.12


@dataclass(frozen=True, slots=True)
class Section:
    """A gauged cross-section: a trapezoid with banks ``bank`` metres above the bed; level is read above
    ``zero``."""

    width: float
    side: float
    bank: float
    fall: float
    roughness: float
    zero: float

    def discharge(self, depth: Floats) -> Floats:
        """Return m3/s at a depth in metres (Manning)."""
        area = depth * (self.width + self.side * depth)
        wet = self.width + 2.0 * depth * math.sqrt(1.0 + self.side**2)
        return np.asarray(area * (area / wet) ** (2.0 / 3.0) * math.sqrt(self.fall) / self.roughness)

    def level(self, flow: Floats) -> Floats:
        """Return the level in metres above the gauge's zero that carries ``flow`` m3/s; rises with flow."""
        flows, depths = rating(self)
        return np.asarray(np.interp(flow, flows, depths) - self.zero)


@lru_cache(maxsize=64)
def rating(section: Section) -> tuple[Floats, Floats]:
    """Return the rating table of a section: discharge in m3/s and depth in metres, up to three times its
    banks."""
    depth = np.concatenate([np.linspace(0.0, 1.0, 400), np.linspace(1.005, 3.0 * section.bank, 1600)])
    return section.discharge(depth), depth


@dataclass(frozen=True, slots=True)
class Reach:
    """A stretch of river ending at a gauge: fed by earlier reaches (by number) and by its own hillslope."""

    slope: Hillslope
    length: float
    width: float
    fall: float
    section: Section
    upstream: tuple[int, ...] = ()
    roughness: float = 0.042

    @property
    def cells(self) -> int:
        """Number of channel cells of about 1.2 km."""
        return max(2, round(self.length / 1200.0))


@dataclass(slots=True)
class Stores:
    """The water held in one reach: soil, surface and ground in mm over its land, channel cells in m3."""

    soil: float
    surface: float
    ground: float
    channel: list[float]

    def volume(self, area: float) -> float:
        """Return all water held, in m3."""
        return (self.soil + self.surface + self.ground) * area * 1e3 + sum(self.channel)


def initial(reach: Reach) -> Stores:
    """Return the stores of a reach after ordinary weather: half-wet soil, a base flow, a wet bed."""
    return Stores(0.5 * reach.slope.soil, 0.0, 18.0, [60.0] * reach.cells)


def drained(store: float, rate: float) -> float:
    """Return what is left of ``store`` after one unit of time under dS/dt = -rate S^(5/3), exactly."""
    if store <= 1e-9:
        return 0.0
    return float((store ** (1.0 - _POWER) + (_POWER - 1.0) * rate) ** (1.0 / (1.0 - _POWER)))


def shed(land: Hillslope, stores: Stores, rain: list[float]) -> tuple[list[float], float]:
    """Return the water (mm per step) that leaves the hillslope after each step of ``rain`` (mm), and what
    evaporated."""
    hours = STEP_SECONDS / 3600.0
    soil, surface, ground, lost = stores.soil, stores.surface, stores.ground, 0.0
    seepage, kept = land.seepage * hours, math.exp(-hours / land.ground_hours)
    outflow: list[float] = []
    for fallen in rain:
        share = soil / land.soil
        quick = fallen * (1.0 - (1.0 - share) ** land.unevenness)
        soil += fallen - quick
        if soil > land.soil:
            quick, soil = quick + soil - land.soil, land.soil
        deep = min(seepage * share**3, soil)
        vapour = min(land.evaporation * hours * share, soil - deep)
        soil -= deep + vapour
        lost += vapour
        surface += quick
        left = drained(surface, land.surface)
        ground += deep
        outflow.append(surface - left + ground * (1.0 - kept))
        surface, ground = left, ground * kept
    stores.soil, stores.surface, stores.ground = soil, surface, ground
    return outflow, lost


def carry(reach: Reach, stores: Stores, head: list[float], aside: list[float]) -> list[float]:
    """Return the volumes (m3 per step) that pass the gauge, given inflow at the head and along the reach
    (m3)."""
    cells = stores.channel
    part = 1.0 / len(cells)
    length = reach.length * part
    rate = math.sqrt(reach.fall) / reach.roughness * reach.width ** (-2.0 / 3.0) * length**-_POWER * STEP_SECONDS
    passed: list[float] = []
    for top, side in zip(head, aside, strict=True):
        moving, each = top, side * part
        for number, held in enumerate(cells):
            full = held + moving + each
            left = drained(full, rate)
            cells[number] = left
            moving = full - left
        passed.append(moving)
    return passed


def run(reaches: tuple[Reach, ...], stores: list[Stores], rain: Floats) -> tuple[Floats, Floats]:
    """Advance the basin through ``rain`` (mm per step; steps, reaches), changing ``stores``.

    Returns discharge (m3/s; steps, reaches) and the volume evaporated in each reach (m3).
    """
    volumes: list[list[float]] = []
    vapour = np.zeros(len(reaches))
    for number, (reach, held) in enumerate(zip(reaches, stores, strict=True)):
        outflow, lost = shed(reach.slope, held, rain[:, number].tolist())
        vapour[number] = lost * reach.slope.area * 1e3
        aside = [depth * reach.slope.area * 1e3 for depth in outflow]
        head = [sum(volumes[above][step] for above in reach.upstream) for step in range(len(aside))]
        volumes.append(carry(reach, held, head, aside))
    return np.array(volumes).T / STEP_SECONDS, vapour
