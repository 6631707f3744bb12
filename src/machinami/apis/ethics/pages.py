"""What do the applicant, the members of the ethics board and residents see, and what can each of them do?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from machinami.apis.ethics import shapes
from machinami.apis.ethics.forms import proposal_form, read_application, read_step
from machinami.apis.ethics.office import Office, demand_known, expand, eyes, short
from machinami.apis.ethics.programs import take
from machinami.broker import ethics, legal_records
from machinami.broker.policy import may_administer
from machinami.broker.town import Town
from machinami.foundation.errors import Forbidden, MachinamiError, NotFound
from machinami.kit.fault import Fault
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.words import Words
from machinami.model.approval import Approval
from machinami.model.ethics.application import AGAIN, FIRST, NEXT, Act, Application, State
from machinami.model.ethics.board import Board, Member
from machinami.model.ethics.proposal import SAID
from machinami.model.principal import Principal
from machinami.model.purpose import LANGUAGES, Purpose, Version

ETHICS = "/ethics"
_PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Row:
    """One application in a list. approval: its own, where it stands or stood; overdue: whether its review is."""

    one: Application
    approval: Approval | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What who looks is in one application, and may do now. unread: wordings at which the board has not looked."""

    seat: Member | None
    is_applicant: bool
    is_administrator: bool
    acts: frozenset[Act]
    has_voted: bool
    unread: Sequence[Version]
    may_publish: bool


def routes(office: Office) -> list[Route]:
    """The addresses for people."""
    page, applying = office.frame.page, office.pages("ethics.apply")
    return [
        page("GET", ETHICS, _list(office), "For which purposes people may be asked, and who decides"),
        applying("GET", f"{ETHICS}/apply", _blank(office), "Apply to the ethics board"),
        applying("POST", f"{ETHICS}/apply", _apply(office), "Hand in an application to the ethics board"),
        page("GET", f"{ETHICS}/{{id}}", _one(office), "An application to the ethics board"),
        page("POST", f"{ETHICS}/{{id}}", _act(office), "Take a step of an application"),
        applying("GET", f"{ETHICS}/{{id}}/revision", _revision(office), "Change an application"),
        applying("POST", f"{ETHICS}/{{id}}/revision", _revise(office), "Hand in a changed application"),
    ]


def fault_of(error: MachinamiError, words: Words) -> Fault:
    """What is wrong, in the reader's words, and as the rule says it."""
    key = f"ethics.fault.{error.facts.get('member') or ('votes' if 'votes' in error.facts else 'other')}"
    return Fault(words.plain(key if words.has(key) else "ethics.fault.other"), error.detail)


