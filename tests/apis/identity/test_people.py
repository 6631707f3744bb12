"""Who comes into a town, and who does not?"""

import asyncio
import logging
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.knowing import PASSWORD, Known, Visitor, known

from machinami.apis.identity.asking import Asking
from machinami.app.identifying import appoint
from machinami.broker.audit import Search
from machinami.broker.identity import people, programs
from machinami.broker.identity.identity import Where
from machinami.broker.identity.signing_in import with_password
from machinami.broker.identity.tokens import Tokens
from machinami.broker.inheritance import hand_over
from machinami.foundation.errors import BadRequestData, CredentialRefused
from machinami.kit.forms import SESSION
from machinami.kit.http import Request
from machinami.model.identity.key import Use, Wanted
from machinami.model.principal import SYSTEM, Principal, Role

ENTITIES = "/ngsi-ld/v1/entities?type=River"
_LINK = re.compile(r"/invitation#([0-9a-f]{48})")


async def test_a_town_without_administrators_stays_open(town: Known) -> None:
    async with town.visitor() as anyone:
        assert (await anyone.get(ENTITIES)).status == 200
        wrong = {"Authorization": "Bearer what an open town never asked for"}
        async with anyone.session.get(ENTITIES, headers=wrong) as answer:
            assert answer.status == 200


async def test_the_first_administrator_protects_the_town_at_once(town: Known) -> None:
    async with town.visitor() as anyone, town.visitor() as first:
        made = await first.become_first()
        assert (made.status, made.path) == (200, "/account")
        assert (await anyone.get(ENTITIES)).status == 401
        assert (await first.get(ENTITIES)).status == 200


async def test_there_is_only_one_first_administrator(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as second:
        await second.get("/first")
        await first.become_first()
        again = await second.fill("/sign-in", {"name": "eve", "display": "Eve", "password": PASSWORD}, "/first")
        assert again.status == 422
        assert [one.name for one in town.registry.administrators] == ["aiko"]


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"X-Forwarded-For": "203.0.113.9"}, {"Via": "1.1 proxy"}]
)
async def test_who_is_not_at_the_machine_needs_its_code_to_be_the_first(town: Known, headers: dict[str, str]) -> None:
    async with town.visitor() as visitor:
        shown = await visitor.get("/first")
        token = re.search(r'form_token" value="(\w+)"', shown.text)
        assert token is not None
        form = {"name": "aiko", "password": PASSWORD, "form_token": token.group(1)}
        for code in ("", "0" * 32):
            async with visitor.session.post("/first", data={**form, "code": code}, headers=headers) as refused:
                assert refused.status == 403
        assert not town.identity.has_administrators
        right = {**form, "code": town.identity.first_code}
        async with visitor.session.post("/first", data=right, headers=headers, allow_redirects=False) as made:
            assert made.status == 303


async def test_a_session_cookie_is_kept_from_scripts_and_other_sites(town: Known) -> None:
    async with town.visitor() as first:
        made = await first.become_first()
        session = next(cookie for cookie in made.cookies if cookie.startswith(f"{SESSION}="))
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(session.split("; "))


async def test_over_tls_a_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    async with known(tmp_path, "https://city.example") as town, town.visitor() as first:
        shown = await first.get("/first")
        assert any("Secure" in cookie for cookie in shown.cookies)
        async with first.session.get("/first") as answer:
            token = re.search(r'form_token" value="(\w+)"', await answer.text())
            waiting = answer.cookies["__Host-machinami-form"].value
        assert token is not None
        form = {"name": "aiko", "password": PASSWORD, "form_token": token.group(1)}
        head = {"Cookie": f"__Host-machinami-form={waiting}"}
        async with first.session.post("/first", data=form, headers=head, allow_redirects=False) as made:
            cookie = made.headers["Set-Cookie"]
        assert cookie.startswith("__Host-machinami=")
        assert "Secure" in cookie


async def test_over_tls_every_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    async with known(tmp_path, "https://city.example") as town, town.visitor() as first:
        seen = [cookie for path in ("/first?lang=en", "/sign-in") for cookie in (await first.get(path)).cookies]
        asking, request = Asking(town.identity, Tokens(town.identity)), Request("GET", "/")
        fields = [
            asking.session_field(request, "x"),
            asking.end_field(request),
            asking.waiting_field(request, "y", "z"),
        ]
        seen += [value.decode() for _, value in fields]
    assert {cookie.partition("=")[0] for cookie in seen} >= {"__Host-lang", "__Host-machinami", "__Host-machinami-form"}
    for cookie in seen:
        parts = set(cookie.split("; "))
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= parts
        assert not any(part.startswith("Domain") for part in parts)


