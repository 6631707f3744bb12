"""How does what an officer wrote, from a text prepared ahead or freely, become an alert? Which text is for what?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from machinami.foundation.errors import BadRequestData
from machinami.model.cap import grades
from machinami.model.publishing import sent
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.alerts import Alert, AlertKind
from machinami.model.vocabulary.decisions import demand_officer
from machinami.model.vocabulary.office import Officer
from machinami.services.messages.model import LANGUAGES, Status, Topic, TownMessage

SERVICE = "messages"
PARTS = ("event", "headline", "text", "instruction")
LONGEST = {"event": 60, "headline": 120, "text": 600, "instruction": 600}
LONGEST_SPEECH = 1_200
MOST_HELD_OUT = 0.5


@dataclass(frozen=True, slots=True)
class Template:
    """One text prepared ahead: what it is for, and what CAP says of it. Its words stand in the catalogues of the
    service (msg.template), in every language, written by people."""

    id: str
    kind: AlertKind
    topic: Topic
    level: int | None
    response: str
    cap_category: str
    hours: float


TEMPLATES: tuple[Template, ...] = (
    Template("elderly", "order", "safety", 3, "Evacuate", "Safety", 12),
    Template("evacuate", "order", "safety", 4, "Evacuate", "Safety", 12),
    Template("secure", "order", "safety", 5, "Shelter", "Safety", 12),
    Template("lifted", "notice", "safety", None, "AllClear", "Safety", 6),
    Template("shelter_open", "notice", "safety", None, "Monitor", "Safety", 24),
    Template("road_closed", "notice", "daily", None, "Avoid", "Transport", 24),
    Template("water_cut", "notice", "daily", None, "Prepare", "Infra", 24),
    Template("free", "notice", "events", None, "None", "Other", 72),
)
"""Levels and names are those of 内閣府 避難情報に関するガイドライン (2021): 高齢者等避難, 避難指示, 緊急安全確保."""


def template_of(template_id: str) -> Template:
    """The text prepared ahead under this name. Raises BadRequestData."""
    for one in TEMPLATES:
        if one.id == template_id:
            return one
    raise BadRequestData(f"There is no text {template_id!r}", field="template")


@dataclass(frozen=True, slots=True)
class Draft:
    """What an officer filled in: each part by language, the districts (none: the whole town), and how it is meant."""

    template: str
    parts: Mapping[str, Words]
    area_name: Words
    speech: str
    districts: tuple[str, ...]
    status: Status
    topic: Topic
    hours: float
    holdout: float


def written(entity_id: str, draft: Draft, by: Officer, now: datetime) -> TownMessage:
    """What waits for a second look. Raises BadRequestData for what is empty or too long in any language: nothing is
    translated by a machine, so who writes for everybody writes it for everybody."""
    demand_officer(by)
    template = template_of(draft.template)
    for part, most in LONGEST.items():
        said = draft.parts.get(part, Words())
        for language in LANGUAGES:
            text = said.get(language, "").strip()
            if not text or len(text) > most:
                raise BadRequestData(
                    f"{part} in {language} must have 1 to {most} characters", field=f"{part}_{language}"
                )
    if not draft.speech.strip() or len(draft.speech) > LONGEST_SPEECH:
        raise BadRequestData(f"The text to be read aloud has 1 to {LONGEST_SPEECH} characters", field="speech")
    if not 0.5 <= draft.hours <= 168:
        raise BadRequestData("It stands for half an hour to a week", field="hours")
    if draft.holdout and (template.kind != "notice" or draft.topic == "safety"):
        raise BadRequestData("Nobody is held out of what is about safety", field="holdout")
    if not 0 <= draft.holdout <= MOST_HELD_OUT:
        raise BadRequestData("At most half of the people are held out", field="holdout")
    topic: Topic = "safety" if template.topic == "safety" else draft.topic
    words = {part: Words(draft.parts[part]) for part in PARTS}
    return TownMessage(
        id=entity_id,
        state="proposed",
        issued_at=now,
        kind=template.kind,
        status=draft.status,
        template=template.id,
        warning_level=template.level,
        event=words["event"],
        headline=words["headline"],
        text=words["text"],
        instruction=words["instruction"],
        area_name=draft.area_name,
        speech=draft.speech,
        districts=list(draft.districts),
        topic=topic,
        hours=draft.hours,
        holdout=draft.holdout or None,
        written_by=by.who,
        role=by.role,
        transitions=[],
    )


def alert_of(
    entity_id: str, message: TownMessage, by: Officer, sender: str, standing: Sequence[Alert], now: datetime
) -> Alert:
    """The alert that an approved message becomes: an Update of what it takes the place of, else an Alert."""
    template = template_of(message.template or "free")
    level = message.warning_level or 0
    urgency, severity, certainty = (
        grades(level, level == 5) if level in (2, 3, 4, 5) else ("Unknown", "Minor", "Likely")
    )
    alert = Alert(
        id=entity_id,
        category="security" if template.topic == "safety" else "naturalDisaster" if level else "environment",
        sub_category=template.id,
        warning_level=message.warning_level,
        event=message.event,
        urgency=urgency,
        severity=severity,
        certainty=certainty,
        headline=message.headline,
        text=message.text,
        instruction=message.instruction,
        area_name=message.area_name,
        alert_source=f"{by.role} {by.who}",
        sender=sender,
        # What is simulated may never set off a real response.
        status="Exercise" if message.simulated else message.status,
        valid_from=now,
        valid_to=now + timedelta(hours=message.hours or template.hours),
        ref_proposal=Ref(message.id),
        decided_by=by.who,
        role=by.role,
        simulated=message.simulated or None,
        source_service=SERVICE,
        kind=message.kind,
        cap_category=template.cap_category,
        response=template.response,
    )
    return sent(alert, standing, now)


def taken_place_of(message: TownMessage, alerts: Sequence[Alert], messages: Mapping[str, TownMessage]) -> list[Alert]:
    """The alerts of this service that a new one takes the place of: orders for the same districts, of any level, and
    notices of the same text."""
    found = []
    for alert in alerts:
        known = messages.get(str(alert.ref_proposal))
        if alert.state != "published" or known is None or alert.source_service != SERVICE:
            continue
        same_kind = known.kind == "order" if message.kind == "order" else known.template == message.template != "free"
        if same_kind and (known.districts or []) == (message.districts or []) and known.status == message.status:
            found.append(alert)
    return found


MARKS: Mapping[str, Mapping[str, str]] = {
    "Exercise": {"ja": "【訓練】", "en": "[DRILL] ", "easy": "【くんれん】"},
    "Test": {"ja": "【試験】", "en": "[TEST] ", "easy": "【テスト】"},
}
"""What stands before everything that is not meant in earnest, on every road."""
CANCELLED: Mapping[str, str] = {"ja": "【取り消し】", "en": "[WITHDRAWN] ", "easy": "【とりけし】"}


def headline_of(alert: Alert, language: str, withdrawn: bool = False) -> str:
    """The headline with all that must stand before it."""
    mark = MARKS.get(alert.status or "", {}).get(language, "")
    return f"{mark}{CANCELLED.get(language, '') if withdrawn else ''}{said(alert.headline, language)}"


def said(words: Mapping[str, str] | None, language: str) -> str:
    """A text in a language; where it was not written in it, in Japanese, never translated."""
    return "" if not words else words.get(language) or words.get("ja") or next(iter(words.values()), "")
