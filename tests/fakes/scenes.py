"""Which states of a town do the page tests look at? Made-up values: calm, storm, empty, silent."""

import math
from datetime import UTC, datetime, timedelta

from machinami.kit.charts import Line, Point
from machinami.kit.happening import Happening, Level, Notice, Reading, Source
from machinami.portal.map import Shelter

NOW = datetime(2026, 9, 14, 9, 42, tzinfo=UTC)
STEP = timedelta(minutes=10)
TOWN = {"ja": "街並町", "en": "Machinami", "easy": "街並町"}
LINES = (
    Line("氾濫注意水位", 1.8, 2),
    Line("避難判断水位", 2.4, 3),
    Line("氾濫危険水位", 2.9, 4),
    Line("堤防の高さ", 3.6, 5),
)
GAUGES = (
    ("ohashi", "街並大橋水位観測所", "早瀬川", 138.204124, 34.989818),
    ("kiritachi", "霧立橋水位観測所", "霧立川", 138.193316, 35.023675),
    ("kamihayase", "上早瀬水位観測所", "早瀬川", 138.20546, 35.029836),
    ("minami-seki", "南堰水位観測所", "早瀬川", 138.197279, 34.966379),
    ("ogura", "小椋水位観測所", "小椋川", 138.212735, 35.008688),
)
ORDER: dict[str, tuple[Level | None, float]] = {
    "ohashi": (3, 1.75),
    "kiritachi": (2, 1.2),
    "kamihayase": (0, 0.7),
    "minami-seki": (0, 0.45),
    "ogura": (None, 0.5),
}
SHELTERS = (
    Shelter("urn:ngsi-ld:Shelter:chuo", "街並中央小学校", 138.2065, 34.9935, 420, "/data/chuo"),
    Shelter("urn:ngsi-ld:Shelter:minami", "南小学校", 138.2012, 34.9702, 300, "/data/minami"),
)


def rise(height: float, hours: int = 12, base: float = 0.8) -> list[Point]:
    """A flood wave of made-up shape, ten-minute steps, with one silence of fifty minutes in it."""
    count = hours * 6
    points: list[Point] = []
    for n in range(count + 1):
        share = n / count
        wave = height / (1 + math.exp(-9 * (share - 0.72))) + 0.012 * math.sin(n * 1.7)
        if not 30 <= n < 35:
            points.append((NOW - STEP * (count - n) - timedelta(minutes=2), round(base + wave, 3)))
    return points


def rainfall(strength: float, hours: int = 12) -> list[Point]:
    """Ten-minute rain, a shower growing towards now."""
    count = hours * 6
    return [
        (
            NOW - STEP * (count - n) - timedelta(minutes=2),
            round(max(0.0, strength * math.exp(-(((n - count * 0.8) / 12) ** 2)) + 0.3 * math.sin(n)), 1),
        )
        for n in range(count + 1)
    ]


def calm() -> Happening:
    """Nothing to fear: every gauge low, every source speaking."""
    return _happening(dict.fromkeys(ORDER, (0, 0.25)), rain=0.4)


def storm(told: bool = True) -> Happening:
    """A storm: one gauge over the judgement level, one silent; with `told`, an approved warning is out."""
    notice = Notice(
        "urn:ngsi-ld:Alert:1",
        3,
        "早瀬川沿い：高齢者等は避難してください",
        "街並大橋の水位が避難判断水位を超え、上昇が続いています。",
        "中町地区の川沿いにいる、避難に時間のかかる人は、街並中央小学校へ避難してください。",
        "中町地区（川沿い）",
        NOW - timedelta(minutes=18),
        "危機管理課長 山田 花子",
        "/services/flood",
    )
    return _happening(ORDER, rain=6.0, notices=[notice] if told else [])


def empty() -> Happening:
    """A town with no data at all."""
    return Happening()


def _happening(
    order: dict[str, tuple[Level | None, float]], rain: float, notices: list[Notice] | None = None
) -> Happening:
    readings, sources = [], []
    for key, name, place, lon, lat in GAUGES:
        level, height = order[key]
        points = rise(height) if level is not None else rise(height)[:-9]
        at, value = points[-1]
        reason = "" if level is not None else "90分データがありません"
        readings.append(
            Reading(
                f"urn:ngsi-ld:Gauge:{key}",
                name,
                place,
                value,
                "m",
                at,
                level,
                points,
                LINES,
                f"/services/flood#{key}",
                reason=reason,
                lon=lon,
                lat=lat,
            )
        )
        sources.append(Source(f"urn:{key}", f"水位計 {name}", at, STEP, f"/data/{key}"))
    drops = rainfall(rain)
    readings.append(
        Reading(
            "urn:ngsi-ld:Rain:1",
            "町役場雨量観測所",
            "町役場",
            drops[-1][1],
            "mm/10分",
            drops[-1][0],
            0,
            drops,
            (),
            "/data/rain",
            kind="rain",
            lon=138.1998,
            lat=34.9951,
            digits=1,
        )
    )
    sources.append(Source("urn:rain", "雨量計 役場", drops[-1][0], STEP, "/data/rain"))
    return Happening(notices or [], readings, sources, waiting=1 if rain > 1 else 0)
