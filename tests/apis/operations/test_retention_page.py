"""Does the page of retention say what a rule does before it is kept, and is it for administrators alone?"""

import re
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from tests.app.tenancy import Installation, installation

from machinami.broker.thinning import rules_of
from machinami.model.retention import EVERY_TYPE, Rule

PAGE = "/operations/retention?lang=en"
GAUGE = "https://w3id.org/machinami/RiverGauge"


async def sent(towns: Installation, **fields: str) -> tuple[int, str]:
    """The form as a browser sends it: from the page, with its token."""
    base = towns.system.address
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(base + PAGE) as page:
            token = re.search(r'name="(\w+)" value="([^"]{20,})"', await page.text())
        if token is not None:
            fields[token[1]] = token[2]
        headers = {"content-type": "application/x-www-form-urlencoded", "origin": base, "accept": "text/html"}
        body = urlencode(fields)
        async with browser.post(base + PAGE, data=body, headers=headers, allow_redirects=True) as answer:
            return answer.status, await answer.text()


async def test_a_rule_is_shown_with_what_it_does_then_kept_then_taken_off(tmp_path: Path) -> None:
    async with installation(tmp_path) as towns:
        body = {
            "id": "urn:ngsi-ld:RiverGauge:1",
            "type": GAUGE,
            "https://w3id.org/machinami/waterLevel": [
                {"type": "Property", "value": 1, "observedAt": "2020-01-01T00:00:00Z"},
                {"type": "Property", "value": 2, "observedAt": "2020-01-01T00:10:00Z"},
            ],
        }
        told = await towns.ask("POST", "/ngsi-ld/v1/temporal/entities", body)
        assert told.status in (201, 204)
        wanted = {"type": "RiverGauge", "raw": "365", "hourly": "730", "daily": "1,000", "archive": "yes"}
        status, page = await sent(towns, **wanted, do="preview")
        assert (status, "2 readings would be deleted." in page) == (200, True)
        town = towns.system.broker.towns[0]
        assert await rules_of(town) == {EVERY_TYPE: Rule()}
        status, page = await sent(towns, **wanted, do="keep")
        assert (status, "The rule is kept" in page) == (200, True)
        assert (await rules_of(town))[GAUGE] == Rule(365, 730, 1_000)
        status, page = await sent(towns, type="RiverGauge", do="drop")
        assert (status, "was taken off" in page) == (200, True)
        assert await rules_of(town) == {EVERY_TYPE: Rule()}
        back = dict(
            re.findall(r'name="(\w+)" value="([^"]*)"', page.partition('class="done"')[2].partition("</form>")[0])
        )
        assert (await sent(towns, **back))[0] == 200  # as it was before
        assert (await rules_of(town))[GAUGE] == Rule(365, 730, 1_000)


@pytest.mark.parametrize("raw", ["five", "3", "-40", "99999999"])
async def test_a_rule_that_makes_no_sense_is_refused_and_what_was_typed_stays(tmp_path: Path, raw: str) -> None:
    async with installation(tmp_path) as towns:
        status, page = await sent(towns, type="*", raw=raw, hourly="730", daily="", do="preview")
        assert (status, f'value="{raw}"' in page, "whole numbers from 31" in page) == (422, True, True)
