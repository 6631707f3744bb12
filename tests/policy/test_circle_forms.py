"""Do the forms of the management circle change anything for who may not, whatever is sent?"""

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from tests.policy.inhabited import Crowd, Inhabited, inhabited

from machinami.kit.installed import Broken, Service, load

pytestmark = pytest.mark.asyncio(loop_scope="module")
SERVICES = ("assembly", "health_points", "indicators", "money", "needs", "partnership", "pilots", "plan")
OFFICER = {"who": "Kei", "role": "officer", "reason": "x", "name": "x", "text": "x", "note": "x", "id": "x"}
# What is for residents and strangers, by intent: it is taken by the service, and tried in its own tests.
FOR_ALL = frozenset({"/services/needs/hand-in"})


class Circle(Inhabited):
    """An installation that has these services."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """The eight."""
        return [load(f"machinami.services.{name}") for name in SERVICES], []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowd]:
    async with inhabited(tmp_path_factory.mktemp("town"), Circle) as found:
        yield found


def forms(crowd: Crowd) -> list[str]:
    """The addresses that take a form, each with something in its places."""
    rows = {route.path for route in crowd.town.routes if route.method == "POST" and of_circle(route.path)} - FOR_ALL
    return sorted(row.replace("{day}", "2026-11-01").replace("{code}", "ABCDEFGH") for row in rows)


def of_circle(path: str) -> bool:
    """Whether an address belongs to one of the services."""
    return path.startswith(tuple(f"/services/{name}" for name in SERVICES))


def pages(crowd: Crowd) -> list[str]:
    """The addresses of pages, without places."""
    rows = {route.path for route in crowd.town.routes if route.method == "GET" and "{" not in route.path}
    return sorted(row for row in rows if of_circle(row))


async def done(crowd: Crowd) -> int:
    """How many changes people made; what services do by themselves comes at any time."""
    store = (await crowd.town.broker.town(None)).store
    changes = await store.changes(0, 10_000)
    return len([change for change in changes if not change.by.startswith("urn:machinami:service:")])


@pytest.mark.parametrize("who", ["nobody", "resident", "operator"])
async def test_no_form_changes_anything_for_who_may_not_decide(crowd: Crowd, who: str) -> None:
    before = await done(crowd)
    for path in forms(crowd):
        for form in ({}, OFFICER):
            told = await crowd.ask(who, "POST", path, form=form)
            assert told.status < 500, (path, told.text)
            assert await done(crowd) == before, (path, told.status)


async def test_no_form_of_another_site_or_without_the_token_of_its_browser_is_taken(crowd: Crowd) -> None:
    assert len(forms(crowd)) > 50
    before = await done(crowd)
    for path in forms(crowd):
        statuses = [
            (await crowd.ask("officer", "POST", path, form=OFFICER, Sec_Fetch_Site="cross-site")).status,
            (await crowd.ask("officer", "POST", path, form=OFFICER, Origin="http://evil.test")).status,
            (await crowd.ask("officer", "POST", path, form={**OFFICER, "form_token": "0" * 32})).status,
            (await crowd.ask("officer", "POST", path, body=OFFICER)).status,
        ]
        assert statuses[:3] == [403] * 3, (path, statuses)
        assert statuses[3] in (400, 403, 404, 415), (path, statuses)
    assert await done(crowd) == before


async def test_every_page_is_kept_nowhere_and_runs_nothing_from_elsewhere(crowd: Crowd) -> None:
    assert len(pages(crowd)) >= len(SERVICES)
    for path in pages(crowd):
        for who in ("nobody", "officer"):
            told = await crowd.ask(who, "GET", path)
            assert told.status < 500, (path, told.text)
            fields = {name.lower(): value for name, value in told.headers.items()}
            policy = fields["content-security-policy"]
            assert fields["cache-control"] == "no-store", path
            assert fields["x-content-type-options"] == "nosniff", path
            assert "frame-ancestors 'none'" in policy, path
            assert "unsafe" not in policy, path
