"""Does `machinami import csv` bring in what a file says, once, and say clearly why it does not?"""

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.app.towns import town
from tests.ingest.csv.maps import MOCHIYOJI
from tests.ingest.csv.river import real_file

from machinami.app.importing import town_in
from machinami.broker import history
from machinami.cli.entrance import enter
from machinami.model.entity import Entity
from machinami.model.principal import Principal
from machinami.model.query import TemporalQuery
from machinami.model.town_terms import NAMESPACE
from machinami.store.protocol import Instance

GAUGE = "urn:ngsi-ld:RiverGauge:持世寺"
LEVEL = NAMESPACE + "waterLevel"
EXPORT = """観測局,持世寺,,
観測時刻,水位,差分,
　2023/06/25 22:00,2.80,0,
　2023/06/25 23:00,2.83,0.03,
　2023/06/25 24:00,2.85,0.02,
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    file = tmp_path / "map.toml"
    file.write_text(MOCHIYOJI, encoding="utf-8")
    return file


@pytest.fixture
def export(tmp_path: Path) -> Path:
    file = tmp_path / "export.csv"
    file.write_bytes(EXPORT.encode("cp932"))
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "town"
    path.mkdir()
    return path


def bring(file: Path, mapping: Path, *words: object) -> int:
    return enter(["import", "csv", str(file), "--map", str(mapping), *map(str, words)])


async def _look(folder: Path) -> tuple[Entity | None, list[Instance]]:
    async with town_in(folder, None) as found:
        past = await history.instances(found, [GAUGE], [LEVEL], TemporalQuery(), Principal("urn:test"))
        return found.store.peek(GAUGE), list(past)


def levels(folder: Path) -> list[object]:
    """The levels in the history of the gauge, in order of time."""
    past = asyncio.run(_look(folder))[1]
    return [one.value.value for one in sorted(past, key=lambda one: str(one.value.observed_at))]


def test_a_file_comes_into_history_and_present(export: Path, mapping: Path, folder: Path, capsys) -> None:
    assert bring(export, mapping, "--data", folder) == 0

    gauge, _ = asyncio.run(_look(folder))
    assert gauge is not None
    assert levels(folder) == [2.80, 2.83, 2.85]
    assert gauge.types == (NAMESPACE + "RiverGauge",)
    (level,) = gauge.attributes[LEVEL]
    assert (level.value, level.observed_at, level.unit_code) == (2.85, datetime(2023, 6, 25, 15, tzinfo=UTC), "MTR")
    assert "3 readings written" in capsys.readouterr().out


def test_a_gauge_without_name_and_place_becomes_one_too(export: Path, mapping: Path, folder: Path) -> None:
    lines = [line for line in MOCHIYOJI.splitlines() if not line.startswith(("name", "location"))]
    mapping.write_text("\n".join(lines), encoding="utf-8")
    assert bring(export, mapping, "--data", folder) == 0

    gauge, _ = asyncio.run(_look(folder))
    assert gauge is not None
    assert (gauge.types, list(gauge.attributes)) == ((NAMESPACE + "RiverGauge",), [LEVEL])
    assert levels(folder) == [2.80, 2.83, 2.85]


def test_the_same_file_twice_does_not_double_the_history(export: Path, mapping: Path, folder: Path, capsys) -> None:
    bring(export, mapping, "--data", folder)
    assert bring(export, mapping, "--data", folder) == 0

    assert levels(folder) == [2.80, 2.83, 2.85]
    assert "0 readings written 書き込み, 3 left out: in the history already" in capsys.readouterr().out


def test_a_longer_file_adds_only_what_is_new(export: Path, mapping: Path, folder: Path, capsys) -> None:
    bring(export, mapping, "--data", folder)
    longer = EXPORT.replace("2.83,0.03", "9.99,0").replace(
        "　2023/06/25 22", "　2023/06/25 21:00,2.79,,\n　2023/06/25 22"
    )
    export.write_bytes((longer + "2023/06/26 01:00,2.90,0.05,\n").encode("cp932"))
    assert bring(export, mapping, "--data", folder) == 0

    assert levels(folder) == [2.79, 2.80, 2.83, 2.85, 2.90]
    out = capsys.readouterr().out
    assert "2 readings written 書き込み, 2 left out" in out
    assert "1 left as they are, though the history has another value at that time" in out


def test_an_older_file_never_turns_the_present_back(export: Path, mapping: Path, folder: Path) -> None:
    bring(export, mapping, "--data", folder)
    export.write_bytes(EXPORT.replace("2023/06", "2022/06").replace("2.8", "1.8").encode("cp932"))
    bring(export, mapping, "--data", folder)

    gauge, past = asyncio.run(_look(folder))
    assert gauge is not None
    assert gauge.attributes[LEVEL][0].value == 2.85
    assert len(past) == 6


def test_a_line_that_cannot_be_read_stops_before_anything_is_written(
    export: Path, mapping: Path, folder: Path, capsys
) -> None:
    export.write_bytes(EXPORT.replace("2.85", "高い").encode("cp932"))

    assert bring(export, mapping, "--data", folder) == 1
    error = capsys.readouterr().err
    assert "line 5, column 水位: '高い' is not a number" in error
    assert "nothing was written, --skip-bad leaves such lines out" in error
    assert list(folder.iterdir()) == []

    assert bring(export, mapping, "--data", folder, "--skip-bad") == 0
    assert "left out: line 5, column 水位" in capsys.readouterr().out
    assert levels(folder) == [2.80, 2.83]


def test_a_dry_run_shows_and_writes_nothing(export: Path, mapping: Path, folder: Path, capsys) -> None:
    assert bring(export, mapping, "--data", folder, "--dry-run") == 0

    out = capsys.readouterr().out
    assert "· read as cp932" in out
    assert f"2023-06-25T13:00:00Z  {GAUGE}  waterLevel = 2.8 MTR" in out
    assert "3 rows, 3 readings of 1 entities, 2023-06-25T13:00:00Z to 2023-06-25T15:00:00Z" in out
    assert "usually every 60 min with 0 gaps" in out
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ([], "say where to: --data DIR"),
        (["--data", "nowhere"], "There is no folder nowhere; make one with: machinami init nowhere"),
        (["--data", ".", "--replay", "60"], "--replay sends to a running town"),
        (["--to", "http://127.0.0.1:9", "--replay", "0.5"], "is not between 1"),
        (["--to", "ftp://x"], "write it as http://127.0.0.1:1026"),
        (["--to", "http://127.0.0.1:9"], "is it running?"),
    ],
)
def test_words_that_do_not_work_are_answered_in_one_line(
    export: Path, mapping: Path, words: list[str], hint: str, capsys
) -> None:
    assert bring(export, mapping, *words) == 1
    error = capsys.readouterr().err
    assert hint in error
    assert error.count("\n") == 1


def test_files_that_cannot_be_read_are_named(export: Path, mapping: Path, folder: Path, capsys) -> None:
    assert bring(folder / "no.csv", mapping, "--dry-run") == 1
    assert "no.csv cannot be read: No such file" in capsys.readouterr().err
    assert bring(export, folder / "no.toml", "--dry-run") == 1
    assert "The map" in capsys.readouterr().err
    mapping.write_text("not toml", encoding="utf-8")
    assert bring(export, mapping, "--dry-run") == 1
    assert "map.toml cannot be read" in capsys.readouterr().err
    mapping.write_bytes(MOCHIYOJI.encode("cp932"))
    assert bring(export, mapping, "--dry-run") == 1
    assert "map.toml is not UTF-8" in capsys.readouterr().err
    mapping.write_text(MOCHIYOJI.replace("水位", "水面"), encoding="utf-8")
    assert bring(export, mapping, "--dry-run") == 1
    assert "export.csv: no column '水面' (did you mean '水位'?)" in capsys.readouterr().err


def test_a_town_that_is_not_there_is_named(export: Path, mapping: Path, folder: Path, capsys) -> None:
    assert bring(export, mapping, "--data", folder, "--town", "atlantis") == 1
    assert "There is no town 'atlantis'" in capsys.readouterr().err


def test_a_running_town_is_told_over_http_and_its_folder_left_alone(
    export: Path, mapping: Path, folder: Path, capsys
) -> None:
    past = f"/ngsi-ld/v1/temporal/entities/{quote(GAUGE)}?options=temporalValues"
    with town(folder) as running:
        assert bring(export, mapping, "--data", folder) == 1
        assert "is in use by another process" in capsys.readouterr().err

        assert bring(export, mapping, "--to", running.url) == 0
        assert "3 readings sent" in capsys.readouterr().out
        assert [value for value, _ in running.get(past)[LEVEL]["values"]] == [2.80, 2.83, 2.85]

        assert bring(export, mapping, "--to", running.url) == 0
        assert "0 readings sent 送信, 3 left out" in capsys.readouterr().out
        assert [value for value, _ in running.get(past)[LEVEL]["values"]] == [2.80, 2.83, 2.85]


def test_a_replay_keeps_the_steps_and_ends_now(export: Path, mapping: Path, folder: Path) -> None:
    past = f"/ngsi-ld/v1/temporal/entities/{quote(GAUGE)}?options=temporalValues"
    with town(folder) as running:
        assert bring(export, mapping, "--to", running.url, "--replay", 20_000) == 0
        now = datetime.now(UTC)
        values = running.get(past)[LEVEL]["values"]

    times = [datetime.fromisoformat(at) for _, at in values]
    assert [value for value, _ in values] == [2.80, 2.83, 2.85]
    assert [(b - a).total_seconds() for a, b in pairwise(times)] == [3600, 3600]
    assert 0 <= (now - times[-1]).total_seconds() < 60


def test_a_real_week_of_a_river_is_brought_in_whole(mapping: Path, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "week.csv"
    file.write_bytes(real_file("river/kotogawa_raw_waterlevel_20230625_sjis.csv"))

    assert bring(file, mapping, "--data", folder) == 0
    found = levels(folder)
    assert len(found) == 902
    assert max(map(float, map(str, found))) == 7.47
