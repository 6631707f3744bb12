"""What does a town usually open to everyone, and what of it above all, as lives hang on it?

The rows are only proposed: nothing is open before somebody says so.
"""

from machinami.model.core_terms import NAMESPACE
from machinami.model.policy import Deed, Row, Whom
from machinami.model.town_terms import TERMS
from machinami.model.view import attribute_names
from machinami.model.vocabulary.places import District, Shelter
from machinami.model.vocabulary.water import RainGauge, RiverGauge

_READ = frozenset({Deed.READ})
_WHO_OPENED = TERMS["openedBy"]  # the name of an officer, which nobody needs to find a shelter
SAFETY = ("open-levels", "open-river-states", "open-alerts", "open-shelters")
"""The rows without which the light page of the disaster mode has nothing to say."""


def usual_rows() -> tuple[Row, ...]:
    """The rows of the proposal: of gauges, shelters and districts what the town's own pages show and no more, as an
    office may keep other things beside them; what is told to the people, whole, as half of a warning misleads."""
    return (
        _open("open-levels", RiverGauge, "water levels, and the marks at which they become dangerous"),
        _open("open-rain", RainGauge, "rain as it is measured"),
        _whole("open-river-states", "FloodMonitoring", "which warning level each gauge stands at"),
        _whole("open-heat", "WbgtObserved", "how hot it is for people"),
        _whole("open-cool", "CoolingShelter", "which cool places are open in the heat"),
        _whole("open-alerts", "Alert", "what the town tells its people"),
        _open("open-shelters", Shelter, "where to go"),
        _open("open-districts", District, "the districts of the map"),
        _whole("open-town", "Town", "the town itself on the map"),
    )


def safety_rows() -> tuple[Row, ...]:
    """Of these the ones that a town is asked about when it is protected, as residents need them in a disaster."""
    return tuple(row for row in usual_rows() if row.id in SAFETY)


def _open(row_id: str, view: type[RiverGauge] | type[RainGauge] | type[Shelter] | type[District], note: str) -> Row:
    known = (TERMS.get(name, NAMESPACE + name) for name in attribute_names(view))
    names = tuple(name for name in known if name != _WHO_OPENED)
    return Row(row_id, Whom.EVERYONE, "", _READ, (TERMS[view.TYPE],), names, note=note)


def _whole(row_id: str, kind: str, note: str) -> Row:
    return Row(row_id, Whom.EVERYONE, "", _READ, (TERMS[kind],), note=note)
