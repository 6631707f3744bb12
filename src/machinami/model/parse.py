"""What does the text of a query ask for? Every reader of query text, in one place.

Names are expanded by the Context that comes with the text. Each reader raises BadRequestData that tells the
position in the text, what is expected there and an example of the right form.
"""

from machinami.model.parse_geo import parse_geo, read_geometry
from machinami.model.parse_names import parse_names, parse_order, parse_projection
from machinami.model.parse_q import parse_q
from machinami.model.parse_selection import parse_id_pattern, parse_ids, parse_scope, parse_types
from machinami.model.parse_temporal import parse_temporal
from machinami.model.write_q import format_q

__all__ = [
    "format_q",
    "parse_geo",
    "parse_id_pattern",
    "parse_ids",
    "parse_names",
    "parse_order",
    "parse_projection",
    "parse_q",
    "parse_scope",
    "parse_temporal",
    "parse_types",
    "read_geometry",
]
