"""What does a newcomer read on the pages about people, when the town has nobody yet? A way to begin, in their words."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from tests.app.towns import town

from machinami.kit.words import LANGUAGES, Language, Words

CONSENT, RELEASES, ETHICS = (f"machinami.apis.{name}" for name in ("consent", "releases", "ethics"))
PAGES = {
    "/my-data": (CONSENT, "mine"),
    "/my-data/kept?type=StepCount": (CONSENT, "mine"),
    "/my-data/reads": (CONSENT, "reads"),
    "/my-data/export": (CONSENT, "mine"),
    "/my-data/names": (CONSENT, "names"),
    "/my-data/consents": (CONSENT, "consents"),
    "/my-data/consents/new?purpose=any": (CONSENT, "consents"),
    "/my-data/consents/1": (CONSENT, "consents"),
    "/my-data/consents/1/receipt": (CONSENT, "consents"),
    "/my-data/corrections": (CONSENT, "corrections"),
    "/my-data/corrections/new": (CONSENT, "corrections"),
    "/my-data/erasure": (CONSENT, "erasure"),
    "/my-data/erasure/1": (CONSENT, "erasure"),
    "/corrections": (CONSENT, "deciding"),
    "/desk": (CONSENT, "desk"),
    "/desk/person?card=1": (CONSENT, "desk"),
    "/desk/consent?card=1&purpose=any": (CONSENT, "desk"),
    "/desk/receipt?card=1&id=1": (CONSENT, "desk"),
    "/releases": (RELEASES, "list"),
    "/releases/new": (RELEASES, "new"),
    "/releases/walking/1": (RELEASES, "list"),
    "/ethics": (ETHICS, "ethics"),
    "/ethics/apply": (ETHICS, "ethics.apply"),
    "/ethics/board": (ETHICS, "ethics.board"),
    "/ethics/1/revision": (ETHICS, "ethics.apply"),
}
_MAIN = re.compile(r'<main id="content".*?</main>', re.DOTALL)
_ENGLISH = re.compile(r"[A-Za-z']+(?: [A-Za-z']+){3,}")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A town in an empty folder, as `machinami serve` begins it."""
    with town(tmp_path_factory.mktemp("empty")) as running:
        yield running.url


def read(url: str, form: bytes | None = None) -> tuple[int, str, str]:
    """The status of a page, its kind, and its main part as text."""
    request = urllib.request.Request(url, form, {"Accept": "text/html"})
    try:
        answer = urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers["Content-Type"], answer.read().decode()


def shown(html: str) -> str:
    """What is read of the main part: no tags."""
    main = _MAIN.search(html)
    assert main is not None
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main.group())).strip()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_about_people_says_what_it_is_for_and_what_to_do_first(url: str, path: str, language: Language) -> None:
    package, about = PAGES[path]
    words = Words(language, package)
    status, kind, html = read(f"{url}{path}{'&' if '?' in path else '?'}lang={language}")

    assert (status, kind) == (200, "text/html; charset=utf-8")
    for key in (f"{about}.title", f"{about}.lead", "begin.title", "begin.first", "begin.do"):
        assert str(words.rich(key)) in html, key
    assert '<a class="button" href="/first">' in html
    assert language == "en" or _ENGLISH.search(shown(html)) is None
    assert "409" not in shown(html)


@pytest.mark.parametrize("path", ["/my-data/names", "/desk/cards", "/releases", "/ethics/apply", "/ethics/board"])
def test_what_is_sent_to_such_a_page_is_not_taken_and_the_way_to_begin_is_said(url: str, path: str) -> None:
    status, _, html = read(url + path, b"reason=x")

    assert status == 409
    assert Words("ja", CONSENT).plain("begin.title") in html


def test_programs_are_still_told_by_their_status(url: str) -> None:
    for path in ("/me/data", "/governance/releases"):
        status, kind, _ = read(url + path)
        assert (status, kind) == (409, "application/json")


@pytest.mark.parametrize("path", ["/open-data", "/ethics"])
def test_what_everybody_may_read_is_calm_where_nothing_is_there(url: str, path: str) -> None:
    status, _, html = read(url + path)

    assert status == 200
    assert "caution" not in html
    assert _ENGLISH.search(shown(html)) is None
