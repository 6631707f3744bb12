"""What may an officer do with reports, rules and categories? Each deed with its step in the history, and a way back."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.foundation.geojson import check_geometry
from machinami.kit.city import City
from machinami.methods.photographs import Rectangle, covered
from machinami.model.view import Geometry, Ref, Words
from machinami.model.vocabulary.office import Officer
from machinami.services.civic_reports import service
from machinami.services.civic_reports.logic import going, mending, routing
from machinami.services.civic_reports.model import (
    OPEN,
    Category,
    Deed,
    Intake,
    Photo,
    Report,
    Rule,
    Settings,
    State,
    Step,
)
from machinami.services.civic_reports.service import categories, drop_photos, file_name, step

V = TypeVar("V", Report, Rule, Category)
TOLD = (
    "state", "department_id", "category_code", "answer", "ref_duplicate", "removal", "media", "voices", "closed_at",
)  # fmt: skip
CLOSING: dict[State, Deed] = {"mended": "mended", "declined": "declined", "in_progress": "progressed"}


async def report_of(city: City, report_id: str) -> Report:
    """The report. Raises NotFound."""
    found = await city.get(Report, report_id)
    if found is None:
        raise NotFound(f"There is no report {report_id[:100]!r}")
    return found


async def intake_of(city: City, report: Report) -> Intake:
    """What came in; as empty where a report was brought in from elsewhere."""
    intake_id = report.id.replace(Report.TYPE, Intake.TYPE)
    return await city.get(Intake, intake_id) or Intake(intake_id, Ref(report.id), report.text, report.landmark)


async def look(city: City, report_id: str, text: bool, photos: Sequence[str], by: Officer, reason: str) -> Report:
    """Say what everybody may read and see of a report; what is left out stays for officers."""
    async with city.turn:
        report = await report_of(city, report_id)
        _demand_there(report)
        after, intake = going.looked(report, await intake_of(city, report), text, photos, city.now())
        kind: Deed = "restored" if report.removal else "looked"
        await _publish(city, kind, report, after, by, reason, intake)
    return after


async def remove(city: City, report_id: str, reason: str, by: Officer) -> Report:
    """Take a report's words and photos off the pages, and out of their past; the reason stands in their place."""
    async with city.turn:
        report = await report_of(city, report_id)
        _demand_there(report)
        intake = await intake_of(city, report)
        hidden: list[Photo] = [going.standing(photo, "hidden") for photo in intake.photos or []]
        after = going.removed(report, reason, city.now())
        await _publish(city, "removed", report, after, by, reason, replace(intake, photos=hidden or None))
        # What everybody could read shall not stay in its past, which everybody may read too.
        await city.at_reception().erase(Report, [report.id])
        await city.at_reception().publish(after)
    return after


async def cover(city: City, report_id: str, name: str, rectangles: Sequence[Rectangle], by: Officer) -> None:
    """Paint over parts of a photo. What it was before is destroyed, or kept for officers, as the town set it."""
    async with city.turn:
        report = await report_of(city, report_id)
        intake = await intake_of(city, report)
        photo = _photo(intake, name)
        city.demand_author()
        large = await city.files.get(file_name(name, "large"))
        if large is None:
            raise NotFound("This photo is no longer kept")
        made = await city.compute(covered, large, rectangles)
        keeps = (await city.settings(Settings)).keep_originals
        if keeps and await city.files.get(file_name(name, "before")) is None:
            await city.files.put(file_name(name, "before"), large)
        await city.files.put(file_name(name, "large"), made.large)
        await city.files.put(file_name(name, "small"), made.small)
        count: Photo = {**photo, "covered": photo.get("covered", 0) + len(rectangles)}
        rows = [count if one["name"] == name else one for one in intake.photos or []]
        await _publish(
            city, "covered", report, replace(report, updated_at=city.now()), by, "", replace(intake, photos=rows)
        )


async def route(city: City, report_id: str, office: str, code: str, reason: str, by: Officer) -> Report:
    """Give a report to another office, or another category with what that is owed in."""
    async with city.turn:
        report = await report_of(city, report_id)
        _demand_there(report)
        if report.state not in OPEN:
            raise Conflict("This report is closed; open it again first")
        after = replace(report, updated_at=city.now())
        if code and code != report.category_code:
            known = {one.category_code: one for one in await categories(city)}
            if code not in known:
                raise BadRequestData(f"There is no category {code[:50]!r}", field="category")
            asked = report.requested_at or city.now()
            after = replace(after, category_code=code, expected_at=mending.owed_by(asked, known[code].days))
        after = replace(after, department_id=office or after.department_id)
        state: State = "assigned" if report.state == "received" else report.state
        after = mending.measured(replace(after, state=state), city.now())
        await _publish(city, "routed", report, after, by, reason)
    return after


async def proceed(city: City, report_id: str, state: State, answer: str, language: str, by: Officer) -> Report:
    """Say how a report goes on, and what the office answers: to its reporter, and to everybody."""
    async with city.turn:
        report = await report_of(city, report_id)
        _demand_there(report)
        words = Words({language: answer}) if answer else None
        if state == "declined" and not answer:
            raise BadRequestData("Say why this is not done", field="answer")
        after = going.moved(report, state, words, city.now())
        kind = "reopened" if report.state not in OPEN else CLOSING.get(state, "answered")
        await service.owe_letter(city, after)
        await _publish(city, kind, report, after, by, answer)
    return after


async def merge(city: City, member_id: str, head_number: str, by: Officer) -> Report:
    """Have one report follow another that says the same."""
    async with city.turn:
        member, everyone = await report_of(city, member_id), await city.find(Report)
        head = next((one for one in everyone if head_number in (one.id, one.report_id)), None)
        if head is None:
            raise NotFound(f"There is no report {head_number[:100]!r}")
        _demand_there(head)
        head_after, after = going.merged(head, member, city.now())
        done = _step(city, "merged", member, after, by, head.report_id or "")
        await city.publish(head_after, after, done, by=by.who)
    return after


