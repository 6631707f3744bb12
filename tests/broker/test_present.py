"""In whose name is something still done that was asked for earlier? Of who is there, with what they are now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from machinami.broker.identity.registry import Registry
from machinami.model.identity.account import Account
from machinami.model.identity.key import AccessKey, Use
from machinami.model.principal import ANONYMOUS, Principal, Role
from machinami.store.memory import MemoryTown

NOW = datetime(2026, 6, 30, tzinfo=UTC)
PERSON = Account("7", "hanako", "花子", frozenset({Role.OFFICER}), NOW, 2)
KEY = AccessKey("9", "a map", Use.KEY, b"", frozenset({Role.OFFICER}), "7", NOW, NOW + timedelta(days=1))


@pytest.fixture
async def registry() -> Registry:
    made = Registry("default", MemoryTown(), lambda: NOW)
    await made.put_account(PERSON)
    await made.put_key(KEY)
    return made


async def test_a_person_is_what_they_are_now(registry: Registry) -> None:
    then = Principal(PERSON.principal_id, frozenset({"officer", "administrator"}), None, None, 3, 2)
    now = registry.present(then)
    assert now is not None
    assert (now.roles, now.identity_assurance, now.authentication_assurance) == ({"officer"}, 2, 2)
    await registry.put_account(replace(PERSON, ended=NOW))
    assert registry.present(then) is None


async def test_a_program_is_what_its_key_allows_now(registry: Registry) -> None:
    then = replace(KEY.principal, scopes=frozenset({"read", "subscribe"}))
    assert registry.present(then) == then
    await registry.put_key(replace(KEY, scopes=frozenset({"read"})))
    now = registry.present(then)
    assert now is not None
    assert now.scopes == {"read"}
    await registry.put_key(replace(KEY, until=NOW))
    assert registry.present(then) is None
    await registry.drop_key(KEY.id)
    assert registry.present(then) is None


async def test_nobody_stays_nobody_and_who_was_never_known_is_gone(registry: Registry) -> None:
    assert registry.present(ANONYMOUS) == ANONYMOUS
    assert registry.present(Principal("urn:machinami:person:8")) is None
