"""Who does what? Each cell of the table is tried; what is refused leaves no trace."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from tests.policy.test_faces import DONE, RIVER, ROWS, WHO, entity
from tests.policy.towns import PEOPLE, Protected, Told, protected

NUMBERS = count(1)
NOTE = {"type": "Property", "value": "new"}
SUBSCRIPTION = {
    "type": "Subscription",
    "entities": [{"type": "Case"}],
    "notification": {"endpoint": {"uri": "http://receiver.test/told"}},
}
REGISTRATION = {
    "type": "ContextSourceRegistration",
    "endpoint": "http://source.test",
    "information": [{"entities": [{"type": "Elsewhere"}]}],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Protected]:
    async with protected(tmp_path_factory.mktemp("town"), *ROWS) as found:
        yield found


async def _made(town: Protected, kind: str = "Case", **more: Any) -> str:
    """A fresh entity, made by an administrator."""
    document = {**entity(f"made{next(NUMBERS)}", kind, caseName="somebody"), **more}
    assert (await town.ask("administrator", "POST", "/entities", document)).status == 201
    return str(document["id"])


async def _river(town: Protected) -> str:
    return await _made(town, RIVER, riverLevel={"type": "Property", "value": 1}, riverNote=NOTE)


async def _create(town: Protected, who: str) -> list[Told]:
    document = entity(f"new{next(NUMBERS)}", "Case", caseName="somebody")
    again = [entity(f"new{next(NUMBERS)}", "Case", caseName="somebody")]
    return [
        await town.ask(who, "POST", "/entities", document),
        await town.ask(who, "POST", "/entityOperations/create", again),
        await town.ask(who, "POST", "/entityOperations/upsert", [entity(f"new{next(NUMBERS)}", "Case")]),
        await town.ask(who, "POST", "/temporal/entities", {
            "id": f"urn:x:new{next(NUMBERS)}", "type": "Case", "caseName": [NOTE]}),
    ]  # fmt: skip


def _changing(name: str) -> Callable[[Protected, str], Awaitable[list[Told]]]:
    async def change(town: Protected, who: str) -> list[Told]:
        one, value = await _river(town), {"type": "Property", "value": next(NUMBERS)}
        path, fragment = f"/entities/{one}", {name: value}
        return [
            await town.ask(who, "PATCH", f"{path}/attrs/{name}", value),
            await town.ask(who, "PUT", f"{path}/attrs/{name}", {**value, "value": next(NUMBERS)}),
            await town.ask(who, "PATCH", path, {name: {**value, "value": next(NUMBERS)}}),
            await town.ask(who, "PATCH", f"{path}/attrs", {name: {**value, "value": next(NUMBERS)}}),
            await town.ask(who, "POST", f"{path}/attrs", {name: {**value, "value": next(NUMBERS)}}),
            await town.ask(who, "POST", "/entityOperations/update", [{"id": one, "type": RIVER, **fragment}]),
            await town.ask(
                who, "POST", "/entityOperations/merge", [{"id": one, "type": RIVER, name: value | {"value": -1}}]
            ),
            await town.ask(who, "POST", f"/temporal/entities/{one}/attrs", {name: [value]}),
            await town.ask(who, "DELETE", f"{path}/attrs/{name}"),
        ]

    return change


async def _retype(town: Protected, who: str) -> list[Told]:
    """Another type, or another scope, could open it to others, or to who changes it."""
    one = await _river(town)
    return [
        await town.ask(who, "POST", f"/entities/{one}/attrs", {"type": "Open"}),
        await town.ask(who, "PATCH", f"/entities/{one}", {"scope": "/Elsewhere"}),
    ]


async def _delete(town: Protected, who: str) -> list[Told]:
    first, second = await _made(town), await _made(town)
    return [
        await town.ask(who, "DELETE", f"/entities/{first}"),
        await town.ask(who, "POST", "/entityOperations/delete", [second]),
    ]


async def _forget(town: Protected, who: str) -> list[Told]:
    return [await town.ask(who, "DELETE", f"/temporal/entities/{await _made(town)}")]


async def _purge(town: Protected, who: str) -> list[Told]:
    kind = f"Case{next(NUMBERS)}"
    await _made(town, kind)
    return [await town.ask(who, "DELETE", f"/entities?type={kind}")]


async def _subscribe(town: Protected, who: str) -> list[Told]:
    return [await town.ask(who, "POST", "/subscriptions", SUBSCRIPTION)]


async def _administer(town: Protected, who: str) -> list[Told]:
    return [await town.ask(who, "POST", "/csourceRegistrations", REGISTRATION)]


async def _found(town: Protected, who: str) -> list[Told]:
    return [await town.ask(who, "POST", "/entities", entity("first", "Case"), **{"NGSILD-Tenant": f"t{next(NUMBERS)}"})]


async def _drop_context(town: Protected, who: str) -> list[Told]:
    hosted = await town.ask("administrator", "POST", "/jsonldContexts", {"@context": {"a": "urn:a"}})
    return [await town.ask(who, "DELETE", hosted.headers["Location"].removeprefix("/ngsi-ld/v1"))]


DEEDS: Mapping[str, Callable[[Protected, str], Awaitable[list[Told]]]] = {
    "create": _create,
    "change level": _changing("riverLevel"),
    "change note": _changing("riverNote"),
    "retype": _retype,
    "delete": _delete,
    "forget past": _forget,
    "purge": _purge,
    "subscribe": _subscribe,
    "administer": _administer,
    "found a town": _found,
    "drop context": _drop_context,
}


def test_every_row_of_the_table_is_tried() -> None:
    assert DEEDS.keys() == DONE.keys()


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.asyncio(loop_scope="module")
async def test_somebody_does_what_the_table_says(town: Protected, deed: str, who: str) -> None:
    store = (await town.town.broker.town(None)).store
    before, seen = store.last_seq, len(town.town.broker.towns)
    answers = await DEEDS[deed](town, who)
    if DONE[deed][who]:
        assert {told.status for told in answers} <= {200, 201, 204}, [told.text for told in answers]
        return
    assert PEOPLE[who].id not in {change.by for change in await store.changes(before, 1_000)}
    for told in answers:
        assert told.status in (401, 403, 404) or _failed_inside(told), (told.status, told.text)
    assert len(town.town.broker.towns) == seen


def _failed_inside(told: Told) -> bool:
    """Whether a batch says of each of its entities that it was refused."""
    return told.status in (207, 400) and not told.body.get("success") and bool(told.body.get("errors", told.body))
