"""Of how many people must a group be at least, as those who approved the purposes behind the data demanded?"""

from collections.abc import Iterable, Iterator, Sequence

from machinami.broker.approvals import demand_group
from machinami.broker.legal_records import law_of
from machinami.broker.releases.version import Description, Version
from machinami.broker.town import Town
from machinami.methods.anonymity.plan import Method
from machinami.model.approval import Approval


def least_group(town: Town, description: Description) -> int:
    """The greatest number that an approval of what is released demands; 0 where none demands any."""
    return max((one.bounds.group for one in _about(town, description)), default=0)


def demand_groups(town: Town, description: Description) -> None:
    """Raise NotApproved where the groups of a table, or of rows, could be smaller than what an approval demands. Noise
    has no groups: it holds back what may be smaller (`least_group`)."""
    if description.plan.method is not Method.NOISE:
        for one in _about(town, description):
            demand_group(law_of(town), one.purpose, description.plan.k)


def demand_told(town: Town, version: Version, rows: Iterable[Sequence[object]]) -> None:
    """Raise NotApproved where what would go out tells of fewer people than what an approval demands by now."""
    demand_groups(town, version.description)
    if version.description.plan.method is Method.NOISE:
        at = version.header.index("people")
        told = [row[at] for row in rows]
        for one in _about(town, version.description):
            for people in told:
                if isinstance(people, int | float):
                    demand_group(law_of(town), one.purpose, int(people))


def _about(town: Town, description: Description) -> Iterator[Approval]:
    """The approvals of purposes for which such data were asked of people. One that has ended counts as well: what was
    given under it was given under its conditions."""
    kinds = {description.source.records, description.source.persons} - {""}
    attributes = {one.attribute for one in description.origins}
    for one in law_of(town).approvals.values():
        bounds = one.bounds
        if bounds.types and kinds.isdisjoint(bounds.types):
            continue
        if bounds.types or not bounds.attributes or not attributes.isdisjoint(bounds.attributes):
            yield one