def _list(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.identify(request)
        now, law = town.clock(), legal_records.law_of(town)
        found = [_row(one, law.approvals.get(one.proposal.purpose), now) for one in await ethics.applications(town, by)]
        found.reverse()
        seen = await eyes(town, by)
        return office.show(
            request,
            "list",
            board=await ethics.board(town),
            seat=await ethics.member_of(town, by),
            standing=[row for row in found if row.one.state is State.STANDING],
            closed=[row for row in found if row.one.is_public and row.one.state is not State.STANDING],
            pending=[row for row in found if not row.one.is_public],
            inside=seen.inside,
            may_apply=ethics.may_apply(town, by),
            is_administrator=may_administer(town.policy, by),
            is_open_town=town.policy.is_open,
            now=now,
            done=request.arguments.get("done", ""),
        )

    return show


def _row(one: Application, approval: Approval | None, now: datetime) -> Row:
    own = approval if approval is not None and approval.application == one.id else None
    return Row(one, own, own is not None and own.ended is None and not own.holds(now))


def _blank(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.identify(request)
        ethics.demand_applying(town, by)
        drafts = {draft.purpose: draft for draft in office.drafts()}
        wanted = drafts.get(request.arguments.get("from", ""))
        return _form(office, request, {} if wanted is None else proposal_form(wanted), drafts=list(drafts.values()))

    return show


def _form(office: Office, request: Request, said: dict[str, str], status: int = 200, **view: object) -> Response:
    known = {"fault": None, "drafts": (), "known": None, **view}
    return office.show(request, "apply", status, said=said, fields=SAID, codes=LANGUAGES, **known)


def _apply(office: Office) -> PageHandler:
    async def take_in(request: Request) -> Response:
        town, by, form = await office.town(request), office.identify(request), read_form(request)
        ethics.demand_applying(town, by)
        try:
            made = await ethics.submit(town, shapes.read_proposal(read_application(form), expand), by)
        except Forbidden:
            raise
        except MachinamiError as error:
            return _form(office, request, form, 422, fault=fault_of(error, _words(office, request)))
        return see_other(f"{ETHICS}/{made.id}?done=submit")

    return take_in


def _revision(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.identify(request)
        known = await _own(town, request.params["id"], by)
        return _form(office, request, proposal_form(known.proposal), known=known)

    return show


def _revise(office: Office) -> PageHandler:
    async def take_in(request: Request) -> Response:
        town, by, form = await office.town(request), office.identify(request), read_form(request)
        known = await _own(town, request.params["id"], by)
        try:
            await ethics.revise(town, known.id, shapes.read_proposal(read_application(form), expand), by)
        except Forbidden:
            raise
        except MachinamiError as error:
            return _form(office, request, form, 422, known=known, fault=fault_of(error, _words(office, request)))
        return see_other(f"{ETHICS}/{known.id}?done=revise")

    return take_in


async def _own(town: Town, application_id: str, by: Principal) -> Application:
    demand_known(town, by)
    known = await ethics.application(town, application_id, by)
    if known.applicant != by.id:
        raise Forbidden("Only who handed in an application may change it", principal=by.id)
    return known


def _one(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        return await _shown(office, request)

    return show


def _act(office: Office) -> PageHandler:
    async def take_in(request: Request) -> Response:
        town, by, form = await office.town(request), office.identify(request), read_form(request)
        demand_known(town, by)
        application_id, do = request.params["id"], form.get("do", "")
        try:
            if do == _PUBLISH:
                known = await ethics.application(town, application_id, by)
                await legal_records.publish(town, known.proposal.purpose, dict(known.proposal.texts), by)
            else:
                await take(town, application_id, read_step(form), by)
        except (Forbidden, NotFound):
            raise
        except MachinamiError as error:
            return await _shown(office, request, 422, fault_of(error, _words(office, request)), form)
        return see_other(f"{ETHICS}/{application_id}?done={do}")

    return take_in


async def _shown(
    office: Office, request: Request, status: int = 200, fault: Fault | None = None,
    form: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    town, by = await office.town(request), office.identify(request)
    known = await ethics.application(town, request.params["id"], by)
    law, board, seat = legal_records.law_of(town), await ethics.board(town), await ethics.member_of(town, by)
    purpose, done = law.purposes.get(known.proposal.purpose), request.arguments.get("done", "")
    row = _row(known, law.approvals.get(known.proposal.purpose), town.clock())
    seen = await eyes(town, by)
    standing = _standing(town, known, row, purpose, seat, by)
    return office.show(
        request,
        "application",
        status,
        row=row,
        one=known,
        board=board,
        waiting=_waiting(known, board, town.clock()),
        purpose=purpose,
        is_published=purpose is not None and purpose.is_open(town.clock()),
        eyes=seen,
        me=standing,
        fields=SAID,
        outcomes=sorted(AGAIN if known.state is State.STANDING else FIRST),
        short=short,
        listed=lambda names: ", ".join(map(short, names)),
        fault=fault,
        form=form or {},
        done=done if done in (*Act, _PUBLISH) else "",
    )


def _standing(
    town: Town, known: Application, row: Row, purpose: Purpose | None, seat: Member | None, by: Principal
) -> Standing:
    is_applicant, now = known.applicant == by.id, town.clock()
    acts = NEXT[known.state]
    if is_applicant:
        acts &= {Act.ANSWER, Act.REVISE, Act.WITHDRAW, Act.REPORT}
    elif seat is not None and by.id not in known.recused:
        acts &= {Act.ASK, Act.RECUSE, Act.MOVE, Act.VOTE, Act.DECIDE, Act.READ}
    else:
        acts = frozenset()
    is_administrator = may_administer(town.policy, by)
    approved = row.approval is not None and row.approval.holds(now)
    published = purpose is not None and purpose.versions[-1].texts == known.proposal.texts
    may_publish = is_administrator and approved and not published and (purpose is None or purpose.is_open(now))
    unread = [] if purpose is None or row.approval is None else _unread(known, purpose)
    return Standing(seat, is_applicant, is_administrator, acts, by.id in known.votes, unread, may_publish)


def _unread(known: Application, purpose: Purpose) -> list[Version]:
    """The wordings that differ from what was approved, and at which the board has not looked yet."""
    approved = known.proposal.texts
    return [one for one in purpose.versions if one.texts != approved and one.number not in known.read_versions]


def _waiting(known: Application, board: Board | None, now: datetime) -> list[Member]:
    """The members who have not voted on what was moved."""
    if board is None or known.motion is None:
        return []
    out = known.recused | {known.applicant} | known.votes.keys()
    return [one for one in board.in_office(now) if one.person not in out]


def _words(office: Office, request: Request) -> Words:
    return replace(office.frame.words(request), package=__package__ or "")
