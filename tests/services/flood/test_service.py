"""Does the live service do its work: from readings to proposals, decisions and what residents see?"""

import asyncio
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from machinami.broker import batch, operations
from machinami.broker.contexts import town_context
from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.ingest.town.simulate import Town as SimulatedTown
from machinami.ingest.town.simulate import history
from machinami.kit import approving
from machinami.kit.cap_feed import feed
from machinami.kit.city import Intake
from machinami.kit.installed import read_manifest
from machinami.kit.settings import SettingSheet, change_setting
from machinami.kit.words import LANGUAGES, Words
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.principal import SYSTEM
from machinami.model.reading import Reading
from machinami.model.vocabulary.alerts import Alert, Message
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.water import RiverGauge
from machinami.services.flood import service
from machinami.services.flood.book.happening import happening
from machinami.services.flood.book.town import TownBook
from machinami.services.flood.model import (
    FloodDecision,
    FloodMonitoring,
    FloodProposal,
    ModelScore,
    Settings,
    Thresholds,
    WaterLevelForecast,
)

from .conftest import GAUGE, START, River

BY = Officer("山田 花子", "危機管理課長")
JA = Words("ja", service.PACKAGE)


def typed(setting: str, value: str, reason: str) -> dict[str, str]:
    """The form of a setting."""
    return {"setting": setting, "value": value, "reason": reason, "who": BY.who, "role": BY.role}


async def approve(river: River, proposal: FloodProposal) -> None:
    texts = (proposal.headline or {}, proposal.text or {}, proposal.instruction or {}, proposal.area_name or {})
    await service.approve(river.city, proposal.id, Message(*(t["ja"] for t in texts)), BY)


async def told(river: River) -> list[int]:
    """The levels that residents see as published."""
    return [n.level for n in (await happening(river.city, JA)).notices]


async def test_a_town_without_any_data_is_left_in_peace(river: River) -> None:
    await service.refresh(river.city, river.now)
    await service.learn(river.city, river.now)
    assert (await TownBook(river.city).state(JA)).sheets == []
    assert (await happening(river.city, JA)).readings == []


async def test_a_gauge_that_has_never_spoken_is_unknown_and_not_calm(river: River) -> None:
    await river.stand()
    await service.refresh(river.city, river.now)
    assert (await river.monitoring()).warning_level is None
    (sheet,) = (await TownBook(river.city).state(JA)).sheets
    assert sheet.level is None
    assert sheet.reason == "この水位計からは、まだデータが届いていません。"


async def test_water_over_a_mark_makes_one_proposal_with_its_reasons(river: River) -> None:
    await river.stand()
    await river.say(0.8, 1.2, 1.3, 1.3)
    (proposal,) = await river.proposals()
    assert proposal.grade == 2
    assert next(row["kind"] for row in proposal.reasons or []) == "passed"
    assert set(proposal.headline or {}) == set(LANGUAGES)


async def test_an_unapproved_proposal_is_nowhere_in_what_residents_see(river: River) -> None:
    await river.stand()
    await river.say(0.8, 1.6, 1.7)
    assert await told(river) == []
    assert (await happening(river.city, JA)).waiting == 1
    assert b"<entry>" not in feed(await river.city.find(Alert), "http://town/cap", "町")
    assert (await TownBook(river.city).state(JA)).notices == []


async def test_an_approved_proposal_is_told_with_who_approved_it(river: River) -> None:
    await river.stand()
    await river.say(0.8, 1.6, 1.7)
    (proposal,) = await river.proposals()
    await approve(river, proposal)
    (notice,) = (await happening(river.city, JA)).notices
    assert (notice.level, notice.approved_by) == (3, "危機管理課長 山田 花子")
    (decision,) = await river.city.find(FloodDecision)
    assert (decision.kind, decision.decided_by, decision.role) == ("approved", "山田 花子", "危機管理課長")
    assert len(ElementTree.fromstring(feed(await river.city.find(Alert), "http://t", "町")).findall("{*}entry")) == 1


async def test_a_higher_level_supersedes_what_waits_and_what_is_told(river: River) -> None:
    await river.stand()
    await river.say(1.2, 1.2)
    await approve(river, (await river.proposals())[0])
    await river.say(1.6, 1.6, 2.1, 2.1)
    assert [p.grade for p in await river.proposals("superseded")] == [3]
    (waiting,) = await river.proposals()
    assert waiting.grade == 4
    assert await told(river) == [2]
    await approve(river, waiting)
    assert await told(river) == [4]
    kinds = [(a.state, [r["kind"] for r in a.revisions or []]) for a in await river.city.find(Alert)]
    assert kinds == [("superseded", ["Alert"]), ("published", ["Update"])]


