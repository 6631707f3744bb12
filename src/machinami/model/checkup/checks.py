"""What is wrong with an installation, how grave is it, and what is to be done? One row a check."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from machinami.model.checkup.beside import branches, standbys
from machinami.model.checkup.facts import Facts, SourceFact
from machinami.model.checkup.finding import Checkup, Finding, Severity, Well
from machinami.model.checkup.forecast import span_of

GRAVE, WARNING, NOTE = Severity.GRAVE, Severity.WARNING, Severity.NOTE
CLOCK_OFF, CLOCK_FAR = 2.0, 60.0  # seconds; tokens and signatures are refused beyond the second
DISK_LOW, DISK_OUT = 0.10, 0.03  # shares of the disk
DISK_LEAST = 500_000_000  # bytes that must be free whatever the size
FULL_SOON, FULL_SOMETIME = 30.0, 180.0  # days
BEHIND = 1_000  # changes
SILENT = 3.0  # times its usual pace
ENDING = ("certificate", "authority", "key", "place", "review")  # other concerns have checks of their own
ENDS_NOW, ENDS_SOON, ENDS_SOMETIME = timedelta(days=7), timedelta(days=30), timedelta(days=60)
BACKUP_OLD, BACKUP_DUE, REHEARSAL_DUE = timedelta(days=7), timedelta(days=2), timedelta(days=100)
MEMORY_FULL, MEMORY_LITTLE = 0.85, 0.08
WAITING = 20  # pieces of work a worker process

RETENTION = "/operations/retention"  # where it is chosen how long data are kept

Found = Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Check:
    """One row: its name, what it finds (None: it could not be told), and what is said where it finds nothing."""

    name: str
    look: Callable[[Facts], Found | None]
    told: Callable[[Facts], Mapping[str, Any]] = lambda _: {}


def check_up(facts: Facts, checks: Sequence[Check] | None = None) -> Checkup:
    """Look at every row."""
    findings: list[Finding] = []
    well: list[Well] = []
    unknown: list[str] = []
    for row in CHECKS if checks is None else checks:
        found = row.look(facts)
        if found is None:
            unknown.append(row.name)
        elif found:
            findings += found
        else:
            well.append(Well(row.name, row.told(facts)))
    order = list(Severity)
    findings.sort(key=lambda one: order.index(one.severity))
    return Checkup(facts.now, tuple(findings), tuple(well), tuple(unknown))


def _settings(facts: Facts) -> Found | None:
    if facts.settings_fault:
        values = {"fault": facts.settings_fault}
        return [Finding("settings", "settings.broken", GRAVE, values, command="{editor} {data}/machinami.toml")]
    if facts.contradictions is None:
        return None
    return [
        Finding("settings", f"settings.{one.key}", WARNING, {"settings": ", ".join(one.settings)}, one.key)
        for one in facts.contradictions
    ]


def _store(facts: Facts) -> Found | None:
    if facts.stores is None:
        return None
    grave = {"older": NOTE, "new": NOTE}
    commands = {
        "damaged": "{program} repair --data {data} --mend",
        "older": "{program} serve --data {data}",
        "new": "{program} serve --data {data}",
        "missing": "{program} init {data}",
    }
    return [
        Finding(
            "store",
            f"store.{one.fault}",
            grave.get(one.fault, GRAVE),
            {"town": one.town, "detail": one.detail},
            one.town,
            command=commands.get(one.fault, ""),
        )
        for one in facts.stores
    ]


def _clock(facts: Facts) -> Found | None:
    clock = facts.clock
    if clock is None:
        return None
    found = []
    if clock.ahead is not None and abs(clock.ahead) >= CLOCK_OFF:
        values = {"seconds": f"{abs(clock.ahead):.0f}", "by": clock.by}
        key = "clock.ahead" if clock.ahead > 0 else "clock.behind"
        grave = GRAVE if abs(clock.ahead) >= CLOCK_FAR else WARNING
        found.append(Finding("clock", key, grave, values, "offset", command="timedatectl set-ntp true"))
    if abs(clock.jumped) >= CLOCK_OFF:
        key = "clock.jumped_on" if clock.jumped > 0 else "clock.jumped_back"
        values = {"seconds": f"{abs(clock.jumped):.0f}"}
        found.append(Finding("clock", key, WARNING, values, "jump", clock.jumped_at, "timedatectl status"))
    if clock.behind_beat >= CLOCK_OFF:
        values = {"seconds": f"{clock.behind_beat:.0f}"}
        found.append(Finding("clock", "clock.put_back", GRAVE, values, "beat", command="timedatectl status"))
    if clock.silent:
        found.append(Finding("clock", "clock.silent", NOTE, {"by": clock.silent}, "silent"))
    return found


def _disk(facts: Facts) -> Found | None:
    disk = facts.disk
    if disk is None:
        return None
    share = disk.free / disk.total if disk.total else 0.0
    values = {"free": disk.free, "percent": f"{100 * share:.0f}"}
    cure = RETENTION
    if share < DISK_OUT or disk.free < DISK_LEAST:
        return [Finding("disk", "disk.out", GRAVE, values, link=cure, command="df -h {data}")]
    found = []
    if share < DISK_LOW:
        found.append(Finding("disk", "disk.low", WARNING, values, link=cure, command="df -h {data}"))
    days = disk.forecast.days if disk.forecast is not None else None
    if days is not None and days < FULL_SOMETIME:
        unit, count = span_of(days)
        soon = GRAVE if days < FULL_SOON else WARNING
        found.append(Finding("disk", f"disk.full_in_{unit}", soon, {"count": count}, "forecast", link=cure))
    return found


def _disk_told(facts: Facts) -> Mapping[str, Any]:
    disk = facts.disk
    return {} if disk is None else {"free": disk.free, "percent": f"{100 * disk.free / max(1, disk.total):.0f}"}


def _folders(facts: Facts) -> Found | None:
    if facts.folders is None:
        return None
    commands = {
        "open": "chmod -R go-rwx {path}",
        "unwritable": "sudo chown -R $(id -un) {path}",
        "unreadable": "sudo chown -R $(id -un) {path}",
    }
    return [
        Finding(
            "folders",
            f"folders.{one.fault}",
            WARNING if one.fault == "open" else GRAVE,
            {"path": one.path},
            one.path,
            command=commands.get(one.fault, "ls -la {path}").replace("{path}", _quoted(one.path)),
        )
        for one in facts.folders
    ]


def _quoted(path: str) -> str:
    """A path as a shell takes it whole."""
    return "'" + path.replace("'", "'\\''") + "'"


def _devices(facts: Facts) -> Found | None:
    if facts.devices is None:
        return None
    count = facts.devices_unnamed
    more = [Finding("devices", "devices.more", WARNING, {"count": count}, "more")] if count else []
    return more + [
        Finding(
            "devices",
            "devices.silent",
            WARNING,
            {"id": one.id, "type": one.type.rpartition("/")[2], "usual": _minutes(one.usual), "town": one.town},
            f"{one.town} {one.id}",
            since=one.last,
            link=f"/data/{quote(one.type, safe=':')}/{quote(one.id, safe=':')}",
        )
        for one in facts.devices
    ]


def _minutes(seconds: float) -> str:
    return f"{max(1, round(seconds / 60))}"


def _subscriptions(facts: Facts) -> Found | None:
    if facts.subscriptions is None:
        return None
    found = []
    for one in facts.subscriptions:
        values = {"id": one.id, "receiver": one.receiver, "behind": one.behind, "reason": one.reason, "town": one.town}
        if one.failing_since is not None and one.status == "active":
            long = facts.now - one.failing_since > timedelta(hours=1)
            grave = GRAVE if long else WARNING
            key = "subscriptions.dead" if long else "subscriptions.failing"
            found.append(Finding("subscriptions", key, grave, values, one.id, one.failing_since))
        elif one.behind >= BEHIND and one.status == "active":
            found.append(Finding("subscriptions", "subscriptions.behind", WARNING, values, one.id))
    return found


def _sources(facts: Facts) -> Found | None:
    if facts.sources is None:
        return None
    return [
        Finding("sources", f"sources.{one.kind}", GRAVE, _of_source(one), f"{one.town} {one.address}".strip())
        for one in facts.sources
        if not one.connected
    ]


def _of_source(one: SourceFact) -> dict[str, str]:
    """What is said of a source; what is of a town itself, and not of the installation, says of which."""
    said = {"address": one.address, "reason": one.reason}
    return {**said, "town": one.town} if one.town else said


def _contexts(facts: Facts) -> Found | None:
    if facts.contexts is None:
        return None
    return [
        Finding(
            "contexts",
            "contexts.away",
            WARNING,
            {"url": one.url, "reason": one.reason},
            one.url,
            one.since,
            command=f"curl -sSI {_quoted(one.url)}",
        )
        for one in facts.contexts
    ]


def _port(facts: Facts) -> Found | None:
    port = facts.port
    if port is None:
        return None
    if port.free:
        return []
    values = {"port": port.port, "host": port.host}
    return [Finding("port", "port.taken", GRAVE, values, command=f"ss -ltnp 'sport = :{port.port}'")]


def _ends(facts: Facts) -> Found | None:
    if facts.ends is None:
        return None
    commands = {"certificate": "{program} certificate renew --data {data}"}
    links = {"place": "/keys", "place_over": "/keys", "review": "/ethics", "review_over": "/ethics", "key": "/keys"}
    found = []
    for one in facts.ends:
        left = one.until - facts.now
        if left > ENDS_SOMETIME or one.kind.removesuffix("_over") not in ENDING:
            continue
        over = left <= timedelta()
        grave = GRAVE if one.kind in ("certificate", "authority") and left < ENDS_NOW else WARNING
        if left >= ENDS_SOON:
            grave = NOTE
        values = {"name": one.name, "until": one.until}
        key = f"ends.{one.kind.removesuffix('_over')}{'_over' if over else ''}"
        about, link, command = f"{one.kind} {one.name}".strip(), links.get(one.kind, ""), commands.get(one.kind, "")
        found.append(Finding("ends", key, grave, values, about, link=link, command=command))
    return found


def _backup(facts: Facts) -> Found | None:
    backup = facts.backup
    if backup is None:
        return None
    make = "{program} backup --data {data}" + ("" if backup.archive else " --to /mnt/archive")
    rehearse = "{program} rehearse --data {data}"
    if backup.fault:
        return [Finding("backup", "backup.failed", GRAVE, {"fault": backup.fault}, command=make)]
    if backup.made is None:
        return [Finding("backup", "backup.never", WARNING, command=make)]
    found, age = [], facts.now - backup.made
    if age > BACKUP_DUE:
        grave = GRAVE if age > BACKUP_OLD else WARNING
        found.append(Finding("backup", "backup.old", grave, {"days": age.days}, "age", backup.made, make))
    if backup.rehearsed is None:
        found.append(Finding("backup", "backup.never_rehearsed", WARNING, about="rehearsal", command=rehearse))
    elif facts.now - backup.rehearsed > REHEARSAL_DUE:
        values = {"days": (facts.now - backup.rehearsed).days}
        key = "backup.rehearsed_long_ago"
        found.append(Finding("backup", key, WARNING, values, "rehearsal", backup.rehearsed, rehearse))
    return found


def _set_aside(facts: Facts) -> Found | None:
    if facts.set_aside is None:
        return None
    return [Finding("set_aside", "set_aside.row", GRAVE, {"row": row}, row) for row in facts.set_aside]


def _memory(facts: Facts) -> Found | None:
    memory = facts.memory
    if memory is None:
        return None
    values = {"used": memory.used, "limit": memory.limit, "left": memory.left}
    if memory.limit and memory.used > MEMORY_FULL * memory.limit:
        return [Finding("memory", "memory.full", GRAVE, values, command="systemctl restart machinami")]
    if memory.limit and memory.left < MEMORY_LITTLE * memory.limit:
        return [Finding("memory", "memory.little", WARNING, values, command="ps aux --sort=-rss | head")]
    return []


def _memory_told(facts: Facts) -> Mapping[str, Any]:
    memory = facts.memory
    return {} if memory is None else {"used": memory.used, "left": memory.left}


def _workers(facts: Facts) -> Found | None:
    workers = facts.workers
    if workers is None:
        return None
    found = []
    if workers.waiting > WAITING * workers.most:
        found.append(Finding("workers", "workers.behind", WARNING, {"waiting": workers.waiting}, "behind"))
    if workers.ended:
        found.append(Finding("workers", "workers.ended", WARNING, {"count": workers.ended}, "ended"))
    return found


def _jobs(facts: Facts) -> Found | None:
    if facts.jobs is None:
        return None
    return [
        Finding(
            "jobs",
            "jobs.failed",
            WARNING if facts.now - (one.since or facts.now) < timedelta(hours=1) else GRAVE,
            {"name": one.name, "town": one.town, "error": one.error, "count": one.failures},
            f"{one.town} {one.name}",
            one.since,
            command="{program} doctor --data {data} --bundle bundle.zip",
        )
        for one in facts.jobs
    ]


def since_noticed(checkup: Checkup, noticed: Mapping[str, datetime]) -> Checkup:
    """The same, where for what does not say since when it is told since when it was noticed."""
    dated = tuple(
        one if one.since is not None or one.name not in noticed else replace(one, since=noticed[one.name])
        for one in checkup.findings
    )
    return Checkup(checkup.at, dated, checkup.well, checkup.unknown)


CHECKS: tuple[Check, ...] = (
    Check("settings", _settings),
    Check("store", _store, lambda facts: {"count": facts.towns}),
    Check("disk", _disk, _disk_told),
    Check("folders", _folders),
    Check("port", _port, lambda facts: {"port": facts.port.port if facts.port else ""}),
    Check("clock", _clock),
    Check("backup", _backup),
    Check("standby", standbys, lambda facts: {"count": len(facts.standbys or ())}),
    Check("branch", branches, lambda facts: {"count": len(facts.branches or ())}),
    Check("ends", _ends),
    Check("set_aside", _set_aside),
    Check("sources", _sources, lambda facts: {"count": len(facts.sources or ())}),
    Check("devices", _devices, lambda facts: {"count": facts.devices_seen}),
    Check("subscriptions", _subscriptions, lambda facts: {"count": len(facts.subscriptions or ())}),
    Check("contexts", _contexts, lambda facts: {"count": facts.contexts_kept}),
    Check("jobs", _jobs, lambda facts: {"count": facts.jobs_seen}),
    Check("workers", _workers),
    Check("memory", _memory, _memory_told),
)
