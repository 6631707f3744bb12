"""Which needs say the same, which of them stands for the others, and how many voices does it have?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.methods.likeness import groups
from machinami.model.view import Ref
from machinami.model.vocabulary.circle import CityNeed


@dataclass(frozen=True, slots=True)
class Headed:
    """A need that stands for itself, with those that say the same. voices: of all of them."""

    need: CityNeed
    members: tuple[CityNeed, ...]
    voices: int


def headed(needs: Sequence[CityNeed]) -> list[Headed]:
    """The needs that are under no other, each with those under it, the most voices first.

    A need whose head is gone, or is itself under another, stands for itself: nothing that was said is lost.
    """
    by_id = {need.id: need for need in needs}

    def head_of(need: CityNeed) -> str | None:
        above = by_id.get(str(need.ref_group)) if need.ref_group else None
        return above.id if above is not None and above.ref_group is None and above.id != need.id else None

    under: dict[str, list[CityNeed]] = {}
    for need in needs:
        head = head_of(need)
        if head is not None:
            under.setdefault(head, []).append(need)
    found = []
    for need in needs:
        if head_of(need) is None:
            members = tuple(under.get(need.id, ()))
            found.append(Headed(need, members, sum(one.voices or 1 for one in (need, *members))))
    return sorted(found, key=lambda row: -row.voices)


def offers(rows: Sequence[tuple[str, str]], least: float) -> list[tuple[str, ...]]:
    """Groups of needs (id, text) that may say the same, as ids, the closest first."""
    return [tuple(rows[number][0] for number in group) for group in groups([text for _, text in rows], least)]


def grouped(head: CityNeed, members: Sequence[CityNeed], needs: Mapping[str, CityNeed]) -> list[CityNeed]:
    """The needs as they stand once the members are under the head; what is under a member comes along.

    Raises BadRequestData where nothing is left to group, Conflict where the head is itself under another.
    """
    if head.ref_group is not None:
        raise Conflict("The need that is to stand for the others is itself under another", need=head.id)
    ids = {need.id for need in members} - {head.id}
    if not ids:
        raise BadRequestData("Choose at least one more need that says the same", field="members", key="refused.nothing")
    moved = [need for need in needs.values() if need.id in ids or (need.ref_group and str(need.ref_group) in ids)]
    return [replace(need, ref_group=Ref(head.id)) for need in moved if need.id != head.id]


def parted(need: CityNeed) -> CityNeed:
    """The need standing for itself again. Raises Conflict where it does already."""
    if need.ref_group is None:
        raise Conflict("This need is under no other", need=need.id)
    return replace(need, ref_group=None)
