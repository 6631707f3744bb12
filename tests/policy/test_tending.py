"""Who sees how notifications fare, and why? Whose subscription it is, and administrators; never what is hidden."""

from pathlib import Path

import pytest
from tests.policy.towns import PEOPLE, protected, row

from machinami.broker.tending import Tending
from machinami.foundation.errors import Forbidden, NotFound

SUB, CASE = "urn:ngsi-ld:Subscription:1", "urn:ngsi-ld:Case:1"
WISH = {"id": SUB, "type": "Subscription", "entities": [{"type": "Case"}],
        "notification": {"endpoint": {"uri": "http://receiver.invalid/"}}}  # fmt: skip
OFFICERS = row("cases", "role:officer", ["read", "create", "change", "subscribe"], types=["Case"])


async def test_a_subscription_is_tended_by_whom_it_belongs_to_and_by_administrators(tmp_path: Path) -> None:
    async with protected(tmp_path, OFFICERS) as found:
        assert (await found.ask("officer", "POST", "/subscriptions", WISH)).status == 201
        town, tending = await found.town.broker.town(None), Tending(found.town.broker)
        assert tending.one(town, SUB, PEOPLE["officer"]).name == ""
        assert [one.outbox.subscription.id for one in tending.listed(town, PEOPLE["administrator"])] == [SUB]
        assert tending.listed(town, PEOPLE["mayor"]) == []
        for act in (tending.test(town, SUB, PEOPLE["mayor"]), tending.hold(town, SUB, True, PEOPLE["mayor"])):
            with pytest.raises(NotFound):
                await act
        with pytest.raises(Forbidden):
            tending.listed(town, PEOPLE["resident"])


async def test_why_says_nothing_of_what_the_asker_may_not_see(tmp_path: Path) -> None:
    async with protected(tmp_path, OFFICERS) as found:
        assert (await found.ask("officer", "POST", "/subscriptions", WISH)).status == 201
        body = {"id": CASE, "type": "Case", "name": {"type": "Property", "value": "Sato"}}
        assert (await found.ask("officer", "POST", "/entities", body)).status == 201
        town, tending = await found.town.broker.town(None), Tending(found.town.broker)
        assert (await tending.why(town, SUB, CASE, None, PEOPLE["officer"])).outcome in ("told", "waiting")
        town.policy.set_rows((OFFICERS, row("office", "role:administrator", ["administer"])))
        with pytest.raises(NotFound):
            await tending.why(town, SUB, CASE, None, PEOPLE["administrator"])
