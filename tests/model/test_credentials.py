"""Which header values are secrets, and do they come back only to who knew them?"""

from machinami.model.credentials import MASK, discreet, revealed

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


def test_a_mask_stands_for_nothing_where_nothing_was() -> None:
    assert revealed(discreet(REGISTRATION), ()) == discreet(REGISTRATION)


def test_documents_without_header_fields_stay_what_they_are() -> None:
    for document in ({}, {"notification": 3}, {"contextSourceInfo": "x"}, {"contextSourceInfo": [3]}):
        assert discreet(document) == document
