"""Is it said in the reader's words what is wrong and what to do, before what the rule says in English?"""

import re
from datetime import UTC, datetime

import pytest

from machinami.foundation import errors as e
from machinami.kit.fault import Fault, fault_of
from machinami.kit.frame import Frame
from machinami.kit.http import Request
from machinami.kit.words import LANGUAGES, Language, Words, without_ruby

SAID = "The store holds another one of this name"
REFUSALS = [
    (e.BadRequestData, "400"), (e.Forbidden, "403"), (e.NotApproved, "409"), (e.Conflict, "409"),
    (e.PayloadTooLarge, "413"), (e.Overloaded, "503"), (e.GatewayTimeout, "503"), (e.QuotaExceeded, "other"),
]  # fmt: skip


def page(error: Exception, language: Language) -> str:
    """The page for an error."""
    frame = Frame({"ja": "霞町"}, lambda: datetime(2026, 6, 1, tzinfo=UTC))
    return frame.apologise(Request("GET", "/x", f"lang={language}", [(b"accept", b"text/html")]), error).body.decode()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "key"), REFUSALS)
def test_a_refusal_says_first_in_plain_words_what_to_do(kind: type[Exception], key: str, language: Language) -> None:
    main = page(kind(SAID), language).partition('<main id="content"')[2]
    words = Words(language)
    order = [
        main.index(str(words.rich(f"error.{key}.title"))),
        main.index(str(words.rich(f"error.{key}.text"))),
        main.index(str(words.rich("error.details"))),
        main.index(SAID),
    ]

    assert order == sorted(order)
    assert re.search(rf"<details><summary>[^/]*.*?</summary>.*{SAID}.*?</details>", main, re.DOTALL)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_that_names_its_words_is_said_in_them_with_its_facts(language: Language) -> None:
    main = page(e.BadRequestData(SAID, field="text", key="refused.long", longest=120), language)
    words = Words(language)

    assert str(words.rich("refused.long", longest=120)) in main
    assert "120" in str(words.rich("refused.long", longest=120))
    assert str(words.rich("error.400.text")) not in main


@pytest.mark.parametrize("kind", [e.NotFound, e.SignInRequired, e.TooManyRequests])
def test_where_the_words_say_it_all_there_are_no_technical_details(kind: type[Exception]) -> None:
    html = page(kind(SAID), "ja")

    assert SAID not in html
    assert "<details>" not in html


def test_what_is_wrong_with_a_form_is_said_in_the_readers_words() -> None:
    words = Words("ja", "machinami.apis.consent")

    assert fault_of(e.BadRequestData("no proof", key="desk.no_proof"), words) == Fault(words.plain("desk.no_proof"))
    unknown = fault_of(e.Conflict(SAID), words)
    assert unknown == Fault(without_ruby(words.plain("error.form")), SAID)
