"""How does the town take what somebody reports: its words, its place, its photos, and how they may be answered?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_urlsafe
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, TooManyRequests
from machinami.kit.city import City
from machinami.methods.photographs import Photograph, prepared
from machinami.model.letter import checked_address
from machinami.model.view import Point, Ref, Words
from machinami.model.vocabulary.places import District
from machinami.services.civic_reports.logic import duplicates, going, mending, routing
from machinami.services.civic_reports.logic.duplicates import Told
from machinami.services.civic_reports.model import (
    LONGEST_PLACE,
    OPEN,
    Category,
    Intake,
    Photo,
    Report,
    Reporter,
    Rule,
    Settings,
    Source,
)
from machinami.services.civic_reports.service import (
    CONTACTS,
    MINE,
    OFFICE,
    PURPOSE,
    REACHED,
    categories,
    digest,
    drop_photos,
    file_name,
    forget_contact,
    glossary,
    reporter_of,
    step,
)

MOST_PHOTOS = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody hands in. photos: the files as they came; contact: how they may be answered, where they said so;
    agrees: that they consent to being answered there; details: what they answered to the questions of the category."""

    category: str
    text: str
    language: str
    place: Point | None = None
    landmark: str = ""
    photos: Sequence[bytes] = ()
    contact: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    source: Source = "page"
    agrees: bool = False


async def hand_in(city: City, draft: Draft, secret: str) -> Report:
    """Take a report. secret: the word by which its reporter finds it again, which nobody else has.

    Raises BadRequestData saying what is missing, TooManyRequests.
    """
    own, now = city.at_reception(), city.now()
    settings = await city.settings(Settings)
    category = next((one for one in await categories(city) if one.category_code == draft.category), None)
    if category is None:
        raise BadRequestData("Choose what it is about", field="category")
    text, landmark = going.checked_text(draft.text), draft.landmark.strip()[:LONGEST_PLACE]
    if draft.place is None and not landmark:
        raise BadRequestData("Say where it is: on the map, or in words", field="place")
    if not text and not draft.photos and draft.source != "open311":  # where the standard asks for neither
        raise BadRequestData("Write a few words, or add a photo", field="text")
    details = going.details_of(category, draft.details)
    if address := draft.contact.get("email", "").strip():
        _demand_address(address)
    own.admit()
    photos = await _prepare(city, draft.photos, settings)
    async with city.turn:
        await _demand_room(own, settings)
        pictures = tuple(photo.fingerprint for photo in photos)
        report, intake = await _taken(own, draft, category, text, landmark, now, settings, pictures)
        report = replace(report, details=details or None)
        rows = await _keep(own, report.id, photos)
        intake = replace(intake, photos=rows or None)
        try:
            intake = replace(intake, contact=await keep_contact(city, report, draft) or None)
            await own.publish(report, intake, step(own, "received", report, OFFICE, report.department_id or ""))
        except BaseException:
            await drop_photos(own, rows)
            await forget_contact(city, report.id)
            raise
        await own.private(lambda drawer: drawer.put(MINE, digest(secret), {"report": report.id}))
    return report


def _demand_address(text: str) -> None:
    try:
        checked_address(text)
    except BadRequestData as error:
        raise BadRequestData(str(error), field="email") from error


async def _prepare(city: City, contents: Sequence[bytes], settings: Settings) -> list[Photograph]:
    if len(contents) > MOST_PHOTOS:
        raise BadRequestData(f"At most {MOST_PHOTOS} photos are taken", field="photo")
    most = int(settings.photo_megabytes * 1_000_000)
    return [await city.compute(prepared, content, most) for content in contents]


async def _demand_room(own: City, settings: Settings) -> None:
    waiting = sum(1 for one in await own.find(Intake) if one.looked_at is None)
    if waiting >= settings.most_waiting:
        raise TooManyRequests(
            "Very many reports wait for an officer at the moment; please come back tomorrow, or call the town hall",
            reception="waiting",
            retryAfter=3600,
        )


