"""How is a consent given, changed and withdrawn, and what may follow what? And which ground opens what to whom?"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.consent.towns import ABOUT, CONSENT, KNOWN, ROOT, STEPS, UNTIL, WALK, Consenting, as_of, consenting, walk
from tests.running import EARLY

from machinami.broker import consents
from machinami.broker.audit import Search
from machinami.broker.law import Law
from machinami.broker.legal_records import load_law
from machinami.foundation.errors import Conflict
from machinami.model.consent import IN_FORCE, Event, State, Terms, after, folded, following
from machinami.model.entity import Entity
from machinami.model.legal import LegalClass, Mark

TERMS = Terms(("role:officer",), "walking", EARLY + timedelta(days=1), (WALK,))


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Consenting]:
    async with consenting(tmp_path) as found:
        yield found


def _walks(length: int) -> list[tuple[State, ...]]:
    return list(product(State, repeat=length))


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
def test_data_flow_on_a_consent_that_is_given_or_changed_and_what_has_ended_never_comes_back(length: int) -> None:
    """Every sequence of steps there is: a walk either breaks a rule, or ends in a state that is right."""
    done = 0
    for steps in _walks(length):
        events = [Event("urn:c", number, step, EARLY, "urn:p", "urn:p", TERMS) for number, step in enumerate(steps, 1)]
        ended = [step in (State.WITHDRAWN, State.EXPIRED) for step in steps]
        right = steps[0] is State.GIVEN and State.GIVEN not in steps[1:] and not any(ended[:-1])
        try:
            consent = folded(events)
        except Conflict:
            assert not right
            continue
        done += 1
        assert right
        assert consent.state is steps[-1]
        assert consent.events == tuple(events)
        assert consent.holds(EARLY) == (steps[-1] in IN_FORCE) == (not ended[-1])
        assert not consent.holds(TERMS.until)
    assert done == (1 if length == 1 else 3)


def test_from_no_state_but_two_may_anything_follow() -> None:
    for state in (None, *State):
        allowed = set()
        for step in State:
            try:
                allowed.add(following(state, step))
            except Conflict:
                continue
        if state is None:
            assert allowed == {State.GIVEN}
        elif state in IN_FORCE:
            assert allowed == {State.CHANGED, State.WITHDRAWN, State.EXPIRED}
        else:
            assert allowed == set()


async def test_a_clerk_takes_a_consent_down_with_the_proof_and_nobody_speaks_for_others_else(town: Consenting) -> None:
    said = {**CONSENT, "subject": KNOWN["anna"].id}
    assert (await town.ask("clerk", "POST", "/consents", said)).status == 400  # how did she show that it is her will?
    assert (await town.ask("ben", "POST", "/consents", {**said, "proof": "she said so"})).status == 403
    assert (await town.ask("walking", "POST", "/consents", {**said, "proof": "she said so"})).status == 403
    assert (await town.ask("nobody", "POST", "/consents", said)).status == 401
    own = {**said, "proof": "she signed", "recipients": [f"person:{KNOWN['clerk'].id}"]}
    assert (await town.ask("clerk", "POST", "/consents", own)).status == 403
    made = await town.done("clerk", "POST", "/consents", {**said, "proof": "she signed form 7"})
    receipt = await town.done("anna", "GET", f"/consents/{made['id']}/receipt")
    assert (receipt["givenBy"], receipt["proxy"], receipt["proof"]) == ("proxy", KNOWN["clerk"].id, "she signed form 7")
    assert receipt["notice"] == {"version": "1", "language": "ja", "text": "歩いた数を見ます"}
    listed = await town.done("anna", "GET", "/consents")
    assert [one["id"] for one in listed] == [made["id"]]
    assert (await town.ask("ben", "GET", f"/consents?subject={KNOWN['anna'].id}")).status == 403
    assert (await town.ask("ben", "GET", f"/consents/{made['id']}")).status == 404
    assert (await town.ask("ben", "POST", f"/consents/{made['id']}/withdraw")).status == 404
    await town.done("clerk", "POST", f"/consents/{made['id']}/withdraw", {"proof": "by telephone, called back"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "another"}, {"text": "2"}, {"language": "fr"}, {"until": "2020-01-01T00:00:00Z"},
        {"recipients": []},
        {"recipients": ["everyone"]}, {"types": [], "attributes": []}, {"until": "2099-01-01T00:00:00Z"},
        {"recipients": ["role:operator"]}, {"secret": 1}, {"area": {"type": "Nowhere"}},
    ],
)  # fmt: skip
async def test_a_consent_that_does_not_say_what_it_must_is_not_taken(town: Consenting, wrong: dict[str, Any]) -> None:
    assert (await town.ask("anna", "POST", "/consents", {**CONSENT, **wrong})).status == 400


async def test_what_was_given_and_withdrawn_is_there_after_a_restart_step_by_step(town: Consenting) -> None:
    first, second = await town.consent(), await town.consent("ben")
    await town.done("anna", "POST", f"/consents/{first}/withdraw")
    house = await town.house()
    law = Law(house.clock)
    await load_law(law, house.store)
    assert law.consents == house.policy.law.consents if house.policy.law else False
    assert [event.step for event in law.consents[first].events] == [State.GIVEN, State.WITHDRAWN]
    veil = law.veil(as_of("walking"))
    assert veil is not None
    assert [len(veil.consented(KNOWN[who].id)) for who in ("anna", "ben")] == [0, 1]
    assert law.consents[second].state is State.GIVEN


async def test_every_step_and_every_read_of_personal_data_is_noted_with_the_purpose(town: Consenting) -> None:
    consent = await town.consent()
    await town.done("walking", "GET", f"{ROOT}/entities/urn:x:walk:0")
    await town.done("anna", "POST", f"/consents/{consent}/withdraw")
    house = await town.house()
    audit = town.broker.audit(house)
    noted = (await audit.search(Search(what=KNOWN["anna"].id), 10, KNOWN["administrator"])).entries
    assert [one["what"].split(":")[0] for one in noted] == ["consent withdrawn", "consent given"]
    reads = (await audit.search(Search(did="read", what="urn:x:walk:0"), 10, KNOWN["administrator"])).entries
    assert [(one["who"], one["purpose"]) for one in reads] == [(KNOWN["walking"].id, "walking")]


async def test_a_consent_ends_by_its_date_and_that_is_noted(town: Consenting) -> None:
    await town.consent(until="2026-06-30T09:00:02Z")  # the clock of the town goes on at every look
    house = await town.house()
    while house.clock() < EARLY + timedelta(seconds=2):
        pass
    assert (await town.done("walking", "GET", f"{ROOT}/entities?type=Walk")) == []
    assert await consents.expire(house) == 1
    assert await consents.expire(house) == 0
    assert [one["state"] for one in await town.done("anna", "GET", "/consents")] == ["expired"]


async def test_a_closed_purpose_opens_nothing_any_more(town: Consenting) -> None:
    await town.consent()
    assert len(await town.done("walking", "GET", f"{ROOT}/entities?type=Walk")) == 2
    await town.done("administrator", "POST", "/purposes/walking/close")
    assert await town.done("walking", "GET", f"{ROOT}/entities?type=Walk") == []
    assert (await town.ask("anna", "POST", "/consents", CONSENT)).status == 400


async def test_a_ground_opens_data_to_whom_it_names_until_it_ends_and_residents_can_read_it(town: Consenting) -> None:
    ground = {"id": "flood", "basis": "vital-interests", "who": "role:officer", "until": UNTIL, "types": [WALK]}
    assert (await town.ask("administrator", "POST", "/grounds", ground)).status == 400  # without a reason
    assert (await town.ask("clerk", "POST", "/grounds", {**ground, "reason": "x"})).status == 403
    await town.done("administrator", "POST", "/grounds", {**ground, "reason": "Who is on the walk is warned"})
    assert len(await town.done("clerk", "GET", f"{ROOT}/entities?type=Walk", purpose="")) == 3
    assert await town.done("administrator", "GET", f"{ROOT}/entities?type=Walk") == []
    (told,) = await town.done("anna", "GET", "/grounds")
    assert (told["reason"], told["madeBy"], told["holds"]) == (
        "Who is on the walk is warned", KNOWN["administrator"].id, True)  # fmt: skip
    await town.done("administrator", "POST", "/grounds/flood/end")
    assert await town.done("clerk", "GET", f"{ROOT}/entities?type=Walk", purpose="") == []


# v: the class lets it be seen, as far as the policy goes. g: on the ground of the class alone.
CLASS_TABLE = """
                          clerk walking neighbour
