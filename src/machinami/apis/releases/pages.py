"""How does an officer have a release made, look at it, and how does a colleague decide on it? Pages without scripts."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from machinami.apis.releases.documents import read_description, short, write_description
from machinami.apis.releases.drafts import drafted
from machinami.apis.releases.office import Press, numbered
from machinami.apis.releases.public import table_view
from machinami.apis.releases.sentences import rich_sentence
from machinami.broker import legal_records
from machinami.broker.contexts import town_context
from machinami.broker.policy import may_administer
from machinami.broker.releases import budgets, deciding, making, shelf
from machinami.broker.releases.gathering import kinds
from machinami.broker.releases.version import State, Version
from machinami.broker.town import Town
from machinami.foundation.errors import MachinamiError, SignInRequired, StepUpRequired
from machinami.kit.fault import Fault, fault_of
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.problem import describe
from machinami.model.found import TypeSummary
from machinami.model.legal import PUBLISHER, Basis, Ground
from machinami.model.policy import Whom
from machinami.model.principal import Principal

RELEASES = "/releases"
_YEAR = timedelta(days=365)
Decide = Callable[[Town, str, int, str, Principal], Awaitable[Version]]


def routes(press: Press) -> list[Route]:
    """The addresses of the staff's pages."""
    page, one = press.pages("list"), f"{RELEASES}/{{id}}/{{version}}"

    async def publish(town: Town, release: str, number: int, reason: str, by: Principal) -> Version:
        return await deciding.publish(town, release, number, reason, by, press.work)

    return [
        page("GET", RELEASES, _list(press), "What is prepared and published"),
        press.pages("new")("GET", f"{RELEASES}/new", _new(press), "Put a release together"),
        page("POST", RELEASES, _prepare(press), "Have a release made and checked"),
        page("POST", f"{RELEASES}/ground", _ground(press), "Record the ground for making anonymous data"),
        page("GET", one, _show(press), "One version of a release, with the account of its safety"),
        page("POST", f"{one}/publication", _decide(press, publish), "Publish a version"),
        page("POST", f"{one}/refusal", _decide(press, deciding.decline), "Do not publish a version"),
        page("POST", f"{one}/withdrawal", _decide(press, deciding.withdraw), "Withdraw a version"),
    ]


def _list(press: Press) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await press.town(request), press.by(request)
        found = await shelf.versions(town, by)
        accounts = await budgets.accounts(town, by, press.work.zone)
        return press.show(request, "list", found=found, accounts=accounts, short=short)

    return show


def _new(press: Press) -> PageHandler:
    async def show(request: Request) -> Response:
        return await _form(press, request, dict(request.arguments))

    return show


async def _form(
    press: Press, request: Request, said: dict[str, str], status: int = 200, fault: Fault | None = None
) -> Response:
    town, by = await press.town(request), press.by(request)
    shelf.demand_may(town, by, shelf.may_make, "make releases")
    found = sorted(await kinds(town), key=lambda one: short(one.type))
    chosen = _named(found, said.get("type", ""))
    persons = _named(found, said.get("persons", ""))
    ground = bool(chosen) and not _has_ground(town, chosen, persons)
    return press.show(
        request, "new", status, kinds=found, kind=chosen, persons=persons, said=said, fault=fault, short=short,
        lacks_ground=ground, may_record=may_administer(town.policy, by), law=_law_of_kinds(town),
    )  # fmt: skip


def _named(found: Sequence[TypeSummary], name: str) -> TypeSummary | None:
    return next((one for one in found if name and short(one.type) == name), None)


def _law_of_kinds(town: Town) -> set[str]:
    return {mark.type for mark in legal_records.law_of(town).marks.values() if mark.type}


def _has_ground(town: Town, *wanted: TypeSummary | None) -> bool:
    marked = _law_of_kinds(town)
    law, now = legal_records.law_of(town), town.clock()
    held = [one for one in law.grounds.values() if now < one.end and one.is_for(PUBLISHER)]
    return all(
        one is None or one.type not in marked or any(ground.is_about((one.type,)) for ground in held) for one in wanted
    )


def _prepare(press: Press) -> PageHandler:
    async def take(request: Request) -> Response:
        form, town, by = read_form(request), await press.town(request), press.by(request)
        shelf.demand_may(town, by, shelf.may_make, "make releases")
        try:
            document = json.loads(form["description"]) if form.get("description") else drafted(form)
            made = await making.prepare(town, read_description(document), by, press.work)
        except (SignInRequired, StepUpRequired):
            raise
        except MachinamiError as error:
            return await _form(press, request, form, 422, fault_of(error, press.words(request)))
        except ValueError as error:
            return await _form(press, request, form, 422, Fault(press.words(request).plain("error.form"), str(error)))
        return see_other(f"{RELEASES}/{made.description.id}/{made.number}")

    return take


def _ground(press: Press) -> PageHandler:
    async def take(request: Request) -> Response:
        form, town, by = read_form(request), await press.town(request), press.by(request)
        names = [name for name in (form.get("type", ""), form.get("persons", "")) if name]
        types = tuple(town_context().expand(name) for name in names)
        reason, until = form.get("reason", ""), town.clock() + _YEAR
        name = f"anonymous-{'-'.join(names)}-{town.new_id()[:6]}"
        ground = Ground(name, Basis.ANONYMISING, Whom.PROGRAM, PUBLISHER.id, reason, until, types)
        try:
            await legal_records.put_ground(town, ground, by)
        except MachinamiError as error:
            if describe(error)[0] in (401, 403):
                raise
            return await _form(press, request, form, 422, fault_of(error, press.words(request)))
        query = "&".join(f"{key}={form[key]}" for key in ("type", "persons") if form.get(key, "").isalnum())
        return see_other(f"{RELEASES}/new?{query}")

    return take


def _show(press: Press) -> PageHandler:
    async def show(request: Request) -> Response:
        return await _shown(press, request)

    return show


async def _shown(press: Press, request: Request, status: int = 200, fault: Fault | None = None) -> Response:
    town, by, words = await press.town(request), press.by(request), press.words(request)
    shelf.demand_may(town, by, shelf.may_make, "see what is prepared")
    found = shelf.version(town, request.params["id"], numbered(request.params["version"]), by)
    remarks = [(one, rich_sentence(one, words)) for one in found.remarks]
    again = json.dumps(write_description(found.description), ensure_ascii=False)
    return press.show(
        request, "version", status, one=found, remarks=remarks, fault=fault, again=again,
        table=table_view(found, words) if found.rows else None, own=found.made_by == by.id,
        decides=shelf.may_decide(town, by), made_by=press.who(request, town, found.made_by),
        decided_by=press.who(request, town, found.decided_by), done=request.arguments.get("done", ""),
        waits=found.state is State.PREPARED, out=found.state is State.PUBLISHED,
    )  # fmt: skip


def _decide(press: Press, decide: Decide) -> PageHandler:
    async def take(request: Request) -> Response:
        form, town, by = read_form(request), await press.town(request), press.by(request)
        shelf.demand_may(town, by, shelf.may_make, "decide on releases")
        release, number = request.params["id"], numbered(request.params["version"])
        try:
            done = await decide(town, release, number, form.get("reason", "")[:2_000], by)
        except MachinamiError as error:
            if describe(error)[0] in (401, 403, 404):
                raise
            return await _shown(press, request, 422, fault_of(error, press.words(request)))
        return see_other(f"{RELEASES}/{release}/{number}?done={done.state}")

    return take
