"""What happened to people and programs reads as a sentence in the reader's language."""

import pytest

from machinami.apis.governance.sentences import line
from machinami.kit.naming import Names
from machinami.kit.words import LANGUAGES, Language, Words

PACKAGE = "machinami.apis.governance"


def said(what: str, about: str = "", language: Language = "ja") -> str:
    """An entry of the record, without its ruby."""
    entry = {"who": "urn:machinami:person:1", "did": "administer", "what": what, "about": about, "at": "2026-07-01"}
    return str(line(entry, Names(Words(language, PACKAGE), {"urn:machinami:person:1": "川島 恵"}, {})).text)


def test_roles_are_said_in_the_language_of_the_reader() -> None:
    assert "ken：職員、首長" in said("roles changed", "ken: mayor, officer").replace("首長、職員", "職員、首長")
    assert "officer" not in said("person added", "ken: department-head, officer")
    assert "ken: " in said("roles changed", "ken: mayor", "en")


def test_the_ways_of_signing_in_are_said_in_the_language_of_the_reader() -> None:
    assert "パスワード、確認コード" in said("signed in by password+code")
    assert "password" in said("signed in by password+code", language="en")


def test_who_takes_over_and_who_was_recognised_is_said() -> None:
    assert "引き継ぎ：aya" in said("person left", "ken, succeeded by aya")
    assert "引き継ぐ人なし" in said("person left", "ken, succeeded by nobody")
    assert "レベル2" in said("invited", "ken, recognised at level 2")


def test_what_nobody_translated_stays_as_it_is() -> None:
    assert "ken: 部長" in said("roles changed", "ken: 部長")
    assert "smoke" in said("signed in by smoke")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "what",
    ["certificate given", "certificate revoked", "passkey registered", "passkey refused", "passkey removed",
     "authenticator taken into use", "authenticator let go", "made to wait for guessing", "linked with the provider",
     "unknown to this town", "key made", "device made", "signed out by the provider"],
)  # fmt: skip
def test_every_event_has_its_sentence(what: str, language: Language) -> None:
    told = said(what, "a", language)
    assert language == "en" or what not in told
