"""What is broken, who mends it, when was it mended? Pages for who reports, the officer, and who comes after."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from machinami.foundation.errors import BadRequestData, NotFound, TooManyRequests
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.happening import Event, Happening
from machinami.kit.http import Request, Response, Route
from machinami.kit.page import allowing
from machinami.kit.settings import NOTHING_REFUSED, Refused, sheets_of, take_setting
from machinami.kit.signing import choose_audience, officer, said, said_if
from machinami.kit.upload import read_upload
from machinami.kit.words import Words, without_ruby
from machinami.model.vocabulary.places import District
from machinami.services.civic_reports import service
from machinami.services.civic_reports.book import office, reception, reporters, sheets, typed
from machinami.services.civic_reports.model import LONGEST_ANSWER, OPEN, STATES, Intake, Report, Settings, Step
from machinami.services.civic_reports.service import ADDRESS, PACKAGE, PURPOSE, Held, file_name

OFFICE = f"{ADDRESS}?view=officer"
SHOWN, LOG = 30, 200
JPEG = b"image/jpeg"


async def happening(city: City, words: Words) -> Happening:
    """How many reports wait for an officer to look; the portal finds this by its name."""
    return Happening(waiting=sum(one.looked_at is None for one in await service.seen(city, Intake)))


async def events(city: City, words: Words, start: datetime, end: datetime) -> Sequence[Event]:
    """What was reported and mended within a day; the page of the day finds this by its name."""
    own = Words(words.language, PACKAGE)
    names = {one.category_code: without_ruby(own.of(one.name)) for one in await service.categories(city)}
    found: list[Event] = []
    for one in await service.seen(city, Report):
        address = f"{ADDRESS}/reports/{one.report_id}"
        facts = {
            "what": names.get(one.category_code, ""),
            "number": one.report_id or "",
            "office": one.department_id or "",
        }
        simulated = bool(one.simulated)
        if one.requested_at and start <= one.requested_at < end and one.state != "withdrawn":
            found.append(Event(one.requested_at, own.plain("event.reported", **facts), address, 1, simulated))
        if one.closed_at and start <= one.closed_at < end and one.state == "mended":
            found.append(Event(one.closed_at, own.plain("event.mended", **facts), address, 1, simulated))
    return found


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages, and everything that can be done on them."""
    way = Way(city, desk)
    page = way.frame.page
    return [
        way.frame.public(ADDRESS, way.show, "Reports from the street: list, map, offices, figures"),
        page("GET", f"{ADDRESS}/new", way.new, "Report what is broken"),
        page("GET", f"{ADDRESS}/reports/{{number}}", way.one, "One report"),
        page("GET", f"{ADDRESS}/mine/{{secret}}", way.mine, "One's own report, by its secret address"),
        page("GET", f"{ADDRESS}/mine/{{secret}}/{{name}}", way.own_photo, "A photo of one's own report"),
        page("GET", f"{ADDRESS}/stop", way.stop_page, "End the letters about a report"),
        page("GET", f"{ADDRESS}/photos/{{name}}", way.photo, "A photo of a report that everybody may see"),
        *(page("POST", f"{ADDRESS}/{name}", deed) for name, deed in way.deeds.items()),
    ]


