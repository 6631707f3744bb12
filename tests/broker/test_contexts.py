"""A user's context is fetched once, kept and pinned; the core is never fetched; what cannot be had is named."""

import asyncio
from datetime import timedelta

import pytest
from tests.broker.conftest import START

from machinami.broker.contexts import Contexts
from machinami.broker.renewal import LATEST, SOONEST
from machinami.foundation.errors import BadRequestData, ContextNotAvailable, NotFound
from machinami.model.context import CORE_URL

URL = "https://example.org/context.jsonld"
OTHER = "https://example.org/other.jsonld"
HERE = "default"


@pytest.fixture
async def contexts(town, house):
    return house.broker.contexts


async def test_a_context_is_fetched_once_and_then_kept(contexts, house):
    house.wire.documents[URL] = {"@context": {"level": "https://example.org/level"}}

    first = await contexts.obtain(URL)
    second = contexts.resolve(URL)

    assert first.expand("level") == second.expand("level") == "https://example.org/level"
    assert house.wire.fetched == [URL]


async def test_those_who_ask_at_the_same_time_wait_for_one_fetch(contexts, house):
    house.wire.documents[URL] = {"@context": {"level": "https://example.org/level"}}

    await asyncio.gather(*(contexts.obtain(URL) for _ in range(20)))

    assert house.wire.fetched == [URL]


async def test_a_kept_context_needs_no_network_after_a_restart(contexts, house):
    house.wire.documents[URL] = {"@context": {"level": "https://example.org/level"}}
    await contexts.obtain(URL)
    await house.close()
    house.wire.documents.clear()
    house.wire.fetched.clear()

    await house.open()

    assert (await house.broker.contexts.obtain(URL)).expand("level") == "https://example.org/level"
    assert house.wire.fetched == []


@pytest.mark.parametrize("version", ["1.3", "1.5", "1.6", "1.9"])
async def test_the_core_is_never_fetched(contexts, house, version):
    context = await contexts.obtain([CORE_URL.format(version=version)])

    assert context.expand("Property") == "https://uri.etsi.org/ngsi-ld/Property"
    assert house.wire.fetched == []


async def test_a_context_that_refers_to_another_brings_it_along(contexts, house):
    house.wire.documents[URL] = {"@context": [OTHER, {"depth": "https://example.org/depth"}]}
    house.wire.documents[OTHER] = {"@context": {"level": "https://example.org/level"}}

    context = await contexts.obtain(URL)

    assert context.expand("level") == "https://example.org/level"
    assert house.wire.fetched == [URL, OTHER]


async def test_a_context_that_cannot_be_had_is_named_with_the_cause(contexts):
    with pytest.raises(ContextNotAvailable, match=r"https://example.org/context.jsonld cannot be had: no such host"):
        await contexts.obtain(URL)


async def test_a_document_without_a_context_is_refused(contexts, house):
    house.wire.documents[URL] = {"hello": "world"}

    with pytest.raises(BadRequestData, match="holds no @context"):
        await contexts.obtain(URL)


async def test_a_hosted_context_is_kept_listed_and_dropped(contexts):
    await contexts.host("urn:context:1", {"@context": {"level": "https://example.org/level"}})

    assert [stored.url for stored in contexts.stored()] == ["urn:context:1"]
    await contexts.drop("urn:context:1", HERE)
    with pytest.raises(NotFound):
        contexts.get("urn:context:1")


async def test_only_a_cached_context_can_be_reloaded(contexts, house):
    house.wire.documents[URL] = {"@context": {"level": "https://example.org/level"}}
    await contexts.obtain(URL, HERE)
    house.wire.documents[URL] = {"@context": {"level": "https://example.org/water-level"}}
    await contexts.host("urn:context:1", {"@context": {}})

    await contexts.reload(URL, HERE)

    assert contexts.resolve(URL).expand("level") == "https://example.org/water-level"
    with pytest.raises(BadRequestData):
        await contexts.reload("urn:context:1", HERE)
    with pytest.raises(BadRequestData):
        await contexts.reload("urn:context:none", HERE)


