"""Who is in it, what was decided, and who meets whom: for the resident, the office and the successor."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict

from machinami.foundation.errors import BadRequestData, SettingsError
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.happening import Happening
from machinami.kit.http import Request, Response, Route
from machinami.kit.settings import NOTHING_REFUSED, Refused, change_setting, refused_by, sheets_of
from machinami.kit.signing import Audience, choose_audience, officer, said, said_if
from machinami.kit.words import Words
from machinami.model.view import Ref
from machinami.model.view import Words as Spoken
from machinami.model.vocabulary.office import Officer
from machinami.services.partnership import service
from machinami.services.partnership.book import sheets
from machinami.services.partnership.book.matching import ADDRESS, MatchingPages, said_fault
from machinami.services.partnership.model import (
    MEMBER_KINDS,
    MOST_MEMBERS,
    ROLES,
    RULES,
    VOTES,
    Consortium,
    ConsortiumMeeting,
    ConsortiumMember,
    WorkingGroup,
)
from machinami.services.partnership.service import PACKAGE

TEMPLATE = f"{PACKAGE}/page.html"
_NAME = 120
Deed = Callable[[Mapping[str, str], Officer], Awaitable[str | None]]


async def happening(city: City, words: Words) -> Happening:
    """A partnership is no news of the hour: nothing of it stands on the home page."""
    return Happening()


def routes(city: City, desk: Desk) -> list[Route]:
    """The pages of the partnership, and what can be done on them."""
    way = Way(city, desk)
    return [
        way.frame.page("GET", ADDRESS, way.show, "The consortium: members, meetings, votes, rules for data"),
        *(way.frame.page("POST", f"{ADDRESS}/{name}", way.taken(name, deed)) for name, deed in way.deeds().items()),
        *MatchingPages(city, desk).routes(),
    ]


class Way:
    """The pages of one town's consortium, and what is done through them."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.frame = Frame.around(desk)

    def deeds(self) -> dict[str, Deed]:
        """What a form does, by its address."""
        return {
            "consortium": self.consortium,
            "members": self.member,
            "left": self.left,
            "groups": self.group,
            "meetings": self.meeting,
            "held": self.held,
            "cancelled": self.cancelled,
            "votes": self.vote,
            "rules": self.rule,
            "agreed": self.agreed,
            "withdraw": self.withdraw,
            "undo": self.undo,
            "settings": self.setting,
        }

    def taken(self, name: str, deed: Deed) -> PageHandler:
        """The handler of a form: does the deed, or shows the page again with what would do."""

        async def take(request: Request) -> Response:
            form = read_form(request)
            try:
                done = await deed(form, officer(form))
            except SettingsError as error:
                refused = refused_by(self.city, form, error, self.frame.words(request, PACKAGE))
                return await self.page(request, "officer", 422, refused=refused)
            except BadRequestData as error:
                words = self.frame.words(request, PACKAGE)
                return await self.page(request, "officer", 422, said_fault(error, words), form | {"form": name})
            view = "history" if name == "undo" else "officer"
            return see_other(f"{ADDRESS}?view={view}&done={done or name}")

        return take

    async def show(self, request: Request) -> Response:
        """The page of one audience."""
        return await self.page(request)

    async def page(
        self,
        request: Request,
        audience: Audience | None = None,
        status: int = 200,
        fault: str = "",
        typed: Mapping[str, str] | None = None,
        refused: Refused = NOTHING_REFUSED,
    ) -> Response:
        """The page; with what was typed and what is wrong with it, where it was refused; refused: a setting."""
        words, asked = self.frame.words(request, PACKAGE), request.arguments
        held = await service.standing(self.city)
        done = asked.get("done", "")
        settings = await sheets_of(self.city, asdict(held.settings), words)

        def choices(group: str, names: tuple[str, ...]) -> list[tuple[str, str]]:
            return [(name, words.plain(f"partnership.{group}.{name}")) for name in names]

        talks = sheets.talks_of(held, words, service.today(self.city))
        return self.frame.show(
            request,
            TEMPLATE,
            status,
            held=held,
            audience=audience or choose_audience(asked.get("view")),
            done=words.rich(f"partnership.done.{done}") if words.has(f"partnership.done.{done}") else "",
            fault=fault,
            refused=refused,
            typed=sheets.Typed(typed or {}),
            names=sheets.names_of(held, words),
            meetings=sheets.meetings_of(held, words),
            rules=sheets.rules_of(held, words),
            going=[talk for talk in talks if talk.said.state != "ended"],
            late=sum(talk.late for talk in talks),
            log=sheets.log_of(held, words),
            voters=sheets.voters_of(held, words),
            today=service.today(self.city).isoformat(),
            may=self.city.is_author(),
            settings=settings,
            kinds=choices("kind", MEMBER_KINDS),
            roles=choices("role", ROLES),
            ways=choices("rule", RULES),
            votes=[("", words.plain("partnership.vote.absent")), *choices("vote", VOTES)],
        )

    async def consortium(self, form: Mapping[str, str], by: Officer) -> str | None:
        """Write down what the consortium is and how it decides."""
        quorum = said(form, "quorum", 20)
        if not (quorum.isascii() and quorum.isdigit() and int(quorum) <= 100) or form.get("rule") not in RULES:
            raise BadRequestData("The quorum is a whole number of per cent", field="quorum", fault="quorum")
        body = Consortium(
            service.CONSORTIUM_ID, Spoken(ja=said(form, "name", _NAME)), _text(form, "text"), form["rule"], int(quorum)
        )
        await service.keep(self.city, "consortium", body, by, said_if(form, "reason", 300))
        return None

    async def member(self, form: Mapping[str, str], by: Officer) -> str | None:
        """Add a member, or write one anew."""
        if form.get("kind") not in MEMBER_KINDS or form.get("role_of") not in ROLES:
            raise BadRequestData("Choose what the member is, and its role", field="kind", fault="choice")
        entity_id = said_if(form, "id", 200)
        held = await service.standing(self.city)
        before = next((one for one in held.members if one.id == entity_id), None)
        if before is None and len(held.in_it) >= MOST_MEMBERS:
            raise BadRequestData(f"There are {MOST_MEMBERS} members already", field="name", fault="many")
        one = ConsortiumMember(
            entity_id,
            Spoken(ja=said(form, "name", _NAME)),
            form["kind"],
            form["role_of"],
            _text(form, "text"),
            before.joined_on if before else service.today(self.city).isoformat(),
            before.left_on if before else None,
            (before.state if before else None) or "member",
        )
        await service.keep(self.city, "member", one, by, said_if(form, "reason", 300))
        return None

    async def left(self, form: Mapping[str, str], by: Officer) -> str | None:
        """A member has left."""
        await service.leave(self.city, said(form, "id", 200), by, said(form, "reason", 300))
        return None

    async def group(self, form: Mapping[str, str], by: Officer) -> str | None:
        """Make a working group, or write one anew; whoever is ticked is in it."""
        members = _ticked(form, "in:")
        lead = said_if(form, "lead", 200) or None
        group = WorkingGroup(
            said_if(form, "id", 200),
            Spoken(ja=said(form, "name", _NAME)),
            _text(form, "text"),
            lead,
            list(dict.fromkeys([*([lead] if lead else []), *members])),
            "ended" if form.get("ended") == "yes" else "going",
        )
        await service.keep(self.city, "group", group, by, said_if(form, "reason", 300))
        return None

    async def meeting(self, form: Mapping[str, str], by: Officer) -> str | None:
        """Plan a meeting with its agenda, a matter a line."""
        agenda = [line.strip() for line in said(form, "agenda").splitlines() if line.strip()]
        group = said_if(form, "group", 200)
        one = ConsortiumMeeting(
            "",
            Spoken(ja=said(form, "name", _NAME)),
            said(form, "held_on", 10),
            said_if(form, "place", _NAME) or None,
            agenda,
            ref_group=Ref(group) if group else None,
            state="planned",
        )
        await service.keep(self.city, "meeting", one, by)
        return None

    async def held(self, form: Mapping[str, str], by: Officer) -> str | None:
        """Write the minutes of a meeting, and who was there."""
        await service.hold(self.city, said(form, "id", 200), _ticked(form, "in:"), said(form, "minutes", 4_000), by)
        return None

    async def cancelled(self, form: Mapping[str, str], by: Officer) -> str | None:
        """A planned meeting does not take place."""
        await service.cancel(self.city, said(form, "id", 200), by, said(form, "reason", 300))
        return None

    async def vote(self, form: Mapping[str, str], by: Officer) -> str | None:
        """Count a vote."""
        votes = {name[5:]: value for name, value in form.items() if name.startswith("vote:") and value}
        rule = form.get("rule", "")
        return await service.resolve(self.city, said(form, "id", 200), said(form, "name", 300), votes, rule, by)

    async def rule(self, form: Mapping[str, str], by: Officer) -> str | None:
        """Publish a rule for data, or a new version of one."""
        replaces = said_if(form, "replaces", 200)
        await service.publish_rule(self.city, said(form, "name", _NAME), said(form, "text"), replaces, by)
        return None

    async def agreed(self, form: Mapping[str, str], by: Officer) -> str | None:
        """A member agrees to a rule."""
        await service.agree(self.city, said(form, "rule", 200), said(form, "member", 200), by)
        return None

    async def withdraw(self, form: Mapping[str, str], by: Officer) -> str | None:
        """Take something back."""
        await service.withdraw(self.city, said(form, "id", 200), by, said(form, "reason", 300))
        return None

    async def undo(self, form: Mapping[str, str], by: Officer) -> str | None:
        """Bring back how things stood before a change."""
        await service.undo(self.city, said(form, "change", 200), by)
        return None

    async def setting(self, form: Mapping[str, str], by: Officer) -> str | None:
        """Change a setting."""
        await change_setting(self.city, form)
        return None


def _ticked(form: Mapping[str, str], before: str) -> list[str]:
    return [name[len(before) :] for name in form if name.startswith(before)]


def _text(form: Mapping[str, str], name: str) -> Spoken | None:
    text = said_if(form, name, 2_000)
    return Spoken(ja=text) if text else None
