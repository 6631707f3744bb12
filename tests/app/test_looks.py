"""A town's administrator chooses how its pages look; no other town looks different, and the look moves along."""

from pathlib import Path

import aiohttp
from tests.app.tenancy import Installation, Said, installation

CREST = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>1</script><path d="M0 0h9"/></svg>'
EAST = {"Host": "east.localhost"}


async def choose(towns: Installation, do: str, accent: str = "#aa0000", **headers: str) -> Said:
    """Send the form of the page."""
    form = aiohttp.FormData()
    for name, text in {
        "name-ja": "東の町",
        "name-en": "Eastham",
        "accent": accent,
        "contact": "役場 0123",
        "do": do,
    }.items():
        form.add_field(name, text)
    form.add_field("crest", CREST, filename="crest.svg", content_type="image/svg+xml")
    async with towns.session.post("/look", data=form, headers={**EAST, **headers}, allow_redirects=False) as answer:
        return Said(answer.status, (await answer.read()).decode(), dict(answer.headers))


async def test_a_look_is_shown_first_then_chosen_and_stays_that_towns_alone(tmp_path: Path) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    async with installation(home) as towns:
        await towns.act("found", town="east")
        preview = await choose(towns, "preview")
        before = await towns.ask("GET", "/?lang=en", **EAST)
        chosen = await choose(towns, "choose")
        after = await towns.ask("GET", "/?lang=en", **EAST)
        other = await towns.ask("GET", "/?lang=en")
        styles = await towns.ask("GET", "/look.css", **EAST)
        crest = await towns.ask("GET", "/look/crest", **EAST)
        nothing = await towns.ask("GET", "/look/crest")
        await towns.act("move", town="east", folder=str(away))
    async with installation(away) as alone:
        moved = await alone.ask("GET", "/?lang=en")

    assert preview.status == 200
    assert "東の町" in preview.text
    assert "Eastham" not in before.text
    assert chosen.status == 303
    assert "Eastham" in after.text
    assert "役場 0123" in after.text
    assert "/look.css?v=" in after.text
    assert "Eastham" not in other.text
    assert "--river:#a" in styles.text
    assert crest.headers["Content-Type"] == "image/svg+xml"
    assert "script" not in crest.text
    assert "sandbox" in crest.headers["Content-Security-Policy"]
    assert nothing.status == 404
    assert "Eastham" in moved.text


async def test_a_colour_that_is_none_and_a_form_of_another_site_change_nothing(tmp_path: Path) -> None:
    async with installation(tmp_path) as towns:
        await towns.act("found", town="east")
        wrong = await choose(towns, "choose", "red;}body{display:none")
        foreign = await choose(
            towns, "choose", **{"Origin": "http://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        )
        page = await towns.ask("GET", "/", **EAST)
        injected = await towns.ask("GET", "/look.css?accent=%23000%7D", **EAST)

    assert wrong.status == 422
    assert foreign.status == 403
    assert "Eastham" not in page.text
    assert injected.status == 404


async def test_only_administrators_of_the_town_choose_its_look(tmp_path: Path) -> None:
    async with installation(tmp_path) as towns:
        await towns.act("found", town="east", administrator="sato")

        assert (await towns.ask("GET", "/look", **EAST, Accept="text/html")).status == 401
        assert (await choose(towns, "choose")).status == 401
