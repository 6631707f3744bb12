"""Is the planner held against trying everything on a real timetable, and are options refused in words?"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import orjson
import pytest
from tests.transit import packed

from machinami.foundation.errors import InputError
from machinami.ingest.gtfs.parse.feed import read_feed
from machinami.methods.scorecard import Table
from machinami.model.transit_document import network_document
from machinami.services.buses.evaluate import evaluate

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "gtfs"


def checks(data: bytes, options: Mapping[str, str]) -> dict[str, float | None]:
    document = orjson.dumps(network_document(read_feed(data).network))
    table = Table(np.zeros(0, np.int64), {}, {"gtfs": document})
    return {check.name: check.value for check in evaluate(table, options, lambda done, of: None).checks}


def test_a_day_on_which_nothing_runs_is_refused() -> None:
    with pytest.raises(InputError, match="nothing runs on 2030-01-01; the timetable is from 2026-01-01"):
        checks(packed(), {"date": "2030-01-01"})
    with pytest.raises(InputError, match="is no day"):
        checks(packed(), {"date": "soon"})
    with pytest.raises(InputError, match="'fares' is not known"):
        checks(packed(), {"parts": "fares"})


def test_the_small_line_is_planned_as_by_trying_everything() -> None:
    found = checks(packed(), {"date": "2026-06-30", "parts": "planner", "queries": "50"})
    assert found["same_arrivals_as_trying_everything"] == 1.0


@pytest.mark.skipif(not SHARED.is_dir(), reason="the public timetables are not here")
@pytest.mark.parametrize("queries", ["30", pytest.param("1000", marks=pytest.mark.long)])
def test_cairns_is_planned_as_by_trying_everything(queries: str) -> None:
    data = (SHARED / "cairns_gtfs.zip").read_bytes()
    found = checks(data, {"parts": "planner", "queries": queries})
    assert found["same_arrivals_as_trying_everything"] == 1.0
