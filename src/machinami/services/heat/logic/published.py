"""How are published values read that the heat service is held against: weather with its WBGT, p-median problems?"""

import csv
import io
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
from scipy.sparse.csgraph import floyd_warshall

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats
from machinami.methods.sun import sun_at
from machinami.methods.wet_bulb_globe import air_of, liljegren, sunlight
from machinami.methods.wind_profile import BODY_HEIGHT, wind_at_body

NAMES = {
    "lat": ("lat", "latitude"),
    "lon": ("lon", "longitude"),
    "irradiance": ("irradiance", "solar", "solar_radiation", "solar_irradiance", "ghi", "rsds"),
    "pressure": ("pressure", "pres", "pair", "air_pressure", "ps"),
    "temperature": ("temperature", "tair", "temp", "air_temperature", "ta", "tas"),
    "humidity": ("humidity", "relhum", "rh", "rhair", "relative_humidity", "hurs"),
    "wind": ("wind", "speed", "wind_speed", "ws"),
    "wbgt": ("wbgt", "twbg"),
}
"""Columns that must be there, with the names under which they are found: ours, the program's own, those of climate."""
UNITS = frozenset("c degc deg degrees hpa mb mbar percent pct w m2 wm2 m s ms mps min".split())
"""What a heading may say of the unit after its name; another unit stays a part of the name, which is then not known."""
DAY = 86_400.0
UNKNOWN = -9999.0  # what the program says where it found no balance


def reference_of(data: bytes) -> dict[str, Floats]:
    """Read weather and its WBGT: pressure hPa, °C, humidity in % or as a share, m/s, W/m², ° north and east.

    Times are `time` (ISO 8601 with its offset), or year, month, day, hour, minute and gmt (hours from UTC). May have
    zspeed (m, else 2), dt (°C, upper less lower), urban (1 or 0), avg (minutes that the values are the mean of).
    """
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), skipinitialspace=True))
    if not rows:
        raise InputError("the reference has no rows")
    names = {key: _plain(key or "") for key in rows[0]}
    plain = [{names.get(key, ""): value for key, value in row.items()} for row in rows]
    keys = plain[0].keys()
    found: dict[str, Floats] = {}
    for name, aliases in NAMES.items():
        key = next((alias for alias in aliases if alias in keys), None)
        if key is None:
            raise InputError(f"the reference has no column for {name}; call it {' or '.join(aliases)}")
        found[name] = _numbers(plain, key)
    for name, usual in (("zspeed", BODY_HEIGHT), ("dt", 0.0), ("urban", 1.0), ("avg", 0.0)):
        found[name] = _numbers(plain, name) if name in keys else np.full(len(plain), usual)
    found["seconds"] = np.array([_seconds(row) for row in plain]) - 30.0 * found["avg"]
    found["wbgt"] = np.where(found["wbgt"] <= UNKNOWN, np.nan, found["wbgt"])
    if np.nanmax(found["humidity"]) > 1.5:
        found["humidity"] = found["humidity"] / 100
    return found


def worked_out(rows: Mapping[str, Floats]) -> Floats:
    """The WBGT (°C) of the rows by the balance of heat, with the sun as the published program has it."""
    sun = sun_at(_as_it_counts_days(rows["seconds"]), rows["lat"], rows["lon"])
    light = sunlight(rows["irradiance"], sun.cos_zenith, sun.distance)
    wind = rows["wind"].copy()
    higher = rows["zspeed"] != BODY_HEIGHT
    for layered in (True, False):
        for town in (True, False):
            these = higher & ((rows["dt"] >= 0) == layered) & ((rows["urban"] > 0) == town)
            parts = (rows["wind"][these], rows["zspeed"][these], light.ground[these], sun.cos_zenith[these] > 0)
            wind[these] = wind_at_body(*parts, layered, town)
    air = air_of(rows["temperature"], rows["humidity"], rows["pressure"], wind)
    return liljegren(air, light).wbgt


def _as_it_counts_days(seconds: Floats) -> Floats:
    """The published program counts the leap day of a year after 2000 from the first of January on, so that all of such
    a year has the sun of the next day: 0.4° of declination at the most, which is much where the sun rises or sets."""
    years = seconds.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    return np.asarray(seconds + DAY * ((years > 2000) & (years % 4 == 0)), np.float64)


def optima_of(documents: Mapping[str, bytes]) -> dict[str, float]:
    """Read the published optima of the problems that are there, by name."""
    listed = documents.get("pmedopt.txt")
    if listed is None:
        raise InputError("the folder of p-median problems lacks pmedopt.txt, the list of optima")
    words = [line.split() for line in listed.decode().splitlines()]
    told = {pair[0]: float(pair[1]) for pair in words if len(pair) >= 2 and pair[1].replace(".", "").isdigit()}
    return {name: value for name, value in told.items() if f"{name}.txt" in documents}


def graph_of(data: bytes, name: str) -> tuple[Floats, int]:
    """Read a p-median problem: the shortest ways between all vertices, and how many sites are asked for.

    The last of several edges between two vertices stands, as the OR-Library says.
    """
    numbers = [int(word) for word in data.split()]
    if len(numbers) < 3 or len(numbers) < 3 + 3 * numbers[1]:
        raise InputError(f"{name} is cut off: it says fewer edges than it promises")
    vertices, edges, count = numbers[:3]
    ways = np.full((vertices, vertices), np.inf)
    for one, other, cost in zip(*(numbers[3 + part : 3 + 3 * edges : 3] for part in range(3)), strict=True):
        ways[one - 1, other - 1] = ways[other - 1, one - 1] = cost
    np.fill_diagonal(ways, 0.0)
    return np.asarray(floyd_warshall(ways)), count


def _plain(heading: str) -> str:
    """The name in a heading without its unit: "Wind_m/s" is wind, "temperature (°C)" is temperature."""
    first, *others = re.findall(r"[a-z0-9]+", heading.lower()) or [""]
    while others and others[-1] in UNITS:
        others.pop()
    return "_".join((first, *others))


def _numbers(rows: list[dict[str, str]], key: str) -> Floats:
    try:
        return np.array([float(row[key]) for row in rows])
    except (TypeError, ValueError) as error:
        raise InputError(f"the column {key} of the reference holds what is no number: {error}") from None


def _seconds(row: Mapping[str, str]) -> float:
    try:
        if "time" in row and "year" not in row:
            at = datetime.fromisoformat(row["time"])
            if at.tzinfo is None:
                raise InputError(f"the time {row['time']} has no offset; write 2019-08-01T13:00:00+09:00")
            return at.timestamp()
        year, month, day = int(row["year"]), int(row["month"]), int(row["day"])
        first = datetime.fromisoformat(f"{year}-{month or 1:02}-01T00:00:00+00:00")
        hours = float(row["hour"]) + float(row["minute"]) / 60 - float(row["gmt"])
        return (first + timedelta(days=day - 1, hours=hours)).timestamp()
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"a row of the reference has no time: {error}; give time, or year … minute and gmt") from None
