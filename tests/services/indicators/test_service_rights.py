"""Does nobody learn through a figure what is closed to them, and does the service itself go on computing?"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from machinami.foundation.errors import Forbidden
from machinami.kit.city import manifest_rows
from machinami.kit.viewing import VIEWER
from machinami.model.policy import Deed, Row, Whom
from machinami.model.principal import Principal, Role
from machinami.model.vocabulary.circle import KeyPerformanceIndicator
from machinami.services.indicators import service
from machinami.services.indicators.logic.formula import parse_formula

from .conftest import BY, OPEN_SHARE, Office
from .test_service import shelters
from .towns import CONTEXT

KPI, SHELTER, PAST = (CONTEXT.expand(name) for name in ("KeyPerformanceIndicator", "Shelter", "IndicatorRevision"))
WRITE = frozenset({Deed.READ, Deed.CREATE, Deed.CHANGE})


def may(role: Role, deeds: frozenset[Deed], *types: str) -> Row:
    """What a role may do."""
    return Row(f"{role}-{len(types)}", Whom.ROLE, role.value, deeds, types)


def protect(office: Office, rows: Sequence[Row]) -> None:
    """A protected town with these rows, and those of the service's manifest."""
    office.town.policy.set_rows(rows)
    office.town.policy.lend(manifest_rows(office.city.manifest))


@contextmanager
def seen_by(role: Role) -> Iterator[None]:
    """A page that is made for somebody of a role."""
    token = VIEWER.set(Principal(f"urn:person:{role}", frozenset({role}), None, None, 2, 2))
    try:
        yield
    finally:
        VIEWER.reset(token)


async def test_a_figure_is_seen_without_its_rows_where_only_the_figure_is_open(office: Office) -> None:
    await shelters(office, 3)
    made = await office.make()
    protect(office, [may(Role.RESIDENT, frozenset({Deed.READ}), KPI)])
    with seen_by(Role.RESIDENT):
        found = await office.indicator(made)
        assert found.current is not None
        assert found.current.value == 75.0
        with pytest.raises(service.NotShown, match="Not every Shelter"):
            await service.computed(office.city, parse_formula(OPEN_SHARE, CONTEXT), office.now)
        assert not office.city.may_write(KeyPerformanceIndicator.TYPE)


async def test_who_makes_a_formula_must_see_all_that_it_asks_for(office: Office) -> None:
    await shelters(office, 3)
    protect(office, [may(Role.OFFICER, WRITE, KPI, PAST)])
    with seen_by(Role.OFFICER):
        assert office.city.may_write(KeyPerformanceIndicator.TYPE)
        with pytest.raises(Forbidden, match="Not every Shelter"):
            await office.make()
    protect(office, [may(Role.OFFICER, WRITE, KPI, PAST), may(Role.OFFICER, frozenset({Deed.READ}), SHELTER)])
    with seen_by(Role.OFFICER):
        made = await office.make()
    await office.pass_days(1)
    found = await office.indicator(made)
    assert found.current is not None
    assert (found.current.value, found.current.observed_at) == (75.0, office.now)


async def test_a_resident_changes_nothing(office: Office) -> None:
    made = await office.make()
    protect(office, [may(Role.RESIDENT, frozenset({Deed.READ}), KPI)])
    known = service.definition_of(await office.indicator(made))
    with seen_by(Role.RESIDENT), pytest.raises(Forbidden):
        await service.change(office.city, replace(known, formula=None, unit="件"), BY, "")
    assert service.definition_of(await office.indicator(made)) == known
