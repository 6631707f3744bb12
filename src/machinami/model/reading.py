"""What is one reading: one value of one attribute of one entity, observed at one instant?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """One observed value, ready to become one attribute instance.

    ``observed_at`` is aware (UTC). ``unit_code`` is a UN/CEFACT common code (``MTR``, ``MMT``) or None.
    ``kind`` is the NGSI-LD attribute type (``Property``, ``GeoProperty``, ``LanguageProperty``, ...).
    """

    entity_id: str
    entity_type: str
    attribute: str
    value: object
    observed_at: datetime
    unit_code: str | None = None
    kind: str = "Property"
    dataset_id: str | None = None