async def _taken(
    own: City, draft: Draft, category: Category, text: str, landmark: str, now: datetime, settings: Settings,
    pictures: tuple[str, ...],
) -> tuple[Report, Intake]:  # fmt: skip
    reports, districts = await own.find(Report), await own.find(District)
    way = routing.route(category, draft.place, landmark, await own.find(Rule), districts)
    where = routing.district_of(draft.place, landmark, districts)
    code, words = category.category_code or "", Words({draft.language: text}) if text else None
    report = Report(
        own.new_id(Report.TYPE),
        going.number_after(reports, now.astimezone(ZoneInfo(own.zone)).date().isoformat()),
        code,
        "received",
        location=draft.place,
        ref_district=Ref(where.id) if where else None,
        department_id=way.office,
        requested_at=now,
        updated_at=now,
        expected_at=mending.owed_by(now, category.days),
        overdue=False,
        voices=1,
        source=draft.source,
    )
    told = Told(report.id, code, draft.place, text, landmark, now, pictures)
    same, near = settings.same_from, settings.same_place
    known = await told_of(own, reports)
    found = duplicates.alike(told, known, glossary(), near, min(same, duplicates.PERHAPS))
    intake = Intake(
        report.id.replace(Report.TYPE, Intake.TYPE), Ref(report.id), words, landmark or None,
        alike=[
            {"report": one.id, "score": one.score, "metres": one.metres, "perhaps": one.score < same}
            for one in found[:5]
        ] or None,
        rule=way.rule or None,
    )  # fmt: skip
    return report, intake


async def told_of(own: City, reports: Sequence[Report]) -> list[Told]:
    """What the open reports say, in their reporters' words."""
    said = {one.ref_report: one for one in await own.find(Intake)}
    rows: list[Told] = []
    for one in reports:
        if one.state in OPEN and not one.ref_duplicate:
            intake = said.get(Ref(one.id))
            words = (intake.text if intake else one.text) or Words()
            landmark = (intake.landmark if intake else one.landmark) or ""
            looks = tuple(photo.get("look", "") for photo in (intake.photos if intake else None) or [])
            said_in = " ".join(words.values())
            code = one.category_code or ""
            rows.append(Told(one.id, code, one.location, said_in, landmark, one.requested_at, looks))
    return rows


async def _keep(own: City, report_id: str, photos: Sequence[Photograph]) -> list[Photo]:
    rows: list[Photo] = []
    for number, photo in enumerate(photos, 1):
        name = f"{report_id.rpartition(':')[2].lower()[:60]}-{number}"
        await own.files.put(file_name(name, "large"), photo.large)
        await own.files.put(file_name(name, "small"), photo.small)
        size: Photo = {"name": name, "state": "waiting", "width": photo.width, "height": photo.height}
        rows.append({**size, "look": photo.fingerprint})
    return rows


def takes_contacts(city: City) -> bool:
    """Whether somebody may be asked for a contact: in a town that asks for consents, once its purpose is published and
    approved."""
    asked = city.consenting(PURPOSE)
    return not asked.is_asked or (asked.published is not None and asked.approval is not None)


async def keep_contact(city: City, report: Report, draft: Draft) -> bool:
    """Keep how a reporter may be answered, sealed with their key, if they said so and may be asked; whether it is."""
    row = {name: text.strip()[:120] for name, text in draft.contact.items() if name in REACHED and text.strip()}
    own, person = city.at_reception().for_purpose(PURPOSE), reporter_of(report.id)
    asked = own.consenting(PURPOSE)
    if not row or (asked.is_asked and not (draft.agrees and takes_contacts(own))):
        return False
    if asked.is_asked:
        await asked.give(person, draft.language)
    row |= {"language": draft.language, "key": token_urlsafe(24)}
    await own.private(lambda drawer: drawer.put(CONTACTS, report.id, row, about=person))
    await own.publish(Reporter(person, Ref(report.id), report.requested_at))
    return True
