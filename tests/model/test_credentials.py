"""Which header values are secrets, and do they come back only to who knew them?"""

import pytest

from machinami.model.credentials import MASK, discreet, masked, revealed

PAIRS = [
    {"key": "Authorization", "value": "Bearer mk_1"},
    {"key": "X-API-Key", "value": "mk_2"},
    {"key": "accept", "value": "application/json"},
    {"key": "X-Auth-Token", "value": "urn:ngsi-ld:request"},
]
REGISTRATION = {"id": "urn:r:1", "contextSourceInfo": PAIRS}
SUBSCRIPTION = {"id": "urn:s:1", "notification": {"endpoint": {"uri": "http://x/", "receiverInfo": PAIRS}}}


def test_credentials_are_masked_and_everything_else_stays() -> None:
    shown = [{**PAIRS[0], "value": MASK}, {**PAIRS[1], "value": MASK}, *PAIRS[2:]]
    assert discreet(REGISTRATION) == {**REGISTRATION, "contextSourceInfo": shown}
    endpoint = discreet(SUBSCRIPTION)["notification"]["endpoint"]
    assert endpoint == {"uri": "http://x/", "receiverInfo": shown}


def test_what_was_masked_is_as_it_was_where_it_is_known() -> None:
    known = [(pair["key"], pair["value"]) for pair in PAIRS]
    for document in (REGISTRATION, SUBSCRIPTION):
        assert revealed(discreet(document), known) == document


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("mqtt://clerk:open%20sesame@broker:1883/t", f"mqtt://clerk:{MASK}@broker:1883/t"),
        ("https://:secret@town.example/notify?x=1", f"https://:{MASK}@town.example/notify?x=1"),
        ("https://secret@town.example/", f"https://{MASK}@town.example/"),
        ("mqtts://a:b@c:d@broker", f"mqtts://a:{MASK}@broker"),
        ("https://town.example/@anna:7", "https://town.example/@anna:7"),
        ("", ""),
    ],
)
def test_a_password_inside_an_address_is_masked_and_who_connects_stays(address: str, shown: str) -> None:
    assert masked(address) == shown
    told = {"notification": {"endpoint": {"uri": address}}}
    assert discreet(told) == {"notification": {"endpoint": {"uri": shown}}}
    assert revealed(discreet(told), (), address) == told
    assert revealed(discreet({"endpoint": address}), (), address) == {"endpoint": address}


def test_another_address_than_the_one_that_was_shown_is_taken_as_it_is() -> None:
    other = {"endpoint": f"mqtt://clerk:{MASK}@elsewhere"}
    assert revealed(other, (), "mqtt://clerk:sesame@broker") == other


def test_a_mask_stands_for_nothing_where_nothing_was() -> None:
    assert revealed(discreet(REGISTRATION), ()) == discreet(REGISTRATION)


def test_documents_without_header_fields_stay_what_they_are() -> None:
    for document in ({}, {"notification": 3}, {"contextSourceInfo": "x"}, {"contextSourceInfo": [3]}):
        assert discreet(document) == document
