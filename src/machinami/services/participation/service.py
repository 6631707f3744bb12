"""What does participation do with what residents hand in and officers decide? Take it, keep it, record the step."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, TypeVar

from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound
from machinami.kit.city import City
from machinami.kit.drawer import Drawer
from machinami.kit.happening import seen
from machinami.methods.budget_round import counted
from machinami.model.audit import Head
from machinami.model.principal import ANONYMOUS, Role
from machinami.model.view import Ref, View
from machinami.model.vocabulary.circle import ActionPlan, Proposal
from machinami.model.vocabulary.office import Officer
from machinami.services.participation.logic import budgeting, pieces, record, wellbeing
from machinami.services.participation.logic.pieces import Draft, Reply, demand_there
from machinami.services.participation.model import (
    BudgetRound,
    ParticipationStep,
    ProposalComment,
    Settings,
    Voice,
    WellBeingSurvey,
)

PACKAGE = "machinami.services.participation"
OWN, HIDDEN, PENDING, RECORD, HEAD = "own", "hidden", "pending", "record", "head"
RESIDENT, UNVERIFIED = "resident", "unverified"
PEOPLE = frozenset({Role.RESIDENT, Role.OFFICER, Role.DEPARTMENT_HEAD, Role.MAYOR, Role.ADMINISTRATOR})
"""Who is of the town: neither a program nor who only runs the machine."""
P = TypeVar("P", Proposal, ProposalComment)
E = TypeVar("E", Proposal, ProposalComment, BudgetRound, WellBeingSurvey)
V = TypeVar("V")


async def refresh(city: City, now: datetime) -> None:
    """Close the rounds and surveys whose last day is past, and say what came of them; end what was cut off."""
    own, on = city.at_reception(), pieces.today(now, city.zone)
    await _finish_forgetting(own)
    for one in await own.find(BudgetRound):
        if one.state == "open" and budgeting.is_over(one.closes_on, on):
            await close_round(own, one.id, "machinami")
    for asked in await own.find(WellBeingSurvey):
        if asked.state == "open" and budgeting.is_over(asked.closes_on, on):
            await close_survey(own, asked.id, "machinami")


def voice_of(city: City, device: str) -> Voice:
    """Who speaks: the person who is signed in, under the pseudonym of this service, or, where nobody is, whoever has
    the secret that their browser keeps. Programs are no persons and speak as nobody."""
    by = city.viewer
    if by.id != ANONYMOUS.id and by.scopes is None and not PEOPLE.isdisjoint(by.roles):
        author = city.pseudonym(by.id)
        return Voice(author, author)
    return Voice("device:" + sha256(device.encode()).hexdigest()) if device else Voice("")


async def hand_in(city: City, draft: Draft, by: Voice) -> Proposal:
    """Take a proposal, a question or a comment on the plan."""
    own, now = city.at_reception(), city.now()
    settings = await _demand_taken(own, by)
    async with city.turn:
        mine = await _moments(own, by, Proposal)
        pieces.demand_room(mine, now, city.zone, settings.most_a_day)
        piece = pieces.handed_in(own.new_id(Proposal.TYPE), draft, by, now, city.zone, settings.reply_days)
        await own.private(partial(_keep_owner, piece_id=piece.id, by=by, now=now, kind=Proposal.TYPE))
        await keep(own, piece, _role(by), "hand_in", now, kind=piece.kind)
    return piece


async def comment(city: City, proposal_id: str, text: str, language: str, by: Voice) -> ProposalComment:
    """Take what somebody says to a proposal."""
    own, now = city.at_reception(), city.now()
    settings = await _demand_taken(own, by)
    async with city.turn:
        mine = await _moments(own, by, ProposalComment)
        pieces.demand_room(mine, now, city.zone, settings.most_a_day)
        proposal = await there(own, Proposal, proposal_id)
        said = pieces.commented(own.new_id(ProposalComment.TYPE), proposal, text, language, by, now)
        await own.private(partial(_keep_owner, piece_id=said.id, by=by, now=now, kind=ProposalComment.TYPE))
        await keep(own, said, _role(by), "comment", now, about=proposal.id)
    return said


async def support(city: City, proposal_id: str, by: Voice, wanted: bool) -> Proposal:
    """Count somebody's support of a proposal, or take it back; the same twice changes nothing. Who supports what is in
    the drawer alone; the counts are told."""
    own, now = city.at_reception(), city.now()
    await _demand_taken(own, by)
    async with city.turn:
        proposal = await there(own, Proposal, proposal_id)
        demand_there(proposal)
        shelf = _supports(proposal_id)
        before = await own.private_rows(shelf)
        if (by.key in before) == wanted:
            return proposal
        await own.private(partial(_set, shelf=shelf, key=by.key, row={"verified": by.verified} if wanted else None))
        counted = pieces.tally(await own.private_rows(shelf))
        if not await _owner(own, proposal_id):  # brought in from elsewhere, with supports that are in no drawer
            counted = pieces.added(proposal, counted, pieces.tally(before))
        after = replace(proposal, supports=counted[0], unverified=counted[1])
        await keep(own, after, _role(by), "support" if wanted else "unsupport", now)
    return after


async def reply(city: City, proposal_id: str, answer: Reply, by: Officer) -> Proposal:
    """Publish the town's answer."""
    async with city.turn:
        after = pieces.replied(await there(city, Proposal, proposal_id), answer, by, city.now())
        plan = await standing_plan(city) if after.state == "adopted" and after.ref_plan is None else None
        after = replace(after, ref_plan=Ref(plan.id)) if plan else after
        await keep(city, after, str(by), "reply", city.now(), state=after.state)
    return after


