"""What did the simulated residents report from the street? A broken street light this morning, and older things.

All of it is invented. The older reports stand in every state; what an officer decided on them was decided by invented
officers, and says so. Nobody has looked at this morning's yet: that is for whoever tries the town.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.landmarks import ground
from machinami.ingest.town.names import LANDMARKS
from machinami.ingest.town.projection import lonlat
from machinami.ingest.town.terrain import Land
from machinami.ingest.town.thing import thing
from machinami.model.reading import Reading
from machinami.model.view import Ref, Words

_WHO, _ROLE = "岡田 修（模擬）", "道路河川課 担当"
_MORNING, _DAWN = 7, 5
_BEFORE = timedelta(minutes=90)
_ROADS, _WATER, _PARKS, _CLEAN, _GENERAL = "道路河川課", "上下水道課", "都市整備課", "環境課", "総務課"


@dataclass(frozen=True, slots=True)
class Told:
    """One report: where (metres from a landmark), hours before this morning, how it stands, and after how many hours it
    was closed."""

    key: str
    category: str
    mark: int
    east: float
    north: float
    hours: float
    owed: int
    office: str
    state: str
    ja: str
    en: str
    landmark: str
    closed: float | None = None
    answer: str = ""


ROWS = (
    Told(
        "lamp",
        "streetlight",
        0,
        60,
        25,
        0,
        7,
        _ROADS,
        "received",
        "街灯が消えていて、明け方まっくらでした",
        "",
        "学校へ行く道の橋の手前",
    ),
    Told(
        "lamp-again",
        "streetlight",
        0,
        66,
        19,
        -0.7,
        7,
        _ROADS,
        "received",
        "橋の手前の街灯がつきません。通学路です",
        "",
        "橋の手前",
    ),
    Told(
        "pothole",
        "road",
        1,
        -80,
        40,
        26,
        14,
        _ROADS,
        "assigned",
        "道路に大きな穴があいて水がたまっています",
        "A large hole in the road, full of water",
        "坂の下",
    ),
    Told(
        "gutter",
        "water",
        2,
        30,
        -50,
        50,
        7,
        _WATER,
        "in_progress",
        "側溝が落ち葉でつまって、雨であふれます",
        "The gutter is blocked with leaves and overflows",
        "公民館の裏",
        None,
        "今週の雨の前に掃除します。",
    ),
    Told(
        "swing",
        "park",
        3,
        20,
        20,
        9 * 24,
        14,
        _PARKS,
        "mended",
        "ブランコの鎖がさびて切れそうです",
        "The chain of the swing is rusty and about to break",
        "公園の西",
        3 * 24,
        "鎖を取り替えました。",
    ),
    Told(
        "fridge",
        "rubbish",
        1,
        120,
        -60,
        16 * 24,
        10,
        _CLEAN,
        "mended",
        "冷蔵庫が捨てられています",
        "A fridge was dumped here",
        "ごみ置き場の横",
        5 * 24,
        "回収しました。",
    ),
    Told(
        "mirror",
        "sign",
        2,
        -140,
        90,
        30 * 24,
        14,
        _ROADS,
        "mended",
        "カーブミラーが曲がっていて見えません",
        "The curve mirror is bent and shows nothing",
        "三差路",
        20 * 24,
        "部品が届いてから直しました。遅くなりました。",
    ),
    Told(
        "wasps",
        "animal",
        3,
        -35,
        12,
        22 * 24,
        3,
        _CLEAN,
        "mended",
        "東屋にスズメバチの巣があります",
        "There is a hornets' nest in the arbour",
        "公園の東屋",
        1.5 * 24,
        "業者が取り除きました。",
    ),
    Told(
        "branch",
        "tree",
        0,
        -200,
        160,
        40 * 24,
        21,
        _PARKS,
        "mended",
        "桜の枝が歩道に落ちそうです",
        "A cherry branch is about to fall on the pavement",
        "川沿いの桜並木",
        9 * 24,
        "枝を切りました。",
    ),
    Told(
        "crossing",
        "road",
        1,
        210,
        45,
        33 * 24,
        14,
        _ROADS,
        "assigned",
        "横断歩道の白線が消えかけています",
        "The markings of the crossing have faded",
        "学校前の横断歩道",
    ),
    Told(
        "private",
        "building",
        2,
        70,
        130,
        25 * 24,
        21,
        _GENERAL,
        "declined",
        "私道の砂利を足してほしい",
        "Please put gravel on the private road",
        "",
        6 * 24,
        "私道のため町では直せません。補助の案内を送りました。",
    ),
    Told(
        "leak",
        "water",
        3,
        150,
        -30,
        12 * 24,
        7,
        _WATER,
        "mended",
        "道の真ん中から水がわいています",
        "Water comes up in the middle of the road",
        "消防団の前",
        0.4 * 24,
        "水道管を直しました。",
    ),
)
"""What was reported, this morning's first."""


