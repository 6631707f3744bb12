"""What does a request tell about itself that those made on its behalf must know? (ETSI GS CIM 009, 4.3.6.4, 4.3.6.5)"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from machinami.model.context import Context

_HOP = re.compile(r"\s*(?:[A-Za-z]+/)?[0-9.]+\s+([^\s,;()]+)")


@dataclass(frozen=True, slots=True)
class Trigger:
    """The request that triggers others: its @context, its header fields in lower case, and its Via as it came."""

    context: Context
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def via(self) -> str:
        """The Via header, empty without one."""
        return self.fields.get("via", "")

    @property
    def passed(self) -> frozenset[str]:
        """What the brokers that it has passed call themselves (RFC 9110, 7.6.3)."""
        return frozenset(found[1] for part in self.via.split(",") if (found := _HOP.match(part)))