@pytest.mark.parametrize("proto", ["https", "http"])
async def test_behind_a_proxy_with_tls_cookies_are_bound_too(tmp_path: Path, proto: str) -> None:
    async with known(tmp_path, proxied=True) as town, town.visitor() as first:
        async with first.session.get("/sign-in", headers={"X-Forwarded-Proto": proto}, allow_redirects=False) as shown:
            cookies = shown.headers.getall("Set-Cookie", [])
        async with first.session.get("/first", headers={"X-Forwarded-Proto": proto}) as shown:
            cookies += shown.headers.getall("Set-Cookie", [])
    assert cookies
    assert all(cookie.startswith("__Host-") == (proto == "https") for cookie in cookies)


async def test_a_wrong_password_and_an_unknown_name_are_answered_alike(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as other:
        await first.become_first()
        wrong = await other.sign_in("aiko", "not the password at all")
        unknown = await other.sign_in("nobody", "not the password at all")
        assert (wrong.status, unknown.status) == (422, 422)
        assert "The name or the password is wrong." in wrong.text
        assert "The name or the password is wrong." in unknown.text


async def test_who_guesses_must_wait_longer_and_longer(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as guesser:
        await first.become_first()
        statuses = [(await guesser.sign_in("aiko", f"guess number {n} of many")).status for n in range(7)]
        assert statuses == [422] * 5 + [429] * 2
        assert (await guesser.sign_in()).status == 429  # the right one, too, must wait
        town.clock.ahead += timedelta(minutes=1)
        assert (await guesser.sign_in()).path == "/"


async def test_signing_in_gives_a_new_name_to_the_session(town: Known) -> None:
    async with town.visitor() as visitor:
        await visitor.become_first()
        before = _cookie(visitor)
        await visitor.sign_in()
        assert _cookie(visitor) != before
        async with town.visitor() as thief:
            async with thief.session.get(ENTITIES, headers={"Cookie": f"{SESSION}={before}"}) as answer:
                assert answer.status == 401


async def test_a_session_ends_when_idle_and_in_any_case_after_some_hours(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        for _ in range(35):
            town.clock.ahead += timedelta(minutes=20)
            assert (await first.get(ENTITIES)).status == 200
        town.clock.ahead += timedelta(minutes=21)
        assert (await first.get(ENTITIES)).status == 401
        await first.sign_in()
        town.clock.ahead += timedelta(minutes=31)
        assert (await first.get(ENTITIES)).status == 401


async def test_signing_out_ends_the_session_in_the_town_too(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as thief:
        await first.become_first()
        cookie = _cookie(first)
        await first.fill("/account", {}, "/sign-out")
        async with thief.session.get(ENTITIES, headers={"Cookie": f"{SESSION}={cookie}"}) as answer:
            assert answer.status == 401


async def test_every_form_that_changes_something_carries_the_token_of_its_browser(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        for page in ("/account", "/people", "/keys"):
            shown = (await first.get(page)).text
            forms = re.findall(r'<form method="post"[^>]*>(<input type="hidden" name="form_token")?', shown)
            assert forms
            assert all(forms)


async def test_a_form_without_its_token_is_refused(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        refused = await first.post("/people", {"name": "eve", "role-administrator": "yes"})
        assert refused.status == 403
        assert town.registry.named("eve") is None


async def test_a_form_of_another_site_is_refused(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        shown = await first.get("/people")
        token = re.search(r'form_token" value="(\w+)"', shown.text)
        assert token is not None
        form = {"name": "eve", "role-officer": "yes", "form_token": token.group(1)}
        assert (await first.post("/people", form, Origin="https://evil.example")).status == 403
        assert (await first.post("/people", form, **{"Sec-Fetch-Site": "cross-site"})).status == 403


async def test_another_site_cannot_write_data_with_the_session_of_a_person(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        entity = {"id": "urn:x:1", "type": "River"}
        foreign = {"Sec-Fetch-Site": "cross-site"}
        async with first.session.post("/ngsi-ld/v1/entities", json=entity, headers=foreign) as refused:
            assert refused.status == 403
        async with first.session.post("/ngsi-ld/v1/entities", json=entity) as taken:
            assert taken.status == 201


async def test_an_invitation_opens_once_and_until_its_day(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as officer, town.visitor() as late:
        await first.become_first()
        code = await _invited(first, "ken")
        came = await _come(officer, code)
        assert came.path == "/account"
        assert "officer" in came.text
        assert (await late.fill("/invitation", {"code": code})).status == 404
        other = await _invited(first, "mai")
        town.clock.ahead += timedelta(days=3, minutes=1)
        assert (await late.fill("/invitation", {"code": other})).status == 404


async def test_who_came_in_before_is_recognised_as_surely_as_then_before_a_new_way_in(
    town: Known,
) -> None:
    async with town.visitor() as first, town.visitor() as officer:
        await first.become_first()
        await _come(officer, await _invited(first, "ken"))
        ken = town.registry.named("ken")
        assert ken is not None
        await first.fill("/people", {"role-officer": "yes", "assurance": "2"}, f"/people/{ken.id}/roles")
        again = f"/people/{ken.id}/invitation"
        for said in ({}, {"recognised": ""}, {"recognised": "1"}, {"recognised": "9"}):
            refused = await first.fill("/people?lang=en", said, again)
            assert (refused.status, "came in before" in refused.text) == (422, True)
            assert _LINK.search(refused.text) is None
        given = await first.fill("/people", {"recognised": "2"}, again)
        assert _LINK.search(given.text) is not None
        for recognised in (None, 1):  # nor at the machine itself
            with pytest.raises(BadRequestData):
                await appoint(town.identity, "default", "ken", None, SYSTEM, recognised)
        assert (await appoint(town.identity, "default", "ken", None, SYSTEM, 3)).name == "ken"


async def test_no_secret_of_a_link_is_part_of_an_address(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as officer:
        await first.become_first()
        shown = await first.fill("/people", {"name": "ken", "role-officer": "yes"})
        links = re.findall(r"https?://[^\s<]*/invitation[^\s<]*", shown.text)
        assert [urlsplit(link).path for link in links] == ["/invitation"]
        assert not any(urlsplit(link).query for link in links)
        opened = await officer.get("/invitation?lang=en")
        assert "data-from-fragment" in opened.text
        named = await officer.fill("/invitation", {"code": urlsplit(links[0]).fragment})
        assert (named.status, "ken" in named.text) == (200, True)


async def test_only_administrators_see_and_change_people(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as officer, town.visitor() as anyone:
        await first.become_first()
        await _come(officer, await _invited(first, "ken"))
        assert (await officer.get("/people")).status == 403
        assert (await anyone.get("/people")).status == 401
        refused = await officer.fill("/account", {"name": "eve", "role-administrator": "yes"}, "/people")
        assert refused.status == 403


async def test_who_leaves_is_out_at_once_and_hands_over(town: Known) -> None:
    handed: list[tuple[str, str, str]] = []

    async def note(town_name: str, leaver: str, heir: str) -> None:
        handed.append((town_name, leaver, heir))

    town.identity.handovers.append(note)
    async with town.visitor() as first, town.visitor() as officer:
        await first.become_first()
        await _come(officer, await _invited(first, "ken"))
        assert (await officer.get("/account")).path == "/account"
        ken, aiko = town.registry.named("ken"), town.registry.named("aiko")
        assert ken is not None
        assert aiko is not None
        await first.fill("/people", {"successor": aiko.id}, f"/people/{ken.id}/end")
        assert (await officer.get("/account")).path == "/sign-in"
        assert (await officer.sign_in("ken")).status == 422
        assert handed == [("default", ken.principal_id, aiko.principal_id)]


async def test_who_is_let_go_while_their_password_is_looked_at_does_not_come_in(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as officer:
        await first.become_first()
        await _come(officer, await _invited(first, "ken"))
    ken, aiko = town.registry.named("ken"), town.registry.named("aiko")
    assert ken is not None
    assert aiko is not None
    by, where = Principal(aiko.principal_id, frozenset({Role.ADMINISTRATOR})), Where("192.0.2.1")
    trying = asyncio.create_task(with_password(town.identity, town.registry, "ken", PASSWORD, where))
    await asyncio.sleep(0)  # the password is in a thread now, and stays there for longer than it takes to let them go
    await people.let_go(town.identity, town.registry, ken.id, None, by)
    with pytest.raises(CredentialRefused):
        await trying
    assert town.registry.sessions_of(ken.id) == []


async def test_a_password_that_is_changed_while_it_is_looked_at_opens_nothing(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
    aiko = town.registry.named("aiko")
    assert aiko is not None
    before = town.registry.sessions_of(aiko.id)
    trying = asyncio.create_task(with_password(town.identity, town.registry, "aiko", PASSWORD, Where("192.0.2.1")))
    await asyncio.sleep(0)
    await town.registry.put_account(replace(aiko, password="another"))
    with pytest.raises(CredentialRefused):
        await trying
    assert town.registry.sessions_of(aiko.id) == before


async def test_people_see_where_they_are_signed_in_and_end_it_elsewhere(town: Known) -> None:
    async with town.visitor() as here, town.visitor() as there:
        await here.become_first()
        await there.session.get("/", headers={"User-Agent": "the browser at the counter"})
        there.session.headers["User-Agent"] = "the browser at the counter"
        await there.sign_in()
        shown = await here.get("/account")
        assert "the browser at the counter" in shown.text
        assert (await here.fill("/account", {}, "/account/sessions")).path == "/account"
        assert (await there.get(ENTITIES)).status == 401
        assert (await here.get(ENTITIES)).status == 200
        assert "the browser at the counter" not in (await here.get("/account")).text


async def test_subscriptions_and_keys_of_who_leaves_are_the_successors(town: Known) -> None:
    town.identity.handovers.append(lambda _, leaver, heir: hand_over(town.broker, leaver, heir))
    town.broker.attend(lambda name, by: town.identity.of(name).present(by))
    async with town.visitor() as first, town.visitor() as officer:
        await first.become_first()
        await _come(officer, await _invited(first, "ken"))
        document = {
            "id": "urn:ngsi-ld:Subscription:ken",
            "type": "Subscription",
            "entities": [{"type": "River"}],
            "notification": {"endpoint": {"uri": "http://desk.test/"}},
        }
        for path in ("subscriptions", "csourceSubscriptions"):
            async with officer.session.post(f"/ngsi-ld/v1/{path}", json=document) as answer:
                assert answer.status == 201, await answer.text()
        ken, aiko = town.registry.named("ken"), town.registry.named("aiko")
        assert ken is not None
        assert aiko is not None
        made, _ = await programs.make_key(
            town.identity, town.registry, Wanted("map", Use.KEY, frozenset({"officer"}), 300), ken.id, SYSTEM
        )
        await first.fill("/people", {"successor": aiko.id}, f"/people/{ken.id}/end")
        handed = town.registry.keys.values[made.id]
        assert handed.owner == aiko.id
        assert handed.until is not None
        assert handed.until < town.clock() + timedelta(days=8)
        house = await town.broker.town(None)
        (box,) = town.broker.notifier(house).outboxes
        (of_sources,) = town.broker.source_subscriptions.owned_by(house, aiko.principal_id)
        assert (box.owner.id, of_sources.owner.id) == (aiko.principal_id, aiko.principal_id)
        for kind in ("subscription", "source-subscription"):
            for record in (await house.store.records(kind)).values():
                assert record["owner"]["id"] == aiko.principal_id
        gauge = {"id": "urn:ngsi-ld:River:1", "type": "River", "level": 1}
        async with first.session.post("/ngsi-ld/v1/entities", json=gauge) as answer:
            assert answer.status == 201
        async with asyncio.timeout(10):
            while not town.wire.sent:  # it goes on telling, as what the successor may read
                await asyncio.sleep(0.01)


async def test_the_last_administrator_cannot_leave(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        aiko = town.registry.administrators[0]
        kept = await first.fill("/people", {"successor": ""}, f"/people/{aiko.id}/end")
        assert kept.status == 422
        demoted = await first.fill("/people", {"role-officer": "yes"}, f"/people/{aiko.id}/roles")
        assert demoted.status == 422
        assert town.registry.administrators == [aiko]


async def test_changed_roles_hold_for_who_is_signed_in(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as officer:
        await first.become_first()
        await _come(officer, await _invited(first, "ken"))
        ken = town.registry.named("ken")
        assert ken is not None
        await first.fill("/people", {"role-administrator": "yes"}, f"/people/{ken.id}/roles")
        assert (await officer.get("/people")).status == 200


async def test_changing_the_password_signs_out_everywhere_else(town: Known) -> None:
    async with town.visitor() as here, town.visitor() as there:
        await here.become_first()
        await there.sign_in()
        new = "nine boats below the bridge"
        await here.fill("/account", {"old": PASSWORD, "password": new, "again": new}, "/account/password")
        assert (await here.get(ENTITIES)).status == 200
        assert (await there.get(ENTITIES)).status == 401
        assert (await there.sign_in("aiko", new)).path == "/"


async def test_people_and_their_sessions_are_there_after_a_restart(tmp_path: Path) -> None:
    async with known(tmp_path) as town, town.visitor() as first:
        await first.become_first()
        cookie = _cookie(first)
    async with known(tmp_path) as town, town.visitor() as again:
        async with again.session.get(ENTITIES, headers={"Cookie": f"{SESSION}={cookie}"}) as answer:
            assert answer.status == 200
        assert (await again.get(ENTITIES)).status == 401


async def test_a_town_with_administrators_of_its_own_knows_nobody_elses_people(tmp_path: Path) -> None:
    async with known(tmp_path) as town:
        await town.broker.town("kasumi", create=True)
    async with known(tmp_path) as town, town.visitor() as first:
        await first.become_first()
        head = {"NGSILD-Tenant": "kasumi"}
        async with first.session.get(ENTITIES, headers=head) as answer:
            assert answer.status == 200  # who runs the installation runs its towns, until they have people of their own
        own = town.identity.own("kasumi")
        await people.make_account(town.identity, own, "yuki", "Yuki", frozenset({"administrator"}), SYSTEM)
        async with first.session.get(ENTITIES, headers=head) as answer:
            assert answer.status == 401
        assert (await first.get(ENTITIES)).status == 200


async def test_who_came_in_and_who_did_not_is_in_the_account_of_the_town(town: Known) -> None:
    async with town.visitor() as first, town.visitor() as guesser:
        await first.become_first()
        await guesser.sign_in("aiko", "a password that is quite wrong")
        await _invited(first, "ken")
        opened = await town.broker.town(None)
        by = Principal("urn:x:test", frozenset({"administrator"}), None, None, 3, 3)
        entries = (await town.broker.audit(opened).search(Search(), 100, by)).entries
        told = " ".join(str(entry) for entry in entries)
        for said in ("first administrator made", "sign-in refused", "person added", "invited"):
            assert said in told
        assert "quite wrong" not in told


async def test_no_password_link_or_cookie_is_ever_logged_or_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with known(tmp_path) as town, town.visitor() as first, town.visitor() as officer:
        await first.become_first()
        code = await _invited(first, "ken")
        await _come(officer, code)
        await officer.sign_in("ken", "a password that is quite wrong")
        secrets = [PASSWORD, code, _cookie(first), _cookie(officer), "a password that is quite wrong"]
    assert "signed in by password" in caplog.text
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    for secret in secrets:
        assert secret not in caplog.text
        assert secret.encode() not in kept


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"name": "aiko", "password": "short"}, "at least 12"),
        ({"name": "aiko", "password": "password1234"}, "first to be guessed"),
        ({"name": "aiko", "password": "Aiko-Machinami-2026"}, "first to be guessed"),
        ({"name": "aiko", "password": "Administrator!!1"}, "first to be guessed"),
        ({"name": "aiko", "password": "kawakami2kawakami2"}, "first to be guessed"),
        ({"name": "a b", "password": PASSWORD}, "sign-in name"),
        ({"name": "aiko", "password": "x" * 300}, "at most 256"),
    ],
)
async def test_what_cannot_be_is_said_in_the_form(town: Known, form: dict[str, str], fault: str) -> None:
    async with town.visitor() as first:
        shown = await first.fill("/first?lang=en", form, "/first")
        assert shown.status == 422
        assert fault in shown.text
        assert not town.identity.has_administrators


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"])
async def test_signing_in_never_leads_to_another_site(town: Known, onward: str) -> None:
    async with town.visitor() as first:
        await first.become_first()
        signed = await first.fill("/sign-in", {"name": "aiko", "password": PASSWORD, "next": onward})
        assert signed.path == "/"


async def _invited(by: Visitor, name: str, role: str = "officer") -> str:
    shown = await by.fill("/people", {"name": name, f"role-{role}": "yes"})
    found = _LINK.search(shown.text)
    assert found is not None, shown.status
    return found.group(1)


async def _come(visitor: Visitor, code: str):
    form = {"code": code, "password": PASSWORD, "again": PASSWORD}
    return await visitor.fill("/invitation?lang=en", form, "/invitation")


def _cookie(visitor: Visitor) -> str:
    return next(one.value for one in visitor.session.cookie_jar if one.key == SESSION)


async def test_a_refused_form_about_people_keeps_what_was_typed(town: Known) -> None:
    async with town.visitor() as first:
        await first.become_first()
        form = {"name": "k s", "display": "川島 恵", "role-mayor": "yes", "assurance": "2"}
        shown = await first.fill("/people?lang=en", form, "/people")
        assert shown.status == 422
        assert 'value="k s"' in shown.text
        assert 'value="川島 恵"' in shown.text
        assert re.search(r'name="role-mayor" value="yes" checked', shown.text)
        assert not re.search(r'name="role-officer" value="yes" checked', shown.text.split('id="person-')[0])
        assert re.search(r'<option value="2" selected', shown.text)
