"""Does `machinami evaluate flood` score a river in a file, and say clearly what is wrong with one?"""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.services.flood.rivers import river

from machinami.cli.entrance import enter


def write(path: Path, encoding: str = "utf-8") -> str:
    """Write a made-up river as a table and return its path."""
    record = river(1300, seed=11)
    begin = datetime.fromisoformat("2025-06-01T00:00")
    rows = ["観測所,さくら川", "時刻,水位,雨量"]
    for i in range(record.count):
        at = begin + timedelta(hours=i)
        rows.append(f"{at:%Y/%m/%d %H:%M},{record.level[i]},{record.rain[0, i]:.2f}")
    rows[200] = rows[200].split(",")[0] + ",0.00,0.00"
    path.write_bytes("\n".join(rows).encode(encoding))
    return str(path)


def words(file: str, *more: str) -> list[str]:
    return ["evaluate", "flood", "--csv", file, "--time", "時刻", "--level", "水位", "--tz", "Asia/Tokyo", *more]


def test_a_river_in_shift_jis_is_scored_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "river.csv", "cp932")
    assert enter(words(file, "--rain", "雨量", "--missing", "0.00", "--horizons", "2h", "--json")) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"service", "checks", "rows", "seconds"}
    assert (said["service"], said["rows"]) == ("flood", 1300)
    assert all(set(check) == {"name", "value", "bar", "unit", "passed"} for check in said["checks"])
    by_name = {check["name"]: check for check in said["checks"]}
    assert by_name["improvement_2h"]["value"] > 0.1
    assert by_name["improvement_2h"]["passed"] is (
        by_name["improvement_2h"]["value"] >= by_name["improvement_2h"]["bar"]
    )
    assert by_name["coverage90_2h"]["bar"] == [0.85, 0.95]
    for name in ("improvement_2h_perfect_rain", "worst_fold_2h", "pod_2h", "far_2h", "lead_2h"):
        assert name in by_name


def test_a_river_without_rain_is_scored_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert enter(words(write(tmp_path / "river.csv"), "--horizons", "1h")) == 0
    shown = capsys.readouterr().out
    assert "improvement_1h" in shown
    assert "perfect_rain" not in shown
    assert "step 60 min" in shown


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--rain", "雨"], "no column '雨'"),
        (["--horizons", "90min"], "not a multiple of the record's step of 60 min"),
        (["--horizons", "soon"], "horizon 'soon' is not a length of time"),
        (["--tz", "Asia/Edo"], "no time zone 'Asia/Edo'"),
        (["--encoding", "klingon"], "no encoding 'klingon'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert enter(words(write(tmp_path / "river.csv"), *more)) == 1
    complaint = capsys.readouterr().err
    assert said in complaint
    assert "Traceback" not in complaint


def test_a_file_that_is_not_there_and_one_that_is_too_short_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enter(words(str(tmp_path / "none.csv"))) == 1
    assert "No such file" in capsys.readouterr().err
    short = tmp_path / "short.csv"
    short.write_text("時刻,水位\n2025-01-01,1\n2025-01-02,2\n", encoding="utf-8")
    assert enter(words(str(short))) == 1
    assert "2 rows are too few" in capsys.readouterr().err


def test_a_service_that_cannot_be_scored_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert enter(["evaluate", "weather", "--csv", "x"]) == 1
    assert "there is no service 'weather' to score" in capsys.readouterr().err
    assert enter(["evaluate", "--help"]) == 0
    assert "flood" in capsys.readouterr().out
