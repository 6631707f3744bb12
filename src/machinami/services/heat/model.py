"""What does the heat service say, and what are its settings?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from machinami.model.view import Ref

Method = Literal["measured", "liljegren", "ono_tonouchi"]
METHODS: tuple[Method, ...] = get_args(Method)
Level = Literal[0, 1, 2, 3, 4]
"""0 almost safe, 1 caution, 2 warning, 3 severe warning, 4 danger (日本生気象学会 日常生活における熱中症予防指針)."""


@dataclass(frozen=True, slots=True)
class WbgtForecast:
    """What the WBGT of one place will be: a row for each time ahead, and how much better that was than simpler ways.

    A row of `horizons` holds hours, wbgt, low and high (°C, 90 %), gain (1 − error / error of the better of "as now"
    and "as yesterday at that hour") and used: whether the learned way is used, or the simpler one for want of gain.
    """

    TYPE: ClassVar[str] = "WbgtForecast"
    id: str
    ref_observed: Ref | None = None
    issued_at: datetime | None = None
    horizons: list[dict[str, Any]] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of manifest.toml under their own names; silent_minutes in minutes."""

    silent_minutes: int
    public_forecast: bool
