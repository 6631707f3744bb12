"""An officer writes a pilot down, it passes its gates, and residents see who decided what and why."""

import pytest
from tests.services.visiting import Visit

from machinami.kit.words import LANGUAGES
from machinami.model.vocabulary.circle import GateDecision, Pilot

from .conftest import WHOLE, only_pilot


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", ["resident", "officer", "history"])
async def test_a_town_without_pilots_says_what_to_do_first(office: Visit, language: str, view: str) -> None:
    text = await office.see(f"?lang={language}&view={view}")
    assert 'class="empty"' in text


async def test_a_pilot_passes_its_gates_and_residents_see_who_decided(office: Visit) -> None:
    assert (await office.send("write", **WHOLE))[0] == 200
    pilot = await only_pilot(office)
    for gate in ("start", "deploy"):
        form = {
            "gate": gate,
            "verdict": "yes",
            "reason": f"理由は{gate}",
            "dissent": "音が心配",
            "with": "原一郎、町長",
        }
        status, text = await office.send("decide", pilot=pilot.id, **form)
        assert status == 200
        assert "原一郎" in text
    seen = await office.see()
    assert "理由はdeploy" in seen
    assert "音が心配" in seen
    assert (await only_pilot(office)).state == "passed"
    assert (await office.send("operate", pilot=pilot.id))[0] == 200
    assert "終わった実証 1 件のうち 1 件" in await office.see()


async def test_a_pilot_without_a_payer_does_not_begin_and_the_page_says_why(office: Visit) -> None:
    await office.send("write", **{**WHOLE, "payer": ""})
    assert "終わったあとに払う人" in await office.see("?view=officer")
    pilot = await only_pilot(office)
    status, _ = await office.send("decide", pilot=pilot.id, gate="start", verdict="yes", reason="急ぐため")
    assert status == 409
    assert (await only_pilot(office)).state == "planned"


async def test_a_decision_that_is_taken_back_stays_with_its_reason(office: Visit) -> None:
    await office.send("write", **WHOLE)
    pilot = await only_pilot(office)
    await office.send("decide", pilot=pilot.id, gate="start", verdict="no", reason="早すぎる")
    (decision,) = await office.city.find(GateDecision)
    assert (await office.send("retract", decision=decision.id, reason="読み違い"))[0] == 200
    assert (await only_pilot(office)).state == "planned"
    seen = await office.see("?view=history")
    assert "早すぎる" in seen
    assert "読み違い" in seen


async def test_what_a_pilot_taught_is_kept_in_both_languages(office: Visit) -> None:
    await office.send("write", **WHOLE)
    pilot = await only_pilot(office)
    await office.send("learn", pilot=pilot.id, lessons="風速 8 m/s で止めるべきだった")
    await office.send("learn?lang=en", pilot=pilot.id, lessons="Stop at 8 m/s of wind")
    assert (await only_pilot(office)).lessons == {"ja": "風速 8 m/s で止めるべきだった", "en": "Stop at 8 m/s of wind"}
    assert "Stop at 8 m/s" in await office.see("?lang=en")


@pytest.mark.parametrize(
    ("form", "field"),
    [({"name": ""}, "name"), ({"bound": "三十"}, "bound"), ({"who": ""}, "who")],
)
async def test_a_form_that_cannot_be_read_keeps_nothing(office: Visit, form: dict[str, str], field: str) -> None:
    status, _ = await office.send("write", **{**WHOLE, **form})
    assert status == 400, field
    assert await office.city.find(Pilot) == []
