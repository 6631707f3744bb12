"""What may a reporter do with their report? See it with all that is theirs, take it back, be answered no more."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from machinami.foundation.errors import NotFound
from machinami.kit.city import City
from machinami.model.vocabulary.office import Officer
from machinami.services.civic_reports import service
from machinami.services.civic_reports.logic import going
from machinami.services.civic_reports.model import Intake, Report


@dataclass(frozen=True, slots=True)
class Mine:
    """A report as its reporter sees it: with their own words and photos, whatever others may see."""

    report: Report
    intake: Intake | None
    contact: Mapping[str, str]
    mailed: datetime | None


async def mine(city: City, secret: str) -> Mine:
    """The report that a secret belongs to. Raises NotFound."""
    own = city.at_reception()
    row = (await own.private_rows(service.MINE)).get(service.digest(secret)) if 16 <= len(secret) <= 64 else None
    report = await own.get(Report, row["report"]) if row else None
    if report is None:
        raise NotFound("There is no report under this address; perhaps it was taken back")
    intake = await own.get(Intake, report.id.replace(Report.TYPE, Intake.TYPE))
    contact = (await own.private_rows(service.CONTACTS)).get(report.id, {})
    return Mine(
        report,
        intake,
        {name: contact[name] for name in service.REACHED if contact.get(name)},
        service.mailed_at(contact),
    )


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
        await service.forget_contact(city, report.id)
        await own.private(lambda drawer: drawer.drop(service.MINE, service.digest(secret)))
        await service.drop_photos(own, (found.intake.photos if found.intake else None) or [])
        await own.erase(Report, [report.id])
        await own.erase(Intake, [report.id.replace(Report.TYPE, Intake.TYPE)])
        await own.publish(gone, service.step(own, "withdrawn", gone, Officer("—", "reporter"), gone.report_id or ""))


async def forget_contact(city: City, secret: str) -> None:
    """Erase the contact alone, when its owner wants it."""
    await service.forget_contact(city, (await mine(city, secret)).report.id)


async def stopping(city: City, who: str, key: str) -> str:
    """The report of which somebody may end the letters with this link; empty where there is none."""
    report_id = f"urn:ngsi-ld:{Report.TYPE}:{who}"
    row = (await city.at_reception().private_rows(service.CONTACTS)).get(report_id)
    holds = row is not None and key and secrets.compare_digest(str(row.get("key", "")).encode(), key.encode())
    return report_id if holds else ""


async def stop(city: City, who: str, key: str) -> None:
    """End the letters with the link that stands in each: the address is erased."""
    report_id = await stopping(city, who, key)
    if report_id:
        await service.forget_contact(city, report_id)
