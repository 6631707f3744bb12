"""At which URL is a hosted @context? As the town was told, as its proxy says, or else as the client calls it."""

from machinami.apis.ngsild.face import Origin
from machinami.kit.http import Request

HEADERS = ((b"host", b"10.0.0.5:1026"), (b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"town.example"))


def test_a_public_url_is_the_last_word():
    assert Origin("https://matsukawa.example/", proxied=True).of(Request("GET", "/", headers=HEADERS)) == (
        "https://matsukawa.example"
    )


def test_a_proxy_is_believed_only_where_there_is_one():
    assert Origin().of(Request("GET", "/", headers=HEADERS)) == "http://10.0.0.5:1026"
    assert Origin(proxied=True).of(Request("GET", "/", headers=HEADERS)) == "https://town.example"


def test_a_scheme_that_is_none_is_passed_over():
    nasty = ((b"host", b"town.example"), (b"x-forwarded-proto", b"javascript"))

    assert Origin(proxied=True).of(Request("GET", "/", headers=nasty)) == "http://town.example"
