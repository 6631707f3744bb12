"""What did one sensor say at one moment?"""

from dataclasses import dataclass
from datetime import datetime

from machinami.model.attribute import Attribute, Kind


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


def to_attribute(reading: Reading) -> Attribute:
    """The attribute instance that a reading is."""
    return Attribute(Kind(reading.kind), reading.value, reading.dataset_id, reading.observed_at, reading.unit_code)
