"""Does a page say which entities it left out, why, and what would fit, and show the others?"""

from pathlib import Path

from tests.services.visiting import visited

from machinami.model.view import Words
from machinami.model.vocabulary.circle import CityNeed
from machinami.services.needs import page

PACKAGE, ADDRESS = "machinami.services.needs", "/services/needs"
GOOD, BAD = "urn:ngsi-ld:CityNeed:good", "urn:ngsi-ld:CityNeed:bad"


async def test_what_does_not_fit_is_left_out_and_said_so_until_it_is_mended(tmp_path: Path) -> None:
    async with visited(PACKAGE, tmp_path, page.routes, ADDRESS) as visit:
        good = CityNeed(GOOD, Words(ja="バスを増やして"), raised_on="2026-06-01", state="open")
        await visit.put(good, CityNeed(BAD, Words(ja="読めない課題"), raised_on="2026-13-41", state="open"))
        told = await visit.see()
        assert "バスを増やして" in told
        assert "読めない課題" not in told
        notice = told[told.index("left-out") :]
        assert f"/data/CityNeed/{BAD}" in notice
        assert all(text in notice for text in ("raisedOn", "2026-13-41", "日付（2026-06-30）"))
        assert GOOD not in notice
        await visit.put(CityNeed(BAD, Words(ja="読めた課題"), raised_on="2026-06-02", state="open"))
        told = await visit.see()
        assert "読めた課題" in told
        assert "left-out" not in told


async def test_a_word_that_is_none_is_told_with_those_that_would_do(tmp_path: Path) -> None:
    async with visited(PACKAGE, tmp_path, page.routes, ADDRESS) as visit:
        state = {"state": "gone"}
        await visit.put(CityNeed(BAD, Words(ja="x"), **state))  # type: ignore[arg-type]  # what types rule out
        told = await visit.see("?lang=en")
        assert "1 entity that does not fit is left out here" in told
        assert "open / taken / answered / closed" in told