async def unmerge(city: City, member_id: str, by: Officer) -> Report:
    """Let a report stand for itself again."""
    async with city.turn:
        member = await report_of(city, member_id)
        head = await city.get(Report, member.ref_duplicate) if member.ref_duplicate else None
        head_after, after = going.unmerged(head, member, city.now())
        done = _step(city, "unmerged", member, after, by, (head.report_id if head else "") or "")
        await city.publish(after, *([head_after] if head_after else []), done, by=by.who, whole=True)
    return after


async def make_rule(
    city: City, code: str, district: str, area: str, office: str, reason: str, by: Officer
) -> Rule:  # fmt: skip
    """Lead reports of a category, an area, or both, to an office from now on."""
    if not office:
        raise BadRequestData("Name the office", field="office")
    if not (code or district or area):
        raise BadRequestData("Choose a category, a district or an area", field="category")
    rule = Rule(
        city.new_id(Rule.TYPE), office, code or None, Ref(district) if district else None, _area(area), reason or None,
        by.who, by.role, city.now(),
    )  # fmt: skip
    await city.publish(rule, step(city, "rule_made", rule, by, office, reason), by=by.who)
    return rule


async def end_rule(city: City, rule_id: str, reason: str, by: Officer) -> None:
    """Have a rule count no more; it stays in the history, and can be made again."""
    async with city.turn:
        rule = await city.get(Rule, rule_id)
        if rule is None or rule.ended_at is not None:
            raise NotFound("There is no such rule that counts")
        ended = replace(rule, ended_at=city.now())
        await city.publish(ended, step(city, "rule_ended", rule, by, rule.department_id, reason), by=by.who)


async def change_category(
    city: City, code: str, name: Words, office: str, days: int, retired: bool, reason: str, by: Officer
) -> Category:
    """Change a category, or make a new one: its name, its office, within how many days it is owed, whether it is
    offered."""
    if not code.isascii() or not code.replace("_", "").isalnum() or len(code) > 40:
        raise BadRequestData("A code has letters a to z, numbers and _", field="code")
    if not 1 <= days <= 365:
        raise BadRequestData("A report is owed within 1 to 365 days", field="days")
    async with city.turn:
        known = {one.id: one for one in (*service.starters(), *await city.find(Category))}
        before = known.get(service.category_id(code), Category(service.category_id(code), code))
        after = replace(
            before, name=Words({**(before.name or {}), **name}), department_id=office, days=days, retired=retired
        )
        told = ("name", "department_id", "days", "retired")
        done = step(city, "category_changed", after, by, code, reason, *going.difference(before, after, told))
        await city.publish(after, done, by=by.who)
    return after


async def contact_of(city: City, report: Report) -> dict[str, Any]:
    """How the reporter may be answered, for who may do all that offices do, and when the last letter went (mailed) or
    why none could (failed); empty where they left nothing."""
    if not city.is_author():
        return {}
    row = (await city.at_reception().private_rows(service.CONTACTS)).get(report.id, {})
    told = {name: row[name] for name in (*service.REACHED, "failed") if row.get(name)}
    return told | ({"mailed": mailed} if (mailed := service.mailed_at(row)) else {})


async def steps_of(city: City, report: Report) -> list[Step]:
    """What was done to a report, the last first."""
    found = [one for one in await service.seen(city, Step) if one.ref_about == report.id]
    return found[::-1]


async def erase(city: City, report_id: str, reason: str, by: Officer) -> None:
    """Erase a report with all that belongs to it: where the law asks for it, or what came in is no report at all."""
    async with city.turn:
        report = await report_of(city, report_id)
        intake = await intake_of(city, report)
        city.demand_author()
        await city.publish(_step(city, "removed", report, report, by, reason), by=by.who)
        await drop_photos(city, intake.photos or [])
        own = city.at_reception()
        await service.forget_contact(city, report.id)
        await own.erase(Intake, [intake.id])
        await own.erase(Report, [report.id])


def _photo(intake: Intake, name: str) -> Photo:
    found = next((one for one in intake.photos or [] if one["name"] == name), None)
    if found is None:
        raise NotFound("There is no such photo")
    return found


def _area(text: str) -> Geometry | None:
    if not text.strip():
        return None
    try:
        found = check_geometry(json.loads(text))
    except ValueError as error:
        raise BadRequestData(f"The area is no GeoJSON: {error}", field="area") from error
    if found["type"] not in ("Polygon", "MultiPolygon"):
        raise BadRequestData("An area is a Polygon or a MultiPolygon (GeoJSON)", field="area")
    return Geometry(found)


def _demand_there(report: Report) -> None:
    if report.state == "withdrawn":
        raise Conflict("This report was taken back by its reporter")


def _step(city: City, kind: Deed, before: V, after: V, by: Officer, reason: str) -> Step:
    subject = before.report_id if isinstance(before, Report) else ""
    return step(city, kind, before, by, subject or "", reason, *going.difference(before, after, TOLD))


async def _publish(
    city: City, kind: Deed, before: Report, after: Report, by: Officer, reason: str, intake: Intake | None = None
) -> None:
    done = _step(city, kind, before, after, by, reason)
    await city.publish(after, *([intake] if intake else []), done, by=by.who, whole=True)


def offices_of(found: Sequence[Category], rules: Sequence[Rule]) -> list[str]:
    """The offices that categories and rules know, in order."""
    names = {one.department_id or routing.NOBODY for one in found} | {one.department_id for one in rules}
    return sorted(names | {routing.NOBODY})
