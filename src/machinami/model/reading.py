"""What did one sensor say at one moment?"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """One observed value on its way into the town. Names are short names of the town's vocabulary."""

    entity_id: str
    entity_type: str
    attribute: str
    value: object
    observed_at: datetime
    unit_code: str | None = None
    kind: str = "Property"
    dataset_id: str | None = None
