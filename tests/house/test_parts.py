"""Is it known of what the product is made, under which licences, and with which weaknesses?"""

import json
import re
from datetime import UTC, date, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

from audit_parts import ACCEPTED, Account, Weakness, held, judged, of_browser, of_python, read_accepted
from bill import BROWSER, PYTHON, Part, bill, browser_parts, is_forbidden, main, python_parts
from machinami.model import weakness
from parts_record import RECORD, Record, faults, locked, read, renewed, write

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 11, 21)


@pytest.fixture(scope="module", name="told")
def the_bill() -> dict[str, Any]:
    return bill(ROOT)


def test_the_bill_has_what_cyclonedx_asks_of_one(told: dict[str, Any]) -> None:
    assert (told["bomFormat"], told["specVersion"], told["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", told["serialNumber"])
    refs = [part["bom-ref"] for part in (told["metadata"]["component"], *told["components"])]
    assert len(refs) == len(set(refs))
    lengths = {"SHA-256": 64, "SHA-384": 96, "SHA-512": 128}
    for part in told["components"]:
        assert {"type", "name", "version", "purl", "hashes"} <= part.keys()
        assert re.fullmatch(r"pkg:(pypi|npm)/[\w.%/-]+@[\w.+-]+", part["purl"])
        for one in part["hashes"]:
            assert re.fullmatch("[0-9a-f]+", one["content"])
            assert len(one["content"]) == lengths[one["alg"]]
    for row in told["dependencies"]:
        assert {row["ref"], *row["dependsOn"]} <= set(refs)


def test_the_bill_names_all_that_is_locked_and_nothing_else(told: dict[str, Any]) -> None:
    named = {(part["name"], part["version"]) for part in told["components"]}
    pinned = {line.split()[0].split(";")[0] for line in (ROOT / PYTHON).read_text().splitlines() if "==" in line}
    packages = json.loads((ROOT / BROWSER).read_text())["packages"]
    ours = {tuple(pin.split("==")) for pin in pinned}
    theirs = {(path.rpartition("node_modules/")[2], row["version"]) for path, row in packages.items() if path}
    assert named == ours | theirs


def test_the_bill_is_the_same_for_the_same_locks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == main(["--output", str(tmp_path / "build" / "bill.json")]) == 0
    assert json.loads((tmp_path / "build" / "bill.json").read_text()) == json.loads(
        capsys.readouterr().out.rpartition("}\n")[0] + "}"
    )


def test_nothing_in_the_product_is_under_a_licence_that_binds_the_town() -> None:
    parts = [*python_parts((ROOT / PYTHON).read_text()), *browser_parts((ROOT / BROWSER).read_text())]
    assert [part.name for part in parts if is_forbidden(part)] == []
    installed = {found.metadata["Name"].lower().replace("_", "-") for found in distributions()}
    unsaid = [part.name for part in parts if part.origin == "pypi" and not (part.licence or part.classes)]
    assert [name for name in unsaid if name.lower() in installed] == []


@pytest.mark.parametrize(
    ("licence", "forbidden"),
    [
        ("AGPL-3.0-only", True), ("GPL-2.0-or-later", True), ("MIT OR GPL-3.0-only", False), ("LGPL-2.1-only", False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", False), ("MIT AND GPL-3.0-only", True), ("SSPL-1.0", True), ("", False),
    ],
)  # fmt: skip
def test_a_licence_is_judged_by_what_it_can_be_had_under(licence: str, forbidden: bool) -> None:
    assert is_forbidden(Part("pypi", "x", "1", (), licence)) is forbidden
    classed = Part("pypi", "x", "1", (), "", ("GNU Affero General Public License v3",))
    assert is_forbidden(classed)


def test_a_weakness_that_is_mended_fails_unless_it_is_taken_until_a_day() -> None:
    vulnerable = {"name": "a", "version": "1", "vulns": [{"id": "GHSA-1", "fix_versions": ["2"]}]}
    account = of_python({"dependencies": [vulnerable, {"name": "b", "skip_reason": "not found"}]})
    assert account == Account(1, [Weakness("a", "1", "GHSA-1", "2")])
    assert judged(account, {}, DAY) == (["1 parts audited, 1 weaknesses known", "  a 1: GHSA-1, mended in 2"], True)
    assert not judged(account, {"GHSA-1": DAY}, DAY)[1]
    assert judged(account, {"GHSA-1": date(2026, 11, 20)}, DAY)[1]
    assert not judged(Account(1, [Weakness("a", "1", "GHSA-1", "")]), {}, DAY)[1]


def test_what_could_not_be_audited_is_said_so_and_no_failure() -> None:
    nothing = of_python({"dependencies": [{"name": "b", "skip_reason": "not found"}]})
    assert judged(nothing, {}, DAY) == (["not audited: the index tells nothing of weaknesses"], False)
    assert judged(of_browser({"message": "405"}), {}, DAY) == (["not audited: 405"], False)
    row = {"range": "<2", "fixAvailable": True, "via": [{"url": "https://x.test/GHSA-2"}, "other"]}
    told = of_browser({"metadata": {"dependencies": {"total": 3}}, "vulnerabilities": {"c": row}})
    assert judged(told, {}, DAY)[1]


def test_what_is_taken_has_a_day_and_a_reason() -> None:
    assert isinstance(read_accepted(ACCEPTED.read_text("utf-8")), dict)
    assert read_accepted('[GHSA-1]\nuntil = 2027-01-31\nbecause = "never called"\n') == {"GHSA-1": date(2027, 1, 31)}
    for text in ("[GHSA-1]\nuntil = 2027-01-31\n", '[GHSA-1]\nuntil = "x"\nbecause = "y"\n', "a = 1\n"):
        with pytest.raises(ValueError, match="must say until"):
            read_accepted(text)


PARTS = [weakness.Part("pypi", "a", "1.4"), weakness.Part("npm", "b", "2.0.0")]
ADVISORY = {
    "id": "GHSA-1",
    "published": "2026-11-01T00:00:00Z",
    "database_specific": {"severity": "HIGH"},
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "A"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.5"}]}],
        }
    ],
}


