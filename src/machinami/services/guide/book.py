"""What do the pages of the guide show, in the reader's words?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.kit.desk import House
from machinami.kit.words import Words
from machinami.services.guide.model import (
    Caution,
    Diagnosis,
    Guidance,
    GuideAnswer,
    Path,
    Progress,
    ReferenceCase,
    Standing,
    Theme,
)


@dataclass(frozen=True, slots=True)
class Link:
    """Where something is done; href empty where that does not run here, and name is then the id of the service."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Row:
    """One question as the page shows it."""

    id: str
    text: str
    why: str
    step: str
    link: Link
    state: str
    decides: bool
    shown: str
    doubted: bool
    answer: str
    remark: str
    by: str
    at: datetime | None
    sources: Sequence[str]
    cases: Sequence[Link]


@dataclass(frozen=True, slots=True)
class StageSheet:
    """One stage as the page shows it. place: through, here or ahead."""

    id: str
    number: int
    title: str
    aim: str
    place: str
    done: int
    total: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class ThemeSheet:
    """One theme of the stuck."""

    id: str
    title: str
    lead: str
    rows: Sequence[Row]
    cautions: Sequence[tuple[str, Link]]
    cases: Sequence[Link]
    sources: Sequence[str]

    @property
    def open(self) -> int:
        """How many of its questions do not pass."""
        return sum(row.state in ("open", "partly") for row in self.rows)


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the record: what was answered, by whom, when; whether it stands, and can be taken back."""

    question: str
    text: str
    answer: str
    remark: str
    by: str
    at: datetime | None
    stands: bool


@dataclass(frozen=True, slots=True)
class Teller:
    """How the guide speaks to one reader."""

    words: Words
    houses: Sequence[House]
    cases: Mapping[str, ReferenceCase]

    def said(self, text: Mapping[str, str] | None) -> str:
        """A text of the data in the reader's language."""
        if not text:
            return ""
        return text.get(self.words.language) or text.get("ja") or next(iter(text.values()))

    def link(self, where: str) -> Link:
        """Where something is done."""
        if where.startswith("/"):
            return Link(self.words.plain(f"guide.page.{where.strip('/')}"), where)
        for house in self.houses:
            manifest = house.service.manifest
            if manifest.id == where:
                language = "en" if self.words.language == "en" else "ja"
                return Link(manifest.title.spoken(language), f"/services/{where}?view=officer")
        return Link(where, "")

    def row(self, one: Standing, decides: Sequence[str] = ()) -> Row:
        """One question."""
        question, answer, shown = one.question, one.answer, ""
        if one.evidence is not None and question.evidence:
            kind = "closed" if one.evidence.state == "closed" else f"of.{question.evidence}"
            shown = self.words.plain(f"guide.shown.{kind}", have=one.evidence.have, of=one.evidence.of)
        return Row(
            question.id,
            self.said(question.text),
            self.said(question.why),
            self.said(question.step),
            self.link(question.where),
            one.state,
            question.id in decides,
            shown,
            one.doubted,
            (answer.answer or "") if answer else "",
            (answer.text or "") if answer else "",
            f"{answer.decided_by} ({answer.role})" if answer else "",
            answer.decided_at if answer else None,
            [self.words.plain(f"guide.source.{source}") for source in question.sources],
            self.examples(question.cases),
        )

    def examples(self, keys: Sequence[str]) -> list[Link]:
        """Links to cases, by their names as far as the town has them."""
        found = [(key, self.cases.get(key)) for key in keys]
        return [
            Link((one and self.said(one.name)) or self.words.plain("guide.library"), f"/services/cases?case={key}")
            for key, one in found
        ]

    def stages(self, found: Diagnosis) -> list[StageSheet]:
        """Every stage, and where the town stands."""
        return [self._stage(number, one, found) for number, one in enumerate(found.progress, 1)]

    def _stage(self, number: int, one: Progress, found: Diagnosis) -> StageSheet:
        place = "through" if number < found.number or found.settled else "here" if number == found.number else "ahead"
        stage = one.stage
        return StageSheet(
            stage.id,
            number,
            self.said(stage.title),
            self.said(stage.aim),
            place,
            one.done,
            len(one.standings),
            [self.row(each, stage.decides) for each in one.standings],
        )

    def theme(self, theme: Theme, standings: Sequence[Standing], cautions: Sequence[Caution]) -> ThemeSheet:
        """One theme of the stuck."""
        words = self.words
        return ThemeSheet(
            theme.id,
            self.said(theme.title),
            self.said(theme.lead),
            [self.row(one) for one in standings],
            [
                (words.plain(f"guide.caution.{one.kind}", **one.facts), self.link(one.where))
                for one in cautions
                if one.theme == theme.id
            ],
            self.examples(theme.cases),
            [words.plain(f"guide.source.{source}") for source in theme.sources],
        )

    def record(self, own: Guidance, answers: Mapping[str, GuideAnswer]) -> list[Told]:
        """All that was answered, the newest first."""
        rows = [row for answer in answers.values() for row in self._lines(own, answer)]
        return sorted(rows, key=lambda row: row.at.isoformat() if row.at else "", reverse=True)

    def _lines(self, own: Guidance, answer: GuideAnswer) -> Iterator[Told]:
        question = own.questions.get(answer.question or "")
        text = self.said(question.text) if question else answer.question or ""
        by = f"{answer.decided_by} ({answer.role})"
        key = answer.question or ""
        yield Told(key, text, answer.answer or "", answer.text or "", by, answer.decided_at, bool(answer.answer))
        for past in answer.revisions or []:
            at = datetime.fromisoformat(past["at"]) if past["at"] else None
            yield Told(key, text, past["answer"], past["text"], f"{past['by']} ({past['role']})", at, False)

    def paths(self, own: Guidance, chosen: Path) -> list[tuple[str, str, str, bool]]:
        """Every row of stages: its id, title, source and whether the town goes by it."""
        return [(path.id, self.said(path.title), self.said(path.source), path is chosen) for path in own.paths]
