"""Are passwords refused that would be guessed first, or that leaked?"""

from hashlib import sha1
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.knowing import PASSWORD, known
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from machinami.broker.identity.guessing import has_leaked, is_guessable
from machinami.model.identity.account import SHORTEST_PASSWORD

MOST_USED = FREQUENCY_LISTS["passwords"]


def test_the_most_used_passwords_that_could_be_one_here_are_refused() -> None:
    likely = [f"{word}{end}" for word, end in product(MOST_USED[:800], ("", "1", "123", "1234", "2026", "12345678"))]
    likely += [f"{word}{word}" for word in MOST_USED[:2_000]] + [*MOST_USED]
    allowed = sorted({one for one in likely if len(one) >= SHORTEST_PASSWORD})
    assert len(allowed) > 3_000
    assert [one for one in allowed if not is_guessable(one)] == []


@pytest.mark.parametrize(
    "password",
    ["P@ssw0rd2026!", "qwertyuiop[]", "sakurasakura", "Christopher1", "1qaz2wsx3edc", "a" * 200, "Hanako1985040"],
)
def test_what_people_make_of_them_is_refused_too(password: str) -> None:
    assert is_guessable(password, "hanako")


@pytest.mark.parametrize("password", [PASSWORD, "nine boats below the bridge", "Tq7-vexing-otter-drum", "kf8Wq2mZr0Lx"])
def test_several_words_and_what_is_random_may_be_a_password(password: str) -> None:
    assert not is_guessable(password, "hanako")


def test_the_longest_password_is_looked_at_in_a_bearable_time() -> None:
    assert not is_guessable("4@8({[<369&#!1/|0$5+7%2xX" * 10)


@given(st.sets(st.text(min_size=1, max_size=8), max_size=40), st.text(max_size=8), st.sampled_from([b"\n", b"\r\n"]))
def test_a_password_has_leaked_if_the_file_holds_it(
    tmp_path_factory: pytest.TempPathFactory, leaked: set[str], asked: str, end: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "leaked.txt"
    digests = sorted(sha1(one.encode()).hexdigest().upper() for one in leaked)
    file.write_bytes(b"".join(f"{digest}:{at}".encode() + end for at, digest in enumerate(digests)))
    assert all(has_leaked(file, one) for one in leaked)
    assert has_leaked(file, asked) == (asked in leaked)


async def test_a_password_that_leaked_cannot_be_taken(tmp_path: Path) -> None:
    leaked = tmp_path / "leaked.txt"
    leaked.write_text(sha1(PASSWORD.encode()).hexdigest().upper() + ":3\n", encoding="ascii")
    async with known(tmp_path / "town", leaked=leaked) as town, town.visitor() as first:
        refused = await first.fill("/first?lang=en", {"name": "aiko", "password": PASSWORD}, "/first")
        assert (refused.status, "leaked" in refused.text) == (422, True)
        assert (await first.become_first(password="nine boats below the bridge")).path == "/account"
