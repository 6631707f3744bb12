"""What do the pages show of the cases, in the reader's words?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.kit.desk import House
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import Initiative
from machinami.services.cases.logic.adding import can_be_untried
from machinami.services.cases.logic.reading import key_of
from machinami.services.cases.model import OWN_SOURCE, Found, ReferenceCase, Source

ADDRESS = "/services/cases"


@dataclass(frozen=True, slots=True)
class Card:
    """One case in the list."""

    key: str
    name: str
    place: str
    problem: str
    labels: Sequence[str]
    matched: Sequence[str]
    here: bool
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Here:
    """What here does the same as a case. kind: running, off (it is installed, and off in this town), absent (it is not
    installed), page or none."""

    kind: str
    name: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure by which the case was judged."""

    name: str
    level: str
    target: str
    year: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A work that was begun from a case. id: "" where it can no longer be taken back."""

    name: str
    state: str
    id: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All of one case. told: rows of the key of a heading and what is said of it, "" where its source says nothing."""

    card: Card
    told: Sequence[tuple[str, str]]
    facts: Sequence[tuple[str, str]]
    gauges: Sequence[Gauge]
    sources: Sequence[str]
    here: Here
    own: bool
    works: Sequence[Begun]
    by: str
    at: datetime | None


def spoken(text: Mapping[str, str] | None, language: str) -> str:
    """A text in the reader's language, in Japanese where there is none; empty where nothing is said."""
    if not text:
        return ""
    return text.get("en" if language == "en" else "ja") or text.get("ja") or next(iter(text.values()))


def card(found: Found, houses: Sequence[House], words: Words) -> Card:
    """One case in the list, with the words that matched. houses: those whose services are on."""
    case, language = found.case, words.language
    labels = [words.plain(f"field.{case.field or 'management'}"), stage_of(case, words)]
    here = here_of(case, houses, words).kind in ("running", "page")
    name, place, problem = (spoken(text, language) for text in (case.name, case.place, case.problem))
    return Card(key_of(case.id), name, place, problem, labels, found.matched, here, case.state == "withdrawn")


def sheet(
    case: ReferenceCase,
    houses: Sequence[House],
    resting: Sequence[House],
    works: Sequence[Initiative],
    sources: Sequence[Source],
    words: Words,
) -> Sheet:
    """All of one case. houses, resting: those whose services are on, and off."""
    language = words.language
    rows = {
        "problem": case.problem, "aim": case.aim, "text": case.text, "outcome": case.outcome, "failed": case.failed,
        "lessons": case.lessons, "money": case.money, "partners": case.partners,
    }  # fmt: skip
    titles = {source.key: spoken(source.title, language) for source in sources}
    said = [
        titles.get(key, words.plain("cases.own_source") if key == OWN_SOURCE else key) for key in case.sources or []
    ]
    facts = [
        (words.plain("cases.fact.stage"), stage_of(case, words)),
        (words.plain("cases.fact.size"), words.plain(f"cases.size.{case.size or 'unsaid'}")),
        (words.plain("cases.fact.year"), case.year or words.plain("cases.unsaid")),
        (words.plain("cases.fact.field"), words.plain(f"field.{case.field or 'management'}")),
    ]
    return Sheet(
        card(Found(case, 0.0), houses, words),
        [(key, spoken(text, language)) for key, text in rows.items()],
        facts,
        [_gauge(row, words) for row in case.indicators or []],
        said,
        here_of(case, houses, words, resting),
        case.sources == [OWN_SOURCE],
        [
            Begun(spoken(one.name, language) or one.id, _work_state(one, words), one.id if can_be_untried(one) else "")
            for one in works
        ],
        f"{case.decided_by} ({case.role})" if case.decided_by else "",
        case.decided_at,
    )


def here_of(case: ReferenceCase, houses: Sequence[House], words: Words, resting: Sequence[House] = ()) -> Here:
    """What here does the same as a case."""
    for kind, which in (("running", houses), ("off", resting)):
        for house in which:
            if house.service.manifest.id == case.service:
                title = house.service.manifest.title.spoken("en" if words.language == "en" else "ja")
                return Here(kind, title, f"/services/{case.service}" if kind == "running" else "")
    if case.service:
        return Here("absent", case.service)
    return Here("page", words.plain("nav.ethics"), case.page) if case.page else Here("none")


def stage_of(case: ReferenceCase, words: Words) -> str:
    """Which stage a case had reached, in the reader's words."""
    return words.plain(f"cases.stage.{case.stage}") if case.stage else words.plain("cases.stage.unsaid")


def _gauge(row: Mapping[str, object], words: Words) -> Gauge:
    level = words.plain(key) if words.has(key := f"cases.level.{row.get('level')}") else ""
    unsaid = words.plain("cases.unsaid")
    name = str(row.get("en" if words.language == "en" else "ja") or row.get("ja"))
    return Gauge(name, level, str(row.get("target") or unsaid), str(row.get("year") or unsaid))


def _work_state(work: Initiative, words: Words) -> str:
    state = work.state or ""
    return state if words.has(f"cases.work.{state}") else ""
