"""The day of the rivers: each step once, in the reader's language, and nothing of another day."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.kit.happening import Event
from machinami.kit.words import LANGUAGES, Words
from machinami.model.vocabulary.alerts import Message
from machinami.model.vocabulary.office import Officer
from machinami.services.flood import service
from machinami.services.flood.book.day import events
from machinami.services.flood.logic.situation import crossings
from machinami.services.flood.model import Sample, Thresholds

from .conftest import START, River

BY = Officer("山田 花子", "危機管理課長")
LEVELS = Thresholds(1.0, 1.5, 2.0, 3.0)


def samples(*levels: float) -> list[Sample]:
    return [Sample(START + timedelta(minutes=10 * n), level) for n, level in enumerate(levels)]


def crossed(*levels: float, marks: Thresholds = LEVELS) -> list[tuple[int, str, bool]]:
    """At which sample which mark was crossed, and whether upwards."""
    found = crossings(samples(*levels), marks, 0.1)
    return [(round((at - START) / timedelta(minutes=10)), mark, rose) for at, mark, rose in found]


def test_a_rise_over_two_marks_at_once_is_told_by_the_higher_one() -> None:
    assert crossed(0.2, 1.6, 2.1) == [(1, "judgement", True), (2, "danger", True)]


def test_a_level_that_plays_around_a_mark_is_told_once() -> None:
    assert crossed(0.9, 1.0, 0.95, 1.02, 0.96, 1.01) == [(1, "attention", True)]
    assert crossed(0.9, 1.0, 0.85, 1.0) == [(1, "attention", True), (2, "attention", False), (3, "attention", True)]


def test_without_marks_there_is_nothing_to_tell() -> None:
    assert crossed(9.0, marks=Thresholds()) == []
    assert crossed(1.2, 2.2, 0.5, marks=Thresholds(danger=2.0)) == [(1, "danger", True), (2, "danger", False)]


@given(st.lists(st.floats(0, 4), max_size=60))
def test_it_rises_step_by_step_and_falls_only_after_it_rose(levels: list[float]) -> None:
    order = ["attention", "judgement", "danger", "bank"]
    found = crossed(*levels)
    assert not found or found[0][2]
    for (_, before, rose), (_, after, rises) in pairwise(found):
        assert rose or rises, "twice down in a row"
        if rose and rises:
            assert order.index(after) > order.index(before)


async def day(river: River, language: str = "ja") -> list[Event]:
    words = Words(next(one for one in LANGUAGES if one == language), service.PACKAGE)
    return sorted(await events(river.city, words, START, river.now + timedelta(hours=1)), key=lambda one: one.at)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_storm_is_told_from_the_first_mark_to_the_end_of_the_warning(river: River, language: str) -> None:
    await river.stand()
    await river.say(0.3, 1.1, 1.2, 1.6, 1.7)
    proposal = (await river.proposals())[0]
    await service.approve(river.city, proposal.id, Message("高齢者等避難", "本文", "上流の人は避難を", "上流地区"), BY)
    await river.say(1.2, 0.8)
    told = await day(river, language)
    rising = [one for one in told if one.weight == 2]
    assert len(rising) == 3, "over attention, over judgement, below attention again"
    assert all(one.simulated for one in rising)
    (issued,) = [one for one in told if one.weight == 3]
    assert language == "en" or "高齢者等避難" in issued.words  # an officer writes in one language
    assert rising[0].at < issued.at < rising[-1].at


async def test_what_was_before_the_day_is_not_told_again(river: River) -> None:
    await river.stand()
    await river.say(0.3, 1.1, 1.2)
    words = Words("ja", service.PACKAGE)
    again = await events(river.city, words, river.now, river.now + timedelta(days=1))
    assert [one for one in again if one.weight == 2] == []
    await river.say(1.6)
    later = await events(river.city, words, river.now, river.now + timedelta(days=1))
    assert ["避難判断水位" in one.words for one in later if one.weight == 2] == [True]
