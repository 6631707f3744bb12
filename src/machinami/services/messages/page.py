"""What does the town say, where do I go, and how am I told: for residents, officers and successors?"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.fault import Fault, fault_of
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.happening import Event, Happening, seen
from machinami.kit.happening import Notice as Told
from machinami.kit.http import Request, Response, Route
from machinami.kit.settings import NOTHING_REFUSED, Refused, sheets_of, take_setting
from machinami.kit.signing import choose_audience, officer, said, said_if
from machinami.kit.words import LANGUAGES as TONGUES
from machinami.kit.words import Words, catalogue
from machinami.model.view import Words as Texts
from machinami.model.vocabulary.alerts import Alert
from machinami.model.vocabulary.decisions import WarningDecision
from machinami.model.vocabulary.places import District
from machinami.services.messages.book import deciding, residents, state
from machinami.services.messages.logic.job import ADDRESS
from machinami.services.messages.logic.people import PURPOSE, Contact
from machinami.services.messages.logic.writing import Draft, template_of
from machinami.services.messages.model import BY_HAND, LANGUAGES, STATUSES, TOPICS, Broadcast, Settings, TownMessage
from machinami.services.messages.service import PACKAGE, ledger_of

TV_SECONDS, TV_WAYS = 30, 6
"""How often the television page renews itself, and how many ways it has room for; the next ones follow in turn."""
CAUSES = ("flood", "landslide", "storm")


async def happening(city: City, words: Words) -> Happening:
    """What the town says by this service, and how much waits; other services tell their own."""
    mine = [one for one in await state.notices(city, words) if one.mine]
    told = [Told(n.id, n.level, n.headline, n.body, n.instruction, n.area, n.since, n.by, n.link) for n in mine]
    waiting = sum(one.state == "proposed" for one in await city.find(TownMessage))
    closed = frozenset(view.TYPE for view in (Alert,) if not city.shows(view))
    return Happening(notices=told, waiting=waiting, closed=closed)


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """What was said, in earnest or as a drill, what was taken back, and what waits for an officer."""
    found: list[Event] = []
    for alert in await seen(city, Alert):
        if alert.source_service != "messages":
            continue
        says, area, simulated = words.of(alert.headline), words.of(alert.area_name), bool(alert.simulated)
        kind = "sent" if alert.status == "Actual" else "drill"
        if alert.date_issued is not None:
            told = words.plain(f"msg.day.{kind}", says=says, area=area)
            found.append(Event(alert.date_issued, told, ADDRESS, 3 if kind == "sent" else 2, simulated))
        if alert.withdrawn_at is not None:
            found.append(Event(alert.withdrawn_at, words.plain("msg.day.withdrawn", says=says), ADDRESS, 3, simulated))
    for one in await seen(city, TownMessage):
        if one.state == "proposed":
            told = words.plain("msg.day.written", says=words.of(one.headline))
            found.append(Event(one.issued_at, told, f"{ADDRESS}?view=officer", 2, bool(one.simulated)))
    return [event for event in found if start <= event.at < end]


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages, and everything that can be done on them."""
    way = Way(city, desk)
    page = way.frame.page
    return [
        way.frame.public(ADDRESS, way.show, "Messages: what is said now, where to go, how to be told"),
        page("GET", f"{ADDRESS}/m/{{key}}", way.one, "One message in every language"),
        page("GET", f"{ADDRESS}/m/{{key}}/sheet", way.sheet, "One message in large type, to print"),
        page("GET", f"{ADDRESS}/tv", way.television, "What is said now, for a television"),
        page("GET", f"{ADDRESS}/write", way.write_page, "Write a message from a text prepared ahead"),
        page("GET", f"{ADDRESS}/calls", way.calls, "People whom somebody calls"),
        page("GET", f"{ADDRESS}/confirm", way.confirm_page, "Confirm a subscription"),
        page("GET", f"{ADDRESS}/leave", way.leave_page, "End a subscription"),
        *(page("POST", f"{ADDRESS}/{name}", deed) for name, deed in way.deeds.items()),
    ]


