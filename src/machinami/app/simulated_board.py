"""How does a simulated town come to ask for consent? Its services' applications go through an invented board.

The steps are those of every board; only the people do not exist, and say so by their names.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from machinami.broker import ethics
from machinami.broker.legal_records import law_of
from machinami.broker.town import Town
from machinami.model.ethics.application import Act, Application, Motion, Outcome, State
from machinami.model.ethics.board import Board, Member, Office
from machinami.model.ethics.proposal import Proposal, faults
from machinami.model.principal import Principal, Role

_IDS = "urn:machinami:simulated:"
_LAW, _RESIDENT, _DOCTOR, _APPLICANT = (
    Principal(f"{_IDS}{name}", frozenset({Role.OFFICER}), None, None, 3, 3)
    for name in ("law", "resident", "doctor", "applicant")
)
_MEMBERS = (
    (_LAW, "森（模擬の委員）", "法律"),
    (_RESIDENT, "原（模擬の委員）", "住民"),
    (_DOCTOR, "久保（模擬の委員）", "医療"),
)
_SAT = timedelta(days=365)
_QUESTION = "少人数の地区では、中央値からだれのことかが分かりませんか。"
_REASONS = "利益が負担を上回り、参加しない人に不利益がないため。（模擬の審査です）"
_REPORT = "この一年に、苦情も漏えいもありませんでした。（模擬の報告です）"


async def pass_board(town: Town, proposals: Sequence[Proposal], by: Principal) -> None:
    """Have an invented board approve what is complete, unless somebody has said who really decides in this town."""
    board = await ethics.board(town)
    if board is None:
        board = await ethics.appoint(town, _board(town.clock()), by)
    if not all(member.person.startswith(_IDS) for member in board.members):
        return
    known = {one.proposal.purpose: one for one in await ethics.applications(town, _LAW)}
    for proposal in proposals:
        held = law_of(town).approvals.get(proposal.purpose)
        is_over = held is not None and held.ended is not None
        if faults(proposal, town.clock()) is None and not is_over and (held is None or not held.holds(town.clock())):
            await _decide(town, await _before(town, known.get(proposal.purpose), proposal))


def _board(now: datetime) -> Board:
    """The invented board, in office for a year already: a simulated town begins on a day of its own, before today."""
    since = now - _SAT
    return Board(Office.BOARD, tuple(Member(who.id, name, field, since) for who, name, field in _MEMBERS))


async def _before(town: Town, known: Application | None, proposal: Proposal) -> Application:
    """The application as the board has it before it: a new one with its question, or an old one with its report."""
    if known is not None and known.state is State.STANDING:
        return await ethics.say(town, known.id, Act.REPORT, _REPORT, _APPLICANT)
    made = await ethics.submit(town, proposal, _APPLICANT)
    asked = await ethics.ask(town, made.id, _QUESTION, _RESIDENT)
    return await ethics.answer(town, made.id, asked.steps[-1].number, proposal.safeguards, _APPLICANT)


async def _decide(town: Town, made: Application) -> None:
    await ethics.move(town, made.id, Motion(Outcome.APPROVED, _REASONS), True, _LAW)
    for one in (_RESIDENT, _DOCTOR):
        await ethics.vote(town, made.id, True, "", True, one)
    await ethics.decide(town, made.id, _LAW)