async def test_a_reload_that_brings_no_context_leaves_the_old_one(contexts, house):
    house.wire.documents[URL] = {"@context": {"level": "https://example.org/level"}}
    await contexts.obtain(URL, HERE)
    house.wire.documents[URL] = ["broken"]

    with pytest.raises(ContextNotAvailable):
        await contexts.reload(URL, HERE)

    assert contexts.resolve(URL).expand("level") == "https://example.org/level"


async def test_it_is_counted_how_often_a_context_is_found(contexts, house):
    house.wire.documents[URL] = {"@context": {"level": "https://example.org/level"}}
    await contexts.obtain(URL, HERE)
    assert contexts.uses(URL, HERE) == 0

    contexts.resolve(URL, HERE)
    contexts.resolve([URL, {"a": "urn:a"}], HERE)
    contexts.note_use(URL, HERE)
    await contexts.host("urn:context:1", {"@context": {}})  # what was assembled is forgotten, its count is not

    assert contexts.uses(URL, HERE) == 3


async def test_each_town_knows_only_of_the_contexts_that_it_asked_for(contexts, house):
    house.wire.documents[URL] = {"@context": {"level": "https://example.org/level"}}
    await contexts.obtain(URL, HERE)
    contexts.resolve(URL, HERE)

    assert contexts.stored("north") == []
    with pytest.raises(ContextNotAvailable):
        contexts.resolve(URL, "north")
    with pytest.raises(BadRequestData):
        await contexts.reload(URL, "north")

    await contexts.obtain(URL, "north")

    assert house.wire.fetched == [URL]  # the document itself is had once for all
    assert (contexts.uses(URL, HERE), contexts.uses(URL, "north")) == (1, 0)
    assert contexts.resolve(URL, "north") is contexts.resolve(URL, HERE)


async def test_a_context_that_one_town_forgets_stays_for_the_others(contexts, house):
    house.wire.documents[URL] = {"@context": {"level": "https://example.org/level"}}
    await contexts.obtain(URL, HERE)
    await contexts.obtain(URL, "north")

    await contexts.drop(URL, HERE)
    await house.close()
    await house.open()

    assert house.broker.contexts.stored(HERE) == []
    assert house.broker.contexts.resolve(URL, "north").expand("level") == "https://example.org/level"
    await house.broker.contexts.drop(URL, "north")
    assert house.broker.contexts.stored() == []


async def test_a_context_that_was_kept_when_all_knew_of_all_belongs_to_the_default_town(contexts, house):
    told = {"kind": "Cached", "body": {"@context": {"level": "urn:level"}}, "createdAt": "2026-01-01T00:00:00Z"}
    hosted = {**told, "kind": "Hosted", "town": "north"}
    store = house.broker.open_town(None).store
    await store.transact(lambda tx: (tx.put_record("context", URL, told), tx.put_record("context", "urn:c:1", hosted)))

    await contexts.load()

    assert [stored.url for stored in contexts.stored(HERE)] == [URL]
    assert [stored.url for stored in contexts.stored("north")] == ["urn:c:1"]


async def test_the_core_is_there_for_ever(contexts):
    core = CORE_URL.format(version="1.6")

    await contexts.reload(core, HERE)
    with pytest.raises(BadRequestData):
        await contexts.drop(core, HERE)

    assert contexts.get(core).url == core


async def test_a_context_without_a_url_is_given_one_that_lasts(contexts, house):
    source = [{"level": "https://example.org/level"}]

    def address(name):
        return f"http://town.test/{name}"

    url = await contexts.publish(source, address, "default")

    assert await contexts.publish([{"level": "https://example.org/level"}], address, "default") == url
    assert await contexts.publish(source, address, "other") != url
    assert await contexts.publish(URL, address, "default") == URL
    assert (await contexts.obtain(url)).expand("level") == "https://example.org/level"
    assert [stored.kind for stored in contexts.stored("default")] == ["ImplicitlyCreated"]


