"""Which service of the town answers which need, and by which outcome is it judged? Where none does, that is said."""

from collections.abc import Sequence
from dataclasses import dataclass

from machinami.model.vocabulary.circle import CityNeed, Initiative, KeyPerformanceIndicator

OUTCOMES = frozenset({"outcome", "impact"})
ENDED = frozenset({"ended"})


@dataclass(frozen=True, slots=True)
class Known:
    """A service of the town as its manifest tells. offered: how many outcomes it says it could be judged by."""

    id: str
    title: str
    field: str
    offered: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One service, the work that it does, the needs that it answers, the outcomes by which it is judged.

    lost: how many of the needs and indicators that are named are not there any more.
    """

    service: Known
    initiatives: tuple[Initiative, ...]
    needs: tuple[CityNeed, ...]
    outcomes: tuple[KeyPerformanceIndicator, ...]
    lost: int = 0

    @property
    def whole(self) -> bool:
        """Whether it traces to a need and to an outcome that is written down."""
        return bool(self.needs and self.outcomes)


def traced(
    services: Sequence[Known],
    initiatives: Sequence[Initiative],
    needs: Sequence[CityNeed],
    indicators: Sequence[KeyPerformanceIndicator],
) -> list[Trace]:
    """Every service with what it traces to, those that do not trace first."""
    by_need = {need.id: need for need in needs}
    by_indicator = {one.id: one for one in indicators}
    found = [_trace(service, initiatives, by_need, by_indicator) for service in services]
    return sorted(found, key=lambda row: (row.whole, row.service.id))


def _trace(
    service: Known,
    initiatives: Sequence[Initiative],
    needs: dict[str, CityNeed],
    indicators: dict[str, KeyPerformanceIndicator],
) -> Trace:
    work = tuple(one for one in initiatives if one.service == service.id and one.state not in ENDED)
    named_needs = dict.fromkeys(need for one in work for need in one.needs or ())
    named_kpis = dict.fromkeys(kpi for one in work for kpi in one.kpis or ())
    own = [one for one in indicators.values() if one.service == service.id]
    judged = {one.id: one for one in (*own, *(indicators[kpi] for kpi in named_kpis if kpi in indicators))}
    lost = sum(need not in needs for need in named_needs) + sum(kpi not in indicators for kpi in named_kpis)
    return Trace(
        service,
        work,
        tuple(needs[need] for need in named_needs if need in needs),
        tuple(one for one in judged.values() if one.level in OUTCOMES),
        lost,
    )


def unanswered(needs: Sequence[CityNeed], initiatives: Sequence[Initiative]) -> list[CityNeed]:
    """The needs that stand for themselves and that no work of the town answers."""
    answered = {need for one in initiatives if one.state not in ENDED for need in one.needs or ()}
    heads = {str(need.ref_group) for need in needs if need.id in answered and need.ref_group}
    return [
        need
        for need in needs
        if need.ref_group is None and need.state == "open" and need.id not in answered and need.id not in heads
    ]