class Way:
    """The pages of one town's reports, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.desk = desk
        self.frame = Frame.around(desk)
        self.deeds: Mapping[str, PageHandler] = {
            "hand-in": self.hand_in,
            "withdraw": self.withdraw,
            "contact": self.forget_contact,
            "stop": self.stop,
            "look": self.look,
            "cover": self.cover,
            "route": self.route,
            "proceed": self.proceed,
            "merge": self.merge,
            "unmerge": self.unmerge,
            "remove": self.remove,
            "erase": self.erase,
            "rules": self.make_rule,
            "rules/end": self.end_rule,
            "categories": self.category,
            "settings": self.setting,
        }

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        return await self.page(request)

    async def page(self, request: Request, status: int = 200, refused: Refused = NOTHING_REFUSED) -> Response:
        """The page; refused: a setting that will not do, and why."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        audience = "officer" if refused.name else choose_audience(asked.get("view"))
        held = await service.held(self.city)
        waiting = await self._waiting() if audience == "officer" else frozenset()
        every = sheets.sheets(held, words, waiting)
        chosen = typed.chosen(every, asked, audience == "officer")
        offset = int(asked["offset"]) if asked.get("offset", "").isdigit() else 0
        return self.frame.show(
            request, f"{PACKAGE}/page.html", status,
            audience=audience, done=self._done(asked, words), may=self.city.is_author(),
            rows=chosen[offset : offset + SHOWN], count=len(chosen), offset=offset, shown=SHOWN, total=len(every),
            points=sheets.points(chosen[:500]), centre=[self.desk.centre, self.desk.zoom],
            open_count=sum(row.is_open and not row.head for row in every),
            mended_count=sum(row.state == "mended" for row in every),
            categories=held.categories, states=STATES[:-1], asked={name: asked.get(name, "") for name in typed.FILTERS},
            offices=sheets.office_counts(every), waiting=len(waiting), figures=sheets.figure_rows(held, words),
            rules=sheets.rule_rows(held, words), districts=sheets.district_choices(held.districts, words),
            known_offices=office.offices_of(held.categories, held.rules), closed=held.closed,
            log=sheets.step_rows(await service.seen(self.city, Step))[:LOG] if audience == "history" else [],
            settings=await self._settings(words) if audience != "resident" else [], refused=refused,
        )  # fmt: skip

    async def _waiting(self) -> frozenset[str]:
        found = await service.seen(self.city, Intake)
        return frozenset(str(one.ref_report) for one in found if one.looked_at is None)

    async def _settings(self, words: Words) -> object:
        return await sheets_of(self.city, asdict(await self.city.settings(Settings)), words)

    async def new(self, request: Request) -> Response:
        """The form for something new."""
        return await self.form(request)

    async def form(
        self, request: Request, status: int = 200, fault: str = "", typed_in: Mapping[str, str] | None = None
    ) -> Response:
        """The form; fault: what is wrong with one that was sent, typed_in: what stood in it."""
        fields = {**dict.fromkeys(typed.FIELDS, ""), **request.arguments, **(typed_in or {})}
        page = self.frame.show(
            request, f"{PACKAGE}/new.html", status, fault=fault, typed=fields,
            categories=await service.categories(self.city), centre=[self.desk.centre, self.desk.zoom],
            megabytes=(await self.city.settings(Settings)).photo_megabytes,
            contact_days=(await self.city.settings(Settings)).contact_days, consent=self._consent(request),
            takes_contacts=reception.takes_contacts(self.city),
        )  # fmt: skip
        return allowing(page, "geolocation")

    def _consent(self, request: Request) -> str:
        """What somebody who leaves a contact consents to; empty in a town that asks for no consents."""
        asked = self.city.consenting(PURPOSE)
        return asked.text(self.frame.words(request, PACKAGE).tongue) if asked.is_asked else ""

    async def hand_in(self, request: Request) -> Response:
        """Take a report."""
        form, files = read_upload(request)
        words = self.frame.words(request, PACKAGE)
        secret = secrets.token_urlsafe(18)
        try:
            await reception.hand_in(self.city, typed.draft(form, files, words.tongue), secret)
        except BadRequestData as error:
            key = f"new.fault.{error.facts.get('field', '')}"
            fault = words.plain(key) if words.has(key) else words.plain("new.fault.other")
            return await self.form(request, 422, fault, {**form, "detail": str(error)})
        except TooManyRequests as error:
            page = await self.form(request, 429, words.plain("new.fault.many"), {**form, "detail": ""})
            page.headers.append((b"retry-after", b"%d" % error.facts.get("retryAfter", 60)))
            return page
        return see_other(f"{ADDRESS}/mine/{secret}?done=handed_in")

    async def mine(self, request: Request) -> Response:
        """One's own report."""
        words, secret = self.frame.words(request, PACKAGE), request.params["secret"]
        found = await reporters.mine(self.city, secret)
        own = self.city.at_reception()
        everyone = await own.find(Report)
        known = Held(everyone, await service.categories(self.city), [], await service.seen(self.city, District), [],
                     frozenset())  # fmt: skip
        every = sheets.sheets(known, words)
        row = next(one for one in every if one.id == found.report.id)
        page = self.frame.show(
            request, f"{PACKAGE}/mine.html", row=row, inside=sheets.inside(found.intake, every, words),
            contact=found.contact, mailed=found.mailed, secret=secret, done=self._done(request.arguments, words),
            address=f"{self.desk.origin.asked(request)}{ADDRESS}/mine/{secret}",
        )  # fmt: skip
        # The address is a secret, and shall be told to no page that is opened from here.
        quiet = (b"referrer-policy", b"no-referrer")
        page.headers = [field for field in page.headers if field[0].lower() != quiet[0]] + [quiet]
        return page

    async def withdraw(self, request: Request) -> Response:
        """Take one's report back."""
        await reporters.withdraw(self.city, said(read_form(request), "secret", 64))
        return see_other(f"{ADDRESS}?done=withdrawn")

    async def forget_contact(self, request: Request) -> Response:
        """Erase one's contact."""
        secret = said(read_form(request), "secret", 64)
        await reporters.forget_contact(self.city, secret)
        return see_other(f"{ADDRESS}/mine/{secret}?done=contact")

    async def stop_page(self, request: Request) -> Response:
        """End the letters by pressing."""
        who, key = (request.arguments.get(name, "") for name in ("who", "key"))
        holds = bool(await reporters.stopping(self.city, who, key))
        return self.frame.show(request, f"{PACKAGE}/stop.html", holds=holds, who=who, key=key)

    async def stop(self, request: Request) -> Response:
        """Be answered no more; also by the one press of a mail program (RFC 8058), whose form has no fields of ours."""
        form, asked = read_form(request), request.arguments
        await reporters.stop(self.city, *(form.get(name) or asked.get(name, "") for name in ("who", "key")))
        return see_other(f"{ADDRESS}?done=stopped")

    async def one(self, request: Request) -> Response:
        """One report, for everybody or for officers."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        held = await service.held(self.city)
        report = held.report(request.params["number"])
        as_officer = asked.get("view") == "officer" and self.city.is_author()
        intake = await self.city.get(Intake, report.id.replace(Report.TYPE, Intake.TYPE)) if as_officer else None
        every = sheets.sheets(held, words)
        row = next(one for one in every if one.id == report.id)
        return self.frame.show(
            request, f"{PACKAGE}/one.html",
            row=row, as_officer=as_officer, may=self.city.is_author(), inside=sheets.inside(intake, every, words),
            contact=await office.contact_of(self.city, report) if as_officer else {},
            members=[one for one in every if one.head == row.number], points=sheets.points([row]),
            steps=sheets.step_rows(await office.steps_of(self.city, report)) if as_officer else [],
            categories=held.categories, offices=office.offices_of(held.categories, held.rules),
            open_states=[state for state in ("in_progress", "mended", "declined") if row.is_open],
            centre=[self.desk.centre, self.desk.zoom], done=self._done(asked, words),
            removed=report.removal is not None,
        )  # fmt: skip

    async def photo(self, request: Request) -> Response:
        """A photo that an officer let everybody see; for officers, any."""
        name, form = typed.photo_of(request.params["name"])
        for report in await service.seen(self.city, Report):
            if name in (report.media or []) and form != "before":
                return await self._picture(file_name(name, form), "max-age=60")
        self.city.demand_author()
        if not any(name == photo["name"] for one in await self.city.find(Intake) for photo in one.photos or []):
            raise NotFound("There is no such photo")
        return await self._picture(file_name(name, form), "no-store")

    async def own_photo(self, request: Request) -> Response:
        """A photo of one's own report, by its secret."""
        found = await reporters.mine(self.city, request.params["secret"])
        name, form = typed.photo_of(request.params["name"])
        if form == "before" or not any(
            name == one["name"] for one in (found.intake.photos if found.intake else None) or []
        ):
            raise NotFound("There is no such photo")
        return await self._picture(file_name(name, form), "no-store")

    async def _picture(self, name: str, kept: str) -> Response:
        content = await self.city.files.get(name)
        if content is None:
            raise NotFound("This photo is no longer kept")
        headers = [(b"cache-control", f"private, {kept}".encode()), (b"x-content-type-options", b"nosniff")]
        return Response(200, content, JPEG, headers)

    async def look(self, request: Request) -> Response:
        """Say what everybody may read and see."""
        form = read_form(request)
        photos = [name.removeprefix("photo ") for name in form if name.startswith("photo ")]
        shows = form.get("text") == "yes"
        report = await office.look(
            self.city, said(form, "report"), shows, photos, officer(form), said_if(form, "reason", 300)
        )
        return see_other(self._desk_of(report, "looked"))

    async def cover(self, request: Request) -> Response:
        """Paint over parts of a photo."""
        form = read_form(request)
        report_id = said(form, "report")
        rectangles = typed.rectangles(said(form, "rectangles"))
        await office.cover(self.city, report_id, said(form, "photo", 100), rectangles, officer(form))
        return see_other(self._desk_of(await office.report_of(self.city, report_id), "covered"))

    async def route(self, request: Request) -> Response:
        """Give a report to an office."""
        form = read_form(request)
        name = said_if(form, "office_new", 60) or said_if(form, "office", 60)
        code, reason = said_if(form, "category", 40), said_if(form, "reason", 300)
        report = await office.route(self.city, said(form, "report"), name, code, reason, officer(form))
        return see_other(self._desk_of(report, "routed"))

    async def proceed(self, request: Request) -> Response:
        """Say how a report goes on."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        state = next((one for one in STATES if one == form.get("state")), None)
        if state is None:
            raise BadRequestData("Choose how it goes on", field="state")
        answer = said_if(form, "answer", LONGEST_ANSWER)
        report = await office.proceed(self.city, said(form, "report"), state, answer, words.tongue, officer(form))
        return see_other(self._desk_of(report, "proceeded" if report.state in OPEN else "closed"))

    async def merge(self, request: Request) -> Response:
        """Have a report follow another."""
        form = read_form(request)
        report = await office.merge(self.city, said(form, "report"), said(form, "head", 100), officer(form))
        return see_other(self._desk_of(report, "merged"))

    async def unmerge(self, request: Request) -> Response:
        """Let a report stand for itself again."""
        form = read_form(request)
        return see_other(
            self._desk_of(await office.unmerge(self.city, said(form, "report"), officer(form)), "unmerged")
        )

    async def remove(self, request: Request) -> Response:
        """Take a report's words and photos off the pages."""
        form = read_form(request)
        report = await office.remove(self.city, said(form, "report"), said(form, "reason", 300), officer(form))
        return see_other(self._desk_of(report, "removed"))

    async def erase(self, request: Request) -> Response:
        """Erase a report for good."""
        form = read_form(request)
        await office.erase(self.city, said(form, "report"), said(form, "reason", 300), officer(form))
        return see_other(f"{OFFICE}&done=erased")

    async def make_rule(self, request: Request) -> Response:
        """Lead reports to an office."""
        form = read_form(request)
        await office.make_rule(
            self.city, said_if(form, "category", 40), said_if(form, "district", 200), said_if(form, "area", 20_000),
            said_if(form, "office_new", 60) or said_if(form, "office", 60), said_if(form, "reason", 300), officer(form),
        )  # fmt: skip
        return see_other(f"{OFFICE}&done=rule#rules")

    async def end_rule(self, request: Request) -> Response:
        """Have a rule count no more."""
        form = read_form(request)
        await office.end_rule(self.city, said(form, "rule"), said_if(form, "reason", 300), officer(form))
        return see_other(f"{OFFICE}&done=rule_ended#rules")

    async def category(self, request: Request) -> Response:
        """Change a category, or make one."""
        form = read_form(request)
        await office.change_category(
            self.city, said(form, "code", 40), typed.names(form), said(form, "office", 60), typed.whole(form, "days"),
            form.get("retired") == "yes", said_if(form, "reason", 300), officer(form),
        )  # fmt: skip
        return see_other(f"{OFFICE}&done=category#categories")

    async def setting(self, request: Request) -> Response:
        """Change a setting."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        refused = await take_setting(self.city, form, words)
        if refused is not None:
            return await self.page(request, 422, refused)
        return see_other(f"{OFFICE}&done=setting")

    def _desk_of(self, report: Report, done: str) -> str:
        return f"{ADDRESS}/reports/{report.report_id}?view=officer&done={done}"

    def _done(self, asked: Mapping[str, str], words: Words) -> str:
        key = f"done.{asked.get('done', '')}"
        return words.rich(key) if asked.get("done") and words.has(key) else ""