async def test_what_is_not_at_hand_is_read_from_the_store(contexts, house):
    kept = house.broker.open_town(None).store
    small = Contexts(kept, house.wire, house.clock, at_hand=1)
    names = [f"https://example.org/{number}.jsonld" for number in range(3)]
    for name in names:
        house.wire.documents[name] = {"@context": {"level": name + "#level"}}
        await small.obtain(name, HERE)

    for name in names * 2:
        assert small.resolve(name, HERE).expand("level") == name + "#level"

    assert house.wire.fetched == names
    await small.drop(names[0], HERE)
    with pytest.raises(ContextNotAvailable):
        small.resolve(names[0], HERE)


async def test_what_a_town_hosts_is_its_own_and_what_the_default_town_hosts_is_for_all(contexts):
    await contexts.host("urn:context:north", {"@context": {"level": "urn:level"}}, "north")
    await contexts.host("urn:context:all", {"@context": {"level": "urn:level"}}, HERE)

    assert contexts.resolve("urn:context:north", "north").expand("level") == "urn:level"
    assert contexts.resolve("urn:context:all", "south").expand("level") == "urn:level"
    for source in ("urn:context:north", ["urn:context:all", "urn:context:north"]):
        with pytest.raises(ContextNotAvailable, match="not for south"):
            contexts.resolve(source, "south")
        with pytest.raises(ContextNotAvailable, match="not for south"):
            await contexts.obtain(source, "south")


async def test_what_was_fetched_long_ago_is_fetched_anew_and_stays_where_it_cannot_be(contexts, house):
    for url in (URL, OTHER):
        house.wire.documents[url] = {"@context": {"level": "https://example.org/level"}}
        await contexts.obtain(url, HERE)
    house.clock.pass_seconds(100)
    house.wire.documents[URL] = {"@context": {"level": "https://example.org/water-level"}}
    del house.wire.documents[OTHER]

    await contexts.renew(house.clock())

    assert contexts.resolve(URL, HERE).expand("level") == "https://example.org/water-level"
    assert contexts.resolve(OTHER, HERE).expand("level") == "https://example.org/level"
    await contexts.renew(house.clock())
    assert house.wire.fetched == [URL, OTHER, URL, OTHER]
    house.clock.pass_seconds(SOONEST.total_seconds())
    await contexts.renew(START)
    assert house.wire.fetched == [URL, OTHER, URL, OTHER]
    await contexts.renew(house.clock() - SOONEST)
    assert house.wire.fetched == [URL, OTHER, URL, OTHER, OTHER]


async def test_a_context_is_fetched_anew_when_its_server_said(contexts, house):
    async def renewed_after(seconds: float) -> bool:
        house.clock.pass_seconds(seconds)
        before = len(house.wire.fetched)
        await contexts.renew(START - timedelta(days=1))
        return len(house.wire.fetched) > before

    house.wire.documents[URL] = {"@context": {"level": "https://example.org/level"}}
    house.wire.fresh[URL] = 3600
    await contexts.obtain(URL, HERE)
    assert [await renewed_after(3500), await renewed_after(100)] == [False, True]
    house.wire.fresh[URL] = 0
    assert [await renewed_after(3500), await renewed_after(100)] == [False, True]
    assert [await renewed_after(500), await renewed_after(100)] == [False, True]
    del house.wire.documents[URL]
    tried = [await renewed_after(SOONEST.total_seconds()) for _ in range(8)]
    assert tried == [True, True, False, True, False, False, False, True]
    assert contexts.resolve(URL, HERE).expand("level") == "https://example.org/level"

    again = Contexts(house.broker.open_town(None).store, house.wire, house.clock)
    await again.load()
    house.wire.documents[URL] = {"@context": {"level": "https://example.org/new"}}
    house.wire.fresh[URL] = 1e300
    await again.renew(START - timedelta(days=1))
    assert again.resolve(URL, HERE).expand("level") == "https://example.org/new"
    assert again.get(URL).expires_at == house.clock() + LATEST
