"""How does an application go through the ethics board, and who may do what with it? Each step is a record of the town.

Whoever decides is named and in office; a purpose that was not approved here cannot be published, nor consented to.
"""

from collections.abc import Sequence
from dataclasses import replace

from machinami.broker.law import Law
from machinami.broker.legal_records import APPROVAL, PURPOSE, law_of
from machinami.broker.policy import demand, demand_whole
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound, SignInRequired
from machinami.model.approval import Approval
from machinami.model.ethics import board as boards
from machinami.model.ethics import proposal as proposals
from machinami.model.ethics.application import (
    Act,
    Application,
    Motion,
    State,
    Step,
    after,
    approval_of,
    folded,
)
from machinami.model.ethics.board import Board, Member
from machinami.model.ethics.proposal import Proposal
from machinami.model.ethics.voting import counted, demand_movable
from machinami.model.identity.record import read, write
from machinami.model.legal import is_staff
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.purpose import Purpose
from machinami.model.town_terms import NAMESPACE
from machinami.store.protocol import Transaction

APPLICATION = NAMESPACE + "EthicsApplication"  # a row about this type is about who may apply
BOARD, STEP = "ethics-board", "ethics-step"
_CURRENT = "current"
_MOST, _MOST_STEPS = 1_000, 500
_LONGEST = 10_000
_OPEN_STATES = (State.REVIEW, State.RETURNED)


# who decides


async def board(town: Town) -> Board | None:
    """Who decides in this town; None where it has not said so. Everyone may read it."""
    record = (await town.store.records(BOARD)).get(_CURRENT)
    return None if record is None else read(Board, record)


async def appoint(town: Town, chosen: Board, by: Principal) -> Board:
    """Say who decides from now on. Raises Forbidden, BadRequestData."""
    demand(town.policy, by, Deed.ADMINISTER)
    fault = boards.faults(chosen, town.clock())
    if fault is not None:
        raise BadRequestData(f"This board cannot be: {fault}", member="board")
    await town.store.transact(lambda tx: tx.put_record(BOARD, _CURRENT, write(chosen)))
    names = ", ".join(member.name for member in chosen.members)
    town.policy.note(by, f"appointed who decides on purposes ({chosen.office}): {names}")
    return chosen


async def member_of(town: Town, by: Principal) -> Member | None:
    """Who asks, as a member of the board in office."""
    found = await board(town)
    return None if found is None or by.id == ANONYMOUS.id else found.member(by.id, town.clock())


# applications


async def applications(town: Town, by: Principal) -> Sequence[Application]:
    """The applications that who asks may read, in the order in which they were handed in."""
    seat = await member_of(town, by)
    return [one for one in await _all(town) if may_read(town, one, by, seat)]


async def application(town: Town, application_id: str, by: Principal) -> Application:
    """One application. Raises NotFound."""
    found = await _find(town, application_id)
    if not may_read(town, found, by, await member_of(town, by)):
        raise _none(application_id)
    return found


def may_apply(town: Town, by: Principal) -> bool:
    """Whether who asks may hand in an application: a row lets them make entities of the type EthicsApplication."""
    try:
        demand_applying(town, by)
    except Forbidden:
        return False
    return True


def may_read(town: Town, one: Application, by: Principal, seat: Member | None) -> bool:
    """Whether who asks may read an application: what is decided is for everyone, the rest for whom it concerns."""
    if one.is_public or seat is not None:
        return True
    return by.id != ANONYMOUS.id and (one.applicant == by.id or is_inside(town, by))


def is_inside(town: Town, by: Principal) -> bool:
    """Whether who asks is of the town's staff, or may apply: they read what is under review."""
    return (is_staff(by) and by.scopes is None) or may_apply(town, by)


def demand_applying(town: Town, by: Principal) -> None:
    """Raise Forbidden, or what it takes, unless who asks may hand in an application."""
    if by.id == ANONYMOUS.id:
        raise SignInRequired("Say who you are to apply to the ethics board")
    if by.scopes is not None:
        raise Forbidden("A person applies, no program", principal=by.id)
    demand_whole(town.policy, by, Deed.CREATE, (APPLICATION,))


async def submit(town: Town, proposal: Proposal, by: Principal) -> Application:
    """Hand in an application. Raises Forbidden, SignInRequired, BadRequestData, Conflict."""
    demand_applying(town, by)
    _demand_complete(town, proposal)
    proposal = _classed(town, proposal)
    async with law_of(town).sitting:
        known = await _all(town)
        if len(known) >= _MOST:
            raise Conflict(f"A town keeps {_MOST} applications at most")
        _demand_alone(known, proposal.purpose)
        number = max((int(one.id) for one in known), default=0) + 1
        step = Step(f"{number:04d}", 1, Act.SUBMIT, town.clock(), by.id, proposal=proposal)
        return await _take(town, None, step, by)