class Way:
    """The pages of one town's messages, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.desk = desk
        self.frame = Frame.around(desk)
        self.deeds: Mapping[str, PageHandler] = {
            "subscribe": self.subscribe,
            "confirm": self.confirm,
            "leave": self.leave,
            "write": self.officers(self.write, "written"),
            "approve": self.officers(self.approve, "approved"),
            "decline": self.officers(self.decline, "declined"),
            "withdraw": self.officers(self.withdraw, "withdrawn"),
            "test": self.officers(self.test, "tested"),
            "mark": self.officers(self.mark, "marked"),
            "answered": self.officers(self.answered, "answered"),
            "settings": self.setting,
            "publish": self.publish,
            "calls/add": self.officers(self.call_add, "added", "/calls"),
            "calls/remove": self.officers(self.call_remove, "removed", "/calls"),
            "calls/tick": self.officers(self.call_tick, "ticked", "/calls"),
        }

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        return await self.page(request)

    async def page(
        self,
        request: Request,
        audience: str | None = None,
        status: int = 200,
        fault: Fault | str = "",
        refused: Refused = NOTHING_REFUSED,
    ) -> Response:
        """The page, with what went wrong. refused: a setting that will not do, and why."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        seen_by = choose_audience(audience or asked.get("view"))
        may = self.city.is_author()
        office = seen_by == "officer" and may
        asked_for = self.city.consenting(PURPOSE)
        done = asked.get("done", "")
        return self.frame.show(
            request,
            f"{PACKAGE}/page.html",
            status,
            audience=seen_by,
            may=may,
            fault=fault,
            done=done if words.has(f"msg.done.{done}") else "",
            notices=await state.notices(self.city, words),
            ways=await state.ways(self.city, words) if seen_by == "resident" else [],
            drafts=await state.drafts(self.city, words) if office else [],
            waiting=sum(one.state == "proposed" for one in await self.city.find(TownMessage)),
            sent=await state.broadcasts(self.city, words) if seen_by != "resident" and may else [],
            log=await state.log(self.city, words) if seen_by == "history" else [],
            log_closed=not self.city.shows(WarningDecision),
            people=await residents.counts(self.city) if office else {},
            templates=state.templates(words),
            causes=[(one, words.plain(f"msg.cause.{one}")) for one in CAUSES],
            statuses=[(one, words.plain(f"msg.status.{one}")) for one in STATUSES],
            districts=await self.districts(words),
            topics=TOPICS,
            may_join=not asked_for.is_asked or (asked_for.published is not None and asked_for.approval is not None),
            purpose=self.purpose(words),
            unpublished=asked_for.is_asked and asked_for.published is None,
            has_mail=bool(self.city.roads.from_address),
            closed=[view.TYPE for view in (Alert, Broadcast) if not self.city.shows(view)],
            settings=await sheets_of(self.city, await self.values(), words) if office else [],
            refused=refused,
        )

    async def districts(self, words: Words) -> list[tuple[str, str]]:
        """The districts as a choice: the last part of the id, and the name."""
        found = await self.city.find(District)
        return sorted(((one.id, words.of(one.name, one.id)) for one in found), key=lambda pair: pair[1])

    def purpose(self, words: Words) -> str:
        """What a subscriber agrees to, as the manifest says it."""
        return "\n".join(row.purpose.spoken(words.language) for row in self.city.manifest.personal)

    async def values(self) -> dict[str, bool | int | float | str]:
        """What every setting is now."""
        found = await self.city.settings(Settings)
        return {one.name: getattr(found, one.name) for one in self.city.manifest.settings}

    def officers(
        self, deed: Callable[[Mapping[str, str]], Awaitable[object]], done: str, beyond: str = ""
    ) -> PageHandler:
        """The deed, for officers alone; what is wrong with what they typed is said on their page."""

        async def guarded(request: Request) -> Response:
            self.city.demand_author()
            form = read_form(request)
            back = "&m=" + form["broadcast"].rpartition(":")[2] if beyond and form.get("broadcast") else ""
            try:
                await deed(form)
            except BadRequestData as error:
                if beyond:
                    raise
                words = self.frame.words(request, PACKAGE)
                return await self.page(request, "officer", 422, fault_of(error, words))
            return see_other(f"{ADDRESS}{beyond}?view=officer&done={done}{back}")

        return guarded

    async def one(self, request: Request) -> Response:
        """One message in every language; who came by a link of their own is noted as having opened it."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        alert = await self.alert(request)
        if asked.get("b") and asked.get("r"):
            await residents.opened(self.city, asked["b"], asked["r"])
        ways = await state.concerned(self.city, words, alert.id)
        return self.frame.show(request, f"{PACKAGE}/message.html", notice=state.notice_of(alert, words), ways=ways)

    async def alert(self, request: Request) -> Alert:
        """The alert of the address. Raises NotFound."""
        found = await self.city.get(Alert, f"urn:ngsi-ld:Alert:{request.params['key']}")
        if found is None:
            raise NotFound("There is no such message", message=request.params["key"][:100])
        return found

    async def sheet(self, request: Request) -> Response:
        """One message in large type."""
        words = self.frame.words(request, PACKAGE)
        alert = await self.alert(request)
        notice, ways = state.notice_of(alert, words), await state.concerned(self.city, words, alert.id)
        return self.frame.show(request, f"{PACKAGE}/sheet.html", notice=notice, ways=ways)

    async def television(self, request: Request) -> Response:
        """What is said now, for a television: it renews itself, and a remote control is enough."""
        words = self.frame.words(request, PACKAGE)
        notices = await state.notices(self.city, words)
        ways = (await state.concerned(self.city, words, notices[0].id) if notices else None) or []
        turns = -(-len(ways) // TV_WAYS) or 1
        turn = int(self.city.now().timestamp() // TV_SECONDS) % turns
        return self.frame.show(
            request, f"{PACKAGE}/tv.html", notices=notices[:3], ways=ways[turn * TV_WAYS : (turn + 1) * TV_WAYS],
            turn=turn + 1, turns=turns, tongues=TONGUES, seconds=TV_SECONDS,
        )  # fmt: skip

    async def write_page(self, request: Request) -> Response:
        """A text prepared ahead with what was chosen filled in, to be looked at and changed."""
        self.city.demand_author()
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        template = template_of(asked.get("template", "evacuate"))
        cause = next((one for one in CAUSES if one == asked.get("cause")), CAUSES[0])
        known = await self.city.find(District)
        where = [one for one in known if asked.get(f"district-{one.id}")]
        catalogues: dict[str, Mapping[str, object]] = {one: catalogue(PACKAGE, one) for one in LANGUAGES}
        filled = state.prepared(template.id, cause, [dict(one.name or {}) for one in where], catalogues)
        return self.frame.show(
            request,
            f"{PACKAGE}/write.html",
            text=template,
            filled=filled,
            where=[(one.id, words.of(one.name, one.id)) for one in where],
            meant=next((one for one in STATUSES if one == asked.get("status")), "Actual"),
            topics=[(one, words.plain(f"msg.topic.{one}")) for one in TOPICS],
        )

    async def write(self, form: Mapping[str, str]) -> None:
        """Take down what was written."""
        parts = {
            part: Texts({one: said(form, f"{part}_{one}") for one in LANGUAGES})
            for part in ("event", "headline", "text", "instruction")
        }
        status = next((one for one in STATUSES if one == form.get("status")), STATUSES[1])
        topic = next((one for one in TOPICS if one == form.get("topic")), TOPICS[0])
        draft = Draft(
            said(form, "template"), parts, Texts({one: said(form, f"area_{one}") for one in LANGUAGES}),
            said(form, "speech"), tuple(name[9:] for name in form if name.startswith("district-")), status,
            topic, _number(form, "hours", 12.0), _number(form, "holdout", 0.0),
        )  # fmt: skip
        await deciding.write(self.city, draft, officer(form))

    async def approve(self, form: Mapping[str, str]) -> None:
        """Send what was written, after a second look."""
        said(form, "read")
        await deciding.approve(self.city, said(form, "message"), officer(form))

    async def decline(self, form: Mapping[str, str]) -> None:
        """Do not send what was written."""
        await deciding.decline(self.city, said(form, "message"), said(form, "reason"), officer(form))

    async def withdraw(self, form: Mapping[str, str]) -> None:
        """Take back what went out."""
        await deciding.withdraw(self.city, said(form, "alert"), said(form, "reason"), officer(form))

    async def test(self, form: Mapping[str, str]) -> None:
        """Send what was written to one address."""
        await deciding.send_test(self.city, said(form, "message"), said(form, "address"), officer(form))

    async def mark(self, form: Mapping[str, str]) -> None:
        """Note that a text was read out, put on the telephone or handed out."""
        road = next((one for one in BY_HAND if one == form.get("road")), None)
        if road is None:
            raise BadRequestData("Nobody does this by hand", field="road")
        await deciding.done_by_hand(self.city, said(form, "broadcast"), road, officer(form))

    async def answered(self, form: Mapping[str, str]) -> None:
        """Say who did what a mailing asks for."""
        await deciding.answered(self.city, said(form, "broadcast"), said(form, "addresses", 200_000).split())

    async def setting(self, request: Request) -> Response:
        """Change a setting."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        refused = await take_setting(self.city, form, words)
        if refused is not None:
            return await self.page(request, "officer", 422, refused=refused)
        return see_other(f"{ADDRESS}?view=officer&done=setting")

    async def publish(self, request: Request) -> Response:
        """The town publishes what people are asked to consent to: administrators alone may."""
        read_form(request)
        await self.city.consenting(PURPOSE).publish(self.city.viewer)
        return see_other(f"{ADDRESS}?view=officer&done=published")

    async def subscribe(self, request: Request) -> Response:
        """Ask to be told: by mail, or in this browser."""
        form, words = read_form(request), self.frame.words(request, PACKAGE)
        if form.get("agree") != "yes":
            raise BadRequestData("Being told needs your consent to what is written beside the box", field="agree")
        where = form.get("district", "")
        contact = Contact(
            "", "push" if form.get("road") == "push" else "mail",
            next((one for one in LANGUAGES if one == form.get("language")), words.language), (where,) if where else (),
            tuple(one for one in TOPICS if form.get(f"topic-{one}")), said(form, "address", 1_000),
            said_if(form, "p256dh", 200), said_if(form, "auth", 100),
        )  # fmt: skip
        try:
            await residents.ask(self.city, contact, self.frame.origin.asked(request))
        except BadRequestData as error:
            return await self.page(request, "resident", 422, fault_of(error, words))
        return see_other(f"{ADDRESS}?done=asked")

    async def confirm_page(self, request: Request) -> Response:
        """Confirm by pressing: a mail server that looks at links confirms nothing."""
        key = request.arguments.get("key", "")
        holds = await residents.waits(self.city, key)
        return self.frame.show(request, f"{PACKAGE}/press.html", kind="confirm", holds=holds, key=key, who="")

    async def confirm(self, request: Request) -> Response:
        """Begin to be told."""
        await residents.confirm(self.city, said(read_form(request), "key"))
        return see_other(f"{ADDRESS}?done=confirmed")

    async def leave_page(self, request: Request) -> Response:
        """Leave by pressing."""
        who, key = (request.arguments.get(name, "") for name in ("who", "key"))
        holds = await residents.leaving(self.city, who, key) is not None
        return self.frame.show(request, f"{PACKAGE}/press.html", kind="leave", holds=holds, key=key, who=who)

    async def leave(self, request: Request) -> Response:
        """Be told no more; also by the one press of a mail program (RFC 8058), whose form has no fields of ours."""
        form, asked = read_form(request), request.arguments
        who, key = (form.get(name) or asked.get(name, "") for name in ("who", "key"))
        await residents.leave(self.city, who, key)
        return see_other(f"{ADDRESS}?done=left")

    async def calls(self, request: Request) -> Response:
        """The list of people whom somebody calls, and of one message who was reached."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        people = await residents.on_call(self.city)
        broadcast = await self.city.get(Broadcast, f"urn:ngsi-ld:Broadcast:{asked['m']}") if asked.get("m") else None
        rows = await ledger_of(self.city.for_purpose(PURPOSE), broadcast.id) if broadcast else {}
        names = dict(await self.districts(words))
        return self.frame.show(
            request,
            f"{PACKAGE}/calls.html",
            people=[(one, names.get(one.districts[0], "") if one.districts else "") for one in people],
            broadcast=broadcast,
            headline=words.of(broadcast.headline) if broadcast else "",
            rows=rows,
            districts=await self.districts(words),
            done=asked.get("done", "") if words.has(f"msg.done.{asked.get('done', '')}") else "",
        )

    async def call_add(self, form: Mapping[str, str]) -> None:
        """Put somebody on the list."""
        where = form.get("district", "")
        contact = Contact(
            "", "call", districts=(where,) if where else (), name=said(form, "name", 200),
            helper=said(form, "helper", 200),
            phone=said_if(form, "phone", 200), home=said_if(form, "home", 200), note=said_if(form, "note", 200),
            consent=said(form, "consent", 200),
        )  # fmt: skip
        await residents.add_to_calls(self.city, contact, officer(form))

    async def call_remove(self, form: Mapping[str, str]) -> None:
        """Take somebody off the list."""
        await residents.take_off(self.city, said(form, "person"))

    async def call_tick(self, form: Mapping[str, str]) -> None:
        """Say that somebody was reached, or was not there."""
        reached = form.get("reached") == "yes"
        await deciding.tick(self.city, said(form, "broadcast"), said(form, "person"), reached, officer(form))


def _number(form: Mapping[str, str], name: str, otherwise: float) -> float:
    text = form.get(name, "").strip()
    try:
        return float(text) if text else otherwise
    except ValueError:
        raise BadRequestData(f"The field {name!r} is no number", field=name) from None
