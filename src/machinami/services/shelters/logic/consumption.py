"""What do people of each group use in a day, and by whose figures?

The rows are a beginning, not a law: a town sets water and meals by its settings, and what it really uses narrows the
rest (machinami.methods.shortage). Units are those in which goods are counted; kilograms are for the vehicles.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from machinami.services.shelters.model import Settings

SPHERE = "Sphere Handbook 2018, Water supply standard 2.1"
TOILETS = "内閣府 避難所におけるトイレの確保・管理ガイドライン"
GUIDE = "内閣府 避難所運営ガイドライン"
FEEDING = "IFE Core Group, Operational Guidance on Infant Feeding in Emergencies (2017)"
OWN = "the town's own row: to be replaced by what is used"


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of goods: its unit (UN/CEFACT or a word of the catalogue), kg a unit, use a person and day by group,
    where the figures are from, and how uneven its use is (variance / mean)."""

    id: str
    unit: str
    kilograms: float
    daily: Mapping[str, float]
    source: str
    spread: float = 3.0


_AGES = ("infant", "child", "adult", "elderly")
ITEMS = (
    Item("water", "L", 1.0, dict.fromkeys(_AGES, 3.0), SPHERE),
    Item("meal", "meal", 0.4, {"child": 3.0, "adult": 3.0, "elderly": 3.0, "allergy": -3.0}, GUIDE),
    Item("allergy_meal", "meal", 0.4, {"allergy": 3.0}, GUIDE, 2.0),
    Item("milk", "feed", 0.25, {"infant": 6.0}, FEEDING, 2.0),
    Item("nappy", "piece", 0.04, {"infant": 8.0}, OWN, 3.0),
    Item("pad", "piece", 0.1, {"elderly": 0.8}, OWN, 3.0),
    Item("toilet", "use", 0.05, {"child": 5.0, "adult": 5.0, "elderly": 5.0}, TOILETS),
    Item("medicine", "day", 0.05, {"chronic": 1.0}, OWN, 1.5),
)
"""Meals for people with an allergy are taken off the common ones."""
BY_ID = {item.id: item for item in ITEMS}
USUAL: Mapping[str, float] = {
    "infant": 0.02, "child": 0.11, "adult": 0.57, "elderly": 0.30, "allergy": 0.02, "chronic": 0.15,
}  # fmt: skip
"""Shares of the people where nobody counted by group (about those of Japan; illness and allergy of the town's own)."""


def people(persons: float, profile: Mapping[str, int]) -> dict[str, float]:
    """How many there are of each group: by what was counted, brought to the number of heads, else by usual shares."""
    counted = sum(profile.get(age, 0) for age in _AGES)
    if counted <= 0:
        return {group: persons * share for group, share in USUAL.items()}
    return {group: persons * profile.get(group, 0) / counted for group in USUAL}


def daily_use(persons: float, profile: Mapping[str, int], settings: Settings) -> dict[str, float]:
    """What all of them are expected to use in a day, by item."""
    there = people(persons, profile)
    scale = {"water": settings.water_litres / 3.0, "meal": settings.meals / 3.0, "allergy_meal": settings.meals / 3.0}
    return {
        item.id: max(0.0, scale.get(item.id, 1.0) * sum(there.get(g, 0.0) * rate for g, rate in item.daily.items()))
        for item in ITEMS
    }
