"""What is a case, and what may a town look for? Items after the GIF case data model (DS-451-3)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from machinami.model.view import Words

Stage = Literal["start", "prepare", "plan", "build", "grow"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Size = Literal["metropolis", "suburb", "regional", "other", "unsaid"]
SIZES: tuple[Size, ...] = get_args(Size)
OWN_SOURCE = "own"


@dataclass(frozen=True, slots=True)
class ReferenceCase:
    """What a town did, told in our own words; what its source does not say is None, never invented.

    name: タイトル; place: 事例の場所; problem: 取り組み理由; aim: 目的; text: 取り組み内容; outcome: 成果;
    lessons: 学んだこと; money: 持続させる仕組み・利用した制度, who paid and how; indicators: 評価の方法, rows
    {"ja", "en", "level", "target", "year"}; partners: 協力者; keywords: キーワード; year: 事例実施年. Our own:
    failed: what did not work; size: of the town, in the four classes of the ministry's model projects; stage: which it
    had reached; theme: for which of the themes of the stuck it is told; service, page: what here does the same;
    sources: keys of sources.toml, or "own"; edition: of the library; state: shown or withdrawn; decided_by, role,
    decided_at: who added or withdrew a case of the town's own.
    """

    TYPE: ClassVar[str] = "ReferenceCase"
    id: str
    name: Words | None = None
    place: Words | None = None
    size: str | None = None
    field: str | None = None
    stage: str | None = None
    theme: str | None = None
    year: str | None = None
    problem: Words | None = None
    aim: Words | None = None
    text: Words | None = None
    outcome: Words | None = None
    failed: Words | None = None
    lessons: Words | None = None
    money: Words | None = None
    partners: Words | None = None
    indicators: list[dict[str, Any]] | None = None
    keywords: list[str] | None = None
    service: str | None = None
    page: str | None = None
    sources: list[str] | None = None
    edition: int | None = None
    state: str | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A document in which cases are told."""

    key: str
    title: Words


@dataclass(frozen=True, slots=True)
class Library:
    """The cases that ship with the service, and the documents that tell of them."""

    edition: int
    sources: tuple[Source, ...]
    cases: tuple[ReferenceCase, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for: free words, and what it must be where that is said."""

    words: str = ""
    field: str = ""
    stage: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A case that answers a wish: how well (more is better), and which letters of the wish stand in it."""

    case: ReferenceCase
    score: float
    matched: tuple[str, ...] = ()
