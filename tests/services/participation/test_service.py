"""Does every voice count once, get its answer in time, and leave no name behind?"""

from datetime import timedelta

import pytest
from tests.services.participation.conftest import OFFICER, START, Square

from machinami.broker import operations
from machinami.foundation.errors import Conflict, Forbidden
from machinami.kit.viewing import VIEWER
from machinami.model.principal import SYSTEM, Principal, Role
from machinami.model.query import TemporalQuery
from machinami.model.vocabulary.circle import Proposal
from machinami.services.participation import service
from machinami.services.participation.logic import pieces, record
from machinami.services.participation.logic.pieces import Reply
from machinami.services.participation.model import ParticipationStep, ProposalComment, Voice

NOBODY = Voice("device:1")
ADOPTED = Reply("adopted", "計画に入れました。", "ja", "取組 3 に木陰の整備を加えた")


async def test_a_proposal_is_taken_with_the_day_until_when_a_reply_is_owed(square: Square) -> None:
    piece = await square.hand_in(square.voice("kei"))
    found = await square.found(piece.id)
    assert (found.state, found.due_on, found.supports, found.verified) == ("open", "2026-07-30", 0, True)
    assert not pieces.is_overdue(found, pieces.today(START + timedelta(days=30), "Asia/Tokyo"))
    assert pieces.is_overdue(found, pieces.today(START + timedelta(days=31), "Asia/Tokyo"))


async def test_no_entity_no_record_and_no_drawer_names_a_person(square: Square) -> None:
    with square.as_person("kei") as kei:
        piece = await square.hand_in(kei)
        await service.support(square.city, piece.id, kei, True)
        await service.comment(square.city, piece.id, "賛成です", "ja", kei)
    for entity_id in (piece.id, record.step_id(1), record.step_id(2), record.step_id(3)):
        assert "urn:person:kei" not in repr(operations.peek(square.town, entity_id, SYSTEM))
    changes = await square.town.store.changes(0, 1_000)
    assert changes
    assert not any("urn:person:kei" in repr(change) for change in changes)
    for shelf in (service.OWN, f"supports/{piece.id}"):
        rows = await square.city.private_rows(shelf)
        assert rows
        assert "urn:person:kei" not in repr(rows)


async def test_a_reply_is_read_with_who_gave_it_and_says_what_changed(square: Square) -> None:
    piece = await square.hand_in(square.voice("kei"))
    square.now += timedelta(days=3)
    await service.reply(square.city, piece.id, ADOPTED, OFFICER)
    found = await square.found(piece.id)
    assert (found.state, found.replied_by, found.replied_at) == ("adopted", "山田花子 (企画課長)", square.now)
    assert found.changed == {"ja": "取組 3 に木陰の整備を加えた"}
    assert pieces.waiting([found]) == []


async def test_each_person_is_one_voice_and_who_is_not_signed_in_is_none(square: Square) -> None:
    piece = await square.hand_in(NOBODY)
    assert piece.verified is False
    assert piece.author is None
    for by in (square.voice("kei"), square.voice("kei"), square.voice("aoi"), NOBODY, Voice("device:2")):
        found = await service.support(square.city, piece.id, by, True)
    assert (found.supports, found.unverified) == (2, 2)
    assert await service.supported(square.city, piece.id, square.voice("aoi"))
    found = await service.support(square.city, piece.id, square.voice("aoi"), False)
    assert (found.supports, found.unverified) == (1, 2)


async def test_supports_that_were_brought_in_from_elsewhere_are_added_to(square: Square) -> None:
    old = Proposal("urn:ngsi-ld:Proposal:old", kind="proposal", state="open", supports=34, simulated=True)
    await square.know(old)
    for name in ("kei", "aoi"):
        found = await service.support(square.city, old.id, square.voice(name), True)
    assert (found.supports, found.unverified) == (36, 0)
    for name in ("aoi", "kei"):
        found = await service.support(square.city, old.id, square.voice(name), False)
    assert found.supports == 34


async def test_a_program_speaks_for_nobody(square: Square) -> None:
    token = VIEWER.set(Principal("urn:program:x", frozenset({Role.RESIDENT}), scopes=frozenset({"write"})))
    try:
        assert not service.voice_of(square.city, "a secret of a browser").verified
        assert service.voice_of(square.city, "").key == ""
    finally:
        VIEWER.reset(token)


async def test_a_town_may_refuse_who_is_not_signed_in(square: Square) -> None:
    await square.city.set_setting("take_unverified", False, "x")
    with pytest.raises(Forbidden):
        await square.hand_in(NOBODY)
    assert (await square.hand_in(square.voice("kei"))).verified


async def test_nobody_floods_the_town(square: Square) -> None:
    for _ in range(5):
        await square.hand_in(NOBODY)
    with pytest.raises(Conflict):
        await square.hand_in(NOBODY)
    await square.hand_in(square.voice("kei"))
    square.now += timedelta(days=1)
    await square.hand_in(NOBODY)