personal                  g     g       g
pseudonymised             v     g       g
anonymised                v     v       v
related                   v     g       g
administrative-anonymised v     g       g
"""
GROUND_OF = {
    "personal": "law",
    "pseudonymised": "law",
    "related": "receiver-confirmed",
    "administrative-anonymised": "receiver-contract",
    "anonymised": "law",
}
GROUND_NAMES = {"clerk": "role:officer", "walking": f"program:{KNOWN['walking'].id}", "neighbour": "role:neighbour"}


@pytest.mark.parametrize("line", CLASS_TABLE.strip().splitlines()[1:])
async def test_each_class_has_its_rule(town: Consenting, line: str) -> None:
    legal, *cells = line.split()
    mark = {"class": legal, "type": WALK, "subject": ABOUT}
    await town.done("administrator", "POST", "/legal-classes", mark)
    for who, cell in zip(("clerk", "walking", "neighbour"), cells, strict=True):
        path = f"{ROOT}/entities?type=Walk"
        before = await town.done(who, "GET", path)
        assert (len(before) == 3) == (cell == "v"), (legal, who)
        ground = {"id": who, "basis": GROUND_OF[legal], "who": GROUND_NAMES[who], "until": UNTIL, "reason": "a law"}
        await town.done("administrator", "POST", "/grounds", ground)
        seen = await town.done(who, "GET", path)
        assert len(seen) == 3
        assert all(("walker" in one) == (legal != "pseudonymised") for one in seen)  # linked to nobody again


async def test_what_has_a_class_is_not_passed_on_to_sources(town: Consenting) -> None:
    source = {
        "id": "urn:x:source", "type": "ContextSourceRegistration", "endpoint": "http://127.0.0.1:9", "mode": "redirect",
        "operations": ["redirectionOps"],
        "information": [{"entities": [{"type": "Walk", "id": "urn:x:walk:8"}, {"type": "Sensor"}]}],
    }  # fmt: skip
    await town.done("administrator", "POST", f"{ROOT}/csourceRegistrations", source)
    told = await town.ask("administrator", "POST", f"{ROOT}/entities", walk(8, "anna"))
    assert told.status == 403
    told = await town.ask("administrator", "POST", f"{ROOT}/entities", {"id": "urn:x:s", "type": "Sensor"})
    assert told.status in (207, 502, 503, 504), told  # it was passed on, to a source that is not there


def test_a_change_takes_no_mark_from_what_is_there() -> None:
    law = Law(lambda: EARLY)
    law.set_marks([Mark(LegalClass.PERSONAL, WALK), Mark(LegalClass.PERSONAL, attribute=STEPS, subject=ABOUT)])
    entity = Entity("urn:x:1", (WALK, "urn:other"))
    law.demand_kept(entity, replace(entity, types=(WALK,)))
    with pytest.raises(Conflict):
        law.demand_kept(entity, replace(entity, types=("urn:other",)))


async def test_an_open_town_asks_nobody_for_consent(tmp_path: Path) -> None:
    async with consenting(tmp_path) as found:
        house = await found.house()
        house.policy.set_rows(None)
        with pytest.raises(Conflict):
            await consents.give(house, KNOWN["anna"].id, TERMS, KNOWN["anna"])
        assert len(await found.done("nobody", "GET", f"{ROOT}/entities?type=Walk")) == 3


def test_a_step_that_changes_keeps_what_was_before() -> None:
    given = after(None, Event("urn:c", 1, State.GIVEN, EARLY, "urn:p", "urn:p", TERMS))
    changed = after(given, Event("urn:c", 2, State.CHANGED, EARLY, "urn:p", "urn:p", replace(TERMS, types=("urn:x",))))
    assert (given.terms, changed.terms.types, changed.events[0].terms) == (TERMS, ("urn:x",), TERMS)
