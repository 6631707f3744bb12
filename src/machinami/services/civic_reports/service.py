"""What does the town do with what people report? Take it, keep what may be kept, lead it to an office."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, Forbidden, NotFound, TooManyRequests
from machinami.kit.city import City
from machinami.kit.drawer import Drawer
from machinami.methods.photographs import Photograph, prepared
from machinami.model.view import Point, Ref, View, Words
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.places import District
from machinami.services.civic_reports.logic import duplicates, going, mending, routing
from machinami.services.civic_reports.logic.duplicates import Glossary, Told
from machinami.services.civic_reports.model import (
    LONGEST_PLACE,
    OPEN,
    Category,
    Deed,
    Figures,
    Intake,
    Photo,
    Report,
    Rule,
    Settings,
    Source,
    Step,
)

PACKAGE = "machinami.services.civic_reports"
MINE, CONTACTS = "mine", "contacts"
MOST_PHOTOS = 3
REACHED = ("name", "email", "phone")
"""How somebody may be answered."""
OFFICE = Officer("machinami", "service")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody hands in. photos: the files as they came; contact: how they may be answered, where they said so;
    details: what they answered to the questions of the category."""

    category: str
    text: str
    language: str
    place: Point | None = None
    landmark: str = ""
    photos: Sequence[bytes] = ()
    contact: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    source: Source = "page"


@dataclass(frozen=True, slots=True)
class Held:
    """What stands now, as far as who looks may see it; and the types of which they may not see everything."""

    reports: Sequence[Report]
    categories: Sequence[Category]
    rules: Sequence[Rule]
    districts: Sequence[District]
    figures: Sequence[Figures]
    closed: frozenset[str]

    def report(self, report_id: str) -> Report:
        """A report by its entity id, or by its number. Raises NotFound."""
        for one in self.reports:
            if report_id in (one.id, one.report_id):
                return one
        raise NotFound(f"There is no report {report_id[:100]!r} that may be seen here")


async def refresh(city: City, now: datetime) -> None:
    """Say what is late, count how mending goes, and let go what has been kept long enough."""
    reports = await city.find(Report)
    changed = [after for one in reports if (after := mending.measured(one, now)) != one]
    codes = [one.category_code or "" for one in await categories(city)]
    settings = await city.settings(Settings)
    rows = mending.figures(reports, codes, now, settings.figures_days) if reports else []
    before = {one.id: one for one in await city.find(Figures)}
    # A figure that stays is not said anew every ten minutes: only its period would differ.
    news = [one for one in rows if one.id not in before or not _same(before[one.id], one)]
    if changed or news:
        await city.publish(*changed, *news, whole=True)
    await let_go(city, reports, settings, now)


def _same(before: Figures, after: Figures) -> bool:
    told = ("mended", "median_days", "in_time_share", "waiting", "late")
    day = (
        before.period_to is not None
        and after.period_to is not None
        and after.period_to - before.period_to < mending.DAY
    )
    return day and all(getattr(before, name) == getattr(after, name) for name in told)


async def let_go(city: City, reports: Sequence[Report], settings: Settings, now: datetime) -> None:
    """Erase the contacts of reports that ended long enough ago, and the photos that nobody may see."""
    ended = {one.id: one.closed_at for one in reports if one.closed_at is not None}
    for report_id in await city.private_rows(CONTACTS):
        since = ended.get(report_id)
        if since is not None and now - since > timedelta(days=settings.contact_days):
            await city.private(partial(_drop, shelf=CONTACTS, key=report_id))
    for intake in await city.find(Intake):
        since = ended.get(intake.ref_report or "")
        if since is None or now - since <= timedelta(days=settings.refused_days):
            continue
        for photo in intake.photos or []:
            for form in ("before",) if photo["state"] == "shown" else ("large", "small", "before"):
                await city.files.drop(file_name(photo["name"], form))


async def held(city: City) -> Held:
    """All that pages ask of."""
    told = (Report, Rule, District, Figures)
    return Held(
        await seen(city, Report),
        await categories(city),
        await seen(city, Rule),
        await seen(city, District),
        await seen(city, Figures),
        frozenset(view.TYPE for view in told if not city.shows(view)),
    )


async def seen(city: City, view: type[V]) -> list[V]:
    """What who looks may see of a type; nothing where they may see none of it: everybody may report all the same."""
    try:
        return await city.find(view)
    except Forbidden:
        return []


@cache
def starters() -> tuple[Category, ...]:
    """The categories of a town that has said nothing else."""
    rows = tomllib.loads(files(PACKAGE).joinpath("rows/categories.toml").read_text("utf-8"))["category"]
    return tuple(
        Category(
            category_id(row["code"]), row["code"], Words(row["name"]), Words(row["text"]), Words(row["group"]),
            row["keywords"], row["office"], row["days"], row.get("question"),
        )
        for row in rows
    )  # fmt: skip


@cache
def glossary() -> Glossary:
    """By which words people name the same thing."""
    return tomllib.loads(files(PACKAGE).joinpath("rows/glossary.toml").read_text("utf-8"))