async def hide(city: City, kind: type[P], piece_id: str, reason: str, by: Officer) -> None:
    """Take a text off the pages and out of the history; the reason, the role and the time stand in its place. What it
    was stays in the drawer, until its author takes it back or it is shown again."""
    now = city.now()
    async with city.turn:
        piece = await there(city, kind, piece_id)
        left = pieces.hidden(piece, reason, by, now)
        await keep(city, left, by.role, "hide", now, reason=reason)
        await city.private(partial(_set, shelf=HIDDEN, key=piece_id, row=_texts(piece)))
        await _forget_past(city.at_reception(), left)


async def object_to(city: City, kind: type[P], piece_id: str, reason: str, by: Voice) -> None:
    """The author objects to a text of theirs being hidden."""
    own, now = city.at_reception(), city.now()
    async with city.turn:
        piece = await there(own, kind, piece_id)
        pieces.demand_own(piece, await _owner(own, piece_id), by)
        await keep(own, pieces.objected(piece, reason, now), "author", "object", now)


async def judge(city: City, kind: type[P], piece_id: str, shown: bool, reason: str, by: Officer) -> None:
    """Decide whether a hidden text is shown again."""
    now = city.now()
    async with city.turn:
        piece = await there(city, kind, piece_id)
        kept = (await city.private_rows(HIDDEN)).get(piece_id)
        after = pieces.judged(piece, _restored(piece, kept) if shown and kept else None, reason, by, now)
        await keep(city, after, by.role, "show" if after.state != "hidden" else "keep_hidden", now, reason=reason)
        if after.state != "hidden":
            await city.private(partial(_set, shelf=HIDDEN, key=piece_id, row=None))


async def withdraw(city: City, kind: type[P], piece_id: str, by: Voice) -> None:
    """The author takes back what they wrote: the text goes everywhere, with its past; that there was one stays."""
    own, now = city.at_reception(), city.now()
    async with city.turn:
        piece = await there(own, kind, piece_id)
        pieces.demand_own(piece, await _owner(own, piece_id), by)
        left = pieces.withdrawn(piece)
        await keep(own, left, "author", "withdraw", now)
        await _forget_past(own, left)
        await own.private(partial(_forget, piece_id=piece_id))


async def vote(city: City, round_id: str, wanted: Iterable[str], nonce: str, by: Voice) -> str:
    """Take a ballot, in place of an earlier one of the same voter. Its receipt, by which they find it in the record:
    what it says is in the drawer alone."""
    own, now = city.at_reception(), city.now()
    await _demand_taken(own, by)
    async with city.turn:
        round_ = await there(own, BudgetRound, round_id)
        ballot = budgeting.checked_ballot(round_, wanted)
        receipt = sha256(" ".join([nonce, *ballot]).encode()).hexdigest()[:32]
        row = {"projects": ballot, "verified": by.verified, "receipt": receipt, "nonce": nonce}
        await own.private(partial(_set, shelf=_ballots(round_id), key=by.key, row=row))
        ballots, unverified = pieces.tally(await own.private_rows(_ballots(round_id)))
        after = replace(round_, ballots=ballots, unverified=unverified)
        await keep(own, after, _role(by), "ballot", now, receipt=receipt)
    return receipt


