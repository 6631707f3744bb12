"""How many people were in all shelters together at each moment, by files of one moment each?"""

import csv
import io
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

_MOMENT = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)[-_T ]?(\d\d):?(\d\d)")


def counts_of(files: Mapping[str, bytes], column: str) -> tuple[Floats, Floats]:
    """Moments (seconds) and the heads of all rows of each file; `column`: how the name of the column begins.

    Raises InputError for a file whose name holds no moment, or that has no such column.
    """
    found: dict[float, float] = {}
    for name, data in files.items():
        moment = _MOMENT.search(name.rsplit("/", 1)[-1])
        if moment is None:
            raise InputError(f"the name of {name} holds no moment; name it as 2024-01-09-1800.csv")
        try:
            at = datetime.strptime("-".join(moment.groups()), "%Y-%m-%d-%H-%M").replace(tzinfo=UTC)
        except ValueError:
            raise InputError(f"{moment[0]} in the name of {name} is no moment") from None
        found[at.timestamp()] = _heads(data, column, name)
    order = sorted(found)
    return np.array(order), np.array([found[at] for at in order])


def _heads(data: bytes, column: str, name: str) -> float:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp932", "replace")
    table = csv.DictReader(io.StringIO(text))
    heads = [head for head in table.fieldnames or [] if head and head.startswith(column)]
    if not heads:
        raise InputError(f"{name} has no column that begins with {column!r}")
    return math.fsum(_number(row.get(heads[0])) for row in table)


def _number(text: str | None) -> float:
    """A count; a cell that is none counts nobody."""
    try:
        value = float((text or "").replace(",", "").removesuffix("人"))
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and value > 0 else 0.0
