"""When the town is killed, are its light pages still there, at the same address, with their age, until it is back?"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.app.towns import RunningTown, town
from tests.servers import free_port

from machinami.app.standin import StandIn
from machinami.broker.contexts import town_context
from machinami.cli.entrance import enter
from machinami.model.compaction import compact_entity
from machinami.model.context import core
from machinami.model.view import Measured, Point, Words, to_entity
from machinami.model.vocabulary.places import Shelter

Figure = Callable[[str, float, str], None]
SETTINGS = '[town]\nname = { ja = "写し町", en = "Copy Town" }\n[server]\nstand_in = true\n'


def read(url: str) -> tuple[int, str]:
    """What is answered at an address."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": "text/html"}), timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_for(what: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def put_shelter(running: RunningTown) -> None:
    seen = datetime(2026, 11, 22, 1, tzinfo=UTC)
    shelter = Shelter(
        "urn:ngsi-ld:Shelter:school", Words(ja="第一小学校", en="First School"), Point(138.1, 35.0), 200, None,
        "open", seen, None, Measured(50.0, seen, "IE"),
    )  # fmt: skip
    body = json.dumps(compact_entity(to_entity(shelter, town_context()), core())).encode()
    asked = urllib.request.Request(f"{running.url}/ngsi-ld/v1/entities", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.status == 201


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A town's folder whose settings want somebody to stand in."""
    folder = tmp_path / "town"
    folder.mkdir()
    folder.joinpath("machinami.toml").write_text(SETTINGS)
    return folder


def test_a_killed_town_goes_on_answering_with_the_last_copy_until_it_is_back(
    data: Path, figure: Figure, capsys: pytest.CaptureFixture[str]
) -> None:
    port = str(free_port())
    with town(data, "--port", port) as running:
        put_shelter(running)
        assert enter(["disaster", "drill", "--data", str(data), "--reason", "総合防災訓練", "--who", "山田"]) == 0
        assert "訓練" in capsys.readouterr().out
        copied = data / "copy" / "default" / "en.html"
        wait_for(lambda: copied.exists() and "First School" in copied.read_text() and "[DRILL]" in copied.read_text())
        running.kill()
        began = time.monotonic()
        status, page = read(f"{running.url}/?lang=en")
        figure("stand-in answers after kill -9", time.monotonic() - began, "s")
        assert status == 200
        assert "cannot be reached" in page
        assert "First School" in page
        assert "room for 150" in page
        assert "not about a real disaster" in page
        assert "第一小学校" in read(f"{running.url}/map")[1]
        assert read(f"{running.url}/ngsi-ld/v1/types")[0] == 503
        assert read(f"{running.url}/disaster?lang=easy")[1].count("<!--age-->") == 0
    with town(data, "--port", port) as running:
        status, page = read(f"{running.url}/?lang=en")
        assert status == 200
        assert "cannot be reached" not in page
        assert running.get("/ngsi-ld/v1/types")["typeList"]
        assert not (data / "copy" / "standing").exists()
    with pytest.raises(urllib.error.URLError):  # stopped as it should be, nobody stands in for it
        urllib.request.urlopen(running.url, timeout=5)


def test_who_stands_in_says_how_old_the_copy_is_and_takes_nothing(tmp_path: Path) -> None:
    tmp_path.joinpath("default").mkdir()
    tmp_path.joinpath("default", "ja.html").write_text("<p><!--age-->水位</p>")
    told = {"made": 1_000.0, "zone": "Asia/Tokyo", "default": "default", "hosts": {"other.example": "other"},
            "words": {"ja": {"age": "{at}（{minutes} 分前）", "closed": "受け付けられません"}}}  # fmt: skip
    tmp_path.joinpath("copies.json").write_text(json.dumps(told))
    found = StandIn(tmp_path)

    def ask(head: str, now: float = 1_000.0 + 8 * 60 + 5) -> str:
        return found.respond(f"{head}\r\n\r\n".encode(), now).decode()

    page = ask("GET / HTTP/1.1\r\nHost: town.example")
    assert page.startswith("HTTP/1.1 200 ")
    assert "1970-01-01 09:16 JST（8 分前）" in page
    assert ask("HEAD / HTTP/1.1").endswith("\r\n\r\n")
    for head in (
        "POST /disaster HTTP/1.1",
        "GET /ngsi-ld/v1/entities HTTP/1.1",
        "GET / HTTP/1.1\r\nHost: other.example",
    ):
        refused = ask(head)
        assert refused.startswith("HTTP/1.1 503 ")
        assert "retry-after: 30" in refused
        assert "受け付けられません" in refused
    assert ask("nonsense").startswith("HTTP/1.1 400 ")
    assert ask("GET /../../etc/passwd HTTP/1.1\r\nHost: ../..").startswith("HTTP/1.1 200 ")
    tmp_path.joinpath("copies.json").unlink()
    assert ask("GET / HTTP/1.1").startswith("HTTP/1.1 503 ")


def test_copies_are_refused_where_there_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert enter(["copy", "--data", str(tmp_path)]) == 1
    assert "holds no copy yet" in capsys.readouterr().err
