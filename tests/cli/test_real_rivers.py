"""Does the flood forecaster keep its bars on real rivers, through the command line that anyone would use?

The short form scores one horizon of a river's first month; `--long` scores whole records.
"""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rdata
from tests.ingest.csv.river import SHARED, real_file

from machinami.cli.entrance import enter

KAMIKAWA = "river/kamikawa_jp_10min_2020.csv"
KOTOGAWA = "river/kotogawa_jp_10min_20230601_20230801.csv"
AIRGR = "river/airgr_L0123003_hourly.rda"
GAUGES = (
    "haregamine,seikaen,kagamiko,kanazawa,osawa,shiyakusho,tamagawahoikuen,izuminohoikuen,hakubutsukan,"
    "kohigashihoikuen,yonezawahoikuen,kashiwabarakominkan,kirigamine,shirakabako,kitayatsugatake,okutateshina,"
    "minoto,haramura,toyokanko,tokyu,alpico,village,mitsuinomori,kajima"
)


def scores(capsys: pytest.CaptureFixture[str], file: Path, *words: str) -> dict[str, Any]:
    """Score a river and return the value of every check by its name."""
    assert enter(["evaluate", "flood", "--csv", str(file), "--json", *words]) == 0
    return {check["name"]: check["value"] for check in json.loads(capsys.readouterr().out)["checks"]}


def head(name: str, rows: int, folder: Path) -> Path:
    """The first rows of a real table."""
    lines = real_file(name).decode("utf-8-sig").splitlines()[: rows + 1]
    file = folder / Path(name).name
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def catchment(folder: Path) -> Path:
    """The hourly record of the airGR sample catchment as a table."""
    real_file(AIRGR)
    basin = rdata.read_rda(str(SHARED / "data" / AIRGR))["BasinObs"]
    file = folder / "catchment.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        table = csv.writer(out)
        table.writerow(["time", "P", "Qls"])
        for at, rain, flow in zip(basin["DatesR"], basin["P"], basin["Qls"], strict=True):
            table.writerow([datetime.fromtimestamp(float(at), UTC).isoformat(), rain, flow])
    return file


def hold(found: dict[str, Any], *hours: str) -> None:
    """Every interval holds 85 to 95 % of what came."""
    for hour in hours:
        for suffix in ("", "_perfect_rain"):
            assert 0.85 <= found[f"coverage90_{hour}{suffix}"] <= 0.95, hour


def test_two_weeks_of_a_real_river_are_little_but_do_no_harm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--time", "date", "--level", "zeniba", "--rain", "shiyakusho,kirigamine,haramura", "--tz", "Asia/Tokyo")
    found = scores(capsys, head(KAMIKAWA, 4_000, tmp_path), *words, "--horizons", "2h")
    assert found["improvement_2h"] > -0.1
    assert found["improvement_2h_perfect_rain"] > found["improvement_2h"]


@pytest.mark.long
def test_kamikawa_keeps_its_bars(capsys: pytest.CaptureFixture[str]) -> None:
    real_file(KAMIKAWA)
    words = ("--time", "date", "--level", "zeniba", "--rain", GAUGES, "--tz", "Asia/Tokyo")
    found = scores(capsys, SHARED / "data" / KAMIKAWA, *words)
    assert found["improvement_2h"] >= 0.13
    assert found["improvement_3h"] >= 0.11
    assert found["improvement_2h_perfect_rain"] >= 0.28
    assert found["improvement_3h_perfect_rain"] >= 0.30
    assert min(found["worst_fold_2h"], found["worst_fold_3h"]) >= -0.05
    hold(found, "1h", "2h", "3h", "6h")


@pytest.mark.long
def test_a_dammed_river_with_one_flood_to_learn_from_is_not_forecast_worse_than_by_persistence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    real_file(KOTOGAWA)
    words = ("--time", "時刻", "--level", "水位_水位", "--rain", "ダム_60分雨量", "--tz", "Asia/Tokyo")
    found = scores(capsys, SHARED / "data" / KOTOGAWA, *words, "--missing", "0.00")
    assert min(found[f"improvement_{hour}"] for hour in ("1h", "2h", "3h", "6h")) >= -0.01
    assert min(found[f"worst_fold_{hour}"] for hour in ("1h", "2h", "3h", "6h")) >= -0.05
    hold(found, "1h", "2h", "3h", "6h")


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:Missing constructor for R class")  # a time is read as its number, as wanted
def test_the_catchment_of_a_hydrological_model_keeps_its_bars(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--time", "time", "--level", "Qls", "--rain", "P", "--horizons", "3h")
    found = scores(capsys, catchment(tmp_path), *words)
    assert found["improvement_3h"] >= 0.43
    assert found["improvement_3h_perfect_rain"] >= 0.47
    assert found["pod_3h"] >= 0.9
    assert found["far_3h"] <= 0.3
    hold(found, "3h")