def test_each_locked_part_is_recorded_with_the_day_since_which_it_is_locked() -> None:
    record = read(RECORD.read_text("utf-8"))
    assert faults(record, locked(), record.looked) == []
    assert max(record.since.values()) <= datetime.now(UTC).date(), "nothing is locked before it is there"
    assert read(write(record)) == record


def test_a_version_that_was_there_before_keeps_its_day_and_another_begins_today() -> None:
    before = Record(date(2026, 9, 1), dict.fromkeys(PARTS, date(2026, 9, 1)))
    newer = weakness.Part("pypi", "a", "1.5")
    after = renewed(before, [newer, PARTS[1]], DAY, looked=False)
    assert after == Record(date(2026, 9, 1), {newer: DAY, PARTS[1]: date(2026, 9, 1)})
    assert renewed(before, PARTS, DAY, looked=True) == Record(DAY, before.since)
    assert faults(before, [newer, PARTS[1]], DAY) == [
        "a 1.5 is locked and not recorded",
        "a 1.4 is recorded and not locked",
    ]


def test_newer_parts_are_looked_for_within_90_days_or_the_build_fails() -> None:
    record = Record(date(2026, 8, 23), dict.fromkeys(PARTS, date(2026, 8, 23)))
    assert faults(record, PARTS, DAY) == []
    assert faults(record, PARTS, date(2026, 11, 22)) == [
        "newer versions were last looked for on 2026-08-23, and should have been by 2026-11-21"
    ]


@pytest.mark.parametrize(
    ("severity", "day", "late"),
    [
        ("HIGH", 8, False), ("HIGH", 9, True), ("CRITICAL", 9, True), ("", 9, True),
        ("MODERATE", 9, False), ("LOW", 30, False),
    ],
)  # fmt: skip
def test_a_weakness_is_mended_within_the_days_that_are_documented(severity: str, day: int, late: bool) -> None:
    advisory = {**ADVISORY, "database_specific": {"severity": severity}}
    lines, fails = held(PARTS, [advisory], {}, date(2026, 11, day))
    assert lines[0] == "2 parts held against 1 advisories, 1 weaknesses known"
    assert fails is late
    assert not held(PARTS, [advisory], {"GHSA-1": date(2026, 12, 31)}, date(2026, 11, 30))[1]
    document = (ROOT / "docs" / "security.md").read_text("utf-8")
    assert f"within {weakness.GRAVE_DAYS} days" in document
    assert f"within {weakness.OTHER_DAYS}" in document
    assert f"within {weakness.LOOKED_DAYS}" in document
