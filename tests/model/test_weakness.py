"""Is a weakness of a part found in advisories as the databases give them away, and its day?"""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.model.weakness import Part, version_key, weaknesses


def advisory(name: str = "Jinja2", ecosystem: str = "PyPI", severity: str = "HIGH", **affected: Any) -> dict[str, Any]:
    """An advisory as OSV writes it."""
    package = {"ecosystem": ecosystem, "name": name}
    return {
        "id": "GHSA-1", "published": "2026-11-01T09:00:00Z", "database_specific": {"severity": severity},
        "affected": [{"package": package, **affected}],
    }  # fmt: skip


def between(*events: tuple[str, str], kind: str = "ECOSYSTEM") -> list[dict[str, Any]]:
    """A range of versions."""
    return [{"type": kind, "events": [{name: version} for name, version in events]}]


def test_a_weakness_is_found_under_whatever_name_the_index_writes() -> None:
    part = Part("pypi", "typing-extensions", "4.1")
    [found] = weaknesses([part], [advisory("Typing_Extensions", versions=["4.0", "4.1"])])
    assert (found.part, found.id, found.due, found.mended) == (part, "GHSA-1", None, [])
    assert (
        weaknesses([Part("npm", "typing-extensions", "4.1")], [advisory("typing_extensions", versions=["4.1"])]) == []
    )


@pytest.mark.parametrize(
    ("version", "weak"),
    [("0.9", False), ("1.0", True), ("1.4.9", True), ("1.5rc1", True), ("1.5", False), ("1.9", False), ("2.0", True),
     ("2.3", True), ("2.3.1", False)],
)  # fmt: skip
def test_a_version_is_weak_from_what_introduced_it_to_before_what_fixed_it(version: str, weak: bool) -> None:
    ranges = between(("introduced", "1.0"), ("fixed", "1.5"), ("introduced", "2.0"), ("last_affected", "2.3"))
    assert bool(weaknesses([Part("pypi", "jinja2", version)], [advisory(ranges=ranges)])) is weak


def test_what_mends_it_is_named_and_by_when() -> None:
    ranges = between(("introduced", "0"), ("fixed", "1.5")) + between(
        ("introduced", "0"), ("fixed", "2.10"), kind="GIT"
    )
    grave = advisory(ranges=ranges)
    [found] = weaknesses([Part("pypi", "jinja2", "1.4")], [grave])
    assert (found.mended, found.grave, found.due) == (["1.5"], True, date(2026, 11, 8))
    assert not found.is_late(date(2026, 11, 8))
    assert found.is_late(date(2026, 11, 9))
    [light] = weaknesses([Part("pypi", "jinja2", "1.4")], [advisory(ranges=ranges, severity="moderate")])
    assert light.due == date(2026, 12, 1)


def test_the_most_urgent_comes_first_and_what_was_withdrawn_not_at_all() -> None:
    parts = [Part("pypi", "jinja2", "1"), Part("npm", "htmx.org", "2.0.0")]
    late = advisory(ranges=between(("introduced", "0"), ("fixed", "3")))
    later = {
        **advisory("htmx.org", "npm", "LOW", ranges=between(("introduced", "0"), ("fixed", "3.0.0"), kind="SEMVER"))
    }
    unmended = {**advisory(versions=["1"]), "id": "GHSA-0"}
    found = weaknesses(parts, [unmended, later, late])
    assert [(one.part.name, one.id) for one in found] == [
        ("jinja2", "GHSA-1"),
        ("htmx.org", "GHSA-1"),
        ("jinja2", "GHSA-0"),
    ]
    assert weaknesses(parts, [{**late, "withdrawn": "2026-11-02T00:00:00Z"}]) == []


@pytest.mark.parametrize("wrong", [{}, {"id": 1}, [], {**advisory(versions=["1"]), "published": "soon"}])
def test_what_is_no_advisory_is_said_to_be_none(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"advisory|published"):
        weaknesses([Part("pypi", "jinja2", "1")], [wrong])


_RELEASES = st.lists(st.integers(0, 99), min_size=1, max_size=4)


@given(_RELEASES, _RELEASES)
def test_versions_are_ordered_by_their_numbers(one: list[int], other: list[int]) -> None:
    written = [".".join(map(str, numbers)) for numbers in (one, other)]
    longest = max(len(one), len(other))
    padded = [numbers + [0] * (longest - len(numbers)) for numbers in (one, other)]
    assert (version_key(written[0]) < version_key(written[1])) == (padded[0] < padded[1])
    assert version_key(f"{written[0]}rc1") < version_key(written[0]) < version_key(f"{written[0]}.post1")