async def own_ballot(city: City, round_id: str, by: Voice) -> dict[str, Any] | None:
    """The ballot of who looks, with its receipt."""
    return (await city.private_rows(_ballots(round_id))).get(by.key)


async def close_round(city: City, round_id: str, who: str) -> None:
    """Take no more votes, and publish what was chosen and why. Ballots of who was not signed in count for nothing."""
    async with city.turn:
        round_ = await there(city, BudgetRound, round_id)
        budgeting.demand_state(round_, "open")
        cast = (await city.private_rows(_ballots(round_id))).values()
        ballots = [row["projects"] for row in cast if row["verified"]]
        outcome = await city.compute(counted, round_.projects or [], round_.budget or 0, ballots)
        await keep(city, replace(round_, state="closed", outcome=outcome), who, "close", city.now())


async def answer(city: City, survey_id: str, answers: dict[str, int], band: str, by: Voice) -> None:
    """Take somebody's answers, in place of earlier ones; they are in the drawer alone, until the survey ends."""
    own, now = city.at_reception(), city.now()
    await _demand_taken(own, by)
    async with city.turn:
        survey = await there(own, WellBeingSurvey, survey_id)
        demand_open(survey)
        row = {"answers": answers, "band": band, "verified": by.verified}
        await own.private(partial(_set, shelf=_answers(survey_id), key=by.key, row=row))
        given, unverified = pieces.tally(await own.private_rows(_answers(survey_id)))
        after = replace(survey, answers=given, unverified=unverified)
        await keep(own, after, _role(by), "answer", now)


async def own_answers(city: City, survey_id: str, by: Voice) -> dict[str, Any] | None:
    """The answers of who looks, while the survey is open."""
    return (await city.private_rows(_answers(survey_id))).get(by.key)


async def close_survey(city: City, survey_id: str, who: str) -> None:
    """Take no more answers, publish the means of groups that are large enough, and forget who answered what."""
    async with city.turn:
        survey = await there(city, WellBeingSurvey, survey_id)
        demand_open(survey)
        rows = await city.private_rows(_answers(survey_id))
        given = [row for row in rows.values() if row["verified"]]
        smallest = (await city.settings(Settings)).smallest_group
        results = await city.compute(wellbeing.summed_up, given, smallest)
        await keep(city, replace(survey, state="closed", results=results), who, "close", city.now())
        await city.private(partial(_clear, shelf=_answers(survey_id), keys=list(rows)))


async def owned(city: City, by: Voice) -> frozenset[str]:
    """The ids of what somebody handed in."""
    rows = await city.private_rows(OWN)
    return frozenset(name for name, row in rows.items() if by.key and row["voice"] == by.key)


async def supported(city: City, proposal_id: str, by: Voice) -> bool:
    """Whether somebody supports a proposal."""
    return bool(by.key) and by.key in await city.private_rows(_supports(proposal_id))


async def verify(city: City) -> record.Verified:
    """Follow the whole record, and hold what is there against it."""
    own = city.at_reception()
    kinds: tuple[type[Any], ...] = (Proposal, ProposalComment, BudgetRound, WellBeingSurvey)
    there = {one.id: one for kind in kinds for one in await own.find(kind)}
    return record.verify(await own.find(ParticipationStep), await _kept_head(own), there)


async def keep(city: City, left: View, who: str, did: str, now: datetime, **more: object) -> None:
    """Publish what was made together with its step in the record: both or none. The head is kept apart, in the drawer.
    The caller holds the turn."""
    own = city.at_reception()
    head = await _kept_head(own) or Head()
    while (known := await own.get(ParticipationStep, record.step_id(head.number + 1))) is not None:
        head = record.head_of(known)  # published, and cut off before its head was kept
    step = record.step(head, now, who, did, left, **more)
    await city.publish(left, step, whole=True)
    await own.private(partial(_set, shelf=RECORD, key=HEAD, row={"number": step.number, "digest": step.digest}))


