"""Who may do what in the throw-away town of a demonstration? Whoever sits at this machine, everything; nobody else."""

import urllib.error
import urllib.request
from pathlib import Path

from tests.app.tenancy import gauge, installation
from tests.app.towns import town

TYPES = "/ngsi-ld/v1/types"


def status(url: str, method: str = "GET", body: bytes | None = None, **fields: str) -> int:
    """What is answered to a request with these header fields."""
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_who_opens_a_demonstration_here_is_its_administrator_and_nobody_else_is_let_in() -> None:
    with town(None, by="demo") as running:
        assert status(running.url + TYPES) == 200
        assert status(running.url + "/people") == 200
        assert status(running.url + "/services/flood") == 200
        assert status(running.url + TYPES, X_Forwarded_For="192.0.2.7") == 401
        assert status(running.url + TYPES, Host="town.example") == 401
        told = {"Content_Type": "application/json", "Sec_Fetch_Site": "cross-site"}
        entities = running.url + "/ngsi-ld/v1/entities"
        assert status(entities, "POST", b'{"id": "urn:x:1", "type": "X"}', **told) == 403
        told["Sec_Fetch_Site"] = "same-origin"
        assert status(entities, "POST", b'{"id": "urn:x:1", "type": "X"}', **told) == 201


def test_a_demonstration_that_is_open_knows_nobody() -> None:
    with town(None, "--open", by="demo") as running:
        assert status(running.url + TYPES, X_Forwarded_For="192.0.2.7") == 200


async def test_an_open_town_is_not_reached_by_a_name_that_somebody_else_can_own(tmp_path: Path) -> None:
    """As a browser asks at this machine for a page of another site, whose name leads here now (DNS rebinding)."""
    async with installation(tmp_path) as towns:
        for host in ("evil.com", "evil.com:1026", "127.0.0.1.evil.com"):
            read = await towns.ask("GET", "/ngsi-ld/v1/entities?type=Gauge", Host=host)
            written = await towns.ask("POST", "/ngsi-ld/v1/entities", gauge(1), Host=host, Origin=f"http://{host}")
            assert (read.status, written.status) == (403, 403)
        for host in ("127.0.0.1:1026", "localhost", "[::1]:80", "town.local", "machinami:1026"):
            assert (await towns.ask("GET", "/ngsi-ld/v1/entities?type=Gauge", Host=host)).body == []
        assert (await towns.ask("POST", "/ngsi-ld/v1/entities", gauge(1))).status == 201
