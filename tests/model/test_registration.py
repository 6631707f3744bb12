"""Is a registration read as it was meant, and found where it may know something?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.duration import duration_seconds
from machinami.foundation.errors import BadRequestData
from machinami.model.context import core
from machinami.model.operation_names import DEFAULT, GROUPS
from machinami.model.query import Query, TypeIs
from machinami.model.registration import Mode
from machinami.model.registration_matching import Specification, is_in_conflict, matches_registration, specified
from machinami.model.registration_reading import merged_registration, read_registration, translated_registration

NOW = datetime(2026, 6, 30, tzinfo=UTC)
EXPAND = core().expand


def document(**members):
    return {
        "id": "urn:r:1",
        "type": "ContextSourceRegistration",
        "endpoint": "http://source.example/",
        "information": [{"entities": [{"type": "Gauge"}]}],
        **members,
    }


def registration(**members):
    return read_registration(document(**members), core())


def asked(**members):
    return specified(Query(**members))


def test_a_registration_that_says_nothing_of_it_is_inclusive_and_can_be_read_from():
    read = registration()
    assert read.mode is Mode.INCLUSIVE
    assert read.operations == DEFAULT == GROUPS["federationOps"]
    assert read.endpoint == "http://source.example"


def test_groups_of_operations_are_resolved():
    read = registration(operations=["retrieveOps", "createBatch"])
    assert read.operations == {"retrieveEntity", "queryEntity", "createBatch"}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("type", "Registration"),
        ("endpoint", "mqtt://source.example"),
        ("endpoint", "http://source.example/?a=b"),
        ("information", []),
        ("information", [{}]),
        ("information", [{"entities": []}]),
        ("information", [{"entities": [{}]}]),
        ("mode", "sometimes"),
        ("operations", ["everything"]),
        ("contextSourceInfo", [{"key": "X-A", "value": "a\r\nb"}]),
        ("contextSourceInfo", [{"key": "X A", "value": "a"}]),
        ("contextSourceInfo", [{"key": "accept", "value": "text/html"}]),
        ("expiresAt", "tomorrow"),
        ("location", {"type": "Point"}),
        ("observationInterval", {"startAt": "2026-01-02T00:00:00Z", "endAt": "2026-01-01T00:00:00Z"}),
        ("management", {"timeout": 0}),
        ("tenant", "a b"),
        ("scope", "no scope!"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_member(member, value):
    with pytest.raises(BadRequestData) as refused:
        registration(**{member: value})
    assert member in refused.value.detail


def test_only_sources_of_the_type_match():
    assert matches_registration(registration(), asked(types=TypeIs(EXPAND("Gauge"))), NOW)
    assert not matches_registration(registration(), asked(types=TypeIs(EXPAND("Shelter"))), NOW)


def test_an_id_and_a_pattern_restrict_each_other():
    some = registration(information=[{"entities": [{"type": "Gauge", "id": "urn:g:1"}]}])
    assert matches_registration(some, asked(ids=("urn:g:1", "urn:g:2")), NOW)
    assert not matches_registration(some, asked(ids=("urn:g:2",)), NOW)
    assert not matches_registration(some, asked(id_pattern="urn:h"), NOW)
    assert matches_registration(some, asked(types=TypeIs(EXPAND("Gauge"))), NOW)


def test_one_shared_attribute_or_none_named_is_enough():
    named = registration(information=[{"propertyNames": ["level"], "relationshipNames": ["river"]}])
    assert matches_registration(named, asked(attrs=(EXPAND("river"), EXPAND("other"))), NOW)
    assert matches_registration(named, asked(), NOW)
    assert not matches_registration(named, asked(attrs=(EXPAND("other"),)), NOW)


def test_a_source_of_the_past_is_not_asked_for_what_is_now():
    past = registration(observationInterval={"startAt": "2026-01-01T00:00:00Z"})
    assert not matches_registration(past, asked(), NOW)


def test_an_expired_registration_matches_nothing():
    brief = registration(expiresAt="2026-06-30T00:00:01Z")
    assert matches_registration(brief, Specification(), NOW)
    assert not matches_registration(brief, Specification(), NOW + timedelta(seconds=1))


def test_two_redirects_may_overlap_but_nothing_beside_an_exclusive_one():
    information = [{"entities": [{"type": "Gauge", "id": "urn:g:1"}], "propertyNames": ["level"]}]
    sole = registration(mode="exclusive", information=information)
    sent_on = registration(mode="redirect", information=information)
    elsewhere = registration(mode="redirect", information=[{"propertyNames": ["height"]}])
    assert is_in_conflict(sent_on, sole)
    assert is_in_conflict(sole, sole)
    assert not is_in_conflict(sent_on, sent_on)
    assert not is_in_conflict(sole, elsewhere)
    assert not is_in_conflict(sole, registration(information=information))


@given(st.dictionaries(st.sampled_from(["endpoint", "scope", "keeper", "status"]), st.text()))
def test_a_fragment_changes_its_members_and_nothing_else(fragment):
    before = document(scope="/Town")
    after = merged_registration(before, fragment)
    assert after.keys() - {"keeper"} == before.keys()
    assert all(after[name] == value for name, value in before.items() if name not in fragment)


def test_translating_into_its_own_words_changes_nothing():
    assert translated_registration(document(), core(), core()) == document()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT5M", 300), ("P1DT12H", 129_600), ("P1W", 604_800), ("PT0.5S", 0.5), ("P", None), ("PT", None), (5, None)],
)
def test_durations_are_read(text, seconds):
    assert duration_seconds(text) == seconds
