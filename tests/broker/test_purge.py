"""What a query finds goes, however much it is; nothing else does."""

from tests.broker.conftest import OFFICER, gauge

from machinami.broker import batch, operations
from machinami.broker.purge import Extent, purge
from machinami.model.context import core
from machinami.model.query import Compare, Literal, Operator, Page, Path, Query, TypeIs

LEVEL = core().expand("level")
HIGH = Query(types=TypeIs(core().expand("Gauge")), q=Compare(Path((LEVEL,)), Operator.GREATER_EQUAL, (Literal(600),)))


async def test_more_than_fits_into_one_transaction_goes(town):
    await batch.create_all(town, [gauge(number, float(number)) for number in range(1300)], OFFICER)

    await purge(town, HIGH, Extent(), OFFICER)

    left = await operations.query(town, Query(), Page(2_000), OFFICER)
    assert {entity.id for entity in left.entities} == {gauge(number).id for number in range(600)}


async def test_only_the_named_attributes_go(town):
    await batch.create_all(town, [gauge(1, 700.0), gauge(2, 5.0)], OFFICER)

    await purge(town, HIGH, Extent(drop=frozenset({LEVEL})), OFFICER)

    assert LEVEL not in operations.retrieve(town, gauge(1).id, OFFICER).attributes
    assert LEVEL in operations.retrieve(town, gauge(2).id, OFFICER).attributes
