"""By which figures are the services of the town judged, and which of them are indicators of the town already?"""

from collections.abc import Sequence

from machinami.kit.desk import House
from machinami.kit.manifest import Kpi, Text
from machinami.kit.units import unit_code
from machinami.kit.words import Words
from machinami.model.context import Context
from machinami.model.view import Words as Spoken
from machinami.model.vocabulary.circle import KeyPerformanceIndicator
from machinami.services.indicators.book.state import Offer
from machinami.services.indicators.book.telling import link_of
from machinami.services.indicators.logic.formula import read_or_fault
from machinami.services.indicators.model import Definition


def offers(
    houses: Sequence[House], followed: Sequence[KeyPerformanceIndicator], words: Words, context: Context
) -> list[Offer]:
    """Every figure of every running service, in order of the services."""
    known = {kpi.from_kpi: kpi.id for kpi in followed if kpi.from_kpi}
    rows = []
    for house in houses:
        manifest = house.service.manifest
        for kpi in manifest.kpis:
            key, formula = f"{manifest.id}.{kpi.id}", _formula(kpi, context)
            counting = kpi.counting.spoken(words.language) if kpi.counting else "" if formula else kpi.formula
            link = link_of(known[key]) if key in known else ""
            title = manifest.title.spoken(words.language)
            rows.append(Offer(key, title, kpi.title.spoken(words.language), kpi.level, formula, counting, link))
    return rows


def taken(houses: Sequence[House], key: str, context: Context) -> Definition | None:
    """The indicator that a service's figure becomes; None where there is no such figure."""
    for house in houses:
        manifest = house.service.manifest
        for kpi in manifest.kpis:
            if f"{manifest.id}.{kpi.id}" == key:
                return Definition(
                    "",
                    _spoken(kpi.title),
                    None,
                    manifest.field or None,
                    manifest.id,
                    kpi.level,
                    "chosen",
                    False,
                    "range" if kpi.direction == "keep" else kpi.direction,
                    unit_code(kpi.unit.ja, kpi.unit.en) if kpi.unit else None,
                    _formula(kpi, context) or None,
                    _spoken(kpi.counting) if kpi.counting else Spoken({"en": kpi.formula}) if kpi.formula else None,
                    owner=manifest.owner or None,
                    from_kpi=key,
                )
    return None


def _formula(kpi: Kpi, context: Context) -> str:
    """The formula where it is one; a sentence in its place is a rule of counting."""
    return kpi.formula if kpi.formula and read_or_fault(kpi.formula, context)[0] is not None else ""


def _spoken(text: Text) -> Spoken:
    return Spoken({"ja": text.ja, "en": text.en, **({"easy": text.easy} if text.easy else {})})
