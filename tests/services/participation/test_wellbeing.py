"""Is what people feel told of groups alone, in the order of the frame, and forgotten afterwards?"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.participation.conftest import OFFICER, START, Square

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.kit.words import LANGUAGES, Words
from machinami.model.view import Measured
from machinami.model.view import Words as Spoken
from machinami.model.vocabulary.circle import KeyPerformanceIndicator
from machinami.services.participation import service
from machinami.services.participation.book.rounds import Rounds
from machinami.services.participation.logic import wellbeing
from machinami.services.participation.logic.wellbeing import BANDS, CATEGORIES, GROUPS, OVERALL, SCALES, summed_up
from machinami.services.participation.model import Voice, WellBeingSurvey

WORDS = Words("ja", service.PACKAGE)


def row(band: str, **answers: int) -> dict[str, Any]:
    return {"band": band, "answers": answers}


def test_the_frame_has_its_24_categories_and_a_name_for_each_in_every_language() -> None:
    assert len(CATEGORIES) == len(set(CATEGORIES)) == 24
    assert [len(group) for group in GROUPS.values()] == [16, 2, 6]
    for language in LANGUAGES:
        assert all(Words(language, service.PACKAGE).has(f"part.wb.{name}") for name in (*OVERALL, *CATEGORIES))


def test_the_questions_stand_in_the_order_of_the_frame_whatever_was_answered() -> None:
    rows = [row("65+", **{name: SCALES[name][at % 2] for at, name in enumerate(SCALES)}) for _ in range(12)]
    assert list(summed_up(rows, 10)["questions"]) == [*OVERALL, *CATEGORIES]


def test_a_mean_is_told_of_ten_and_not_of_nine() -> None:
    ten = summed_up([row("65+", happy=n) for n in range(10)], 10)["questions"]["happy"]
    assert (ten["count"], ten["mean"]) == (10, 4.5)
    nine = summed_up([row("65+", happy=n) for n in range(9)], 10)["questions"]["happy"]
    assert (nine["count"], nine["mean"], nine["bands"]) == (None, None, {})


def test_a_small_band_cannot_be_found_by_taking_the_others_from_all() -> None:
    rows = [row("65+", happy=8)] * 30 + [row("50-64", happy=5)] * 20 + [row("18-29", happy=1)] * 2
    told = summed_up(rows, 10)["questions"]["happy"]
    assert told["bands"]["18-29"] is None
    assert sum(mean is None for mean in told["bands"].values()) >= 2 or told["mean"] is None


@given(st.lists(st.tuples(st.sampled_from(BANDS), st.integers(1, 5)), max_size=60))
def test_no_group_below_the_smallest_is_ever_told(given_: list[tuple[str, int]]) -> None:
    told = summed_up([row(band, moving=value) for band, value in given_], 5)["questions"]["moving"]
    sizes = {band: sum(b == band for b, _ in given_) for band in BANDS}
    for band, mean in told["bands"].items():
        assert mean is None or sizes[band] >= 5
    assert told["mean"] is None or len(given_) >= 5
    hidden = [band for band in BANDS if sizes[band] and told["bands"].get(band) is None]
    if told["count"] is not None and hidden:
        assert sum(sizes[band] for band in hidden) >= 5


@pytest.mark.parametrize("form", [{}, {"happy": "11"}, {"moving": "0"}, {"moving": "six"}, {"moving": "-1"}])
def test_what_lies_beside_the_scale_is_refused(form: dict[str, str]) -> None:
    with pytest.raises(BadRequestData):
        wellbeing.checked_answers(form)


async def answered(square: Square, survey: str, people: int) -> None:
    """So many people answer."""
    for number in range(people):
        await service.answer(square.city, survey, {"happy": number % 11}, "65+", square.voice(f"p{number}"))


async def test_answers_are_forgotten_when_the_survey_ends_and_the_means_stay(square: Square) -> None:
    made = await Rounds(square.city).begin_survey("2026 年の実感", "2026-07-10", "ja", OFFICER)
    await answered(square, made, 11)
    await service.answer(square.city, made, {"happy": 0}, "65+", Voice("device:1"))
    mine = await service.own_answers(square.city, made, square.voice("p3"))
    assert mine is not None
    assert mine["answers"] == {"happy": 3}
    await service.close_survey(square.city, made, "x")
    found = await service.there(square.city, WellBeingSurvey, made)
    assert (found.answers, found.unverified) == (11, 1)
    assert found.results is not None
    assert (found.results["questions"]["happy"]["mean"], found.results["frame"]) == (5.0, wellbeing.VERSION)
    assert await square.city.private_rows(f"answers/{made}") == {}
    with pytest.raises(Conflict):
        await answered(square, made, 1)
    assert (await service.verify(square.city)).is_sound


async def test_an_indicator_stands_beside_how_it_feels(square: Square) -> None:
    rounds = Rounds(square.city)
    made = await rounds.begin_survey("x", "2026-07-10", "ja", OFFICER)
    with pytest.raises(Conflict):
        await rounds.set_figure(made, "moving", "urn:ngsi-ld:KeyPerformanceIndicator:none", OFFICER)
    for broken in ("speed", "happy"):
        with pytest.raises(BadRequestData):
            wellbeing.with_figure({}, broken, "urn:x")
    bus = KeyPerformanceIndicator(
        "urn:ngsi-ld:KeyPerformanceIndicator:bus", Spoken(ja="バスの本数"), unit="本/日", current=Measured(24, START)
    )
    await square.know(bus)
    await rounds.set_figure(made, "moving", bus.id, OFFICER)
    sheet = await rounds.one_survey(made, WORDS, Voice(""))
    figures = {q.name: q.figure for _, questions in sheet.groups for q in questions if q.figure}
    assert list(figures) == ["moving"]
    assert (figures["moving"].name, figures["moving"].value, figures["moving"].unit) == ("バスの本数", 24, "本/日")
    await rounds.set_figure(made, "moving", "", OFFICER)
    assert (await service.there(square.city, WellBeingSurvey, made)).figures == {}
