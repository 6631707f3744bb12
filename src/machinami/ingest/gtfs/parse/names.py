"""What are the things of a timetable called in other languages? By translations.txt, as GTFS and GTFS-JP write it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from machinami.ingest.gtfs.parse.table import Faults, rows_of

FILE = "translations.txt"
LONGEST_TAG = 20


@dataclass(slots=True)
class Names:
    """Translations: by the text itself, and by table, column and record; `language` is that of the feed."""

    language: str
    by_text: dict[str, dict[str, str]] = field(default_factory=dict)
    by_record: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)

    def of(self, text: str, table: str, column: str, record: str) -> dict[str, str]:
        """A text in every language that there is; nothing for no text."""
        if not text:
            return {}
        others = {**self.by_text.get(text, {}), **self.by_record.get((table, column, record), {})}
        return {**others, self.language: text}


def names_of(tables: Mapping[str, bytes], language: str, faults: Faults) -> Names:
    """The translations of a timetable: trans_id (GTFS-JP 2) is the text itself; else table, field, record or value."""
    names = Names(language)
    if FILE not in tables:
        return names
    for row in rows_of(tables[FILE], FILE, faults):
        text, tag = row.get("translation"), (row.get("language") or row.get("lang"))[:LONGEST_TAG]
        if not text or not tag or not tag.replace("-", "").isalnum():
            continue
        if row.get("trans_id") or row.get("field_value"):
            names.by_text.setdefault(row.get("trans_id") or row.get("field_value"), {})[tag] = text
        elif row.get("record_id"):
            key = (row.get("table_name"), row.get("field_name"), row.get("record_id"))
            names.by_record.setdefault(key, {})[tag] = text
    return names
