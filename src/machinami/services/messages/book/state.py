"""What is said now, what waits, whom did it reach, and where do people go, in the reader's words?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from machinami.kit.approving import DecisionRow, decision_row
from machinami.kit.city import City
from machinami.kit.happening import Level, as_level
from machinami.kit.words import Words, without_ruby
from machinami.model.vocabulary.alerts import Alert, in_force, service_of
from machinami.model.vocabulary.decisions import WarningDecision
from machinami.model.vocabulary.places import District, Shelter
from machinami.services.messages.logic.broadcasts import leads_away
from machinami.services.messages.logic.job import ADDRESS
from machinami.services.messages.logic.speech import Speech, loudspeaker, readings_of, telephone
from machinami.services.messages.logic.writing import SERVICE, TEMPLATES, headline_of, said
from machinami.services.messages.model import (
    BY_HAND,
    LANGUAGES,
    Broadcast,
    EvacuationRoute,
    Settings,
    TownMessage,
)
from machinami.services.messages.service import OWN


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert as the reader sees it. mine: approved here, so it is withdrawn here; status: Actual, Exercise, Test."""

    id: str
    key: str
    level: Level
    headline: str
    body: str
    instruction: str
    area: str
    since: datetime
    until: datetime | None
    by: str
    status: str
    state: str
    mine: bool
    link: str
    texts: Sequence[tuple[str, str, str, str]]


@dataclass(frozen=True, slots=True)
class Way:
    """Where one district goes; reason: why there is no way, or what is not sure of it, as the words know it."""

    district: str
    district_id: str
    shelter: str
    minutes: int | None
    farthest: int | None
    metres: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What waits for a second look: every text, and how it sounds."""

    id: str
    key: str
    level: Level
    status: str
    texts: Sequence[tuple[str, str, str, str]]
    area: str
    at: datetime
    by: str
    loud: Speech
    phone: Speech
    simulated: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """One going out, and how it fared."""

    id: str
    name: str
    what: str
    status: str
    headline: str
    at: datetime
    busy: bool
    rows: Sequence[Mapping[str, Any]]
    people: int
    sent: int
    failed: int
    opened: int
    share: float | None
    seconds: int | None
    holdout: float | None
    effect: tuple[float, float, float] | None


def notice_of(alert: Alert, words: Words) -> Notice:
    """An alert in the reader's language, with the mark of a drill before it."""
    language = words.language
    key = alert.id.rpartition(":")[2]
    level = as_level(alert.warning_level) or (2 if alert.kind != "notice" else 0)
    texts = [
        (one, headline_of(alert, one), said(alert.text, one), said(alert.instruction, one))
        for one in LANGUAGES
        if alert.headline and alert.headline.get(one)
    ]
    return Notice(
        alert.id, key, level, headline_of(alert, language), said(alert.text, language),
        said(alert.instruction, language), said(alert.area_name, language), alert.date_issued or _NEVER,
        alert.valid_to, alert.decided_by or "", alert.status or "Actual", alert.state or "",
        service_of(alert) == SERVICE, f"{ADDRESS}/m/{key}", texts,
    )  # fmt: skip


async def notices(city: City, words: Words) -> list[Notice]:
    """What the town says now, in earnest before drills, the gravest first."""
    told = in_force(await city.find(Alert), city.now())
    found = [notice_of(one, words) for one in told if one.status != "Test"]
    return sorted(found, key=lambda one: (one.status != "Actual", -one.level, -one.since.timestamp()))


async def concerned(city: City, words: Words, alert_id: str) -> list[Way] | None:
    """Where the districts go that an alert is for, all of them where it is for the whole town; None where nobody is
    asked to go."""
    alert = await city.get(Alert, alert_id)
    if alert is None or not leads_away(alert):
        return None
    every = await ways(city, words)
    told = next((one for one in await city.find(Broadcast) if str(one.ref_alert) == alert_id), None)
    where = set(told.districts or ()) if told else set()
    return [one for one in every if one.district_id in where] or every


async def ways(city: City, words: Words) -> list[Way]:
    """Where each district goes on foot, in the order of their names."""
    places = {one.id: one for one in await city.find(District)}
    refuges = {one.id: one for one in await city.find(Shelter)}
    found = []
    for way in await city.find(EvacuationRoute):
        place, refuge = places.get(str(way.ref_district)), refuges.get(str(way.ref_shelter))
        if place is None:
            continue
        known = refuge is not None and way.minutes is not None
        found.append(
            Way(
                words.of(place.name, place.id),
                place.id,
                words.of(refuge.name, "") if refuge else "",
                _rounded(way.minutes) if known else None,
                _rounded(way.farthest) if known else None,
                way.distance,
                way.reason if way.reason in _REASONS else "" if known else "no_way",
            )
        )
    return sorted(found, key=lambda one: one.district)


