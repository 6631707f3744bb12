"""Do the machines keep up that stand beside this one: those that could take over, and the branches?"""

from collections.abc import Sequence
from datetime import timedelta

from machinami.model.checkup.facts import Facts
from machinami.model.checkup.finding import Finding, Severity

LATE, LOST = 120.0, 3_600.0  # seconds


def standbys(facts: Facts) -> Sequence[Finding] | None:
    """The second machines; or this one, where it is one."""
    if facts.following is not None:
        return [_following(facts, facts.following.of)]
    if facts.standbys is None:
        return None
    found = []
    for one in facts.standbys:
        values = {"name": one.name, "minutes": int(one.seconds // 60), "version": one.version}
        if one.seconds > LATE:
            found.append(Finding("standby", "standby.behind", _grave(one.seconds), values, one.name, one.asked))
        elif one.version:
            found.append(Finding("standby", "standby.version", Severity.WARNING, values, one.name))
    return found


def _following(facts: Facts, of: str) -> Finding:
    until = None if facts.following is None else facts.following.until
    if until is None:
        return Finding("standby", "standby.nothing_yet", Severity.WARNING, {"of": of})
    behind = facts.now - until
    is_late = behind > timedelta(seconds=LATE)
    key, grave = ("follows_late", Severity.WARNING) if is_late else ("follows", Severity.NOTE)
    values, take = {"of": of, "minutes": int(behind.total_seconds() // 60)}, "{program} takeover --data {data}"
    return Finding("standby", f"standby.{key}", grave, values, since=until, command=take)


def branches(facts: Facts) -> Sequence[Finding] | None:
    """The branches that deliver here; and this installation, where it is one."""
    if facts.branches is None:
        return None
    found = []
    for one in facts.branches:
        if one.seconds > LATE:
            values = {"name": one.name, "minutes": int(one.seconds // 60), "changes": one.changes}
            key = "branch.delivers_late" if one.heard is None else "branch.silent"
            found.append(Finding("branch", key, _grave(one.seconds), values, f"{one.town} {one.name}", one.heard))
        if one.refused:
            values = {"name": one.name, "count": one.refused, "why": one.why}
            key = "branch.not_taken" if one.heard is None else "branch.refused"
            found.append(Finding("branch", key, Severity.WARNING, values, f"{one.town} {one.name}"))
    return found


def _grave(seconds: float) -> Severity:
    return Severity.GRAVE if seconds > LOST else Severity.WARNING
