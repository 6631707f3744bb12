"""Can anybody be asked for what was not approved, or for more than was? By every way on which consent is asked."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from tests.approving import APPLICANT, MEMBERS, RULER, TEXTS, approve, board, bounds, decided, proposal
from tests.running import Running, running

from machinami.broker import consents, ethics, legal_records
from machinami.broker.approvals import demand_group
from machinami.broker.law import Law
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotApproved, NotFound, SignInRequired
from machinami.model.approval import Limits
from machinami.model.consent import Terms
from machinami.model.ethics.application import Act, Motion, Outcome, State
from machinami.model.ethics.board import Member, Office
from machinami.model.principal import ANONYMOUS, Principal, Role

WALK = "https://uri.etsi.org/ngsi-ld/default-context/Walk"
STEPS, WEIGHT = WALK[:-4] + "steps", WALK[:-4] + "weight"
PROGRAM = "program:urn:program:walking"
ANNA = Principal("urn:person:anna", frozenset({Role.RESIDENT}), None, None, 2, 2)
CLERK = Principal("urn:person:clerk", frozenset({Role.OFFICER}), None, None, 2, 2)
YES = Motion(Outcome.APPROVED, "It does more good than harm")


@pytest_asyncio.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as found:
        await found.broker.protect()
        yield found


@pytest_asyncio.fixture
async def town(opened: Running) -> Town:
    return await opened.broker.town(None)


def terms(town: Town, **other: object) -> Terms:
    until = town.clock() + timedelta(days=30)
    return replace(Terms((PROGRAM,), "walking", until, (WALK,), (STEPS,), text="1", language="ja"), **other)  # type: ignore[arg-type]  # any member


async def test_what_was_not_approved_is_neither_published_nor_consented_to(town: Town) -> None:
    with pytest.raises(NotApproved, match="has not been approved; apply to the ethics board"):
        await legal_records.publish(town, "walking", TEXTS, RULER)
    await approve(town, "walking", [PROGRAM], [WALK])
    with pytest.raises(BadRequestData, match="has not published"):
        await consents.give(town, ANNA.id, terms(town), ANNA)
    await legal_records.publish(town, "walking", TEXTS, RULER)
    assert (await consents.give(town, ANNA.id, terms(town), ANNA)).holds(town.clock())


async def test_a_clerk_at_a_desk_asks_for_no_more_than_was_approved_either(town: Town) -> None:
    await approve(town, "walking", [PROGRAM], [WALK], attributes=(STEPS,))
    await legal_records.publish(town, "walking", TEXTS, RULER)
    wide = terms(town, attributes=(STEPS, WEIGHT))
    with pytest.raises(NotApproved, match="weight may not be asked for, only steps"):
        await consents.give(town, ANNA.id, wide, CLERK, "she signed")


@pytest.mark.parametrize(
    ("wider", "why"),
    [
        ({"attributes": ()}, "it names no attributes, which means all of them"),
        ({"types": ()}, "it names no types"),
        ({"types": (WALK, WALK + "er")}, "Walker may not be asked for"),
        ({"recipients": (PROGRAM, "role:officer")}, "role:officer is none of those"),
        ({"recipients": ("role:neighbour",)}, "may not be handed on"),
        ({"scopes": ("/South",)}, "not only for data within /North/#"),
        ({"scopes": ()}, "not only for data within /North/#"),
    ],
)
async def test_a_consent_that_is_wider_than_the_approval_is_refused(
    town: Town, wider: dict[str, object], why: str
) -> None:
    recipients = [PROGRAM, *(["role:neighbour"] if "handed" in why else [])]
    await approve(town, "walking", recipients, [WALK], attributes=(STEPS,), scopes=("/North/#",))
    await legal_records.publish(town, "walking", TEXTS, RULER)
    inside = terms(town, scopes=("/North/East",))
    with pytest.raises(NotApproved, match=why):
        await consents.give(town, ANNA.id, replace(inside, **wider), ANNA)  # type: ignore[arg-type]  # any member
    assert (await consents.give(town, ANNA.id, inside, ANNA)).holds(town.clock())


async def test_conditions_of_the_decision_make_the_approval_narrower_and_are_checked(town: Town) -> None:
    now = town.clock()
    await ethics.appoint(town, board(now), RULER)
    asked = bounds(now, [PROGRAM, "role:officer", "role:neighbour"], [WALK], forwarding=True)
    made = await ethics.submit(town, proposal("walking", asked), APPLICANT)
    limits = Limits(now + timedelta(days=100), (), (), (STEPS,), True, 10)
    with pytest.raises(BadRequestData, match="Conditions belong to an approval with conditions"):
        await ethics.move(town, made.id, Motion(Outcome.APPROVED, "x", (), limits), True, MEMBERS[0])
    motion = Motion(Outcome.CONDITIONAL, "Fewer data do", ("A report each quarter",), limits)
    await decided(town, made.id, motion)
    await legal_records.publish(town, "walking", TEXTS, RULER)
    for wrong, why in (
        (terms(town, until=now + timedelta(days=101)), "hold beyond"),
        (terms(town, attributes=(WEIGHT,)), "weight may not"),
        (terms(town, recipients=("role:neighbour",)), "handed on"),
    ):
        with pytest.raises(NotApproved, match=why):
            await consents.give(town, ANNA.id, wrong, ANNA)
    await consents.give(town, ANNA.id, terms(town, recipients=(PROGRAM, "role:officer")), ANNA)
    law = legal_records.law_of(town)
    demand_group(law, "walking", 10)
    with pytest.raises(NotApproved, match="fewer than 10 people, and this is of 9"):
        demand_group(law, "walking", 9)


async def test_when_the_review_is_overdue_nobody_is_asked_anew_and_what_was_given_stays(
    town: Town, tmp_path: Path
) -> None:
    await approve(town, "walking", [PROGRAM], [WALK])
    await legal_records.publish(town, "walking", TEXTS, RULER)
    far = town.clock() + timedelta(days=1000)
    given = await consents.give(town, ANNA.id, terms(town, until=far), ANNA)
    law = legal_records.law_of(town)
    approval = law.approvals["walking"]
    law.approvals["walking"] = replace(approval, review_by=town.clock())
    with pytest.raises(NotApproved, match="until it is looked at again"):
        await consents.give(town, ANNA.id, terms(town), ANNA)
    with pytest.raises(NotApproved):
        await legal_records.publish(town, "walking", TEXTS, RULER)
    with pytest.raises(NotApproved):
        await consents.change(town, given.id, replace(given.terms, until=far + timedelta(days=1)), ANNA)
    assert given.holds(approval.review_by + timedelta(days=1))
    less = await consents.change(town, given.id, replace(given.terms, attributes=(STEPS,)), ANNA)
    assert less.terms.attributes == (STEPS,)  # who consents to less is asked for nothing
    reviewed = await ethics.say(town, approval.application, Act.REPORT, "120 people, no complaint", APPLICANT)
    assert reviewed.state is State.STANDING
    await decided(town, approval.application, YES)
    await consents.give(town, ANNA.id, terms(town), ANNA)


async def test_revoking_closes_the_purpose_at_once_and_not_renewing_ends_the_asking_alone(town: Town) -> None:
    for purpose, outcome, stays in (("walking", Outcome.ENDED, True), ("running", Outcome.REVOKED, False)):
        made = await approve(town, purpose, [PROGRAM], [WALK])
        await legal_records.publish(town, purpose, TEXTS, RULER)
        await consents.give(town, ANNA.id, terms(town, purpose=purpose), ANNA)
        ended = await decided(town, made.id, Motion(outcome, "Too few took part"))
        assert ended.is_public
        law = legal_records.law_of(town)
        veiled = law.veil(Principal("urn:program:walking", purpose=purpose))
        assert veiled is None  # nothing is marked here; whether data flow is asked of the purpose
        assert law.purposes[purpose].is_open(town.clock()) is stays
        with pytest.raises((NotApproved, BadRequestData)):
            await consents.give(town, ANNA.id, terms(town, purpose=purpose), ANNA)
        again = Law(town.clock)
        await legal_records.load_law(again, town.store)
        assert again.approvals == law.approvals
        assert again.purposes[purpose].is_open(town.clock()) is stays
    with pytest.raises(Conflict, match="is closed; apply for another one"):
        await ethics.submit(town, proposal("running", bounds(town.clock(), [PROGRAM], [WALK])), APPLICANT)


async def test_a_refused_purpose_stays_refused_until_another_application_passes(town: Town) -> None:
    await ethics.appoint(town, board(town.clock()), RULER)
    asked = proposal("walking", bounds(town.clock(), [PROGRAM], [WALK]))
    made = await ethics.submit(town, asked, APPLICANT)
    with pytest.raises(Conflict, match="not decided yet; change that one"):
        await ethics.submit(town, asked, APPLICANT)
    refused = await decided(town, made.id, Motion(Outcome.REFUSED, "A paper form would do"))
    assert refused.state is State.REFUSED
    with pytest.raises(NotApproved):
        await legal_records.publish(town, "walking", TEXTS, RULER)
    with pytest.raises(Conflict, match="this application is refused"):
        await ethics.revise(town, made.id, asked, APPLICANT)
    second = await ethics.submit(town, replace(asked, safeguards="Less data"), APPLICANT)
    await decided(town, second.id, YES)
    await legal_records.publish(town, "walking", TEXTS, RULER)


async def test_other_data_need_a_new_decision_and_until_then_the_old_one_counts(town: Town) -> None:
    first = await approve(town, "walking", [PROGRAM], [WALK], attributes=(STEPS,))
    await legal_records.publish(town, "walking", TEXTS, RULER)
    more = proposal("walking", bounds(town.clock(), [PROGRAM], [WALK], attributes=(STEPS, WEIGHT)))
    second = await ethics.submit(town, more, APPLICANT)
    with pytest.raises(NotApproved):
        await consents.give(town, ANNA.id, terms(town, attributes=(WEIGHT,)), ANNA)
    await decided(town, second.id, YES)
    await consents.give(town, ANNA.id, terms(town, attributes=(WEIGHT,)), ANNA)
    with pytest.raises(Conflict, match=f"{second.id} has taken the place"):
        await ethics.move(town, first.id, YES, True, MEMBERS[0])
    await decided(town, first.id, Motion(Outcome.ENDED, "Replaced"))  # which ends nothing of the second
    await consents.give(town, ANNA.id, terms(town, attributes=(WEIGHT,)), ANNA)


async def test_another_wording_is_published_and_shown_to_the_board(town: Town) -> None:
    made = await approve(town, "walking", [PROGRAM], [WALK])
    await legal_records.publish(town, "walking", TEXTS, RULER)
    await legal_records.publish(town, "walking", {**TEXTS, "ja": "歩数を見ます"}, RULER)
    with pytest.raises(Forbidden, match="Only members"):
        await ethics.note_read(town, made.id, 2, CLERK)
    with pytest.raises(BadRequestData, match="no version 3"):
        await ethics.note_read(town, made.id, 3, MEMBERS[0])
    assert (await ethics.note_read(town, made.id, 2, MEMBERS[0])).read_versions == {2}


async def test_a_town_without_a_board_names_who_decides_in_its_stead_and_why(town: Town) -> None:
    now, asked = town.clock(), proposal("walking", bounds(town.clock(), [PROGRAM], [WALK]))
    mayor = Principal("urn:person:mayor", frozenset({Role.MAYOR}), None, None, 2, 2)
    head = Member(mayor.id, "Aoki", "mayor", now)
    made = await ethics.submit(town, asked, APPLICANT)
    with pytest.raises(Forbidden, match="Only members"):
        await ethics.move(town, made.id, YES, True, mayor)
    one = replace(board(now), office=Office.HEAD, members=(head,), quorum=1)
    with pytest.raises(BadRequestData, match="say why the town has no board"):
        await ethics.appoint(town, one, RULER)
    await ethics.appoint(town, replace(one, reason="The town has 900 people"), RULER)
    done = await decided(town, made.id, YES, (mayor,))
    assert done.standing is not None
    assert done.standing.decision.office is Office.HEAD
    assert legal_records.law_of(town).approvals["walking"].office == "head"


async def test_only_members_in_office_without_an_interest_decide(town: Town) -> None:
    now = town.clock()
    seats = board(now)
    gone = replace(seats.members[2], until=now)
    await ethics.appoint(town, replace(seats, members=(*seats.members[:2], gone)), RULER)
    made = await ethics.submit(town, proposal("walking", bounds(now, [PROGRAM], [WALK])), APPLICANT)
    for nobody in (CLERK, RULER, MEMBERS[2]):
        with pytest.raises((Forbidden, NotFound)):
            await ethics.move(town, made.id, YES, True, nobody)
    with pytest.raises(BadRequestData, match="no interest of their own"):
        await ethics.move(town, made.id, YES, False, MEMBERS[0])
    await ethics.recuse(town, made.id, "My sister's company", MEMBERS[1])
    with pytest.raises(Forbidden, match="declared an interest"):
        await ethics.move(town, made.id, YES, True, MEMBERS[1])
    await ethics.move(town, made.id, YES, True, MEMBERS[0])
    with pytest.raises(Conflict, match="1 of the 2 votes"):
        await ethics.decide(town, made.id, MEMBERS[0])
    own = await ethics.submit(
        town, proposal("own", bounds(now, [PROGRAM], [WALK])), replace(MEMBERS[0], roles=frozenset({Role.OFFICER}))
    )
    with pytest.raises(Forbidden, match="applied for themselves"):
        await ethics.move(town, own.id, YES, True, MEMBERS[0])


async def test_a_vote_stays_open_for_those_who_have_not_voted_and_dissent_is_kept(town: Town) -> None:
    now = town.clock()
    await ethics.appoint(town, board(now), RULER)
    made = await ethics.submit(town, proposal("walking", bounds(now, [PROGRAM], [WALK])), APPLICANT)
    await ethics.move(town, made.id, YES, True, MEMBERS[0])
    with pytest.raises(BadRequestData, match="in words"):
        await ethics.vote(town, made.id, False, "", True, MEMBERS[1])
    await ethics.vote(town, made.id, True, "", True, MEMBERS[1])
    with pytest.raises(Conflict, match="open for 7 days"):
        await ethics.decide(town, made.id, MEMBERS[0])
    await ethics.vote(town, made.id, False, "Paper would do", True, MEMBERS[2])
    done = await ethics.decide(town, made.id, MEMBERS[0])
    assert done.standing is not None
    assert done.standing.decision.yes == tuple(sorted(one.id for one in MEMBERS[:2]))
    assert done.standing.dissent == ((MEMBERS[2].id, "Paper would do"),)


async def test_questions_are_answered_before_anything_is_approved(town: Town) -> None:
    await ethics.appoint(town, board(town.clock()), RULER)
    asked = proposal("walking", bounds(town.clock(), [PROGRAM], [WALK]))
    made = await ethics.submit(town, asked, APPLICANT)
    question = (await ethics.ask(town, made.id, "For how long?", MEMBERS[0])).steps[-1].number
    with pytest.raises(Conflict, match="1 questions have no answer"):
        await ethics.move(town, made.id, YES, True, MEMBERS[0])
    back = await decided(town, made.id, Motion(Outcome.RETURNED, "Say for how long"))
    assert (back.state, back.is_public) == (State.RETURNED, False)
    with pytest.raises(Conflict, match="sent-back"):
        await ethics.ask(town, made.id, "And why?", MEMBERS[0])
    changed = await ethics.revise(town, made.id, replace(asked, extent="For a year"), APPLICANT)
    assert (changed.state, changed.proposal.extent) == (State.REVIEW, "For a year")
    await ethics.answer(town, made.id, question, "A year", APPLICANT)
    await decided(town, made.id, YES)


async def test_what_is_not_decided_is_for_whom_it_concerns_and_what_is_decided_for_everyone(town: Town) -> None:
    await ethics.appoint(town, board(town.clock()), RULER)
    made = await ethics.submit(town, proposal("walking", bounds(town.clock(), [PROGRAM], [WALK])), APPLICANT)
    for who in (ANONYMOUS, ANNA):
        assert await ethics.applications(town, who) == []
        with pytest.raises(NotFound):
            await ethics.application(town, made.id, who)
    for who in (APPLICANT, MEMBERS[0], CLERK):
        assert (await ethics.application(town, made.id, who)).id == made.id
    await decided(town, made.id, YES)
    for who in (ANONYMOUS, ANNA):
        assert [one.id for one in await ethics.applications(town, who)] == [made.id]
    with pytest.raises(SignInRequired):
        await ethics.submit(town, made.proposal, ANONYMOUS)
    with pytest.raises(Forbidden):
        await ethics.submit(town, made.proposal, ANNA)
    with pytest.raises(Forbidden, match="no program"):
        await ethics.submit(town, made.proposal, replace(CLERK, scopes=frozenset({"write"})))
    with pytest.raises(Forbidden):
        await ethics.appoint(town, board(town.clock()), CLERK)
