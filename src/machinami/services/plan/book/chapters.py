"""How do the eight chapters of the plan read, with the tables that belong to each?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from machinami.foundation.instant import parse_instant
from machinami.kit.moments import day, day_told, fiscal, years_told
from machinami.kit.units import change_text, with_unit
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import CHAPTERS
from machinami.services.plan.logic.drafting import is_older, text_of
from machinami.services.plan.logic.paper import Cell, Chapter, Table
from machinami.services.plan.logic.record import Row
from machinami.services.plan.logic.roadmap import Roadmap, roadmap

QUESTIONS = 4
INDICATOR = "/services/indicators/of/"


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom and when a paper is made: the words, the moment, the town's zone and names."""

    words: Words
    now: datetime
    zone: str
    names: Mapping[str, str]

    def clock(self, at: datetime) -> str:
        """A moment as the town writes it."""
        local = at.astimezone(ZoneInfo(self.zone))
        return f"{day(local.date(), self.words)} {local:%H:%M}"


def chapters(
    texts: Mapping[str, Any] | None, record: Row, live: Mapping[str, Row] | None, reader: Reader, column: str
) -> tuple[Chapter, ...]:
    """The eight chapters. live: where a plan was published before, the indicators as they stand now, by id; column:
    whether their values in the record are `current` ones or those of a publication (`value`)."""
    teller = _Teller(record, live, reader, column)
    return tuple(_chapter(key, number, texts, teller) for number, key in enumerate(CHAPTERS, 1))


def _chapter(key: str, number: int, texts: Mapping[str, Any] | None, teller: "_Teller") -> Chapter:
    words = teller.words
    own, other = (text_of(texts, key, one) for one in (words.tongue, "ja" if words.tongue == "en" else "en"))
    return Chapter(
        key,
        number,
        words.plain(f"plan.chapter.{key}.title"),
        tuple(words.plain(f"plan.chapter.{key}.{n}") for n in range(1, QUESTIONS + 1)),
        own or other,
        not own and bool(other),
        bool(own) and is_older(texts, key, words.tongue),
        teller.tables(key),
        teller.warnings(key),
        teller.map() if key == "roadmap" else None,
    )


def _worth(row: Row) -> str:
    """Whether an effect can be told from chance: `told`, `not_told` or `unknown`."""
    found = set(row.get("findings", ()))
    if "drift_found" in found or "fit_poor" in found:
        return "unknown"
    if found & {"chance_excludes", "placebo_few"}:
        return "told"
    return "not_told" if found & {"chance_includes", "placebo_many"} else "unknown"


