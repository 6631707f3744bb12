"""What is known of the indicators of one town, gathered for its pages?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.charts import Chart, Line, payload, table
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.units import shown, unit_choices, unit_code, unit_text
from machinami.kit.words import LANGUAGES, Words
from machinami.model.vocabulary.circle import Initiative, KeyPerformanceIndicator, PlanAnswer, PlanReview
from machinami.services.indicators import service
from machinami.services.indicators.book import forms
from machinami.services.indicators.book.drawings import control_chart
from machinami.services.indicators.book.effects import called, effects_of
from machinami.services.indicators.book.finding import findings
from machinami.services.indicators.book.offers import offers, taken
from machinami.services.indicators.book.state import Card, Choice, Form, PartRow, Review, Rows, Sheet, State
from machinami.services.indicators.book.telling import Teller, link_of
from machinami.services.indicators.logic.chain import draw
from machinami.services.indicators.logic.computing import Outcome
from machinami.services.indicators.logic.formula import Term, read_or_fault
from machinami.services.indicators.logic.past import control
from machinami.services.indicators.logic.way import Sample, band_of, number
from machinami.services.indicators.logic.writing import Fault, cautions
from machinami.services.indicators.model import LEVELS, Definition, IndicatorRevision, Settings

ROWS_SHOWN = 200
ROWS_BEHIND_A_CHART = 60
LOG_LENGTH = 100
CLOSABLE = (KeyPerformanceIndicator, PlanReview, IndicatorRevision)


@dataclass(frozen=True, slots=True)
class IndicatorBook:
    """The indicators of one town as its pages see them."""

    city: City
    desk: Desk

    async def state(
        self, words: Words, form: Mapping[str, str] | None = None, faults: Mapping[str, Fault] | None = None
    ) -> State:
        """All that the page of the town's figures shows. form, faults: what was typed and not accepted."""
        kpis, teller = await self.kpis(), await self.teller(words)
        followed = [kpi for kpi in kpis if kpi.retired_on is None]
        past = await self.past([kpi.id for kpi in followed], teller.settings)
        cards = {kpi.id: teller.card(kpi, past.get(kpi.id, ())) for kpi in kpis}
        units = {kpi.id: kpi.unit or "" for kpi in kpis}
        answers = await self.city.find(PlanAnswer)
        reviews = [teller.review(review, units, answers) for review in await self.city.find(PlanReview)][::-1]
        log = [r for r in await self.city.find(IndicatorRevision) if r.decided_at is not None][::-1]
        return State(
            sorted((cards[k.id] for k in followed), key=_order),
            [cards[k.id] for k in kpis if k.retired_on is not None],
            draw(followed, {k.id: teller.name(k) for k in followed}) if followed else None,
            [review for review in reviews if review.state == "proposed"],
            [review for review in reviews if review.state != "proposed"][:LOG_LENGTH],
            offers(self.desk.houses(), followed, words, self.city.terms),
            [teller.revision(entry) for entry in log[:LOG_LENGTH]],
            self.form(teller, followed, "", forms.typed(form) if form is not None else forms.empty(), form, faults),
            self.writes(),
            frozenset(view.TYPE for view in CLOSABLE if not self.city.shows(view)),
        )

    async def sheet(
        self,
        kpi_id: str,
        words: Words,
        form: Mapping[str, str] | None = None,
        faults: Mapping[str, Fault] | None = None,
    ) -> Sheet:
        """One indicator with all that is known of it. Raises NotFound."""
        kpi, kpis, teller = await service.indicator(self.city, kpi_id), await self.kpis(), await self.teller(words)
        now = self.city.now()
        past = await service.history_of(self.city, kpi_id, teller.settings.history_days, now)
        known = service.definition_of(kpi)
        term, error = read_or_fault(kpi.formula, self.city.terms) if kpi.formula else (None, None)
        outcome, fault = await self.outcome(term, words) if term else (None, str(error.detail) if error else "")
        followed = [other for other in kpis if other.retired_on is None and other.id != kpi_id]
        led = [other for other in followed if kpi_id in (other.leads_to or ())]
        lines = _lines(kpi, words)
        chart = Chart(
            teller.name(kpi), unit_text(kpi.unit, words), [(sample.at, sample.value) for sample in past], now, (), lines
        )
        work = [i for i in await self.city.find(Initiative) if kpi_id in (i.kpis or ())]
        filled = {**forms.filled(known), "unit": unit_text(kpi.unit, words)}
        typed = forms.typed(form) if form is not None else filled
        return Sheet(
            teller.card(kpi, past),
            kpi.formula or "",
            fault,
            words.of(kpi.counting),
            self.facts(kpi, teller),
            [self.part(kpi, outcome, place) for place in range(len(outcome.parts))] if outcome else [],
            payload(chart, _chart_words(words), self.city.zone) if len(past) > 1 else None,
            table(chart, ROWS_BEHIND_A_CHART),
            findings(past, self.city.zone, unit_text(kpi.unit, words), words),
            control_chart(control(past, self.city.zone), unit_text(kpi.unit, words)),
            [words.plain(f"ind.caution.{kind}") for kind in cautions(known, self.city.terms, bool(led))],
            [teller.card(other) for other in followed if other.id in (kpi.leads_to or ())],
            [teller.card(other) for other in led],
            [words.of(i.name, i.id) for i in work],
            [teller.revision(entry) for entry in await service.revisions(self.city, kpi_id)],
            await self.reviews(kpi, teller),
            await effects_of(self.city, kpi, words),
            not kpi.formula,
            self.writes(),
            self.form(teller, followed, kpi_id, typed, form, faults, kpi.leads_to or ()),
        )

    async def reviews(self, kpi: KeyPerformanceIndicator, teller: Teller) -> list[Review]:
        """The reviews of the plan that an indicator led to, the newest first."""
        answers = await self.city.find(PlanAnswer)
        about = [one for one in await self.city.find(PlanReview) if one.ref_indicator == kpi.id]
        return [teller.review(one, {kpi.id: kpi.unit or ""}, answers) for one in about][::-1]

    async def rows(self, kpi_id: str, place: int, words: Words) -> Rows:
        """The entities from which a part of a figure was computed. Raises NotFound, NotShown."""
        kpi = await service.indicator(self.city, kpi_id)
        term = read_or_fault(kpi.formula or "", self.city.terms)[0]
        if term is None:
            raise NotFound(f"{kpi_id} has no formula, and so no rows", entityId=kpi_id)
        outcome = await service.computed(self.city, term, self.city.now())
        if not 0 <= place < len(outcome.parts):
            raise NotFound(f"The formula of {kpi_id} has {len(outcome.parts)} parts", entityId=kpi_id)
        part = outcome.parts[place]
        kind = self.city.terms.compact(part.type)
        rows = [
            (
                called(self.city, used.id, words),
                "" if used.value is None else shown(used.value),
                _address(kind, used.id),
            )
            for used in part.used[:ROWS_SHOWN]
        ]
        return Rows(self.part(kpi, outcome, place), kind, rows, len(rows))

    async def outcome(self, term: Term, words: Words) -> tuple[Outcome | None, str]:
        """What a formula comes to now for who looks, or why they cannot be told."""
        try:
            return await service.computed(self.city, term, self.city.now()), ""
        except service.NotShown:
            return None, words.plain("ind.why.closed")
        except BadRequestData as error:
            return None, error.detail

    def part(self, kpi: KeyPerformanceIndicator, outcome: Outcome, place: int) -> PartRow:
        """One aggregate of a formula."""
        part = outcome.parts[place]
        link = f"{link_of(kpi.id)}/rows?part={place}"
        return PartRow(part.text, shown(part.value), part.count, part.left_out, link)

    def facts(self, kpi: KeyPerformanceIndicator, teller: Teller) -> list[tuple[str, str]]:
        """What an indicator is, as terms and texts."""
        words = teller.words
        year = "" if kpi.baseline_year is None else words.plain("ind.baseline_year", year=kpi.baseline_year)
        unknown = words.plain("ind.unknown")
        baseline = unknown if kpi.baseline is None else f"{teller.with_unit(kpi.baseline, kpi)}{year}"
        told = {
            "level": words.plain(f"ind.level.{kpi.level if kpi.level in LEVELS else 'outcome'}"),
            "kind": words.plain(f"ind.kind.{kpi.kind}") if words.has(f"ind.kind.{kpi.kind}") else "",
            "direction": words.plain(f"ind.direction.{kpi.direction if kpi.direction in ('up', 'down') else 'range'}"),
            "baseline": baseline,
            "field": words.plain(f"field.{kpi.field}") if words.has(f"field.{kpi.field}") else kpi.field or "",
            "service": teller.services.get(kpi.service or "", ""),
            "owner": kpi.owner or "",
        }
        return [(words.plain(f"ind.field.{name}"), text) for name, text in told.items() if text]

    def form(
        self,
        teller: Teller,
        others: Sequence[KeyPerformanceIndicator],
        kpi_id: str,
        values: Mapping[str, str],
        typed: Mapping[str, str] | None,
        faults: Mapping[str, Fault] | None,
        leads: Sequence[str] = (),
    ) -> Form:
        """The form of an indicator."""
        chosen = (
            leads if typed is None else [name.removeprefix("leads:") for name in typed if name.startswith("leads:")]
        )
        choices = [Choice(o.id, teller.name(o), o.level or "outcome", o.id in chosen) for o in others if o.id != kpi_id]
        said = {name: teller.fault(fault) for name, fault in (faults or {}).items()}
        units = [word for _, word in unit_choices(teller.words)]
        return Form(values, said, choices, [("", "—"), *teller.services.items()], list(dict.fromkeys(units)))

    def unit_typed(self, unit: str | None, before: Definition | None) -> str | None:
        """The code of a unit that was typed; the one before where its word still stands in the form."""
        words = [unit_text(before.unit, Words(one)) for one in LANGUAGES] if before else []
        return (before.unit if before and unit in words else unit_code(unit)) or None

    def writes(self) -> bool:
        """Whether who looks may make indicators and change them."""
        return self.city.may_write(KeyPerformanceIndicator.TYPE) and self.city.may_write(IndicatorRevision.TYPE)

    async def kpis(self) -> list[KeyPerformanceIndicator]:
        """All indicators that who looks may see."""
        return await self.city.find(KeyPerformanceIndicator)

    async def past(self, ids: Sequence[str], settings: Settings) -> dict[str, list[Sample]]:
        """The measured values of indicators over the days that are shown."""
        now = self.city.now()
        since, until = now - timedelta(days=settings.history_days), now + timedelta(seconds=1)
        found = await self.city.history(KeyPerformanceIndicator, "current", since, until, ids) if ids else {}
        return {
            name: [Sample(p.measured.observed_at, p.measured.value) for p in row if p.measured.value is not None]
            for name, row in found.items()
        }

    async def teller(self, words: Words) -> Teller:
        """Who says it in these words."""
        names = {h.service.manifest.id: h.service.manifest.title.spoken(words.language) for h in self.desk.houses()}
        return Teller(words, await self.city.settings(Settings), names)

    def taken(self, key: str) -> Definition | None:
        """The definition that an offer of a service becomes; None where there is no such offer."""
        return taken(self.desk.houses(), key, self.city.terms)


def _order(card: Card) -> tuple[int, int, str]:
    level = LEVELS.index(card.level) if card.level in LEVELS else 0
    return (0 if card.is_goal else 1, -level, card.name)


def _lines(kpi: KeyPerformanceIndicator, words: Words) -> tuple[Line, ...]:
    band = band_of(kpi, kpi.baseline if kpi.baseline is not None else number((kpi.standing or {}).get("start")))
    ends = {band.low, band.high} if band is not None else set()
    return tuple(Line(words.plain("ind.line.target"), end, 0) for end in sorted(ends) if abs(end) != float("inf"))


def _chart_words(words: Words) -> dict[str, str]:
    return {key: words.plain(f"chart.{key}") for key in ("time", "observed", "low", "middle", "high", "rain", "now")}


def _address(kind: str, entity_id: str) -> str:
    return f"/data/{quote(kind)}/{quote(entity_id, safe=':')}"