async def test_when_the_water_is_down_the_end_is_proposed_and_needs_approval_too(river: River) -> None:
    await river.stand()
    await river.say(1.2, 1.2)
    await approve(river, (await river.proposals())[0])
    await river.say(0.95, *[0.7] * 6)
    assert await river.proposals() == []
    await river.say(0.7)
    (lift,) = await river.proposals()
    assert lift.grade == 0
    assert await told(river) == [2]
    await approve(river, lift)
    assert await told(river) == []
    (alert,) = await river.city.find(Alert)
    assert [r["kind"] for r in alert.revisions or []] == ["Alert", "Cancel"]


async def test_a_silent_gauge_keeps_what_is_told_and_proposes_nothing(river: River) -> None:
    await river.stand()
    await river.say(1.2, 1.2)
    await approve(river, (await river.proposals())[0])
    await river.say(*[None] * 30)
    assert (await river.monitoring()).quality == "silent"
    assert (await river.monitoring()).warning_level is None
    assert await told(river) == [2]
    assert await river.proposals() == []
    (reading,) = (await happening(river.city, JA)).readings
    assert reading.level is None
    assert "データが届いていません" in reading.reason


async def test_a_gauge_that_jumps_in_dry_weather_is_unknown_to_residents_and_told_to_the_officer(river: River) -> None:
    await river.stand()
    for n in range(12):
        at = river.now + timedelta(minutes=10 * n)
        await river.take([Reading("urn:ngsi-ld:RainGauge:1", "RainGauge", "precipitation", 0.0, at, "MMT")])
    await river.say(0.8, 1.6, 1.6)
    assert (await river.monitoring()).quality == "jump"
    gauge = next(r for r in (await happening(river.city, JA)).readings if r.kind == "level")
    assert gauge.level is None
    assert "飛びました" in gauge.reason
    (proposal,) = await river.proposals()
    assert [row["kind"] for row in proposal.reasons or []][:2] == ["jump", "passed"]


async def test_a_reading_marked_as_missing_is_a_gap(river: River) -> None:
    await river.stand()
    await river.say(0.5, 0.5, None, None, None, None, None)
    assert (await river.monitoring()).quality == "silent"


async def test_a_withdrawal_ends_what_is_told_and_needs_a_reason(river: River) -> None:
    await river.stand()
    await river.say(1.2, 1.2)
    await approve(river, (await river.proposals())[0])
    (alert,) = await river.city.find(Alert)
    with pytest.raises(BadRequestData):
        await approving.withdraw(river.city, service.OWN, alert.id, " ", BY)
    await approving.withdraw(river.city, service.OWN, alert.id, "誤報", BY)
    assert await told(river) == []
    with pytest.raises(Conflict):
        await approving.withdraw(river.city, service.OWN, alert.id, "もう一度", BY)
    assert [d.kind for d in await river.city.find(FloodDecision)] == ["approved", "withdrawn"]


async def test_a_declined_proposal_does_not_come_back_while_the_river_stays(river: River) -> None:
    await river.stand()
    await river.say(1.2, 1.2)
    await approving.decline(river.city, service.OWN, (await river.proposals())[0].id, "工事で水をためている", BY)
    await river.say(1.2, 1.2, 1.2)
    assert await river.proposals() == []
    await river.say(1.6, 1.6)
    assert [p.grade for p in await river.proposals()] == [3]


async def test_two_officers_cannot_approve_the_same_proposal(river: River) -> None:
    await river.stand()
    await river.say(1.2, 1.2)
    (proposal,) = await river.proposals()
    done = await asyncio.gather(approve(river, proposal), approve(river, proposal), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "NotThatWay"]
    assert len(await river.city.find(Alert)) == 1


async def test_an_alert_that_nobody_renews_ends(river: River) -> None:
    await river.stand()
    await river.say(1.2, 1.2)
    await approve(river, (await river.proposals())[0])
    river.now += timedelta(hours=13)
    assert await told(river) == []


