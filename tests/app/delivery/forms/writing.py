"""What stands in the towns of earlier forms? The same writes, sent to the last version that wrote each form.

`writing.py URL [SCALE]` sends them to a running town; its `town.sqlite` is then kept beside this file as
`form-N.sqlite.xz`. The writes follow from a seed, so that what must be there is known without asking.
"""

import json
import random
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

BASE = "/ngsi-ld/v1"
WORDS = ("水位は平常です", "river is calm", "", 'a "quoted" word', "川のちかくに行かないでください 🌊")
Document = dict[str, Any]


@dataclass(slots=True)
class Written:
    """The requests in order (method, path, body), and what then is there: the values of each entity, how many past
    values its level has, and who is gone."""

    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    entities: dict[str, Document] = field(default_factory=dict)
    levels: dict[str, list[float]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


def written(scale: int = 1) -> Written:
    """100 gauges for each unit of scale: made, measured ten times, some changed otherwise, some deleted."""
    chance, made = random.Random(20260401), Written()
    names = [f"urn:ngsi-ld:Gauge:{number:05}" for number in range(100 * scale)]
    for start in range(0, len(names), 100):
        batch = [_gauge(chance, name, made) for name in names[start : start + 100]]
        made.requests.append(("POST", "/entityOperations/create", batch))
    for minute in range(10):
        for start in range(0, len(names), 100):
            batch = [_measured(chance, name, minute, made) for name in names[start : start + 100]]
            made.requests.append(("POST", "/entityOperations/upsert?options=update", batch))
    for name in names[::7]:
        note = chance.choice(WORDS[:2])
        made.requests.append(("PATCH", f"/entities/{name}/attrs", {"note": {"type": "Property", "value": note}}))
        made.entities[name]["note"] = note
    for name in names[3::17]:
        made.requests.append(("DELETE", f"/entities/{name}", None))
        made.gone.add(name)
        del made.entities[name]
    endpoint = {"endpoint": {"uri": "http://127.0.0.1:9/"}}
    subscription = {"id": "urn:ngsi-ld:Subscription:1", "type": "Subscription", "notification": endpoint}
    made.requests.append(("POST", "/subscriptions", {**subscription, "entities": [{"type": "Nothing"}]}))
    return made


def _gauge(chance: random.Random, name: str, made: Written) -> Document:
    place = [round(138 + chance.random(), 5), round(34 + chance.random(), 5)]
    bank, note, river = round(chance.uniform(2, 9), 2), chance.choice(WORDS), f"urn:ngsi-ld:River:{chance.randrange(9)}"
    made.entities[name] = {"location": place, "bank": bank, "note": note, "river": river}
    made.levels[name] = []
    return {
        "id": name,
        "type": "Gauge",
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": place}},
        "bank": {"type": "Property", "value": bank, "unitCode": "MTR"},
        "note": {"type": "Property", "value": note},
        "river": {"type": "Relationship", "object": river},
    }


def _measured(chance: random.Random, name: str, minute: int, made: Written) -> Document:
    level = round(chance.uniform(-1, 9), 3)
    made.levels[name].append(level)
    made.entities[name]["level"] = level
    at = f"2026-04-01T00:{minute:02}:00Z"
    return {
        "id": name,
        "type": "Gauge",
        "level": {"type": "Property", "value": level, "unitCode": "MTR", "observedAt": at},
    }


def send(url: str, made: Written) -> None:
    """Send everything to a running town."""
    for method, path, body in made.requests:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url + BASE + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status < 300, answer.read()


def told(document: Document) -> Document:
    """The values of an entity in the normalized form, as `Written` has them."""
    return dict(_values(document))


def _values(document: Document) -> Iterator[tuple[str, Any]]:
    for name, attribute in document.items():
        if isinstance(attribute, dict):
            value = attribute.get("object", attribute.get("value"))
            yield name, value["coordinates"] if name == "location" else value


if __name__ == "__main__":
    send(sys.argv[1].rstrip("/"), written(int(sys.argv[2]) if len(sys.argv) > 2 else 1))