def demand_open(survey: WellBeingSurvey) -> None:
    """Raise Conflict unless answers are taken."""
    if survey.state != "open":
        raise Conflict(f"{survey.id} is {survey.state}; no answers are taken", entityId=survey.id)


async def standing_plan(city: City) -> ActionPlan | None:
    """The published plan that stands; None where there is none, or none for who looks."""
    return max(await seen(city, ActionPlan), key=lambda one: one.version or 0, default=None)


async def there(city: City, kind: type[E], piece_id: str) -> E:
    """One piece. Raises NotFound."""
    found = await city.get(kind, piece_id) if piece_id.startswith(f"urn:ngsi-ld:{kind.TYPE}:") else None
    if found is None:
        raise NotFound(f"There is no {kind.TYPE} {piece_id[:100]!r}", entityId=piece_id)
    return found


async def _demand_taken(own: City, by: Voice) -> Settings:
    settings = await own.settings(Settings)
    if not by.key:
        raise BadRequestData("Your browser keeps no cookie; allow cookies of this town, or sign in", field="cookie")
    if not by.verified and not settings.take_unverified:
        raise Forbidden("This town takes contributions of people who are signed in")
    return settings


async def _moments(own: City, by: Voice, kind: type[P]) -> list[datetime]:
    rows = (await own.private_rows(OWN)).values()
    return [datetime.fromisoformat(r["at"]) for r in rows if r["voice"] == by.key and r["kind"] == kind.TYPE]


async def _owner(own: City, piece_id: str) -> str:
    return str(((await own.private_rows(OWN)).get(piece_id) or {}).get("voice", ""))


async def _kept_head(own: City) -> Head | None:
    row = (await own.private_rows(RECORD)).get(HEAD)
    return None if row is None else Head(row["number"], row["digest"])


async def _forget_past(own: City, left: P) -> None:
    """What an entity was before goes from the history too. What is cut off in between, the next refresh ends."""
    await own.private(partial(_set, shelf=PENDING, key=left.id, row=record.told(left)))
    await own.erase(type(left), [left.id])
    await own.publish(left)
    await own.private(partial(_set, shelf=PENDING, key=left.id, row=None))


async def _finish_forgetting(own: City) -> None:
    kinds: tuple[type[Any], ...] = (Proposal, ProposalComment)
    for piece_id, said in (await own.private_rows(PENDING)).items():
        kind = next(kind for kind in kinds if f":{kind.TYPE}:" in piece_id)
        async with own.turn:
            await _forget_past(own, record.revived(kind, said))


def _restored(piece: P, kept: dict[str, Any]) -> P:
    words = {name: pieces.written(*kept[name]) if kept.get(name) else None for name in ("name", "text")}
    shown = replace(piece, text=words["text"], state=kept["state"])
    return replace(shown, name=words["name"]) if isinstance(shown, Proposal) else shown


def _texts(piece: Proposal | ProposalComment) -> dict[str, Any]:
    """What a text was, by its parts, each with its language."""
    name = piece.name if isinstance(piece, Proposal) else None
    told = {"name": name, "text": piece.text}
    spoken = {part: next(((text, tag) for tag, text in words.items()), None) for part, words in told.items() if words}
    return {**spoken, "state": piece.state}


def _keep_owner(drawer: Drawer, piece_id: str, by: Voice, now: datetime, kind: str) -> None:
    drawer.put(OWN, piece_id, {"voice": by.key, "at": now.isoformat(), "kind": kind})


def _forget(drawer: Drawer, piece_id: str) -> None:
    drawer.drop(HIDDEN, piece_id)
    drawer.drop(OWN, piece_id)


def _set(drawer: Drawer, shelf: str, key: str, row: dict[str, Any] | None) -> None:
    if row is None:
        drawer.drop(shelf, key)
    else:
        drawer.put(shelf, key, row)


def _clear(drawer: Drawer, shelf: str, keys: Iterable[str]) -> None:
    for key in keys:
        drawer.drop(shelf, key)


def _supports(proposal_id: str) -> str:
    return f"supports/{proposal_id}"


def _ballots(round_id: str) -> str:
    return f"ballots/{round_id}"


def _answers(survey_id: str) -> str:
    return f"answers/{survey_id}"


def _role(by: Voice) -> str:
    return RESIDENT if by.verified else UNVERIFIED
