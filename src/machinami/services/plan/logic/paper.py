"""A plan as a paper: chapters of words, tables and a road map, the same for the page, the PDF and the workbook."""

from dataclasses import dataclass

from machinami.services.plan.logic.roadmap import Roadmap

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table. right: the columns that hold numbers; none: what is said where it has no row; links: for each row, the
    page behind it, where there are such."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: frozenset[int] = frozenset()
    none: str = ""
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter. questions: what to think of while it is written; text: as it was written; foreign: whether it is
    in the other language; older: whether it was rewritten in the other one since; warnings: what a reader must know."""

    key: str
    number: int
    title: str
    questions: tuple[str, ...]
    text: str
    foreign: bool
    older: bool
    tables: tuple[Table, ...]
    warnings: tuple[str, ...] = ()
    map: Roadmap | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """The whole plan in one language. status: draft, approved, published or withdrawn, in a sentence; dated: of when
    its figures are; stages, states: the words of the road map, by what they stand for."""

    title: str
    town: str
    language: str
    status: str
    dated: str
    chapters: tuple[Chapter, ...]
    stages: dict[str, str]
    states: dict[str, str]
    page: str
    contents: str
    empty: str


def said(cell: Cell) -> str:
    """A cell as text: numbers with their thousands apart, a dash where there is nothing."""
    if cell is None:
        return "—"
    if isinstance(cell, str):
        return cell
    text = f"{cell:,}" if isinstance(cell, int) else f"{cell:,.10g}"
    return text.replace("-", "−")