async def revise(town: Town, application_id: str, proposal: Proposal, by: Principal) -> Application:
    """Hand an application in again, changed: what was being voted on falls. Raises NotFound, Conflict, Forbidden."""
    _demand_complete(town, proposal)
    proposal = _classed(town, proposal)
    async with law_of(town).sitting:
        known = await _of_applicant(town, application_id, by)
        if proposal.purpose != known.proposal.purpose:
            raise BadRequestData("The id of the purpose stays; apply anew for another one", member="purpose")
        return await _take(town, known, replace(_next(town, known, Act.REVISE, by), proposal=proposal), by)


async def answer(town: Town, application_id: str, question: int, text: str, by: Principal) -> Application:
    """Answer a question of the board. Raises NotFound, Conflict, Forbidden, BadRequestData."""
    async with law_of(town).sitting:
        known = await _of_applicant(town, application_id, by)
        if all(asked.number != question for asked, _ in known.questions):
            raise BadRequestData(f"There is no question {question}", member="question")
        step = replace(_next(town, known, Act.ANSWER, by), text=_said(text), about=question)
        return await _take(town, known, step, by)


async def say(town: Town, application_id: str, act: Act, text: str, by: Principal) -> Application:
    """Withdraw an application, or report for the review what became of it. Raises NotFound, Conflict, Forbidden."""
    async with law_of(town).sitting:
        known = await _of_applicant(town, application_id, by)
        return await _take(town, known, replace(_next(town, known, act, by), text=_said(text)), by)


async def ask(town: Town, application_id: str, text: str, by: Principal) -> Application:
    """Ask the applicant something, as a member of the board. Raises NotFound, Conflict, Forbidden."""
    async with law_of(town).sitting:
        known, _ = await _before(town, application_id, by)
        return await _take(town, known, replace(_next(town, known, Act.ASK, by), text=_said(text)), by)


async def recuse(town: Town, application_id: str, text: str, by: Principal) -> Application:
    """Declare an interest of one's own: who did decides no more on this. Raises NotFound, Conflict, Forbidden."""
    async with law_of(town).sitting:
        known, _ = await _before(town, application_id, by)
        return await _take(town, known, replace(_next(town, known, Act.RECUSE, by), text=_said(text)), by)


async def note_read(town: Town, application_id: str, version: int, by: Principal) -> Application:
    """Note that the board has looked at another wording of a purpose's text. Raises NotFound, Conflict, Forbidden."""
    async with law_of(town).sitting:
        known, _ = await _before(town, application_id, by)
        published = law_of(town).purposes.get(known.proposal.purpose)
        if published is None or version not in [one.number for one in published.versions]:
            raise BadRequestData(f"There is no version {version} of this text", member="version")
        return await _take(town, known, replace(_next(town, known, Act.READ, by), about=version), by)


async def move(town: Town, application_id: str, motion: Motion, free: bool, by: Principal) -> Application:
    """Move a decision; who does votes for it. free: that they have no interest of their own in it.

    Raises NotFound, Conflict, Forbidden, BadRequestData.
    """
    async with law_of(town).sitting:
        known, _ = await _before(town, application_id, by)
        _demand_free(free)
        demand_movable(known, motion, law_of(town).approvals.get(known.proposal.purpose), town.clock())
        return await _take(town, known, replace(_next(town, known, Act.MOVE, by), motion=motion), by)


async def vote(town: Town, application_id: str, yes: bool, text: str, free: bool, by: Principal) -> Application:
    """Vote on what was moved; who is against it says why. Raises NotFound, Conflict, Forbidden, BadRequestData."""
    async with law_of(town).sitting:
        known, _ = await _before(town, application_id, by)
        _demand_free(free)
        if known.motion is None:
            raise Conflict("Nothing is being voted on; somebody moves a decision first")
        reason = text.strip()[:_LONGEST] if yes else _said(text)
        return await _take(town, known, replace(_next(town, known, Act.VOTE, by), text=reason, yes=yes), by)


async def decide(town: Town, application_id: str, by: Principal) -> Application:
    """Close the vote, and do what was decided. Raises NotFound, Forbidden; Conflict where it is too early."""
    async with law_of(town).sitting:
        known, sitting = await _before(town, application_id, by)
        decision = counted(known, sitting, town.clock())
        return await _take(town, known, replace(_next(town, known, Act.DECIDE, by), decision=decision), by)


# rules


def _demand_free(free: bool) -> None:
    if not free:
        raise BadRequestData(
            "Who decides says that they have no interest of their own in it; who has one declares it instead",
            member="noInterest",
        )


