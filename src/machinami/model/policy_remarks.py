"""What is odd about a row of the policy? It says what another says already, or there is nobody whom it reaches."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from machinami.model.policy import Row, Whom


@dataclass(frozen=True, slots=True)
class Remark:
    """What is odd. repeats: the row that says the same or more; unreached: nobody is meant by it; empty: there is
    nothing of the types that it names (expanded)."""

    repeats: Row | None = None
    unreached: bool = False
    empty: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.repeats is not None or self.unreached or bool(self.empty)


@dataclass(frozen=True, slots=True)
class Present:
    """Who and what is there: the ids of people and programs, the roles that somebody has, the types in use (None:
    not known)."""

    ids: Collection[str]
    roles: Collection[str]
    types: Collection[str] | None = None


def remarks(rows: Sequence[Row], present: Present) -> Mapping[str, Remark]:
    """What is odd about each row that is a town's own, by its id; rows of which nothing is are left out."""
    found: dict[str, Remark] = {}
    for place, row in enumerate(rows):
        if not row.derived:
            remark = Remark(_repeated(rows, place), not _reaches(row, present), _absent(row, present))
            if remark:
                found[row.id] = remark
    return found


def covers(wider: Row, row: Row) -> bool:
    """Whether one row allows all that the other does."""
    return (
        (wider.whom is Whom.EVERYONE or (wider.whom, wider.name) == (row.whom, row.name))
        and wider.deeds >= row.deeds
        and _all_of(wider.types, row.types)
        and _all_of(wider.attributes, row.attributes)
        and _all_of(wider.scopes, row.scopes)
        and wider.area in (None, row.area)
        and wider.purpose in (None, row.purpose)
        and wider.identity_assurance <= row.identity_assurance
        and wider.authentication_assurance <= row.authentication_assurance
    )


def _all_of(wider: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return not wider or (bool(names) and set(wider) >= set(names))


def _repeated(rows: Sequence[Row], place: int) -> Row | None:
    """The row that makes this one needless; of two that say the same, the later one is."""
    row = rows[place]
    for other, one in enumerate(rows):
        if other != place and covers(one, row) and (other < place or not covers(row, one)):
            return one
    return None


def _reaches(row: Row, present: Present) -> bool:
    if row.whom is Whom.EVERYONE:
        return True
    return row.name in (present.roles if row.whom is Whom.ROLE else present.ids)


def _absent(row: Row, present: Present) -> tuple[str, ...]:
    if present.types is None or not row.types or not set(row.types).isdisjoint(present.types):
        return ()
    return row.types