def category_id(code: str) -> str:
    """The id of a category's entity."""
    return f"urn:ngsi-ld:{Category.TYPE}:{code}"


async def categories(city: City) -> list[Category]:
    """What may be reported: the usual categories, as the town changed them, and its own. For everybody: who reports
    must see them."""
    reading = city.at_reception()
    own = {one.id: one for one in await reading.find(Category) if one.category_code}
    usual = [own.pop(one.id, one) for one in starters()]
    return [one for one in (*usual, *own.values()) if not one.retired]


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
    if not text and not draft.photos:
        raise BadRequestData("Write a few words, or add a photo", field="text")
    details = going.details_of(category, draft.details)
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
            await own.publish(report, intake, step(own, "received", report, OFFICE, report.department_id or ""))
        except BaseException:
            await drop_photos(own, rows)
            raise
        await own.private(partial(_note, report=report, secret=secret, contact=_contact(draft.contact)))
    return report


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
    found = duplicates.alike(told, await told_of(own, reports), glossary(), settings.same_place, settings.same_from)
    intake = Intake(
        report.id.replace(Report.TYPE, Intake.TYPE), Ref(report.id), words, landmark or None,
        alike=[{"report": one.id, "score": one.score, "metres": one.metres} for one in found[:5]] or None,
        contact=bool(_contact(draft.contact)) or None, rule=way.rule or None,
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


def file_name(name: str, form: str) -> str:
    """The file of a form of a photo: large, small, or as it was before covering."""
    return f"{name}-{form}.jpg"


async def drop_photos(own: City, rows: Sequence[Photo]) -> None:
    """Destroy photos in every form."""
    for photo in rows:
        for form in ("large", "small", "before"):
            await own.files.drop(file_name(photo["name"], form))


def step(
    city: City, kind: Deed, about: View, by: Officer, subject: str = "", reason: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> Step:  # fmt: skip
    """Something that was done, for the history."""
    return Step(
        city.new_id(Step.TYPE), kind, Ref(about.id), subject or None, city.now(), by.who, by.role, reason or None,
        dict(before) if before else None, dict(after) if after else None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mine:
    """A report as its reporter sees it: with their own words and photos, whatever others may see."""

    report: Report
    intake: Intake | None
    contact: Mapping[str, str]


async def mine(city: City, secret: str) -> Mine:
    """The report that a secret belongs to. Raises NotFound."""
    own = city.at_reception()
    row = (await own.private_rows(MINE)).get(digest(secret)) if 16 <= len(secret) <= 64 else None
    report = await own.get(Report, row["report"]) if row else None
    if report is None:
        raise NotFound("There is no report under this address; perhaps it was taken back")
    intake = await own.get(Intake, report.id.replace(Report.TYPE, Intake.TYPE))
    contact = (await own.private_rows(CONTACTS)).get(report.id, {})
    return Mine(report, intake, {name: contact[name] for name in REACHED if contact.get(name)})


async def withdraw(city: City, secret: str) -> None:
    """Take a report back: its words, photos and contact are erased with their past; that there was one, and what the
    office answered, stays."""
    own, found = city.at_reception(), await mine(city, secret)
    async with city.turn:
        report = found.report
        gone = going.removed(report, "", city.now())
        closed = report.closed_at or city.now()
        gone = replace(
            gone, removal=None, state="withdrawn", closed_at=closed, location=None, details=None, overdue=False
        )
        await own.private(partial(_forget, report_id=report.id, secret=secret))
        await drop_photos(own, (found.intake.photos if found.intake else None) or [])
        await own.erase(Report, [report.id])
        await own.erase(Intake, [report.id.replace(Report.TYPE, Intake.TYPE)])
        await own.publish(gone, step(own, "withdrawn", gone, Officer("—", "reporter"), gone.report_id or ""))


async def forget_contact(city: City, secret: str) -> None:
    """Erase the contact alone, when its owner wants it."""
    own, found = city.at_reception(), await mine(city, secret)
    await own.private(partial(_drop, shelf=CONTACTS, key=found.report.id))
    if found.intake:
        await own.publish(replace(found.intake, contact=None), whole=True)


def digest(secret: str) -> str:
    """What is kept of a secret: nothing that leads back to it."""
    return sha256(b"civic report of " + secret.encode()).hexdigest()


def _contact(said: Mapping[str, str]) -> dict[str, str]:
    return {name: text.strip()[:120] for name, text in said.items() if name in REACHED and text.strip()}


def _note(drawer: Drawer, report: Report, secret: str, contact: Mapping[str, str]) -> None:
    drawer.put(MINE, digest(secret), {"report": report.id})
    if contact:
        row = {**contact, "class": "personal", "purpose": "to answer the reporter"}
        drawer.put(CONTACTS, report.id, row, about=f"urn:machinami:reporter:{report.id.rpartition(':')[2]}")


def _forget(drawer: Drawer, report_id: str, secret: str) -> None:
    drawer.drop(CONTACTS, report_id)
    drawer.drop(MINE, digest(secret))


def _drop(drawer: Drawer, shelf: str, key: str) -> None:
    drawer.drop(shelf, key)
