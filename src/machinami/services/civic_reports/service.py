"""What does the town do by itself with what people reported? Count, say what is late, answer by mail, let go."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import Any, TypeVar
from urllib.parse import quote

from machinami.foundation.errors import Forbidden, NotFound
from machinami.kit.city import City
from machinami.kit.drawer import Drawer
from machinami.kit.words import catalogue, without_ruby
from machinami.methods.terms import Terms, compiled
from machinami.model.letter import Letter
from machinami.model.view import Ref, View, Words
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.places import District
from machinami.services.civic_reports.logic import mending
from machinami.services.civic_reports.logic.answers import Owed, Phrases, is_due, later, letter_of, owed_of
from machinami.services.civic_reports.model import (
    Category,
    Deed,
    Figures,
    Intake,
    Photo,
    Report,
    Reporter,
    Rule,
    Settings,
    Step,
)

PACKAGE = "machinami.services.civic_reports"
ADDRESS = "/services/civic_reports"
PURPOSE = "report-answers"
MINE, CONTACTS, OWED = "mine", "contacts", "owed"
REACHED = ("name", "email", "phone")
"""How somebody may be answered."""
OFFICE = Officer("machinami", "service")
V = TypeVar("V")


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
    await send_letters(city, now)


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
    asked = city.consenting(PURPOSE)
    for report_id in await city.private_rows(CONTACTS):
        since = ended.get(report_id)
        over = since is not None and now - since > timedelta(days=settings.contact_days)
        if over or (asked.is_asked and not asked.holds(reporter_of(report_id))):
            await forget_contact(city, report_id)
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
def glossary() -> Terms:
    """By which words people name the same thing."""
    return compiled(tomllib.loads(files(PACKAGE).joinpath("rows/glossary.toml").read_text("utf-8")))


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


def digest(secret: str) -> str:
    """What is kept of a secret: nothing that leads back to it."""
    return sha256(b"civic report of " + secret.encode()).hexdigest()


def reporter_of(report_id: str) -> str:
    """The pseudonym of who reported: it names nobody, and leads to nothing but the report."""
    return f"urn:ngsi-ld:{Reporter.TYPE}:{report_id.rpartition(':')[2]}"


async def forget_contact(city: City, report_id: str) -> None:
    """Erase how a reporter may be answered, and that they wanted to be; nothing is sent to them any more."""
    own, person = city.at_reception().for_purpose(PURPOSE), reporter_of(report_id)
    if own.consenting(PURPOSE).is_asked:
        await own.consenting(PURPOSE).withdraw(person)
    await own.private(partial(_drop, shelf=CONTACTS, key=report_id))
    await own.erase(Reporter, [person])
    intake = await own.get(Intake, report_id.replace(Report.TYPE, Intake.TYPE))
    if intake is not None and intake.contact:
        await own.publish(replace(intake, contact=None), whole=True)


async def owe_letter(city: City, report: Report) -> None:
    """Have its reporter told by mail how a report goes on, where they left an address and letters can be sent."""
    own = city.at_reception()
    row = (await own.private_rows(CONTACTS)).get(report.id, {})
    if row.get("email") and own.roads.from_address:
        owed = Owed(report.id).row()
        await own.private(lambda drawer: drawer.put(OWED, city.new_id("Letter"), owed))


async def send_letters(city: City, now: datetime) -> None:
    """Send the letters that are due; note with the contact when one went, or why none can."""
    own, known = city.for_purpose(PURPOSE), {one.category_code: one for one in await categories(city)}
    asked = own.consenting(PURPOSE)
    for name, kept in (await own.private_rows(OWED)).items():
        owed = owed_of(kept)
        row = (await own.private_rows(CONTACTS)).get(owed.report)
        report = await own.get(Report, owed.report)
        if row is None or report is None or (asked.is_asked and not asked.holds(reporter_of(report.id))):
            await own.private(partial(_drop, shelf=OWED, key=name))
            continue
        if not is_due(owed, now):
            continue
        category = known.get(report.category_code)
        letter = _letter(own, name, report, Words(category.name or {}) if category else Words(), row)
        done = await own.roads.mail(letter, without_ruby(str(catalogue(PACKAGE, _tongue(row))["title"])), now)
        again = None if done.ok else later(owed, done.status, now)
        noted = {"mailed": now.isoformat()} if done.ok else {"failed": done.reason[:160]}
        await own.private(partial(_account, name=name, report_id=report.id, again=again, noted=noted))


def _letter(own: City, name: str, report: Report, what: Words, row: Mapping[str, Any]) -> Letter:
    tongue = _tongue(row)
    words = catalogue(PACKAGE, tongue)
    phrases = Phrases(*(without_ruby(str(words[f"letter.{part}"])) for part in Phrases.__dataclass_fields__))
    answer: Mapping[str, str] = report.answer or {}
    facts = {
        "what": without_ruby(what.get(tongue) or what.get("ja", "")),
        "state": without_ruby(str(words[f"state.{report.state}"])),
        "office": report.department_id or "",
        "answer": answer.get(tongue) or next(iter(answer.values()), ""),
    }
    at = own.roads.address
    more = f"{at}{ADDRESS}/reports/{report.report_id}?lang={tongue}" if at else ""
    who = report.id.rpartition(":")[2]
    leave = f"{at}{ADDRESS}/stop?who={quote(who, safe='')}&key={row['key']}&lang={tongue}" if at else ""
    return letter_of(str(row["email"]), name.rpartition(":")[2], report, facts, phrases, more, leave)


def mailed_at(contact: Mapping[str, Any]) -> datetime | None:
    """When the last letter went to a reporter; None where none did."""
    return datetime.fromisoformat(contact["mailed"]) if contact.get("mailed") else None


def _tongue(row: Mapping[str, Any]) -> str:
    return str(row["language"]) if row.get("language") in ("ja", "en", "easy") else "ja"


def _account(drawer: Drawer, name: str, report_id: str, again: Owed | None, noted: Mapping[str, str]) -> None:
    if again is not None:
        drawer.put(OWED, name, again.row())
    else:
        drawer.drop(OWED, name)
    row = drawer.get(CONTACTS, report_id)
    if row is not None:
        kept = {key: value for key, value in row.items() if key not in ("mailed", "failed")}
        drawer.put(CONTACTS, report_id, {**kept, **noted}, about=reporter_of(report_id))


def _drop(drawer: Drawer, shelf: str, key: str) -> None:
    drawer.drop(shelf, key)
