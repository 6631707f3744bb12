"""What of the menu does this installation meet, and what did the town decide? Rules over values."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from machinami.foundation.errors import Conflict
from machinami.model.vocabulary.office import Officer
from machinami.services.menu.model import (
    FINDINGS,
    Finding,
    Judged,
    Menu,
    MenuChoice,
    Part,
    Row,
    Running,
    Share,
)

WANTED = ("selected", "planned")
_MOST_REVISIONS = 100


def choice_id(row: str) -> str:
    """The entity id of the decision about a row."""
    return f"urn:ngsi-ld:{MenuChoice.TYPE}:{row}"


def at_work(part: Part, running: Running) -> bool | None:
    """Whether a part is at work here: a service that runs, a setting that is set; pages, APIs and documents always
    are. None where who looks may not see it."""
    if part.kind == "service":
        return part.ref in running.services
    if part.kind == "setting":
        return None if running.settings is None else part.ref in running.settings
    return True


def judge(row: Row, running: Running, choice: MenuChoice | None = None) -> Judged:
    """A row is met where every part that makes it whole is at work and nothing is said to be lacking then; partly
    where some part is at work; off where there are parts and none is; unmet where there are none."""
    parts = tuple((part, at_work(part, running)) for part in row.parts)
    whole = [works for part, works in parts if part.whole]
    finding: Finding
    if not parts:
        finding = "unmet"
    elif whole and all(whole):
        finding = "met"
    else:
        finding = "partly" if any(works for _, works in parts) else "off"
    return Judged(row, finding, parts, choice if choice and choice.state else None)


def judge_all(menu: Menu, running: Running, choices: Mapping[str, MenuChoice]) -> list[Judged]:
    """Every row of the menu, in its order."""
    return [judge(row, running, choices.get(choice_id(row.id))) for row in menu.rows]


def shares(menu: Menu, rows: Sequence[Judged]) -> list[Share]:
    """How each group of the first level stands."""
    found = []
    for group in menu.groups:
        own = [one for one in rows if one.row.l1 == group]
        wanted = [one for one in own if one.choice and one.choice.state in WANTED]
        counts = {finding: sum(one.finding == finding for one in own) for finding in FINDINGS}
        met = sum(one.finding == "met" for one in wanted)
        found.append(Share(group, len(own), counts, len(wanted), met))
    return found


def decided(before: MenuChoice | None, row: Row, state: str, reason: str, by: Officer, now: datetime) -> MenuChoice:
    """The decision about a row as it stands now; what was decided before is kept."""
    past = list(before.revisions or []) if before else []
    if before is not None and before.decided_at is not None:
        past.append(
            {
                "state": before.state or "", "text": before.text or "", "by": before.decided_by or "",
                "role": before.role or "", "at": before.decided_at.isoformat(),
            }
        )  # fmt: skip
    return MenuChoice(choice_id(row.id), row.l3, state, reason, by.who, by.role, now, past[-_MOST_REVISIONS:])


def undone(before: MenuChoice | None, row: Row, by: Officer, now: datetime) -> MenuChoice:
    """The decision once the last one is taken back: the one before it stands again. Raises Conflict where there is
    none."""
    if before is None or not before.state:
        raise Conflict("Nothing is decided about this row, so nothing can be taken back")
    last = next((one for one in reversed(before.revisions or []) if one["state"] != before.state), None)
    return decided(before, row, str(last["state"]) if last else "", str(last["text"]) if last else "", by, now)