async def test_what_was_stored_before_types_shared_their_shape_is_read_and_decided_as_ever(river: River) -> None:
    """As the first towns wrote it: the gauge and the level under their own names, and no word of whose it is."""
    await river.stand()
    context = town_context()
    stored = {
        "refGauge": Attribute(Kind.RELATIONSHIP, GAUGE),
        "warningLevel": Attribute(Kind.PROPERTY, 3),
        "state": Attribute(Kind.PROPERTY, "proposed"),
        "issuedAt": Attribute(Kind.PROPERTY, "2026-06-29T21:00:00Z"),
        "headline": Attribute(Kind.LANGUAGE, {"ja": "避難を"}),
    }
    attributes = {context.expand(name): (value,) for name, value in stored.items()}
    old = Entity("urn:ngsi-ld:FloodProposal:old", (context.expand("FloodProposal"),), attributes)
    await batch.put_all(river.town, [(old, [])], SYSTEM)
    (found,) = await river.proposals()
    assert (found.ref_subject, found.grade, found.source_service) == (GAUGE, 3, None)
    await approving.decline(river.city, service.OWN, old.id, "工事", BY)
    kept = {context.compact(name) for name in operations.peek(river.town, old.id, SYSTEM).attributes}
    assert {"refGauge", "warningLevel"} <= kept
    assert not {"refSubject", "grade"} & kept
    (decision,) = await river.city.find(FloodDecision)
    assert (decision.kind, decision.ref_subject, decision.source_service) == ("declined", GAUGE, "flood")


