"""Is what is wrong found, with a cure in every language, and is what is well said?"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from machinami.apis.operations.telling import PACKAGE, cure, document, what
from machinami.foundation.settings import Settings
from machinami.kit.words import LANGUAGES, Words, catalogue, differences
from machinami.model.checkup import facts as known
from machinami.model.checkup.checks import CHECKS, check_up, since_noticed
from machinami.model.checkup.contradictions import ROWS, contradictions
from machinami.model.checkup.facts import Facts
from machinami.model.checkup.finding import NAMING, Finding, Severity
from machinami.model.checkup.forecast import Forecast

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GB = 10**9

SOUND = Facts(
    now=NOW,
    data="/srv/town",
    running=True,
    contradictions=(),
    stores=(),
    towns=1,
    clock=known.ClockFact(0.1, "ntp.example"),
    disk=known.DiskFact(60 * GB, 100 * GB, GB, Forecast(10**6, 60_000.0, 30.0)),
    folders=(),
    devices=(),
    devices_seen=12,
    subscriptions=(known.SubscriptionFact("default", "urn:s", "https://a.example", "active"),),
    sources=(known.SourceFact("mqtt", "mqtts://b.example", True),),
    contexts=(),
    port=known.PortFact("127.0.0.1", 1026, True),
    ends=(known.EndFact("certificate", NOW + 90 * DAY),),
    backup=known.BackupFact(NOW - timedelta(hours=20), NOW - 30 * DAY),
    standbys=(),
    branches=(),
    set_aside=(),
    memory=known.MemoryFact(GB, 16 * GB, 10 * GB),
    workers=known.WorkersFact(2, 0),
    jobs=(),
    jobs_seen=30,
)


def ended(kind: str, days: float) -> dict[str, Any]:
    return {"ends": (known.EndFact(kind, NOW + days * DAY, "gate"),)}


def failing(hours: float) -> dict[str, Any]:
    since = NOW - timedelta(hours=hours)
    one = known.SubscriptionFact("default", "urn:s", "https://a.example", "active", 7, since, "timeout")
    return {"subscriptions": (one,)}


def disk(free: int, days: float | None = None) -> dict[str, Any]:
    return {"disk": known.DiskFact(free, 100 * GB, GB, Forecast(GB, days, 30.0))}


def store(fault: str) -> dict[str, Any]:
    return {"stores": (known.StoreFact("default", fault),)}


def job(hours: float) -> dict[str, Any]:
    return {"jobs": (known.JobFact("default", "flood", "ValueError", NOW - timedelta(hours=hours), 3),)}


def second(seconds: float, version: str = "") -> dict[str, Any]:
    return {"standbys": (known.StandbyFact("hall", seconds, 3, NOW - timedelta(seconds=seconds), version),)}


def branch(seconds: float, heard: bool) -> dict[str, Any]:
    return {"branches": (known.BranchFact("school", "default", seconds, 3, NOW if heard else None),)}


def refused(heard: bool) -> dict[str, Any]:
    return {"branches": (known.BranchFact("school", "default", 0.0, 0, NOW if heard else None, 3, "403 no gauges"),)}


def following(seconds: float | None) -> dict[str, Any]:
    until = None if seconds is None else NOW - timedelta(seconds=seconds)
    return {"following": known.FollowingFact("https://a.example", until)}


WRONG: Mapping[str, tuple[Mapping[str, Any], Severity]] = {
    "settings.broken": ({"settings_fault": "server.port"}, Severity.GRAVE),
    "store.damaged": (store("damaged"), Severity.GRAVE),
    "store.newer": (store("newer"), Severity.GRAVE),
    "store.locked": (store("locked"), Severity.GRAVE),
    "store.missing": (store("missing"), Severity.GRAVE),
    "store.older": (store("older"), Severity.NOTE),
    "store.new": (store("new"), Severity.NOTE),
    "clock.ahead": ({"clock": known.ClockFact(90.0, "ntp.example")}, Severity.GRAVE),
    "clock.behind": ({"clock": known.ClockFact(-5.0, "ntp.example")}, Severity.WARNING),
    "clock.jumped_on": ({"clock": known.ClockFact(jumped=9.0, jumped_at=NOW)}, Severity.WARNING),
    "clock.jumped_back": ({"clock": known.ClockFact(jumped=-9.0, jumped_at=NOW)}, Severity.WARNING),
    "clock.put_back": ({"clock": known.ClockFact(behind_beat=3_600.0)}, Severity.GRAVE),
    "clock.silent": ({"clock": known.ClockFact(silent="ntp.example")}, Severity.NOTE),
    "disk.out": (disk(2 * GB), Severity.GRAVE),
    "disk.low": (disk(8 * GB), Severity.WARNING),
    "disk.full_in_hours": (disk(50 * GB, 0.5), Severity.GRAVE),
    "disk.full_in_days": (disk(50 * GB, 40.0), Severity.WARNING),
    "disk.full_in_months": (disk(50 * GB, 120.0), Severity.WARNING),
    **{
        f"folders.{fault}": ({"folders": (known.FolderFact("/srv/town", fault),)}, grave)
        for fault, grave in (
            ("missing", Severity.GRAVE),
            ("unreadable", Severity.GRAVE),
            ("unwritable", Severity.GRAVE),
            ("open", Severity.WARNING),
        )
    },
    "devices.silent": (
        {"devices": (known.DeviceFact("default", "urn:g", "RiverGauge", NOW - DAY, 600.0),)},
        Severity.WARNING,
    ),
    "devices.more": ({"devices": (), "devices_unnamed": 12}, Severity.WARNING),
    "subscriptions.dead": (failing(2), Severity.GRAVE),
    "subscriptions.failing": (failing(0.1), Severity.WARNING),
    "subscriptions.behind": (
        {"subscriptions": (known.SubscriptionFact("default", "urn:s", "https://a.example", "active", 5_000),)},
        Severity.WARNING,
    ),
    **{
        f"sources.{kind}": ({"sources": (known.SourceFact(kind, "x.example", False, "OSError"),)}, Severity.GRAVE)
        for kind in ("mqtt", "feed", "ended", "neighbour")
    },
    "contexts.away": ({"contexts": (known.ContextFact("https://c.example/'x", NOW, "OSError"),)}, Severity.WARNING),
    "port.taken": ({"port": known.PortFact("127.0.0.1", 1026, False)}, Severity.GRAVE),
    "ends.certificate": (ended("certificate", 3), Severity.GRAVE),
    "ends.certificate_over": (ended("certificate", -1), Severity.GRAVE),
    "ends.authority": (ended("authority", 20), Severity.WARNING),
    "ends.authority_over": (ended("authority", -1), Severity.GRAVE),
    "ends.key": (ended("key", 20), Severity.WARNING),
    "ends.key_over": (ended("key", -20), Severity.WARNING),
    "ends.place": (ended("place", 20), Severity.WARNING),
    "ends.place_over": (ended("place_over", -2), Severity.WARNING),
    "ends.review": (ended("review", 50), Severity.NOTE),
    "ends.review_over": (ended("review_over", -5), Severity.WARNING),
    "branch.silent": (branch(300.0, True), Severity.WARNING),
    "branch.delivers_late": (branch(4_000.0, False), Severity.GRAVE),
    "branch.refused": (refused(True), Severity.WARNING),
    "branch.not_taken": (refused(False), Severity.WARNING),
    "standby.behind": (second(300.0), Severity.WARNING),
    "standby.version": (second(1.0, "2.0"), Severity.WARNING),
    "standby.nothing_yet": (following(None), Severity.WARNING),
    "standby.follows": (following(1.0), Severity.NOTE),
    "standby.follows_late": (following(500.0), Severity.WARNING),
    "backup.never": ({"backup": known.BackupFact()}, Severity.WARNING),
    "backup.failed": ({"backup": known.BackupFact(NOW, NOW, "the disk is full", "/mnt/a")}, Severity.GRAVE),
    "backup.old": ({"backup": known.BackupFact(NOW - 8 * DAY, NOW)}, Severity.GRAVE),
    "backup.never_rehearsed": ({"backup": known.BackupFact(NOW)}, Severity.WARNING),
    "backup.rehearsed_long_ago": ({"backup": known.BackupFact(NOW, NOW - 200 * DAY)}, Severity.WARNING),
    "set_aside.row": ({"set_aside": ("subscription urn:s",)}, Severity.GRAVE),
    "memory.full": ({"memory": known.MemoryFact(15 * GB, 16 * GB, GB)}, Severity.GRAVE),
    "memory.little": ({"memory": known.MemoryFact(GB, 16 * GB, GB)}, Severity.WARNING),
    "workers.behind": ({"workers": known.WorkersFact(2, 100)}, Severity.WARNING),
    "workers.ended": ({"workers": known.WorkersFact(2, 0, 1)}, Severity.WARNING),
    "jobs.failed": (job(3), Severity.GRAVE),
}


def the_one(found: Facts) -> Finding:
    (one,) = check_up(found).findings
    return one


def test_a_sound_installation_has_no_finding_and_every_row_says_that_it_is_well() -> None:
    checkup = check_up(SOUND)
    assert (checkup.findings, checkup.unknown, checkup.is_sound) == ((), (), True)
    assert [one.check for one in checkup.well] == [row.name for row in CHECKS]
    told = document(checkup, SOUND.data)
    assert all(set(one["what"]) == set(LANGUAGES) for one in told["well"])


@pytest.mark.parametrize("key", WRONG)
def test_what_is_wrong_is_found_with_what_to_do_in_every_language(key: str) -> None:
    wrong, severity = WRONG[key]
    one = the_one(replace(SOUND, **wrong))
    assert (one.key, one.severity) == (key, severity)
    for language in LANGUAGES:
        words = Words(language, PACKAGE)
        assert what(one, NOW, words)
        assert cure(one, NOW, words)
    assert "{" not in document(check_up(replace(SOUND, **wrong)), "/srv/town")["findings"][0]["command"]


@pytest.mark.parametrize("row", [row[0] for row in ROWS])
def test_settings_that_contradict_each_other_have_words(row: str) -> None:
    one = the_one(replace(SOUND, contradictions=(known.Contradiction(row, ("a.b", "c.d")),)))
    assert all("a.b, c.d" in cure(one, NOW, Words(language, PACKAGE)) for language in LANGUAGES)


def test_every_text_of_a_finding_is_said_by_a_check() -> None:
    texts = {key.removeprefix("finding.") for key in catalogue(PACKAGE, "ja") if key.startswith("finding.")}
    said = {*WRONG, *(f"settings.{row[0]}" for row in ROWS), *(f"{check}.some" for check in NAMING)}
    assert texts == {f"{key}.{part}" for key in said for part in ("what", "do")}
    assert not differences(PACKAGE)


def test_what_cannot_be_told_is_said_to_be_unknown_and_never_to_be_well() -> None:
    checkup = check_up(Facts(NOW))
    assert (checkup.findings, checkup.well) == ((), ())
    assert set(checkup.unknown) == {row.name for row in CHECKS}


def test_a_concern_that_another_check_tells_of_is_told_once() -> None:
    assert check_up(replace(SOUND, **ended("backup", -3))).findings == ()


def test_grave_findings_come_first_and_notes_alone_leave_an_installation_sound() -> None:
    mixed = replace(SOUND, **WRONG["clock.silent"][0], **WRONG["disk.low"][0], **WRONG["port.taken"][0])
    assert [one.severity for one in check_up(mixed).findings] == list(Severity)
    assert check_up(replace(SOUND, **WRONG["clock.silent"][0])).is_sound
    assert not check_up(mixed).is_sound


def test_what_a_town_holds_is_named_to_its_own_people_and_counted_for_others() -> None:
    silent = tuple(known.DeviceFact("default", f"urn:g:{n}", "RiverGauge", NOW - n * DAY, 600.0) for n in (1, 2))
    slow = tuple(known.SubscriptionFact(town, f"urn:s:{town}", "https://a.example", "active", 5_000) for town in "ab")
    found = check_up(replace(SOUND, devices=silent, subscriptions=slow, **WRONG["disk.low"][0]))
    assert found.named_of(("default", "a", "b")) == found
    counted = found.named_of(())
    assert [(one.key, one.values.get("count"), one.since) for one in counted.findings if one.check != "disk"] == [
        ("devices.some", 2, NOW - 2 * DAY), ("subscriptions.some", 2, None)
    ]  # fmt: skip
    assert "disk.low" in [one.key for one in counted.findings]
    told = str(document(counted, "/srv/town"))
    assert not [name for name in ("urn:g", "urn:s", "a.example") if name in told]
    part = [one for one in found.named_of(("a",)).findings if one.check == "subscriptions"]
    assert [one.key for one in part] == ["subscriptions.behind", "subscriptions.some"]
    assert part[1].values == {"count": 1}


def test_whom_a_town_asks_is_named_to_its_own_people_and_what_the_settings_name_to_all_who_oversee() -> None:
    sources = (
        known.SourceFact("neighbour", "https://secret.example", False, town="east"),
        known.SourceFact("mqtt", "mqtt://broker.example", False, "OSError"),
    )
    found = check_up(replace(SOUND, sources=sources))
    assert found.named_of(("east",)) == found
    told = found.named_of(("default",))
    assert {one.key for one in told.findings} == {"sources.mqtt", "sources.some"}
    assert "secret.example" not in str(document(told, "/srv/town"))
    assert "broker.example" in str(document(told, "/srv/town"))


def test_what_does_not_say_since_when_is_told_since_when_it_was_noticed() -> None:
    found = check_up(replace(SOUND, **WRONG["disk.low"][0]))
    (one,) = since_noticed(found, {"disk": NOW - DAY}).findings
    assert one.since == NOW - DAY
    graver = check_up(replace(SOUND, **WRONG["disk.out"][0]))
    assert since_noticed(graver, {"disk": NOW - DAY}).findings[0].since == NOW - DAY


def test_a_key_in_the_data_folder_contradicts_that_it_is_kept_apart() -> None:
    settings = Settings(Path("/srv/town"), encrypted=True, key_file=Path("/srv/town/keys/master.key"))
    assert [one.key for one in contradictions(settings)] == ["key_inside"]
    assert contradictions(Settings(Path("/srv/town"))) == ()
