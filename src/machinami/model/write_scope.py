"""How are a selection of scopes and a geo-query written, so that reading them gives the same again? (4.10, 4.19)"""

import json
from collections.abc import Mapping

from machinami.model.context import Context
from machinami.model.query import GeoQuery, GeoRelation, ScopeAll, ScopeAny, ScopePattern, ScopeSelection


def format_scope(selection: ScopeSelection) -> str:
    """The text of a scope selection."""
    if isinstance(selection, ScopePattern):
        return "/" + "/".join(selection.levels)
    joint = ";" if isinstance(selection, ScopeAll) else ","
    return joint.join(
        f"({format_scope(part)})" if isinstance(part, ScopeAll | ScopeAny) else format_scope(part)
        for part in selection.parts
    )


def format_geo(geo: GeoQuery, context: Context) -> Mapping[str, str]:
    """The query parameters of a geo-query."""
    relation = geo.relation.value
    if geo.relation is GeoRelation.NEAR:
        if geo.max_distance is not None:
            relation += f";maxDistance=={geo.max_distance:.12g}"
        if geo.min_distance is not None:
            relation += f";minDistance=={geo.min_distance:.12g}"
    return {
        "georel": relation,
        "geometry": geo.geometry["type"],
        "coordinates": json.dumps(geo.geometry["coordinates"], separators=(",", ":")),
        "geoproperty": context.compact(geo.property),
    }
