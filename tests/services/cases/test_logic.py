"""Is every case of the seeds in the library, well told, and is it found by a town's problem?"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.view import Words
from machinami.model.vocabulary.office import Officer
from machinami.services.cases.logic.adding import own_case, tried, turned
from machinami.services.cases.logic.reading import TOLD, CaseError, key_of, read_library, tidied
from machinami.services.cases.logic.search import search
from machinami.services.cases.model import ReferenceCase, Wish
from machinami.services.cases.service import areas, library

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)
BY = Officer("山田花子", "企画課長")
# Every work that the five seeds tell of, by what stands there; the first seed (outlook_2021) names no place.
IN_SEEDS = {
    "mlit_2025": "kakogawa_cameras fujieda_river drones_both_times heat_and_land national_matching pilots_that_stopped",
    "draft_2020": """daimaruyu_steps daimaruyu_body okazaki_bodies kashiwanoha_energy fujieda_river masuda_roads
        sapporo_points haneda_robots matsuyama_planning kakogawa_tags utsunomiya_visitors kashiwanoha_living_lab
        kakogawa_decidim ina_remote""",
    "mlit_2021": """sapporo_points sapporo_snow sapporo_planning tsukuba_mobility tsukuba_congestion tsukuba_timetable
        tsukuba_face susami_supplies bandai_office kaga_declaration ina_drone kashiwanoha_body kashiwanoha_ethics
        kaga_priority machimon kakogawa_decidim matsuyama_udcm takamatsu_council aizu_aict kaga_farming aizu_long_view
        taki_six_towns sendai_lid maebashi_taiyo pilots_that_stopped national_matching""",
    "lessons_2022": "kaga_office aizu_office pilots_that_stopped",
    "outlook_2021": "national_matching",
}


def case(key: str) -> ReferenceCase:
    return next(one for one in library().cases if key_of(one.id) == key)


def best(words: str, **more: str) -> list[str]:
    return [key_of(one.case.id) for one in search(library().cases, Wish(words, **more))]


@pytest.mark.parametrize("source", IN_SEEDS)
def test_every_case_of_a_seed_is_there_and_names_it(source: str) -> None:
    told = {key_of(one.id) for one in library().cases if source in (one.sources or [])}
    assert told == set(IN_SEEDS[source].split())


def test_no_case_is_there_that_no_seed_tells_of() -> None:
    told = {key for keys in IN_SEEDS.values() for key in keys.split()}
    assert {key_of(one.id) for one in library().cases} == told
    assert len(library().cases) == 43


def test_the_register_has_every_model_area() -> None:
    assert {kind: len(names) for kind, names in areas().items()} == {"first": 27, "focus": 24}
    assert "宮崎県延岡市" in areas()["focus"]


def test_what_is_told_is_told_in_both_languages() -> None:
    for one in library().cases:
        for name in TOLD:
            said = getattr(one, name)
            assert said is None or (said["ja"].strip() and said["en"].strip()), (one.id, name)


def test_most_sources_say_nothing_of_failure_and_then_nothing_is_said_of_it() -> None:
    telling = {key_of(one.id) for one in library().cases if one.failed}
    assert telling == {"pilots_that_stopped", "takamatsu_council", "national_matching"}


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("バスの待ち時間が長い", "tsukuba_timetable"),
        ("雪で道が歩けない", "sapporo_snow"),
        ("実証が実装にならない", "pilots_that_stopped"),
        ("高齢者の買い物", "ina_drone"),
        ("川があふれる", "fujieda_river"),
        ("道路に穴", "masuda_roads"),
        ("個人情報が心配", "kashiwanoha_ethics"),
        ("floods of rivers", "fujieda_river"),
        ("ｽﾏﾎが使えない人", "ina_remote"),
    ],
)
def test_a_problem_in_plain_words_finds_its_case(words: str, key: str) -> None:
    assert best(words)[0] == key


def test_the_words_that_matched_are_shown_as_they_were_typed() -> None:
    first = search(library().cases, Wish("バスの待ち時間が長い"))[0]
    assert first.matched == ("バス", "待ち時間が長い")
    assert best("ぜんぜんかんけいない") == []


def test_a_word_in_hiragana_alone_is_searched_as_it_is() -> None:
    told = [ReferenceCase(f"urn:x:{n}", name=Words(ja=text)) for n, text in enumerate(("ごみの収集", "道ばたのごま"))]
    assert [one.case.id for one in search(told, Wish("ごみ"))] == ["urn:x:0"]


def test_field_stage_and_size_leave_out_what_is_otherwise() -> None:
    assert set(best("", field="management", stage="start")) == {"bandai_office", "kaga_office", "aizu_office"}
    assert "bandai_office" in best("縦割り")
    assert "bandai_office" not in best("縦割り", size="metropolis")


def test_a_withdrawn_case_is_not_found() -> None:
    gone = ReferenceCase("urn:x:1", name=Words(ja="除雪"), state="withdrawn")
    assert search([gone], Wish("除雪")) == []


@given(st.text(max_size=40))
def test_whatever_is_typed_what_is_found_says_why(text: str) -> None:
    found = search(library().cases, Wish(text))
    assert not text.strip() or all(one.matched and one.score > 0 for one in found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('id = "x"\n', "does not say"),
        ('id = "x"\nname = {ja = "a", en = "b"}\nplace = {ja = "a"}\nproblem = {ja = "a", en = "b"}\n'
         'text = {ja = "a", en = "b"}\nsize = "other"\nfield = "energy"\nsources = ["s"]\nkeywords = ["k"]', "one"),
        ('id = "x"\nname = {ja = "a", en = "b"}\nplace = {ja = "a", en = "b"}\nproblem = {ja = "a", en = "b"}\n'
         'text = {ja = "a", en = "b"}\nsize = "huge"\nfield = "energy"\nsources = ["s"]\nkeywords = ["k"]', "size"),
    ],
)  # fmt: skip
def test_a_case_that_is_not_well_written_is_said_to_be_by_its_id(row: str, said: str) -> None:
    with pytest.raises(CaseError, match=said) as refused:
        read_library('edition = 1\n[sources.s]\nja = "a"\nen = "b"', [f"[[cases]]\n{row}"])
    assert "x" in str(refused.value)


def test_a_town_tells_its_own_case_in_the_language_of_the_page() -> None:
    form = {"name": "移動販売車", "place": "街並町", "problem": "店が遠い", "text": "週 2 回まわる", "field": "welfare",
            "size": "other", "stage": "build", "failed": "冬は止まった", "keywords": "買物、冬"}  # fmt: skip
    told = own_case("urn:x:1", form, "easy", BY, NOW)
    assert (told.name, told.failed, told.keywords) == ({"ja": "移動販売車"}, {"ja": "冬は止まった"}, ["買物", "冬"])
    assert (told.sources, told.state, told.decided_by, told.outcome) == (["own"], "shown", "山田花子", None)
    with pytest.raises(BadRequestData, match="problem"):
        own_case("urn:x:1", {**form, "problem": ""}, "ja", BY, NOW)
    with pytest.raises(BadRequestData, match="field"):
        own_case("urn:x:1", {**form, "field": "magic"}, "ja", BY, NOW)


def test_what_other_programs_wrote_of_a_case_leads_nowhere_else_and_breaks_no_page() -> None:
    lists: dict[str, Any] = {"keywords": [1], "sources": [{}], "indicators": [3]}
    odd = ReferenceCase("urn:x:1", stage="x", size="huge", field="magic", **lists)
    told = tidied(replace(odd, page="javascript:alert(1)", state="gone"))
    assert (told.stage, told.size, told.field, told.state) == (None, "unsaid", "management", "shown")
    assert (told.keywords, told.sources, told.indicators, told.page) == ([], [], [], None)
    assert tidied(replace(odd, page="//evil.test")).page is None
    assert tidied(case("kashiwanoha_ethics")).page == "/ethics"


def test_only_a_case_of_the_towns_own_can_be_withdrawn_and_shown_again() -> None:
    own = ReferenceCase("urn:x:1", sources=["own"], state="shown")
    assert turned(own, "withdrawn", BY, NOW).state == "withdrawn"
    with pytest.raises(Conflict, match="already"):
        turned(own, "shown", BY, NOW)
    with pytest.raises(Conflict, match="library"):
        turned(case("bandai_office"), "withdrawn", BY, NOW)


def test_a_case_that_is_tried_becomes_a_proposed_work_that_names_it() -> None:
    work = tried("urn:x:1", case("fujieda_river"), "山田", running=True)
    assert (work.state, work.service, work.ref_case, work.field) == (
        "proposed", "flood", "urn:ngsi-ld:ReferenceCase:fujieda_river", "disaster",
    )  # fmt: skip
    assert tried("urn:x:1", case("fujieda_river"), "山田", running=False).service is None