async def remembered(square: Square, piece_id: str) -> str:
    """All that the history of a piece still says."""
    found = await square.town.store.instances([piece_id], None, TemporalQuery())
    return repr(found)


async def test_a_hidden_text_is_replaced_by_its_reason_and_can_be_shown_again(square: Square) -> None:
    kei = square.voice("kei")
    piece = await square.hand_in(kei, name="役場の誰か", text="名指しの悪口")
    await service.hide(square.city, Proposal, piece.id, "個人を傷つける", OFFICER)
    found = await square.found(piece.id)
    assert (found.state, found.name, found.text) == ("hidden", None, None)
    assert found.moderation is not None
    assert [(r["did"], r["reason"], r["role"]) for r in found.moderation] == [("hide", "個人を傷つける", "企画課長")]
    assert "名指しの悪口" not in await remembered(square, piece.id)
    with pytest.raises(Conflict):
        await service.support(square.city, piece.id, kei, True)
    with pytest.raises(Forbidden):
        await service.object_to(square.city, Proposal, piece.id, "ちがう", square.voice("aoi"))
    await service.object_to(square.city, Proposal, piece.id, "事実を書いた", kei)
    assert pieces.is_objected(await square.found(piece.id))
    await service.judge(square.city, Proposal, piece.id, True, "申し立てのとおり", OFFICER)
    found = await square.found(piece.id)
    assert (found.state, found.text) == ("open", {"ja": "名指しの悪口"})
    assert found.moderation is not None
    assert [r["did"] for r in found.moderation] == ["hide", "object", "show"]
    assert (await service.verify(square.city)).is_sound


async def test_what_is_taken_back_is_gone_with_its_past(square: Square) -> None:
    kei = square.voice("kei")
    piece = await square.hand_in(kei, text="やっぱりやめた文")
    with pytest.raises(Forbidden):
        await service.withdraw(square.city, Proposal, piece.id, NOBODY)
    await service.withdraw(square.city, Proposal, piece.id, kei)
    found = await square.found(piece.id)
    assert (found.state, found.text, found.author) == ("withdrawn", None, None)
    assert "やっぱり" not in await remembered(square, piece.id)
    assert await service.owned(square.city, kei) == frozenset()
    assert (await service.verify(square.city)).is_sound


async def test_forgetting_that_was_cut_off_is_brought_to_its_end(square: Square) -> None:
    kei = square.voice("kei")
    piece = await square.hand_in(kei, text="消すはずの文")
    await service.reply(square.city, piece.id, ADOPTED, OFFICER)
    left = pieces.withdrawn(await square.found(piece.id))
    await service.keep(square.city, left, "author", "withdraw", square.now)
    await square.city.private(lambda drawer: drawer.put(service.PENDING, piece.id, record.told(left)))
    await square.city.erase(Proposal, [piece.id])
    assert not (await service.verify(square.city)).is_sound
    await service.refresh(square.city, square.now)
    assert await square.found(piece.id) == left
    assert (await service.verify(square.city)).is_sound
    assert await square.city.private_rows(service.PENDING) == {}


async def test_a_comment_is_hidden_like_a_proposal(square: Square) -> None:
    piece = await square.hand_in(square.voice("kei"))
    said = await service.comment(square.city, piece.id, "広告です", "ja", NOBODY)
    await service.hide(square.city, ProposalComment, said.id, "広告", OFFICER)
    found = await service.there(square.city, ProposalComment, said.id)
    assert (found.state, found.text) == ("hidden", None)


async def test_the_record_tells_every_step_and_finds_what_was_changed_past_it(square: Square) -> None:
    piece = await square.hand_in(square.voice("kei"))
    await service.support(square.city, piece.id, square.voice("aoi"), True)
    await service.reply(square.city, piece.id, ADOPTED, OFFICER)
    sound = await service.verify(square.city)
    assert sound.is_sound
    assert sound.steps == 3
    steps = await square.city.find(ParticipationStep)
    assert [e["did"] for e in record.entries(steps)] == ["hand_in", "support", "reply"]

    await square.city.publish(Proposal(piece.id, supports=400))  # past the service
    assert (await service.verify(square.city)).changed == (piece.id,)


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_step_that_is_rewritten_or_taken_out_is_found(square: Square, number: int) -> None:
    piece = await square.hand_in(square.voice("kei"))
    for name in ("aoi", "ren"):
        await service.support(square.city, piece.id, square.voice(name), True)
    victim = record.step_id(number)
    step = next(s for s in await square.city.find(ParticipationStep) if s.id == victim)
    await square.city.publish(ParticipationStep(victim, entries=(step.entries or "").replace("resident", "nobody")))
    assert "changed" in [fault.kind for fault in (await service.verify(square.city)).faults]
    await square.city.publish(step)
    assert (await service.verify(square.city)).is_sound
    await square.city.remove(ParticipationStep, victim)
    assert not (await service.verify(square.city)).is_sound
