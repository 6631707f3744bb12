"""What are the invented places of the simulated town called, and where are they meant to lie?

``along`` is the northing at the foot of the valley axis and ``across`` the distance east of it, in metres.
"""

from __future__ import annotations

from dataclasses import dataclass

TOWN = {"ja": "街並町(模擬)", "en": "Machinami (simulated)"}


@dataclass(frozen=True, slots=True)
class DistrictRow:
    """A district: a stretch of the valley on one bank (-1 west, 1 east) of the main river, and its people.

    kana: how its name is read aloud.
    """

    key: str
    ja: str
    kana: str
    en: str
    south: float
    north: float
    bank: int
    people: int


DISTRICTS = (
    DistrictRow("oku-hayase", "奥早瀬", "おくはやせ", "Oku-Hayase", 3300.0, 6400.0, 0, 260),
    DistrictRow("kiritachi", "霧立", "きりたち", "Kiritachi", 1650.0, 3300.0, -1, 640),
    DistrictRow("kitahara", "北原", "きたはら", "Kitahara", 1650.0, 3300.0, 1, 420),
    DistrictRow("kamimachi", "上町", "かみまち", "Kamimachi", 250.0, 1650.0, -1, 1180),
    DistrictRow("ogura", "小椋", "おぐら", "Ogura", 250.0, 1650.0, 1, 730),
    DistrictRow("honmachi", "本町", "ほんまち", "Honmachi", -750.0, 250.0, -1, 1650),
    DistrictRow("kawahigashi", "川東", "かわひがし", "Kawahigashi", -1150.0, 250.0, 1, 1120),
    DistrictRow("ekimae", "駅前", "えきまえ", "Ekimae", -1600.0, -750.0, -1, 1710),
    DistrictRow("shinden", "新田", "しんでん", "Shinden", -2500.0, -1150.0, 1, 760),
    DistrictRow("kawaramachi", "河原町", "かわらまち", "Kawaramachi", -2500.0, -1600.0, -1, 1040),
    DistrictRow("minamimachi", "南町", "みなみまち", "Minami-machi", -4150.0, -2500.0, -1, 480),
    DistrictRow("semba", "船場", "せんば", "Semba", -4150.0, -2500.0, 1, 370),
)


@dataclass(frozen=True, slots=True)
class Landmark:
    """A public building and its ground, ``wide`` by ``deep`` metres; ``shelter`` is how many it can take
    in."""

    key: str
    kind: str
    ja: str
    en: str
    along: float
    across: float
    wide: float
    deep: float
    shelter: int = 0


LANDMARKS = (
    Landmark("town-hall", "town_hall", "街並町役場", "Machinami Town Hall", -520.0, -360.0, 80.0, 90.0, 150),
    Landmark("station", "station", "街並駅", "Machinami Station", -1080.0, -700.0, 34.0, 130.0),
    Landmark("hospital", "hospital", "街並病院", "Machinami Hospital", -1380.0, -430.0, 95.0, 100.0),
    Landmark("chuo-school", "school", "中央小学校", "Chuo Primary School", -60.0, -520.0, 120.0, 140.0, 420),
    Landmark(
        "junior-high",
        "school",
        "街並中学校",
        "Machinami Junior High School",
        640.0,
        -560.0,
        130.0,
        150.0,
        560,
    ),
    Landmark(
        "higashi-school",
        "school",
        "川東小学校",
        "Kawahigashi Primary School",
        -420.0,
        470.0,
        110.0,
        130.0,
        320,
    ),
    Landmark("minami-school", "school", "南小学校", "Minami Primary School", -2250.0, -420.0, 110.0, 130.0, 300),
    Landmark("kominkan", "hall", "北原公民館", "Kitahara Community Hall", 1850.0, 330.0, 50.0, 60.0, 90),
    Landmark("gym", "gym", "町民体育館", "Town Gymnasium", -1750.0, -560.0, 90.0, 90.0, 480),
    Landmark("park", "park", "早瀬公園", "Hayase Park", -820.0, -470.0, 110.0, 120.0),
    Landmark("riverside-park", "park", "東河原公園", "Higashi-Kawara Park", -1320.0, 330.0, 110.0, 160.0),
    Landmark("factory", "factory", "早瀬製作所", "Hayase Works", -2050.0, 560.0, 170.0, 190.0),
    Landmark("shrine", "shrine", "早瀬神社", "Hayase Shrine", 260.0, -830.0, 70.0, 70.0),
    Landmark("temple", "temple", "霧立寺", "Kiritachi-ji", 1480.0, -480.0, 60.0, 60.0),
)

PEAKS = (
    {"ja": "霧立山", "en": "Mt Kiritachi"},
    {"ja": "奥城山", "en": "Mt Okushiro"},
    {"ja": "小椋岳", "en": "Mt Ogura"},
    {"ja": "鷹見峰", "en": "Takami Peak"},
    {"ja": "南ヶ岳", "en": "Mt Minami"},
    {"ja": "三ツ石山", "en": "Mt Mitsuishi"},
)

ROADS = {
    "trunk": {"ja": "早瀬街道", "en": "Hayase Highway"},
    "cross": {"ja": "大橋通り", "en": "Ohashi Street"},
    "west": {"ja": "霧立線", "en": "Kiritachi Road"},
    "east": {"ja": "小椋線", "en": "Ogura Road"},
    "station": {"ja": "駅前通り", "en": "Ekimae Street"},
}

RAILWAY = {"ja": "街並線", "en": "Machinami Line"}
