"""Can somebody without a phone join a service at a desk, leave it there, and be forgotten, with paper for each step?"""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.approving import RULER, approve
from tests.policy.inhabited import Crowd, Told, inhabited

from machinami.app.running import TownOS
from machinami.broker import forgetting, legal_records, persons
from machinami.broker.contexts import town_context
from machinami.broker.private import kind_of
from machinami.foundation.errors import Conflict
from machinami.kit.city import City, service_principal
from machinami.kit.consenting import texts_of
from machinami.kit.installed import Broken, Service, load
from machinami.model.person import read_number
from machinami.model.principal import Principal, Role
from machinami.services.health_points import service
from machinami.services.health_points.logic.days import begun
from machinami.services.health_points.logic.joining import PURPOSE, NotTakingPart
from machinami.services.health_points.model import Walker

NUMBER = re.compile(r'id="number">([^<]+)<')
KEY = re.compile(r'id="key">.*?<b class="paper-key">([^<]+)<', re.DOTALL)
PROOF = {"proof": "spoken", "proof_words": "in front of me"}
WITHDRAW = re.compile(r'action="/desk/withdrawal".*?name="id" value="([^"]+)"', re.DOTALL)
POINTS = "/services/health_points"


class Walking(TownOS):
    """An installation that has health points alone."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """Health points."""
        return [load("machinami.services.health_points")], []


@dataclass
class Desk:
    """The town, and a clerk at its desk."""

    crowd: Crowd
    city: City

    async def clerk(self, method: str, path: str, form: dict[str, str] | None = None) -> Told:
        """What the clerk is answered."""
        return await self.crowd.ask("officer", method, path, form=form)

    async def card(self) -> str:
        """The number of a new card."""
        made = await self.clerk("POST", "/desk/cards", {"recognised": "will carry the paper"})
        assert made.status == 201, made.text
        found = NUMBER.search(made.text)
        assert found is not None
        return read_number(found.group(1))

    async def join(self, card: str) -> tuple[str, Told]:
        """Consent at the desk; the key on the paper."""
        form = {"card": card, "purpose": PURPOSE, "language": "ja", "version": "1", "until": "365", **PROOF}
        told = await self.clerk("POST", "/desk/consent", form)
        found = KEY.search(told.text)
        assert found is not None, told.text
        return read_number(found.group(1)), told

    async def pseudonym(self, card: str) -> str:
        """By which name the service knows them."""
        town = await self.crowd.town.broker.town(None)
        clerk = Principal("urn:person:desk", frozenset({Role.OFFICER}), None, None, 3, 3)
        return self.city.pseudonym(persons.find_card(town, card, clerk).id)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with inhabited(tmp_path, Walking) as crowd:
        (house,) = crowd.town.houses
        town, manifest = await crowd.town.broker.town(None), house.city.manifest
        rows = [row for row in manifest.personal if row.id == PURPOSE]
        types = [town_context().expand(row.data.type) for row in rows]
        await approve(town, PURPOSE, [f"program:{service_principal(manifest).id}"], types)
        await legal_records.publish(town, PURPOSE, texts_of(rows), RULER)
        yield Desk(crowd, house.city)


async def test_who_consents_at_the_desk_takes_part_and_has_a_key_on_paper(desk: Desk) -> None:
    card = await desk.card()
    key, told = await desk.join(card)

    assert told.status == 201
    assert POINTS in told.text
    assert "本人が窓口で口頭" in told.text
    walker = await service.walker_of(desk.city, key)
    assert walker.id == await desk.pseudonym(card)
    town = await desk.crowd.town.broker.town(None)
    assert [one.subject for one in town.policy.law.consents.values()] == [walker.id]
    assert card not in repr(await town.store.records(kind_of("health_points", "keys")))

    opened = await desk.crowd.ask("nobody", "POST", f"{POINTS}/enter", form={"key": f" {key.lower()[:4]}-{key[4:]}; ü"})
    assert opened.status == 303
    assert f"={key};" in opened.headers["Set-Cookie"]
    app = await desk.crowd.ask("nobody", "GET", f"{POINTS}/me", Participation_Key=f"{key[:4]}-{key[4:]}")
    assert app.status == 200
    wrong = await desk.crowd.ask("nobody", "POST", f"{POINTS}/enter", form={"key": "AAAA-BBBB"})
    assert wrong.status == 422
    assert "この鍵で参加している人はいません" in wrong.text


async def test_a_lost_paper_is_replaced_and_opens_nothing_any_more(desk: Desk) -> None:
    card = await desk.card()
    lost, _ = await desk.join(card)
    page = await desk.clerk("GET", f"/desk/person?card={card}")
    assert "鍵の紙を作りなおす" in page.text
    (consent,) = set(re.findall(r'name="id" value="([^"]+)"', page.text))
    told = await desk.clerk("POST", "/desk/participation", {"card": card, "id": consent})
    found = KEY.search(told.text)
    assert found is not None

    assert (await service.walker_of(desk.city, read_number(found.group(1)))).id == await desk.pseudonym(card)
    with pytest.raises(NotTakingPart):
        await service.walker_of(desk.city, lost)
    stranger = await desk.card()
    assert (await desk.clerk("POST", "/desk/participation", {"card": stranger, "id": consent})).status == 404


async def test_who_withdraws_at_the_desk_has_left(desk: Desk) -> None:
    card = await desk.card()
    key, _ = await desk.join(card)
    walker = await service.walker_of(desk.city, key)
    page = await desk.clerk("GET", f"/desk/person?card={card}")
    found = WITHDRAW.search(page.text)
    assert found is not None
    told = await desk.clerk("POST", "/desk/withdrawal", {"card": card, "id": found.group(1), **PROOF})

    assert told.status == 303
    with pytest.raises(NotTakingPart):
        await service.walker_of(desk.city, key)
    await service.refresh(desk.city, desk.city.now())
    own = desk.city.for_purpose(PURPOSE)
    assert await own.get(Walker, walker.id) is None
    assert walker.id not in repr(await own.private_rows("keys"))
    again, _ = await desk.join(card)  # who left may come back
    assert (await service.walker_of(desk.city, again)).id == walker.id


async def test_somebody_at_the_desk_is_forgotten_with_a_report_that_names_the_clerk(desk: Desk) -> None:
    card = await desk.card()
    key, _ = await desk.join(card)
    walker = await service.walker_of(desk.city, key)
    own = desk.city.for_purpose(PURPOSE)
    await own.publish(begun(walker.id, (desk.city.now() - timedelta(days=1)).date()))
    plan = await desk.clerk("GET", f"/desk/erasure?card={card}")
    assert plan.status == 200
    assert "1 日の歩数" in plan.text
    assert "同意 1 件" in plan.text
    unsure = await desk.clerk("POST", "/desk/erasure", {"card": card, **PROOF})
    assert unsure.status == 422
    unproven = await desk.clerk("POST", "/desk/erasure", {"card": card, "sure": "yes"})
    assert unproven.status == 422
    told = await desk.clerk("POST", "/desk/erasure", {"card": card, "sure": "yes", **PROOF})
    assert told.status == 303, told.text
    report = await desk.clerk("GET", told.headers["Location"])

    assert report.status == 200
    for said in ("large-type", "data-print", "officer", "本人が窓口で口頭", "in front of me", "鍵"):
        assert said in report.text, said
    assert walker.id not in report.text
    with pytest.raises(NotTakingPart):
        await service.walker_of(desk.city, key)
    assert await own.private_rows("keys") == {}
    town = await desk.crowd.town.broker.town(None)
    clerk = f"urn:machinami:person:{desk.crowd.accounts['officer']}"
    accounts = [one for one in await forgetting.accounts(town, walker.id) if one["by"] == clerk]
    assert [one["reason"] for one in accounts] == ["asked for at a desk; spoken: in front of me"]
    other = urlencode({"card": await desk.card(), "ids": accounts[0]["id"]})
    assert (await desk.clerk("GET", f"/desk/erasure/report?{other}")).status == 404


async def test_nobody_but_the_desk_has_others_forgotten_and_nobody_themselves(desk: Desk) -> None:
    card = await desk.card()
    form = {"card": card, "sure": "yes", **PROOF}
    for who in ("nobody", "resident"):
        told = await desk.crowd.ask(who, "POST", "/desk/erasure", form=form)
        assert told.refused, who
    own = {"name": "officer", "sure": "yes", **PROOF}
    assert (await desk.clerk("POST", "/desk/erasure", own)).status == 403


async def test_what_was_joined_at_the_desk_is_found_by_who_connects_their_card(desk: Desk) -> None:
    made = await desk.clerk("POST", "/desk/cards", {"recognised": "will carry the paper"})
    number, code = re.findall(r'<b class="figure" id="(?:number|code)">([^<]+)<', made.text)
    key, _ = await desk.join(read_number(number))
    walker = await service.walker_of(desk.city, key)
    connected = await desk.crowd.ask("resident", "POST", "/my-data/names", form={"number": number, "code": code})
    assert connected.status == 303

    assert walker.id in (await desk.crowd.ask("resident", "GET", "/me/data")).text
    consents = await desk.crowd.ask("resident", "GET", "/my-data/consents")
    assert "いま、同意しているもの" in consents.text
    assert "健幸ポイント" in consents.text


async def test_a_key_that_nobody_consented_for_is_not_made(desk: Desk) -> None:
    with pytest.raises((NotTakingPart, Conflict)):
        await service.enrol(desk.city, "urn:machinami:pseudonym:nobody", "KEY")
