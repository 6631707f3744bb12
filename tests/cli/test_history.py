"""Are closed months read back as they came, sealed or not?"""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from machinami.app.configuration import FILE, read
from machinami.app.keys import files_of, ring_of
from machinami.broker.closed_months import ClosedMonths, row_of
from machinami.broker.contexts import town_context
from machinami.cli.entrance import enter
from machinami.model.attribute import Attribute, Kind
from machinami.model.found import Instance
from machinami.store.files import SEALED
from machinami.store.parquet import Chosen, count

BEGIN = datetime(2024, 5, 1, tzinfo=UTC)


def fill(folder: Path, sealed: bool) -> None:
    """Two months of one gauge."""
    (folder / FILE).write_text(f"[store]\nencrypted = {str(sealed).lower()}\n", encoding="utf-8")
    settings = read(folder)
    ring = ring_of(settings)
    if sealed:
        ring.make("default")
    expand = town_context().expand
    months = ClosedMonths(files_of(settings, ring, "default"))
    (folder / "towns" / "default").mkdir(parents=True, mode=0o700)
    for month, first in (("2024-05", BEGIN), ("2024-06", BEGIN + timedelta(days=31))):
        values = [
            Attribute(Kind.PROPERTY, n / 2, None, first + timedelta(hours=n), "MTR", instance_id=f"urn:i:{month}:{n}")
            for n in range(3)
        ]
        kind = expand("RiverGauge")
        past = [row_of(kind, Instance("urn:ngsi-ld:RiverGauge:1", expand("waterLevel"), one)) for one in values]
        for _ in range(2):  # as after a crash: what is there already counts once
            asyncio.run(months.keep(month, kind, past))


@pytest.mark.parametrize("sealed", [False, True])
def test_closed_months_are_read_back_as_they_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sealed: bool
) -> None:
    fill(tmp_path, sealed)
    kept = [path.read_bytes() for path in (tmp_path / "towns" / "default" / "files").rglob("*.parquet")]
    assert [content.startswith(SEALED) for content in kept] == [sealed, sealed]
    data = ["history", "--data", str(tmp_path)]
    assert enter([*data, "--since", "2024-06"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["at"], row["number"]) for row in rows] == [
        ("2024-06-01T00:00:00Z", 0.0), ("2024-06-01T01:00:00Z", 0.5), ("2024-06-01T02:00:00Z", 1.0),
    ]  # fmt: skip
    assert (rows[0]["type"], rows[0]["attribute"], rows[0]["unit"]) == ("RiverGauge", "waterLevel", "MTR")
    assert enter([*data, "--csv", "--type", "RiverGauge", "--until", "2024-05"]) == 0
    assert len(list(csv.DictReader(io.StringIO(capsys.readouterr().out)))) == 3
    target = tmp_path / "all.parquet"
    assert enter([*data, "--parquet", str(target)]) == 0
    assert count(target.read_bytes(), Chosen()) == 6
    capsys.readouterr()
    assert enter([*data, "--attribute", "nothing"]) == 0
    assert capsys.readouterr().out == ""
    assert enter([*data, "--town", "elsewhere"]) == 1
    assert "no town 'elsewhere'" in capsys.readouterr().err