async def test_what_is_unknown_cannot_be_decided_upon(river: River) -> None:
    for attempt in (
        service.approve(river.city, "urn:none", Message("a", "b", "c", "d"), BY),
        approving.withdraw(river.city, service.OWN, "urn:none", "r", BY),
        service.set_thresholds(river.city, "urn:none", Thresholds(), "r", BY),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_changed_thresholds_count_and_stand_in_the_history_with_who_and_why(river: River) -> None:
    await river.stand()
    await river.say(0.8, 0.8)
    await service.set_thresholds(river.city, GAUGE, Thresholds(0.7, None, 2.0, 3.0), "河床掘削", BY)
    await river.say(0.8, 0.8)
    assert [p.grade for p in await river.proposals()] == [2]
    (gauge,) = await river.city.find(RiverGauge)
    assert (gauge.attention_level, gauge.evacuation_judgement_level) == (0.7, None)
    assert gauge.water_level is not None
    assert gauge.water_level.value == 0.8
    (change,) = (await TownBook(river.city).state(JA)).sheets[0].changes
    assert (change.who, change.reason, change.before.attention, change.after.attention) == (
        "山田 花子",
        "河床掘削",
        1.0,
        0.7,
    )


async def test_changes_of_thresholds_are_undone_one_after_the_other(river: River) -> None:
    await river.stand()
    await service.set_thresholds(river.city, GAUGE, Thresholds(0.7, 1.5, 2.0, 3.0), "一", BY)
    await service.set_thresholds(river.city, GAUGE, Thresholds(0.6), "二", BY)
    found = []
    for _ in range(2):
        await service.undo_thresholds(river.city, GAUGE, BY, river.now)
        (gauge,) = await river.city.find(RiverGauge)
        found.append((gauge.attention_level, gauge.bank_level))
    assert found == [(0.7, 3.0), (1.0, 3.0)]
    with pytest.raises(Conflict):
        await service.undo_thresholds(river.city, GAUGE, BY, river.now)


async def test_an_undo_of_thresholds_that_a_colleague_changed_meanwhile_changes_nothing(river: River) -> None:
    await river.stand()
    await service.set_thresholds(river.city, GAUGE, Thresholds(0.7, 1.5, 2.0, 3.0), "一", BY)
    seen = river.now
    river.now += timedelta(minutes=1)
    await service.set_thresholds(river.city, GAUGE, Thresholds(0.6, 1.5, 2.0, 3.0), "二", BY)
    with pytest.raises(Conflict, match="meanwhile"):
        await service.undo_thresholds(river.city, GAUGE, BY, seen)
    (gauge,) = await river.city.find(RiverGauge)
    assert gauge.attention_level == 0.6


async def test_thresholds_in_the_wrong_order_are_refused_and_nothing_changes(river: River) -> None:
    await river.stand()
    with pytest.raises(BadRequestData):
        await service.set_thresholds(river.city, GAUGE, Thresholds(2.0, 1.0), "まちがい", BY)
    (gauge,) = await river.city.find(RiverGauge)
    assert gauge.attention_level == 1.0


async def test_a_changed_setting_stands_in_the_log(river: River) -> None:
    await change_setting(river.city, typed("public_forecast", "yes", "許可を得た"), service.set_setting)
    assert (await river.city.settings(Settings)).public_forecast is True
    (decision,) = await river.city.find(FloodDecision)
    assert (decision.kind, decision.before, decision.after) == (
        "setting",
        {"public_forecast": False},
        {"public_forecast": True},
    )


async def test_who_sets_what_a_colleague_has_just_set_is_told_and_nothing_is_lost(river: River) -> None:
    book = TownBook(river.city)
    first, second = ({**typed("silent_minutes", text, "台風"), "seen": "40"} for text in ("20", "10"))
    assert await book.setting(first, JA) is None
    refused = await book.setting(second, JA)
    assert refused is not None
    assert (refused.text, "20 分" in refused.fault) == ("10", True)
    assert (await river.city.settings(Settings)).silent_minutes == 20
    assert await book.setting(second | {"seen": "20"}, JA) is None
    assert (await river.city.settings(Settings)).silent_minutes == 10


async def test_a_setting_is_changed_by_a_named_officer_for_a_reason_and_undone(river: River) -> None:
    book = TownBook(river.city)
    for wrong in ({"who": ""}, {"reason": " "}):
        with pytest.raises(BadRequestData):
            await book.setting(typed("silent_minutes", "20", "台風") | wrong, JA)
    for text in ("0", "1.5", "many", ""):
        refused = await book.setting(typed("silent_minutes", text, "台風"), JA)
        assert refused is not None
        assert refused.text == text
    assert await book.setting(typed("silent_minutes", "20", "台風"), JA) is None
    river.now += timedelta(minutes=1)
    await book.setting(typed("silent_minutes", "10", "もっと早く"), JA)
    river.now += timedelta(minutes=1)
    seen = await back(book)
    await asyncio.gather(book.setting(seen, JA), book.setting(seen, JA), return_exceptions=True)  # a double press
    assert (await river.city.settings(Settings)).silent_minutes == 20
    river.now += timedelta(minutes=1)
    seen = await back(book)
    await book.setting(seen, JA)
    with pytest.raises(Conflict):
        await book.setting(seen, JA)
    sheet = await silence(book)
    assert (sheet.field.text, sheet.field.unit, sheet.field.minimum) == ("40", "分", 2)
    assert [(c.before, c.after) for c in sheet.changes] == [("20", "40"), ("10", "20"), ("20", "10"), ("40", "20")]
    assert (sheet.changes[-1].who, sheet.changes[-1].reason, sheet.undoes) == (str(BY), "台風", "")


async def test_an_undo_takes_back_the_change_that_was_seen_and_no_other(river: River) -> None:
    book = TownBook(river.city)
    await book.setting(typed("silent_minutes", "20", "台風"), JA)
    seen = await back(book)
    river.now += timedelta(minutes=1)
    await book.setting(typed("silent_minutes", "10", "もっと早く"), JA)  # another officer
    with pytest.raises(Conflict, match="meanwhile"):
        await book.setting(seen, JA)
    assert (await river.city.settings(Settings)).silent_minutes == 10


async def silence(book: TownBook) -> SettingSheet:
    (sheet,) = [s for s in (await book.state(JA)).settings if s.field.name == "silent_minutes"]
    return sheet


async def back(book: TownBook) -> dict[str, str]:
    """The form by which the change that stands is undone."""
    return typed("silent_minutes", "", "") | {"undo": (await silence(book)).undoes}


async def test_what_to_do_is_told_with_what_happens(river: River) -> None:
    await river.stand()
    await river.say(1.6, 1.6)
    (proposal,) = (await TownBook(river.city).state(JA)).proposals
    assert proposal.instruction
    message = Message(proposal.headline, proposal.body, "高台へ。", proposal.area)
    await service.approve(river.city, proposal.id, message, BY)
    (notice,) = (await happening(river.city, JA)).notices
    assert notice.instruction == "高台へ。"


async def test_every_reason_is_a_sentence_in_every_language(river: River) -> None:
    await river.stand()
    await river.say(0.8, 1.6, 1.7)
    for language in LANGUAGES:
        state = await TownBook(river.city).state(Words(language, service.PACKAGE))
        assert all(reason and "{" not in reason for reason in state.proposals[0].reasons)


async def run_storm(river: River, storm: SimulatedTown, hours: float) -> dict[str, list[int]]:
    """Let the storm pass in steps of ten minutes, approving everything; the levels proposed by gauge, in order."""
    await river.take(list(storm.inventory()))
    proposed: dict[str, list[int]] = {}
    while river.now < START + timedelta(hours=hours):
        later = river.now + timedelta(minutes=10)
        tick = timedelta(seconds=1)
        await river.take(list(storm.readings(river.now + tick, later + tick)))
        river.now = later
        await service.refresh(river.city, river.now)
        public = {n.id for n in (await happening(river.city, JA)).notices}
        for waiting in await river.proposals():
            assert str(waiting.ref_alert) not in public
            proposed.setdefault(str(waiting.ref_subject).rpartition("-")[2], []).append(waiting.grade or 0)
            await approve(river, waiting)
    return proposed


async def test_the_simulated_storm_is_proposed_in_order_and_lifted_at_the_end(
    river: River, storm: SimulatedTown
) -> None:
    proposed = await run_storm(river, storm, 12.0)
    assert set(proposed) == {"kamihayase", "kiritachi", "ogura", "ohashi", "seki"}
    for levels in proposed.values():
        crest = levels.index(max(levels))
        assert levels[: crest + 1] == sorted(set(levels[: crest + 1]))
        assert levels[crest:] == sorted(set(levels[crest:]), reverse=True)
        assert levels[-1] == 0
    assert max(proposed["ohashi"]) == 4
    assert await told(river) == []


async def test_the_gauge_that_falls_silent_in_the_storm_is_unknown(river: River, storm: SimulatedTown) -> None:
    await run_storm(river, storm, 4.5)
    ogura = "urn:ngsi-ld:RiverGauge:machinami-ogura"
    assert (await river.monitoring(ogura)).warning_level is None
    assert (await river.monitoring(ogura)).quality == "silent"
    states = {m.ref_gauge: m.quality for m in await river.city.find(FloodMonitoring)}
    assert list(states.values()).count("none") == 4


UPSTREAM = "urn:ngsi-ld:RiverGauge:machinami-kamihayase"


async def learn_from(river: River, days: int) -> tuple[SimulatedTown, ModelScore]:
    """Tell the past of one simulated gauge and its rain, and learn from it."""
    town = SimulatedTown(1, START, days=days)
    intake = Intake(river.town, read_manifest("machinami.ingest.town", "ingest"))
    kept = [r for r in town.inventory() if r.entity_type != "RiverGauge" or r.entity_id == UPSTREAM]
    await intake.deliver(kept)
    for day in history(town, START + timedelta(seconds=1)):
        await intake.deliver_past([r for r in day if r.entity_type == "RainGauge" or r.entity_id == UPSTREAM])
    await service.learn(river.city, river.now)
    (score,) = await river.city.find(ModelScore)
    return town, score


async def test_a_model_that_does_not_beat_persistence_as_the_town_asks_is_scored_but_not_used(
    river: River,
) -> None:
    await TownBook(river.city).setting(typed("improvement_needed", "0.5", "試行"), JA)
    _, score = await learn_from(river, 16)
    assert score.in_use is False
    assert score.scores
    assert all(row["model"] > 0.5 * row["persistence"] for row in score.scores)
    assert await river.city.artefact(UPSTREAM) is None
    assert not any(s.in_use for s in (await TownBook(river.city).state(JA)).scores)


async def test_a_model_that_beats_persistence_is_used_and_warns_before_the_crossing(river: River) -> None:
    past, score = await learn_from(river, 40)
    used = [row for row in score.scores or [] if row["used"]]
    assert score.in_use
    assert used
    assert all(row["model"] < row["persistence"] for row in used)

    issued, crossed = None, None
    while crossed is None:
        later = river.now + timedelta(minutes=10)
        tick = timedelta(seconds=1)
        fresh: list[Reading] = list(past.readings(river.now + tick, later + tick))
        await river.take([r for r in fresh if r.entity_type != "RiverGauge" or r.entity_id == UPSTREAM])
        river.now = later
        await service.refresh(river.city, river.now)
        (gauge,) = await river.city.find(RiverGauge)
        if gauge.water_level and (gauge.water_level.value or 0) >= (gauge.attention_level or 9):
            crossed = river.now
        if issued is None and await river.proposals():
            issued = river.now
        assert river.now < START + timedelta(hours=6)
    (forecast,) = await river.city.find(WaterLevelForecast)
    assert all(row["low"] <= row["middle"] <= row["high"] for row in forecast.horizons or [])
    assert issued is not None
    assert issued < crossed
    sheet = (await TownBook(river.city).state(JA)).sheets[0]
    assert [step.at for step in sheet.forecast] == sorted(step.at for step in sheet.forecast)
    await service.learn(river.city, river.now)
    assert len(await river.city.find(ModelScore)) == 1


async def test_a_model_of_an_older_version_is_not_used_and_learned_anew(river: River) -> None:
    await learn_from(river, 40)
    old = await river.city.artefact(UPSTREAM)
    assert old is not None
    await river.city.keep_artefact(UPSTREAM, {**old, "format": "machinami-flood-1", "model": "old"})
    await service.forecast(river.city, river.now)
    assert await river.city.find(WaterLevelForecast) == []
    await service.learn(river.city, river.now)
    assert await river.city.artefact(UPSTREAM) == old
