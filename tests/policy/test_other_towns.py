"""What do the people of one town find in another on the same installation? Nothing, whatever they name."""

from pathlib import Path

from tests.policy.inhabited import MARK, PASSWORD, Crowd, inhabited
from tests.policy.test_routes import KINDS, OURS, ROUTES, ask
from tests.policy.test_strangers import HANDED_IN

from machinami.app.console import CONSOLE
from machinami.app.towns.acts import do
from machinami.broker.identity import people
from machinami.broker.identity.identity import Where
from machinami.kit.forms import SESSION

EAST = "east"
LEAVING = ("/sign-out", "/account", "/identity/keys", "/people", "/keys")  # what would end their own way in


async def come_in(crowd: Crowd) -> None:
    """Found another town, whose administrator signs in there."""
    told = {"town": EAST, "administrator": "sato"}
    await do(crowd.town.platform, "found", told, CONSOLE)
    link = (await do(crowd.town.platform, "invite", {"town": EAST, "person": "sato"}, CONSOLE))["link"]
    identity, code = crowd.town.identity, link.rpartition("#")[2]
    begun = await people.accept(identity, identity.own(EAST), code, PASSWORD, Where("192.0.2.7"))
    crowd.cookies[EAST] = f"{SESSION}={begun.cookie}"


async def test_an_administrator_of_another_town_finds_and_changes_nothing_here(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as crowd:
        await come_in(crowd)
        assert (await crowd.ask(EAST, "GET", "/operations/retention", NGSILD_Tenant=EAST)).status == 200
        before = await crowd.state(*HANDED_IN)
        for route in OURS:
            if route[1].startswith(LEAVING):
                continue
            for named in ({}, {"NGSILD_Tenant": EAST}):
                told = await ask(crowd, EAST, route, **named)
                assert told.status < 500 or route[1] == "/sign-in/provider", (route, told)
                assert MARK not in told.text + repr(told.headers), (route, named)
                if not named:
                    assert KINDS[ROUTES[route]]["nobody"] != "." or told.refused, (route, told.status)
        assert (await crowd.ask(EAST, "GET", "/operations/retention", NGSILD_Tenant=EAST)).status == 200
        assert await crowd.state(*HANDED_IN) == before


async def test_a_page_of_this_town_is_not_taken_for_that_of_the_town_that_is_named(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as crowd:
        await come_in(crowd)
        form = {"state": "drill", "reason": "x", "who": "Kei", "role": "officer"}
        assert (await crowd.ask(EAST, "POST", "/disaster", form=form, NGSILD_Tenant=EAST)).status == 400
        for path in ("/", "/light", "/map", "/data/RiverGauge", "/services/flood", "/disaster", "/look"):
            assert (await crowd.ask(EAST, "GET", path, NGSILD_Tenant=EAST)).status == 400, path
        body = {**form, "reason": "an exercise of the east"}
        assert (await crowd.ask(EAST, "POST", "/disaster/mode", body=body, NGSILD_Tenant=EAST)).status == 200
        assert '"state":"drill"' in (await crowd.ask(EAST, "GET", "/disaster/mode", NGSILD_Tenant=EAST)).text
        assert '"state":"off"' in (await crowd.ask("officer", "GET", "/disaster/mode")).text
        assert (await crowd.ask("officer", "GET", "/map", NGSILD_Tenant="default")).status == 200