class _Teller:
    """Tells the tables of one record in the reader's words."""

    def __init__(self, record: Row, live: Mapping[str, Row] | None, reader: Reader, column: str) -> None:
        self.record = record
        self.live = live
        self.words = reader.words
        self.now = reader.now
        self.zone = reader.zone
        self.column = column
        self.names = {row["id"]: self.name(row) for part in ("works", "needs", "kpis") for row in record.get(part, ())}

    def name(self, row: Row) -> str:
        """What something is called."""
        return self.words.of(row.get("name"), str(row.get("id", "")))

    def said(self, kind: str, value: object) -> str:
        """The word for one of a few values; the value itself where there is none."""
        key = f"plan.{kind}.{value}"
        return self.words.plain(key) if value and self.words.has(key) else str(value or "")

    def listed(self, ids: Sequence[str]) -> str:
        """Names in a row; what is gone is said to be."""
        gone = self.words.plain("plan.gone")
        return self.words.plain("plan.comma").join(self.names.get(one, gone) for one in ids)

    def tables(self, key: str) -> tuple[Table, ...]:
        """The tables of a chapter."""
        made = {
            "goals": self.goals, "problems": self.problems, "kpis": self.indicators, "work": self.works,
            "roadmap": self.stages, "roles": self.roles, "sustaining": self.money, "data": self.data,
        }  # fmt: skip
        return made[key]()

    def table(
        self, name: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], right: Sequence[int] = ()
    ) -> Table:
        """A table of the catalogue: its caption and the names of its columns."""
        return Table(
            self.words.plain(f"plan.table.{name}"),
            tuple(self.words.plain(f"plan.column.{head}") for head in heads),
            tuple(tuple(row) for row in rows),
            frozenset(right),
            self.words.plain(f"plan.none.{name}"),
        )

    def goals(self) -> tuple[Table, ...]:
        """The vision, and the indicators that are goals."""
        vision = self.record.get("vision")
        rows = []
        if vision:
            of = self.words.plain(
                "plan.vision_of", version=vision.get("version") or 1, day=vision.get("adopted_on") or "—"
            )
            rows = [(self.name(vision), self.words.of(vision.get("text")), of)]
        goals = [row for row in self.record.get("kpis", ()) if row.get("is_goal")]
        return (
            self.table("vision", ("name", "text", "since"), rows),
            self.kpi_table("kgis", goals),
        )

    def problems(self) -> tuple[Table, ...]:
        """The needs with the works for each."""
        rows = [
            (
                self.name(row),
                int(row["voices"]),
                self.said("need_state", row["state"]),
                self.listed(row["works"]) or None,
            )
            for row in self.record.get("needs", ())
        ]
        return (self.table("needs", ("need", "voices", "state", "works"), rows, (1,)),)

    def indicators(self) -> tuple[Table, ...]:
        """The indicators that are no goals, and what measures did to indicators, where somebody compared."""
        own = self.kpi_table("kpis", [row for row in self.record.get("kpis", ()) if not row.get("is_goal")])
        return (own, self.effects()) if self.record.get("effects") else (own,)

    def effects(self) -> Table:
        """The estimated effects of measures, each with its range and with whether it can be told from chance."""
        rows = [
            (
                self.name(row),
                self.listed([row["kpi"]]),
                day_told(str(row.get("began") or ""), self.words) or None,
                change_text(row.get("effect"), row.get("unit"), self.words),
                self.range(row),
                self.words.plain(f"plan.effect.{_worth(row)}"),
                self.day(row.get("at")),
            )
            for row in self.record["effects"]
        ]
        heads = ("measure", "kpi", "began", "effect", "range", "worth", "compared_on")
        links = tuple(f"{INDICATOR}{quote(row['kpi'], safe=':')}#effects" for row in self.record["effects"])
        return replace(self.table("effects", heads, rows, (3,)), links=links)

    def range(self, row: Row) -> str | None:
        """Between what an effect is, or how far other places depart by chance; None where it cannot be told."""
        if row.get("low") is None or row.get("high") is None:
            return None
        said = {name: change_text(row[name], row.get("unit"), self.words) for name in ("low", "high")}
        return self.words.plain(f"plan.effect.{'chance' if row.get('method') == 'mixture' else 'interval'}", **said)

    def kpi_table(self, name: str, rows: Sequence[Row]) -> Table:
        """Indicators with baseline, target and value; where a plan was published before, also with the value now."""
        heads = ["kpi", "level", "baseline", "target", "by", self.column, "measured"]
        heads += ["now", "measured_now"] if self.live is not None else ["state"]
        right = (2, 3, 5, 7) if self.live is not None else (2, 3, 5)
        told = self.table(name, heads, [self.kpi_row(row) for row in rows], right)
        return replace(told, links=tuple(f"{INDICATOR}{quote(str(row['id']), safe=':')}" for row in rows))

    def kpi_row(self, row: Row) -> tuple[Cell, ...]:
        """One indicator."""
        unit = str(row.get("unit") or "")
        level = self.said("level", row.get("level"))
        baseline = self.amount(row.get("baseline"), unit)
        told: tuple[Cell, ...] = (
            self.name(row),
            level,
            baseline if row.get("baseline") is not None else self.words.plain("plan.unknown"),
            self.target(row.get("target"), unit),
            self.years(row.get("target_years")),
            self.amount(row.get("value"), unit),
            self.day(row.get("at")),
        )
        if self.live is None:
            return (*told, self.said("kpi_state", row.get("state")) or None)
        now = self.live.get(str(row["id"]))
        if now is None:
            return (*told, self.words.plain("plan.gone"), None)
        return (*told, self.amount(now.get("value"), unit), self.day(now.get("at")))

    def amount(self, value: Any, unit: str) -> str | None:
        """A value with its unit; None where there is none."""
        if not isinstance(value, int | float):
            return None
        return with_unit(value, unit, self.words)

    def target(self, target: Any, unit: str) -> str | None:
        """A target as value, range or rate (per cent of the baseline, at once or for each year)."""
        if not isinstance(target, Mapping):
            return None
        low, high = self.amount(target.get("low"), unit), self.amount(target.get("high"), unit)
        kind, rate = str(target.get("kind", "value")), target.get("low", target.get("high"))
        if kind == "range" and low and high:
            return self.words.plain("plan.target.range", low=low, high=high)
        if kind == "rate" and isinstance(rate, int | float):
            key = "plan.target.yearly" if target.get("per") == "year" else "plan.target.rate"
            return self.words.plain(key, low=f"{rate:+,.6g}".replace("-", "−"))
        return low or high

    def years(self, years: Any) -> str | None:
        """By when: a year or several, of the fiscal or the calendar kind."""
        if not isinstance(years, Mapping) or (years.get("to") is None and years.get("from") is None):
            return None
        first, last = years.get("from") or years.get("to"), years.get("to") or years.get("from")
        return years_told(first, last, bool(years.get("fiscal")), self.words)

    def day(self, at: Any) -> str | None:
        """The day of a moment, in town."""
        return (
            day(parse_instant(at).astimezone(ZoneInfo(self.zone)).date(), self.words) if isinstance(at, str) else None
        )

    def works(self) -> tuple[Table, ...]:
        """The works: what, for which needs, as which service, tried in which pilots."""
        join = self.words.plain("plan.comma").join
        rows = [
            (
                self.name(row),
                self.words.of(row.get("text")) or None,
                self.listed(row["needs"]) or self.words.plain("plan.no_need"),
                self.listed(row["kpis"]) or self.words.plain("plan.no_kpi"),
                self.words.of(row.get("service_title")) or row.get("service"),
                join(f"{self.name(one)}（{self.said('pilot_state', one['state'])}）" for one in row["pilots"]) or None,
                self.said("work_state", row["state"]),
            )
            for row in self.record.get("works", ())
        ]
        return (self.table("works", ("work", "text", "needs", "kpis", "service", "pilots", "state"), rows),)

    def stages(self) -> tuple[Table, ...]:
        """The stages of each work, as a list beside the road map."""
        rows = [
            (
                self.name(row),
                self.said("stage", stage.get("stage")),
                self.years({"from": stage.get("from"), "to": stage.get("to"), "fiscal": True}),
                self.said("stage_state", stage.get("state")),
            )
            for row in self.record.get("works", ())
            for stage in row["stages"]
        ]
        return (self.table("stages", ("work", "stage", "by", "state"), rows),)

    def map(self) -> Roadmap | None:
        """The road map."""
        today = self.now.astimezone(ZoneInfo(self.zone))
        fiscal = today.year if today.month >= 4 else today.year - 1
        return roadmap([(self.name(row), row["stages"]) for row in self.record.get("works", ())], fiscal)

    def roles(self) -> tuple[Table, ...]:
        """Who leads and who does what."""
        rows = [
            (self.name(row), row.get("lead") or self.words.plain("plan.no_lead"), role.get("who"), role.get("does"))
            for row in self.record.get("works", ())
            for role in (row["roles"] or [{}])
        ]
        return (self.table("roles", ("work", "lead", "who", "does"), rows),)

    def money(self) -> tuple[Table, ...]:
        """What it costs and what comes in, by year and by work."""
        money = self.record.get("money") or {}
        columns = ("once", "running", "grant", "other")
        years: list[tuple[Cell, ...]] = [
            (self.fiscal(row["year"]), *(int(row[one]) for one in columns), int(row["balance"]))
            for row in money.get("years", ())
        ]
        works: list[tuple[Cell, ...]] = [
            (self.fiscal(row["year"]), self.words.of(row["name"]) or self.words.plain("plan.whole_town"),
             *(int(row[one]) for one in columns))
            for row in money.get("rows", ())
        ]  # fmt: skip
        return (
            self.table("years", ("year", *columns, "balance"), years, range(1, 6)),
            self.table("money", ("year", "work", *columns), works, range(2, 6)),
        )

    def fiscal(self, year: object) -> str:
        """A fiscal year."""
        return fiscal(year, self.words) if isinstance(year, int) else str(year)

    def data(self) -> tuple[Table, ...]:
        """Which data each work uses, and for what it needs data about people."""
        join = self.words.plain("plan.comma").join
        rows = [
            (
                self.name(row),
                self.words.of(row.get("service_title")) or None,
                join(self.kind(one) for one in row["uses"]) or None,
                join(self.words.of(one) for one in row["personal"]) or self.words.plain("plan.no_personal"),
            )
            for row in self.record.get("works", ())
            if row.get("service")
        ]
        return (self.table("data", ("work", "service", "uses", "personal"), rows),)

    def kind(self, name: str) -> str:
        """The word for a type of data."""
        return self.words.plain(f"type.{name}") if self.words.has(f"type.{name}") else name

    def warnings(self, key: str) -> tuple[str, ...]:
        """What a reader of a chapter must know, in plain words."""
        if key == "sustaining":
            money = self.record.get("money") or {}
            found = []
            if money.get("uncovered"):
                years = self.words.plain("plan.comma").join(self.fiscal(year) for year in money["uncovered"])
                found.append(self.words.plain("plan.warn.uncovered", years=years))
            if money.get("undated"):
                found.append(self.words.plain("plan.warn.undated", count=money["undated"]))
            return tuple(found)
        if key == "kpis" and any(row.get("simulated") for row in self.record.get("kpis", ())):
            return (self.words.plain("plan.warn.simulated"),)
        if key == "problems":
            open_ones = [row for row in self.record.get("needs", ()) if not row["works"] and row["state"] == "open"]
            return (self.words.plain("plan.warn.unanswered", count=len(open_ones)),) if open_ones else ()
        return ()