def street(land: Land, anchor: datetime, zone: ZoneInfo) -> list[Reading]:
    """The reports as they stand at the moment at which the town begins."""
    local = anchor.astimezone(zone)
    usual = local.replace(hour=_MORNING, minute=40, second=0, microsecond=0)
    # A town that begins early had an early riser, so that the lamp and the storm are of one day.
    morning = min(usual, local.replace(second=0, microsecond=0) - _BEFORE)
    if morning.hour < _DAWN:
        morning = usual - timedelta(days=1)
    found: list[Reading] = []
    for number, row in enumerate(ROWS):
        found.extend(_report(land, row, number, morning - timedelta(hours=row.hours)))
    return found


def _report(land: Land, row: Told, number: int, asked: datetime) -> Iterator[Reading]:
    entity, ended = identifier("IssueReporting", row.key), None
    if row.closed is not None:
        ended = asked + timedelta(hours=row.closed)
    looked = row.state != "received"
    words = Words({"ja": row.ja, "en": row.en} if row.en else {"ja": row.ja})
    place, _ = ground(land, LANDMARKS[row.mark % len(LANDMARKS)])
    where = {"type": "Point", "coordinates": lonlat((float(place[0]) + row.east, float(place[1]) + row.north))}
    last = ended or asked
    yield Reading(entity, "IssueReporting", "location", where, last, None, "GeoProperty")
    yield from thing(
        "IssueReporting", entity, last, reportId=f"{asked:%Y%m%d}-{1 + number % 3:03d}", categoryCode=row.category,
        state=row.state, text=words if looked else None, landmark=row.landmark or None if looked else None,
        departmentId=row.office, requestedAt=asked, updatedAt=last, expectedAt=asked + timedelta(days=row.owed),
        closedAt=ended, answer=Words({"ja": row.answer}) if row.answer else None, voices=1, source="simulated",
    )  # fmt: skip
    intake = identifier("IssueIntake", row.key)
    yield from thing(
        "IssueIntake", intake, last, refReport=Ref(entity), text=words, landmark=row.landmark or None,
        lookedAt=asked + timedelta(hours=2) if looked else None, alike=_alike(row),
    )  # fmt: skip
    if looked:
        kinds = (
            "looked",
            {"mended": "mended", "declined": "declined", "in_progress": "progressed"}.get(row.state, "routed"),
        )
        for kind, at in zip(kinds, (asked + timedelta(hours=2), last), strict=True):
            yield from thing(
                "IssueStep", identifier("IssueStep", f"{row.key}-{kind}"), at, kind=kind, refAbout=Ref(entity),
                subject=f"{asked:%Y%m%d}-{1 + number % 3:03d}", decidedAt=at, decidedBy=_WHO, role=_ROLE,
                reason=row.answer or None,
            )  # fmt: skip


def _alike(row: Told) -> list[dict[str, object]] | None:
    """The second report of the lamp is offered as the same as the first: a person merges them."""
    if row.key != "lamp-again":
        return None
    return [{"report": identifier("IssueReporting", "lamp"), "score": 0.73, "metres": 8.5}]
