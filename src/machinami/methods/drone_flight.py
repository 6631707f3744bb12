"""How long does a drone fly from place to place, and for how long can it stay in the air with a parcel?

Rises to its height, turns, flies level, comes down. Power by Liu, Sengupta & Kurzhanskiy 2017 (doi:10.1109/ICUAS.2017.
7991310) with the constants of the problems of Murray & Raj 2020 (doi:10.1016/j.trc.2019.11.003): a frame of 1.5 kg.
"""

import math
from dataclasses import dataclass

EARTH = 6_378_100.0
"""Radius in metres, as those problems take it."""
GRAVITY = 9.8
FRAME_KG = 1.5
_TILT = math.cos(math.radians(10.0))
_INDUCED, _DISC, _PROFILE, _DRAG, _LIFT = 0.8554, 0.3051, 0.3177, 0.0296, 0.0279


@dataclass(frozen=True, slots=True)
class Drone:
    """What one kind of drone can do: speeds in m/s, height in m, payload in kg, seconds that a launch, a recovery and
    a delivery take, energy in J."""

    rises: float
    flies: float
    sinks: float
    turns: float
    """Degrees per second."""
    height: float
    payload: float
    launch: float
    recovery: float
    delivery: float
    energy: float


@dataclass(frozen=True, slots=True)
class Leg:
    """The seconds of one flight from place to place."""

    up: float
    level: float
    down: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.up + self.level + self.down


def great_circle(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two places given as (latitude, longitude) in degrees, by the haversine formula."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, place)) for place in (a, b))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(half))


def leg(drone: Drone, metres: float) -> Leg:
    """The flight over a level distance; the drone first turns by half a circle, as nobody knows how it stands."""
    if metres <= 1.0:
        return Leg(0.0, 0.0, 0.0)
    return Leg(drone.height / drone.rises + 180.0 / drone.turns, metres / drone.flies, drone.height / drone.sinks)


def thrust(kilograms: float, speed: float) -> float:
    """Newtons that hold the drone with a load at a level speed (m/s)."""
    lifted = (FRAME_KG + kilograms) * GRAVITY - _LIFT * (speed * _TILT) ** 2
    return math.hypot(lifted, _DRAG * speed**2)


def power(newtons: float, vertical: float = 0.0, level: float = 0.0) -> float:
    """Watts: induced, of the profile, and of the air that is pushed aside at a level speed (m/s)."""
    induced = _INDUCED * newtons * (vertical / 2 + math.sqrt((vertical / 2) ** 2 + newtons / _DISC**2))
    return induced + _PROFILE * newtons * math.sqrt(newtons) + _DRAG * level**3


def endurance(drone: Drone, out: Leg, back: Leg, kilograms: float) -> float | None:
    """Seconds from launch to the latest moment at which a sortie may be taken in, hovering at its end while energy is
    left; None where the energy does not suffice for the way there, loaded, and back, empty."""
    used = 0.0
    for way, load in ((out, kilograms), (back, 0.0)):
        still, moving = thrust(load, 0.0), thrust(load, drone.flies)
        used += way.up * power(still, drone.rises) + way.down * power(still, drone.sinks)
        used += way.level * power(moving, 0.0, drone.flies)
    left = drone.energy - used
    if left < 0:
        return None
    return out.seconds + drone.delivery + back.seconds + left / power(thrust(0.0, 0.0))
