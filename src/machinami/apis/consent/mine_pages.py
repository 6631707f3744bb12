"""What does the town hold about me, and who was given it? Pages for who is signed in."""

from collections.abc import Mapping, Sequence

from machinami.apis.consent.export import archive
from machinami.apis.consent.office import Office
from machinami.apis.consent.views import grouped, read_lines
from machinami.broker import corrections, holdings, persons
from machinami.broker.audit import Place
from machinami.broker.holdings import Held
from machinami.broker.legal_records import law_of
from machinami.broker.reasons import expanded
from machinami.broker.town import Town
from machinami.foundation.errors import Conflict, CredentialRefused, NotFound
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.model.found import Instance
from machinami.model.person import shown

MINE = "/my-data"
_FEW, _PAGE, _LINES, _PAST = 3, 20, 100, 10


def routes(office: Office) -> list[Route]:
    """The addresses of one's own data."""
    page, names = office.pages("mine"), office.pages("names")
    return [
        page("GET", MINE, _show(office), "What the town holds about me"),
        page("GET", f"{MINE}/kept", _kept(office), "All of one type that the town holds about me"),
        office.pages("reads")("GET", f"{MINE}/reads", _reads(office), "Who was given data about me, when and why"),
        page("GET", f"{MINE}/export", _export(office), "All that is about me, to take away"),
        names("GET", f"{MINE}/names", _names(office), "Cards and names that are connected to my account"),
        names("POST", f"{MINE}/names", _connect(office), "Connect the paper of a desk to my account"),
        names("POST", f"{MINE}/names/removal", _disconnect(office), "Take a name off my account"),
    ]


async def _pasts(town: Town, found: Sequence[Held]) -> Mapping[str, Sequence[Instance]]:
    """Past values of what is shown."""
    told = {}
    for one in found:
        if one.entity.attributes:
            try:
                told[one.entity.id] = (await holdings.past_of(town, one, _PAST)).instances
            except NotFound:  # it went meanwhile
                continue
    return told


def _show(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        names = await persons.names_of(town, by)
        found = await holdings.held(town, names)
        groups = grouped(found, office.names(request, town), {}, _FEW)
        unmarked = await holdings.named(town, names)
        trail = await holdings.reads(town, office.towns.audit(town), by, _LINES)
        lines = [one for one in read_lines(trail.entries, office.names(request, town), names) if not one.own]
        law = law_of(town)
        return office.show(
            request, "mine", groups=groups, unmarked=unmarked, names=office.names(request, town), lines=lines[:5],
            account=office.account(town, by.id), others=len(await persons.handles(town, by)),
            consents=sum(one.holds(town.clock()) for name in names for one in law.of(name)),
            open_requests=sum(one.standing == "asked" for one in await corrections.own(town, by)),
            done=request.arguments.get("done", ""),
        )  # fmt: skip

    return show


def _kept(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        names = await persons.names_of(town, by)
        kind = expanded(request.arguments.get("type", ""))
        found = [one for one in await holdings.held(town, names) if one.type == kind]
        if not found:
            raise NotFound(office.words(request).plain("mine.none_of_type"))
        offset = _number(request.arguments.get("offset", "0"))
        part = found[offset : offset + _PAGE]
        groups = grouped(part, office.names(request, town), await _pasts(town, part), _PAGE)
        return office.show(
            request,
            "kept",
            group=groups[0] if groups else None,
            count=len(found),
            offset=offset,
            limit=_PAGE,
            names=office.names(request, town),
        )

    return show


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def read_place(text: str) -> Place | None:
    """Where to go on in the record, as the address says it; None for the beginning."""
    number, _, index = text.partition(".")
    return (_number(number), _number(index)) if number.isdigit() and index.isdigit() else None


def _reads(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        names = await persons.names_of(town, by)
        before = read_place(request.arguments.get("before", ""))
        trail = await holdings.reads(town, office.towns.audit(town), by, _LINES, before)
        lines = read_lines(trail.entries, office.names(request, town), names)
        every = request.arguments.get("all") == "yes"
        older = "" if trail.before is None else f"{MINE}/reads?before={trail.before[0]}.{trail.before[1]}"
        return office.show(
            request, "reads", lines=[one for one in lines if every or not one.own], every=every, older=older,
            own=sum(one.own for one in lines),
        )  # fmt: skip

    return show


def _export(office: Office) -> PageHandler:
    async def give(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        body = await archive(office, town, by, office.words(request))
        saved = b'attachment; filename="my-data.zip"'
        return Response(
            200, body, b"application/zip", [(b"content-disposition", saved), (b"cache-control", b"no-store")]
        )

    return give


async def _names_page(office: Office, request: Request, status: int = 200, fault: str = "") -> Response:
    town, by = await office.town(request), office.by(request)
    handles = await persons.handles(town, by)
    return office.show(
        request, "names", status, handles=handles, fault=fault, done=request.arguments.get("done", ""), paper=shown
    )


def _names(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        return await _names_page(office, request)

    return show


def _connect(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        try:
            await persons.claim(town, form.get("number", ""), form.get("code", ""), by)
        except CredentialRefused:
            return await _names_page(office, request, 422, office.words(request).plain("names.wrong"))
        except Conflict:
            return await _names_page(office, request, 409, office.words(request).plain("names.taken"))
        return see_other(f"{MINE}/names?done=connected")

    return take


def _disconnect(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        persons.demand_person(by)
        await persons.disconnect(town, form.get("name", ""), by)
        return see_other(f"{MINE}/names?done=removed")

    return take