def _demand_complete(town: Town, proposal: Proposal) -> None:
    fault = proposals.faults(proposal, town.clock())
    if fault is not None:
        raise BadRequestData(f"This application cannot be: {fault}", member="proposal")
    published = law_of(town).purposes.get(proposal.purpose)
    if published is not None and not published.is_open(town.clock()):
        raise Conflict(f"The purpose {proposal.purpose} is closed; apply for another one")


def _classed(town: Town, proposal: Proposal) -> Proposal:
    """The proposal with the legal classes that the town has marked its data with; these win over what is said."""
    data = {*proposal.bounds.types, *proposal.bounds.attributes}
    marked = {
        name: mark.legal.value
        for mark in law_of(town).marks.values()
        for name in (mark.type, mark.attribute)
        if name in data and (name == mark.attribute or not mark.attribute)
    }
    return replace(proposal, legal=tuple(sorted({**dict(proposal.legal), **marked}.items())))


def _demand_alone(known: Sequence[Application], purpose: str) -> None:
    for one in known:
        if one.proposal.purpose == purpose and one.state in _OPEN_STATES:
            raise Conflict(f"The application {one.id} for {purpose!r} is not decided yet; change that one")


def _said(text: str) -> str:
    said = text.strip()
    if not 0 < len(said) <= _LONGEST:
        raise BadRequestData(f"Say it in words, in at most {_LONGEST} characters", member="text")
    return said


# records


async def _of_applicant(town: Town, application_id: str, by: Principal) -> Application:
    """An application, for who handed it in. Raises NotFound, Forbidden."""
    known = await application(town, application_id, by)
    if known.applicant != by.id:
        raise Forbidden("Only who handed in an application may do this", principal=by.id)
    return known


async def _before(town: Town, application_id: str, by: Principal) -> tuple[Application, Board]:
    """An application and who decides on it, for a member of the board who has no interest in it. Raises NotFound,
    Forbidden."""
    known, sitting = await application(town, application_id, by), await board(town)
    if sitting is None or sitting.member(by.id, town.clock()) is None or by.scopes is not None:
        raise Forbidden("Only members of the ethics board in office may do this", principal=by.id)
    if by.id == known.applicant:
        raise Forbidden("Nobody decides on what they applied for themselves", principal=by.id)
    if by.id in known.recused:
        raise Forbidden("Who declared an interest in an application takes no part in the decision", principal=by.id)
    return known, sitting


def _next(town: Town, known: Application, act: Act, by: Principal) -> Step:
    if len(known.steps) >= _MOST_STEPS:
        raise Conflict(f"An application has {_MOST_STEPS} steps at most; apply anew")
    return Step(known.id, len(known.steps) + 1, act, town.clock(), by.id)


async def _take(town: Town, known: Application | None, step: Step, by: Principal) -> Application:
    """Take a step: it is kept with what follows from it. What it gives counts when it is kept, what it ends at once."""
    made, law = after(known, step), law_of(town)
    approval, closed = _following(law, made, step)

    def work(tx: Transaction) -> None:
        tx.put_record(STEP, f"{step.application}/{step.number:06d}", write(step))
        if approval is not None:
            tx.put_record(APPROVAL, approval.purpose, write(approval))
        if closed is not None:
            tx.put_record(PURPOSE, closed.id, write(closed))

    if approval is not None and approval.ended is not None:
        law.approvals[approval.purpose] = approval
    if closed is not None:
        law.put_purpose(closed)
    await town.store.transact(work)
    if approval is not None:
        law.approvals[approval.purpose] = approval
    town.policy.note(by, f"ethics application {step.application}: {step.act}, now {made.state}")
    return made


def _following(law: Law, made: Application, step: Step) -> tuple[Approval | None, Purpose | None]:
    """The approval as a step leaves it, and the purpose that it closes; None where it changes nothing."""
    approval = approval_of(made) if step.act is Act.DECIDE else None
    if approval is None:
        return None, None
    held = law.approvals.get(approval.purpose)
    if approval.ended is not None and held is not None and held.application != made.id:
        return None, None  # another application has taken its place, and stands
    known = law.purposes.get(approval.purpose)
    if made.state is State.REVOKED and known is not None and known.closed_at is None:
        return approval, replace(known, closed_at=step.at)
    return approval, None


async def _all(town: Town) -> Sequence[Application]:
    steps: dict[str, list[Step]] = {}
    for _, record in sorted((await town.store.records(STEP)).items()):
        step = read(Step, record)
        steps.setdefault(step.application, []).append(step)
    return [folded(several) for several in steps.values()]


async def _find(town: Town, application_id: str) -> Application:
    for one in await _all(town):
        if one.id == application_id:
            return one
    raise _none(application_id)


def _none(application_id: str) -> NotFound:
    return NotFound(f"There is no application {application_id[:50]} here")
