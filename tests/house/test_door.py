"""Does anything go past the door? Data are read through `seen` and written through `written`, as who is asked for."""

import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "machinami"
ASKED = re.compile(r"\bstore\.(peek|recall|find|find_past|instances|series|aggregate|types|changes)\(")
# each with the reason why it may look at everything
PAST_THE_DOOR = {
    "apis/operations/retention.py": "looks which types there are, for administrators",
    "broker/arrivals.py": "looks which reading a branch put right, and writes that through the door",
    "broker/thinning.py": "condenses what is old, whoever may see it or not",
    "app/checkup/silence.py": "looks when gauges reported last, and leaves out what is personal",
    "app/practising.py": "gives a simulated town something to practise on",
    "broker/shroud/resealing.py": "seals what is there, whoever may see it or not",
    "broker/erasure.py": "counts what is erased, for whoever may see it or not",
    "broker/audit.py": "notes every change, whoever made it",
    "broker/entity_maps.py": "leaves out of a map what the law keeps from who asks",
    "broker/holdings.py": "looks for what is about a person, and shows it to them as `Seen` lets them see it",
    "broker/legal_records.py": "looks which types entities have that are marked",
    "broker/federation/passing.py": "looks whether what is passed on is marked",
    "broker/opening.py": "looks through `Seen` at what a row would let be seen",
    "broker/reasons.py": "says why somebody may do something, to administrators",
    "kit/city.py": "looks which of the entities to be erased are a service's own",
    "app/unaccepted.py": "delivers to the centre what it refused before, as written",
    "app/delivering.py": "delivers to the centre of a branch what its settings name, as written",
    "kit/disaster.py": "looks whether the town is in its disaster mode, before anybody asks",
    "kit/switches.py": "looks which services are on, before anybody asks",
    "broker/firing.py": "looks through `Seen` at the change that a subscriber was told of or not",
    "broker/notify.py": "reads the log for its outboxes, and cuts what is told",
    "broker/registrations.py": "looks whether data that a source alone may hold are here",
    "broker/retention.py": "looks how old the log is",
    "broker/seen.py": "is the door",
    "broker/history.py": "asks what `reading` gave it",
}


def test_only_these_look_at_the_store_itself() -> None:
    found = {
        file.relative_to(SOURCE).as_posix()
        for floor in ("app", "apis", "broker", "kit", "portal", "services", "ingest")
        for file in (SOURCE / floor).rglob("*.py")
        if ASKED.search(file.read_text(encoding="utf-8"))
    }
    assert found <= PAST_THE_DOOR.keys(), found - PAST_THE_DOOR.keys()
