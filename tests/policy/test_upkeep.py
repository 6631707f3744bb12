"""Who is told how the installation fares, and who turns the disaster mode? Each what is theirs, and no more."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.policy.inhabited import MARK, Crowd, inhabited


async def test_what_is_silent_is_named_to_its_own_people_and_counted_for_who_runs_the_machine(tmp_path: Path) -> None:
    name, first = "urn:ngsi-ld:Gauge:silent-one", datetime.now(UTC) - timedelta(hours=2)
    async with inhabited(tmp_path) as crowd:
        for minute in range(13):
            at = (first + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
            body = [{"id": name, "type": "Gauge", "level": {"type": "Property", "value": minute, "observedAt": at}}]
            told = await crowd.ask(
                "officer", "POST", "/ngsi-ld/v1/entityOperations/upsert?options=update", body=body, Accept="*/*"
            )
            assert told.status < 300, told.text
        for path in ("/operations", "/operations/findings"):
            assert name in (await crowd.ask("administrator", "GET", path)).text
            counted = await crowd.ask("operator", "GET", path)
            assert (counted.status, name in counted.text) == (200, False)
            assert "黙っている観測機器が 1 あります" in counted.text
        for who, key in (("administrator", "devices.silent"), ("operator", "devices.some")):
            found = await findings_of_bundle(crowd, who)
            assert (f'"{key}"' in found, name in found) == (True, False)  # it may be handed on: ids are masked


async def findings_of_bundle(crowd: Crowd, who: str) -> str:
    """What the support bundle of somebody says was found."""
    headers = {**crowd.fields(who), "Accept": "*/*"}
    async with crowd.session.get("/operations/bundle", headers=headers) as answer:
        assert answer.status == 200
        with zipfile.ZipFile(io.BytesIO(await answer.read())) as file:
            return file.read("findings.json").decode()


async def test_a_key_for_figures_reads_findings_and_no_bundle(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as crowd:
        wanted = {"name": "prometheus", "use": "key", "roles": ["service"], "days": 3, "scopes": ["metrics"]}
        made = await crowd.ask("administrator", "POST", "/identity/keys", body=wanted)
        secret = made.text.partition('"secret":"')[2].partition('"')[0]
        shown = {"Cookie": "", "Authorization": f"Bearer {secret}", "Accept": "*/*"}
        asked = [await crowd.ask("nobody", "GET", f"/operations/{one}", **shown) for one in ("findings", "bundle")]
        assert [told.status for told in asked] == [200, 403]


async def test_who_turned_the_disaster_mode_is_told_to_who_may_read_that_and_turned_by_who_may(tmp_path: Path) -> None:
    form = {"state": "drill", "reason": f"{MARK} in autumn", "who": "Kei", "role": "officer"}
    async with inhabited(tmp_path) as crowd:
        for who in ("nobody", "resident", "mayor", "operator"):
            assert (await crowd.ask(who, "POST", "/disaster", form=form)).refused
            assert (await crowd.ask(who, "POST", "/disaster/mode", body=form)).refused
        assert (await crowd.ask("officer", "POST", "/disaster", form=form)).status == 303
        for who, named in (("nobody", False), ("operator", False), ("resident", True), ("officer", True)):
            told = await crowd.ask(who, "GET", "/disaster")
            assert (told.status, MARK in told.text, "Kei" in told.text) == (200, named, named), who
            assert ('class="closed"' in told.text) != named
            assert "訓練" in told.text


async def test_a_receiver_and_how_it_fares_are_told_to_whom_the_subscription_belongs(tmp_path: Path) -> None:
    name, receiver = "urn:ngsi-ld:Subscription:officers", "http://127.0.0.1:9/told-to-the-officer"
    wish = {"id": name, "type": "Subscription", "entities": [{"type": "Gauge"}],
            "notification": {"endpoint": {"uri": receiver}}}  # fmt: skip
    async with inhabited(tmp_path) as crowd:
        made = await crowd.ask("officer", "POST", "/ngsi-ld/v1/subscriptions", body=wish, Accept="*/*")
        assert made.status == 201, made.text
        for root in ("/notifications", "/deliveries"):
            for who in ("officer", "administrator"):
                assert receiver in (await crowd.ask(who, "GET", root)).text
                assert receiver in (await crowd.ask(who, "GET", f"{root}/{name}")).text
            for who in ("department-head", "mayor"):
                listed = await crowd.ask(who, "GET", root)
                assert (listed.status, name in listed.text, receiver in listed.text) == (200, False, False)
            for who in ("department-head", "mayor", "resident", "operator", "nobody"):
                for path in (root, f"{root}/{name}", f"{root}/{name}/why?entity=urn:x:1"):
                    assert receiver not in (await crowd.ask(who, "GET", path)).text
                assert (await crowd.ask(who, "GET", f"{root}/{name}")).status in (303, 401, 403, 404)
        for who in ("department-head", "mayor", "resident", "operator", "nobody"):
            held = await crowd.ask(who, "POST", f"/deliveries/{name}/hold", body={})
            assert held.status in (401, 403, 404)
        assert '"held":false' in (await crowd.ask("officer", "GET", f"/deliveries/{name}")).text
