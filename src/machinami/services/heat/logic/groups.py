"""From which heat on is whom to be warned, and by whose guidance?

- 日常生活: 日本生気象学会「日常生活における熱中症予防指針 Ver.4」(2022): 28 to 31 厳重警戒, from 31 危険, where
  old people are in danger even at rest.
- 運動: 日本スポーツ協会「スポーツ活動中の熱中症予防ガイドブック」(2019): from 28 hard exercise stops, from 31 all
  exercise, for children at all costs.
- 作業: JIS Z 8504 (ISO 7243:2017): 28 for moderate work of people used to heat; 厚生労働省, 労働安全衛生規則
  第612条の2 (2025): duties from a WBGT of 28.
- 警戒アラート 33, 特別警戒アラート 35: 環境省・気象庁 (気候変動適応法).
"""

from itertools import pairwise

from machinami.foundation.errors import BadRequestData
from machinami.services.heat.model import CAREFUL, GROUPS, SPECIAL, WARNING, Bound, Group, Settings

LIFE, SPORTS, WORK, ALERT = "life", "sports", "work", "alert"
"""The guidance a bound is from, as the catalogue names it (heat.source)."""
GUIDANCE: dict[Group, tuple[str, str]] = {
    "general": (LIFE, ALERT),
    "old": (LIFE, LIFE),
    "children": (SPORTS, SPORTS),
    "outdoor": (WORK, ALERT),
    "sports": (SPORTS, SPORTS),
}


def bounds_of(settings: Settings) -> list[Bound]:
    """The bounds as the town has them: careful and warning of each group, special of all."""
    found = []
    for group in GROUPS:
        careful, warning = GUIDANCE[group]
        found += [
            Bound(group, CAREFUL, getattr(settings, f"{group}_careful"), careful),
            Bound(group, WARNING, getattr(settings, f"{group}_warning"), warning),
            Bound(group, SPECIAL, settings.special, ALERT),
        ]
    return found


def check_bounds(settings: Settings) -> None:
    """Raise BadRequestData where the bounds of a group do not rise with the grade."""
    bounds = bounds_of(settings)
    for group in GROUPS:
        own = [b.wbgt for b in sorted(bounds, key=lambda b: b.grade) if b.group == group]
        if any(lower >= upper for lower, upper in pairwise(own)):
            raise BadRequestData(f"The bounds of {group} must rise: {own}", field="value", fault="bounds")


def grade_at(wbgt: float, group: Group, bounds: list[Bound], below: float = 0.0) -> int:
    """The grade of a WBGT (°C) for a group; `below` lowers every bound (the margin of a fall)."""
    return max((b.grade for b in bounds if b.group == group and wbgt >= b.wbgt - below), default=0)


def bound_of(group: Group, grade: int, bounds: list[Bound]) -> Bound | None:
    """The bound from which a group has a grade."""
    return next((b for b in bounds if b.group == group and b.grade == grade), None)