async def drafts(city: City, words: Words) -> list[Draft]:
    """What waits for a second look, the newest first."""
    settings, places = await city.settings(Settings), await city.find(District)
    readings = readings_of(one.name for one in places)
    waiting = [one for one in await city.find(TownMessage) if one.state == "proposed"]
    return [
        _draft(one, words, settings, readings) for one in sorted(waiting, key=lambda one: one.issued_at, reverse=True)
    ]


def _draft(one: TownMessage, words: Words, settings: Settings, readings: Mapping[str, str]) -> Draft:
    status = "Exercise" if one.simulated else one.status or "Actual"
    speech, town = one.speech or said(one.headline, "ja"), settings.spoken_name
    texts = [
        (language, said(one.headline, language), said(one.text, language), said(one.instruction, language))
        for language in LANGUAGES
    ]
    return Draft(
        one.id, one.id.rpartition(":")[2], as_level(one.warning_level), status, texts,
        said(one.area_name, words.language), one.issued_at, one.written_by or "",
        loudspeaker(speech, town, status, readings), telephone(speech, town, status, readings), bool(one.simulated),
    )  # fmt: skip


async def spoken(city: City, broadcast: Broadcast, road: str) -> Speech:
    """How a going out sounds; of an alert that another service wrote, its easy text is read, which is short."""
    settings, places = await city.settings(Settings), await city.find(District)
    readings = readings_of(one.name for one in places)
    alert = await city.get(Alert, str(broadcast.ref_alert))
    text = broadcast.speech or ""
    if not text and alert is not None:
        parts = (headline_of(alert, "easy", broadcast.what == "withdrawal"), said(alert.instruction, "easy"))
        text = "。".join(part.rstrip("。") for part in parts if part) + "。"
    say = telephone if road == "telephone" else loudspeaker
    return say(text, settings.spoken_name, broadcast.status or "Actual", readings)


async def broadcasts(city: City, words: Words, most: int = 20) -> list[Sent]:
    """What went out, the newest first."""
    found = sorted(await city.find(Broadcast), key=lambda one: one.issued_at, reverse=True)
    return [_sent(one, words) for one in found[:most]]


def _sent(one: Broadcast, words: Words) -> Sent:
    effect = None
    if one.effect is not None and one.low is not None and one.high is not None:
        effect = (one.effect, one.low, one.high)
    rows = [{**_EMPTY, **row, "by_hand": row["road"] in BY_HAND} for row in one.roads or []]
    rows = [row for row in rows if words.has(f"msg.road.{row['road']}")]
    seconds = None if one.minutes_to_first is None else round(one.minutes_to_first * 60)
    return Sent(
        one.id, one.id.rpartition(":")[2], one.what or "alert", one.status or "Actual", words.of(one.headline),
        one.issued_at,
        one.state == "sending", rows, one.people or 0, one.sent or 0, one.failed or 0, one.opened or 0,
        one.reached_share, seconds, one.holdout, effect,
    )  # fmt: skip


async def log(city: City, words: Words) -> list[DecisionRow]:
    """What officers decided here, the newest first."""
    return [decision_row(one, words) for one in OWN.log(await city.find(WarningDecision))]


def prepared(
    template: str, cause: str, where: Sequence[Mapping[str, str]], catalogues: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """A text prepared ahead with what an officer chose filled in, for each language; the text read aloud with ruby."""
    made: dict[str, Any] = {}
    for language in LANGUAGES:
        texts = catalogues[language]
        names = [one.get(language) or one.get("ja", "") for one in where]
        place = str(texts["msg.place.join"]).join(names) or str(texts["msg.place.all"])
        facts = {"place": place, "cause": _easily(str(texts[f"msg.cause.{cause}"]), language)}
        for part in ("event", "headline", "text", "instruction"):
            made[f"{part}_{language}"] = without_ruby(str(texts[f"msg.template.{template}.{part}"])).format(**facts)
        made[f"area_{language}"] = place
    readings = [_marked(one) for one in where]
    spot = "、".join(readings) or str(catalogues["ja"]["msg.place.all_speech"])
    made["speech"] = str(catalogues["ja"][f"msg.template.{template}.speech"]).format(place=spot, cause="")
    return made


def templates(words: Words) -> list[tuple[str, str]]:
    """The texts prepared ahead, as a choice."""
    return [(one.id, words.plain(f"msg.template.{one.id}.name")) for one in TEMPLATES]


def _easily(text: str, language: str) -> str:
    """A sentence with its readings in brackets behind the kanji, where pages can show no ruby."""
    if language != "easy":
        return without_ruby(text)
    return text.replace("[", "").replace("|", "（").replace("]", "）")


def _marked(name: Mapping[str, str]) -> str:
    ja, hira = name.get("ja", ""), name.get("ja-Hira", "")
    return f"[{ja}|{hira}]" if hira else ja


def _rounded(minutes: float | None) -> int | None:
    return None if minutes is None else max(1, round(minutes))


_REASONS = ("no_place", "no_street", "no_way", "no_shelter", "unsure_open")
_EMPTY = {"by": "", "reason": "", "people": None, "sent": None, "failed": None, "waiting": None}
_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
