"""Which types are there, and which attributes do their entities have?"""

from collections import Counter, defaultdict

import apsw

from machinami.model.document import KIND_CODES
from machinami.model.found import TypeSummary
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.statements import SQL

_KINDS = {code: kind.value for kind, code in KIND_CODES.items()}


def summarize(names: Names, connection: apsw.Connection) -> list[TypeSummary]:
    """Every type in use, by name; one pass over all entities."""
    counts = Counter({t: n for t, gone, n in read(connection, SQL.entity_counts) if not gone})
    attributes: dict[int, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for number, attribute, code, count in read(connection, SQL.attribute_kinds):
        attributes[number][attribute][_KINDS[code]] = count
    summaries = [
        TypeSummary(names.text(number), count, dict(sorted(attributes[number].items())))
        for number, count in counts.items()
    ]
    return sorted(summaries, key=lambda summary: summary.type)
