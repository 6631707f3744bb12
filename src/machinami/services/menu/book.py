"""What do the pages show of the menu, in the reader's words?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.kit.words import Words
from machinami.services.menu.model import Judged, Menu, MenuChoice, Part, Share


@dataclass(frozen=True, slots=True)
class PartSheet:
    """Something that answers a row. works: yes, no or untold."""

    title: str
    kind: str
    ref: str
    href: str
    works: str


@dataclass(frozen=True, slots=True)
class RowSheet:
    """One row as the page shows it."""

    id: str
    no: str
    l2: str
    l3: str
    text: str
    tag: str
    source: str
    fields: Sequence[str]
    finding: str
    parts: Sequence[PartSheet]
    lacks: str
    state: str
    reason: str
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class GroupSheet:
    """One group of the first level with its share and its rows."""

    id: str
    title: str
    share: Share
    percent: int
    rows: Sequence[RowSheet]


@dataclass(frozen=True, slots=True)
class Line:
    """One decision of the record."""

    row: str
    title: str
    state: str
    reason: str
    by: str
    at: datetime
    stands: bool


def spoken(text: Mapping[str, str] | None, language: str) -> str:
    """A text in the reader's language."""
    if not text:
        return ""
    return text.get("en" if language == "en" else "ja") or text.get("ja") or next(iter(text.values()))


def sheets(menu: Menu, rows: Sequence[Judged], shares: Sequence[Share], words: Words) -> list[GroupSheet]:
    """Every group with its rows."""
    return [
        GroupSheet(
            share.group,
            spoken(menu.groups[share.group], words.language),
            share,
            round(100 * share.part),
            [sheet(one, words) for one in rows if one.row.l1 == share.group],
        )
        for share in shares
    ]


def sheet(one: Judged, words: Words) -> RowSheet:
    """One row."""
    row, choice, language = one.row, one.choice, words.language
    l2, l3, text, lacks, source = (spoken(said, language) for said in (row.l2, row.l3, row.text, row.lacks, row.source))
    return RowSheet(
        row.id, row.no or "—", l2, l3, text, row.tag, source,
        [words.plain(f"field.{field}") for field in row.fields],
        one.finding,
        [_part(part, works, language) for part, works in one.parts],
        lacks if one.finding != "met" else "",
        (choice.state or "") if choice else "",
        (choice.text or "") if choice else "",
        f"{choice.decided_by} ({choice.role})" if choice else "",
        choice.decided_at if choice else None,
    )  # fmt: skip


def _part(part: Part, works: bool | None, language: str) -> PartSheet:
    href = part.ref if part.kind == "page" else f"/services/{part.ref}" if part.kind == "service" and works else ""
    said = "untold" if works is None else "yes" if works else "no"
    return PartSheet(spoken(part.title, language), part.kind, part.ref, href, said)


def record(menu: Menu, choices: Mapping[str, MenuChoice], words: Words) -> list[Line]:
    """All that was decided, the newest first."""
    lines: list[Line] = []
    for choice in choices.values():
        key, title = choice.id.rpartition(":")[2], spoken(choice.name, words.language)
        if choice.decided_at is not None:
            by = f"{choice.decided_by} ({choice.role})"
            lines.append(
                Line(key, title, choice.state or "", choice.text or "", by, choice.decided_at, bool(choice.state))
            )
        for past in choice.revisions or []:
            by, at = f"{past['by']} ({past['role']})", datetime.fromisoformat(past["at"])
            lines.append(Line(key, title, past["state"], past["text"], by, at, False))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def tender(groups: Sequence[GroupSheet], words: Words) -> tuple[list[str], list[list[str]]]:
    """The menu as a table for a tender: its head and its rows."""
    head = [words.plain(f"menu.column.{name}") for name in (
        "l1", "no", "l2", "l3", "text", "choice", "reason", "finding", "evidence", "lacks", "fields", "tag", "source",
    )]  # fmt: skip
    rows = [
        [
            group.title, row.no, row.l2, row.l3, row.text, words.plain(f"menu.state.{row.state or 'open'}"), row.reason,
            words.plain(f"menu.finding.{row.finding}"),
            " / ".join(f"{part.title} ({part.ref})" for part in row.parts if part.works == "yes"),
            row.lacks, "・".join(row.fields), words.plain(f"menu.tag.{row.tag}"), row.source,
        ]
        for group in groups
        for row in group.rows
    ]  # fmt: skip
    return head, rows
