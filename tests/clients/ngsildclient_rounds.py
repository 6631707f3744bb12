"""The documented round trips of the PyPI package ngsildclient, run by its own interpreter against a broker at a port.

`python ngsildclient_rounds.py PORT RECEIVER_URL` prints one JSON object of what the client saw.
"""

import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ngsildclient import Client, Entity, SubscriptionBuilder

CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
EIGHT = datetime(2022, 10, 25, 8, tzinfo=UTC)


def parking() -> Entity:
    """The parking of the client's own introduction, in the words of the core @context."""
    found = Entity("OffStreetParking", "Downtown1", ctx=[CORE])
    found.prop("name", "Downtown One")
    found.prop("availableSpotNumber", 121, observedat=EIGHT).anchor()
    found.prop("reliability", 0.7).rel("providedBy", "Camera:C1").unanchor()
    found.prop("totalSpotNumber", 200).loc(41.2, -8.5)
    return found


def run(port: int, receiver: str) -> dict:
    """Every round trip once."""
    seen = {}
    with Client("127.0.0.1", port, verbose=False) as client:
        seen["connected"] = client.is_connected()
        seen["vendor"] = client.broker.vendor.value
        entity = parking()
        seen["created"] = client.create(entity)
        spots = entity["availableSpotNumber"]
        for _ in range(12):
            spots.observedat += timedelta(hours=1)
            spots.value -= 10
            client.update(entity)
        back = client.get("OffStreetParking:Downtown1", ctx=CORE)
        seen["back"] = json.loads(back.to_json())["availableSpotNumber"]
        seen["past"] = client.temporal.get(entity, ctx=CORE)
        seen.update(several(client))
        seen["types"] = client.types.list()
        seen["subscribed"] = subscribed(client, receiver)
        seen["deleted"] = client.delete(entity)
        seen["exists"] = client.exists(entity)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rooms.json"
            file.write_text(json.dumps([json.loads(room(number).to_json()) for number in (30, 31)]))
            client.bulk_import(str(file))
        seen["imported"] = client.count(type="Room")
        client.drop("Room")
        seen["left"] = client.count(type="Room")
    with Client("127.0.0.1", port, tenant="harbour", verbose=False) as other:
        other.create(room(1))
        seen["tenant"] = other.count(type="Room")
    return seen


def several(client: Client) -> dict:
    """Many entities at once, asked for page by page and by conditions."""
    rooms = [room(number) for number in range(25)]
    done = client.upsert(*rooms)
    warm = client.query(type="Room", q="temperature>20", ctx=CORE)
    return {
        "upserted": getattr(done, "ok", done),
        "count": client.count(type="Room"),
        "warm": len(warm),
        "all": len(client.query(type="Room", ctx=CORE)),
        "removed": str(client.delete_where(type="Room", q="temperature>20")),
        "rest": client.count(type="Room"),
    }


def room(number: int) -> Entity:
    """A room whose temperature is its number."""
    return Entity("Room", f"R{number}", ctx=[CORE]).prop("temperature", number)


def subscribed(client: Client, receiver: str) -> dict:
    """A subscription made by the client's builder, read, listed and ended."""
    wish = SubscriptionBuilder(receiver).description("Spots").select_type("OffStreetParking").build()
    made = client.subscriptions.create(wish)
    found = {"made": bool(made), "listed": len(client.subscriptions.list())}
    one = made if isinstance(made, str) else client.subscriptions.list()[0]["id"]
    found["read"] = client.subscriptions.get(one)["status"]
    found["ended"] = client.subscriptions.delete("Spots")  # by its description
    return found


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), sys.argv[2]), default=str))
