"""Which states of a town do the page tests look at? Made-up values: calm, storm, empty, silent."""

import math
from datetime import UTC, datetime, timedelta

from machinami.kit.charts import Line, Point
from machinami.kit.happening import Happening, Level, Notice, Reading, Source

NOW = datetime(2026, 9, 14, 9, 42, tzinfo=UTC)
STEP = timedelta(minutes=10)
TOWN = {"ja": "瀬音町", "en": "Seoto", "easy": "瀬音町"}
LINES = (
    Line("氾濫注意水位", 1.8, 2),
    Line("避難判断水位", 2.4, 3),
    Line("氾濫危険水位", 2.9, 4),
    Line("堤防の高さ", 3.6, 5),
)
GAUGES = (
    ("seoto-bridge", "瀬音橋", "瀬音川 中流", 138.2412, 34.8712),
    ("kamisawa", "上沢", "沢谷川", 138.2188, 34.8893),
    ("nakamachi", "中町", "瀬音川 中流", 138.2510, 34.8655),
    ("shiomi", "潮見", "瀬音川 下流", 138.2689, 34.8552),
    ("tanaka", "田中", "用水路", 138.2555, 34.8742),
)
ORDER: dict[str, tuple[Level | None, float]] = {
    "seoto-bridge": (3, 1.75),
    "kamisawa": (2, 1.2),
    "nakamachi": (0, 0.7),
    "shiomi": (0, 0.45),
    "tanaka": (None, 0.5),
}


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
    return _happening({key: (0, 0.25) for key in ORDER}, rain=0.4)


def storm(told: bool = True) -> Happening:
    """A storm: one gauge over the judgement level, one silent; with `told`, an approved warning is out."""
    notice = Notice(
        "urn:ngsi-ld:Alert:1",
        3,
        "瀬音川沿い：高齢者等は避難してください",
        "瀬音橋の水位が避難判断水位を超え、上昇が続いています。瀬音地区の川沿いにいる、避難に時間のかかる人は、瀬音小学校へ避難してください。",
        "瀬音地区（川沿い）",
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
            "役場の雨量計",
            "役場",
            drops[-1][1],
            "mm/10分",
            drops[-1][0],
            0,
            drops,
            (),
            "/data/rain",
            kind="rain",
            lon=138.247,
            lat=34.868,
            digits=1,
        )
    )
    sources.append(Source("urn:rain", "雨量計 役場", drops[-1][0], STEP, "/data/rain"))
    return Happening(notices or [], readings, sources, waiting=1 if rain > 1 else 0)
