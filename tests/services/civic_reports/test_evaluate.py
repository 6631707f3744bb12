"""Are the rows of St. Louis taken, led and counted as they were there, by an independent calculation too?"""

import csv
import os
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from machinami.foundation.errors import InputError
from machinami.ingest.requests311.parse import parse
from machinami.methods.scorecard import Table
from machinami.services.civic_reports import evaluate
from machinami.services.civic_reports.logic import scoring

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared"))
ROWS = SHARED / "data" / "civic" / "stlouis_csb_311_january_2018.csv"
real = pytest.mark.skipif(not ROWS.is_file(), reason=f"the table of St. Louis is not at {ROWS}")
HEAD = "requestid,datetimeinit,problemcode,submitto,datetimeclosed,srx,sry\n"


def checks(documents: dict[str, bytes]) -> dict[str, tuple[float | None, bool | None]]:
    table = Table(evaluate.np.zeros(0, evaluate.np.int64), {}, documents)
    report = evaluate.evaluate(table, {}, lambda done, of: None)
    return {one.name: (one.value, one.passed) for one in report.checks}


@real
def test_every_row_of_st_louis_is_taken_or_refused_with_its_reason() -> None:
    taken = scoring.take(parse(ROWS.read_bytes(), ROWS.name, "America/Chicago"))
    assert len(taken.accepted) + len(taken.refused) == 1554
    assert (taken.count("duplicate_id"), taken.count("no_place")) == (22, 48)
    assert all(taken.refused.values())
    assert len({row["id"] for row in taken.accepted}) == len(taken.accepted) == 1484


@real
def test_the_office_of_the_second_half_is_found_by_what_the_first_half_did() -> None:
    found = checks({"csv": orjson.dumps(parse(ROWS.read_bytes(), ROWS.name, "America/Chicago"))})
    assert found["routing_held_out"][1]
    assert found["routing_rows"] == (737.0, None)


@real
def test_medians_of_time_to_mend_equal_a_calculation_of_another_kind() -> None:
    zone, seen, took = ZoneInfo("America/Chicago"), set[str](), defaultdict[str, list[float]](list)
    with ROWS.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["requestid"] in seen or "NA" in (row["srx"], row["sry"]):
                seen.add(row["requestid"])
                continue
            seen.add(row["requestid"])
            if row["datetimeclosed"] != "NA" and row["datecancelled"] == "NA":
                ends = [
                    datetime.fromisoformat(row[n]).replace(tzinfo=zone).timestamp()
                    for n in ("datetimeinit", "datetimeclosed")
                ]
                took[row["problemcode"]].append((ends[1] - ends[0]) / 86_400)
                took["all"].append((ends[1] - ends[0]) / 86_400)
    ours = scoring.medians(scoring.take(parse(ROWS.read_bytes(), ROWS.name, "America/Chicago")).accepted)
    assert set(ours) == set(took)
    for code, days in took.items():
        days.sort()
        middle = len(days) // 2
        expected = days[middle] if len(days) % 2 else (days[middle - 1] + days[middle]) / 2
        assert ours[code] == pytest.approx(expected, abs=1e-9), code


def test_rows_are_refused_for_all_that_is_wrong_with_them() -> None:
    said = parse(f"{HEAD}1,2018-01-01 09:00:00,A,X,NA,1,2\n1,2018-01-01 09:00:00,A,X,NA,NA,NA\n".encode(), "x.csv")
    taken = scoring.take(said)
    assert taken.refused == {3: ("duplicate_id", "no_place")}


def test_a_table_that_is_none_is_refused_with_what_would_do() -> None:
    for content, said in ((b"a,b\n1,2\n", "requestid or service_request_id"), (b"\xff\xfe", "UTF-8"),
                          (f"{HEAD}1,yesterday,A,X,NA,1,2\n".encode(), "line 2: 'yesterday' is no time")):  # fmt: skip
        with pytest.raises(InputError, match=said):
            parse(content, "x.csv")
    with pytest.raises(InputError, match="time zone"):
        parse(HEAD.encode(), "x.csv", "Nowhere")
    with pytest.raises(InputError, match="columns"):
        checks({"labelled": b"a,b\n1,2\n"})


def test_labelled_reports_are_scored_by_part_and_the_held_out_half_is_judged() -> None:
    found = checks({})
    assert found["duplicates_precision_held_out"][1]
    assert found["duplicates_recall_held_out"][1]
    assert found["duplicates_precision_tuning"][1] is None
    assert Counter(name.rpartition("_")[2] for name in found)["unseen"] == 3


def test_sets_together_are_scored_pair_by_pair() -> None:
    few, many = scoring.Found(1.0, 0.5, 4, 2), scoring.Found(0.5, 1.0, 1, 2)
    assert scoring.together([few, many]) == scoring.Found(3 / 4, 3 / 5, 5, 4)
    assert scoring.together([]) == scoring.Found(0.0, 0.0, 0, 0)
