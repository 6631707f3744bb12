"""How does a fragment say "remove this" and "leave this as it is"?

ETSI GS CIM 009, 4.5.0: JSON null cannot be used in NGSI-LD; the URI urn:ngsi-ld:null takes its place. Whatever
may be removed by a fragment (5.4) carries NULL, or NO_MOMENT where a moment is expected. A fragment of an
attribute may also leave its value out.
"""

from datetime import UTC, datetime
from enum import Enum

NULL = "urn:ngsi-ld:null"
NO_MOMENT = datetime.min.replace(tzinfo=UTC)


class Absent(Enum):
    """The value of an attribute fragment that has none; TYPED if the fragment says its kind all the same."""

    TYPED = "typed"
    UNTYPED = "untyped"


class Nulls(Enum):
    """Where NULL may stand: nowhere (5.5.4), as a whole member (5.5.8), or inside values as well (5.5.12)."""

    FORBIDDEN = 0
    MEMBERS = 1
    INSIDE = 2
