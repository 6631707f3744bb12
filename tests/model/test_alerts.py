"""Can any service say anything to the town by the same alert, and is it CAP 1.2 that comes out?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.flood.test_cap import ALERT, IN, faults

from machinami.broker.contexts import town_context
from machinami.foundation.errors import BadRequestData
from machinami.model.cap import CATEGORIES, languages_of, message_of, rings_of, to_cap
from machinami.model.publishing import cancelled, sent, superseded
from machinami.model.town_terms import TERMS
from machinami.model.view import Geometry, Point, Ref, Words, attribute_names, from_entity, to_entity
from machinami.model.vocabulary.alerts import ALERT_KINDS, Alert, alerts_of, in_force, service_of

NOW = datetime(2026, 7, 24, 8, tzinfo=UTC)
SQUARE = [[138.0, 34.0], [138.1, 34.0], [138.1, 34.1], [138.0, 34.1], [138.0, 34.0]]
ORDER = Alert(
    "urn:ngsi-ld:Alert:1",
    category="naturalDisaster",
    warning_level=4,
    event=Words({"ja": "避難指示", "en": "Evacuation order", "easy": "にげる"}),
    urgency="Immediate",
    severity="Extreme",
    certainty="Observed",
    headline=Words({"ja": "避難してください", "en": "Leave now", "easy": "にげてください", "zh": "请疏散"}),
    text=Words({"ja": "土砂災害のおそれ。", "en": "Landslides.", "easy": "山が くずれます。"}),
    instruction=Words({"ja": "高台へ。", "en": "Go to high ground."}),
    area_name=Words({"ja": "北山一丁目", "en": "Kitayama 1"}),
    alert_source="危機管理課長 山田 花子",
    sender="town.example.jp",
    status="Actual",
    valid_from=NOW,
    valid_to=NOW + timedelta(hours=6),
    decided_by="山田 花子",
    role="危機管理課長",
    source_service="messages",
    kind="order",
    area=Geometry({"type": "Polygon", "coordinates": [SQUARE]}),
    audience=Words({"ja": "北山の方", "en": "People of Kitayama"}),
    parameters=[{"name": {"ja": "対象世帯", "en": "Households"}, "value": "120"}],
    ref_subject=Ref("urn:ngsi-ld:District:kitayama"),
    web="https://town.example.jp/services/messages",
)


def said(one: Alert) -> ElementTree.Element:
    return ElementTree.fromstring(to_cap(message_of(one, (one.revisions or [])[-1])))


def texts(root: ElementTree.Element, name: str) -> list[str | None]:
    return [element.text for element in root.iter(IN + name)]


def test_an_order_is_said_in_all_its_languages_with_its_area_its_figures_and_its_address() -> None:
    root = said(sent(ORDER, [], NOW))
    assert faults(root, ALERT, "alert") == []
    assert texts(root, "language") == ["ja-JP", "en-US", "ja-x-easy", "zh"]
    assert texts(root, "headline") == ["避難してください", "Leave now", "にげてください", "请疏散"]
    assert texts(root, "description")[3] == "土砂災害のおそれ。"  # what is not said in a language is said in Japanese
    assert set(texts(root, "category")) == {"Geo"}
    assert texts(root, "audience")[:2] == ["北山の方", "People of Kitayama"]
    assert texts(root, "valueName")[:2] == ["警戒レベル相当", "対象世帯"]
    assert texts(root, "value")[:2] == ["4", "120"]
    assert set(texts(root, "web")) == {"https://town.example.jp/services/messages"}
    assert texts(root, "polygon")[0] == (
        "34.000000,138.000000 34.000000,138.100000 34.100000,138.100000 34.100000,138.000000 34.000000,138.000000"
    )
    assert texts(root, "circle") == []


def test_a_notice_without_a_level_or_a_place_is_valid_too() -> None:
    plain = replace(ORDER, kind="notice", warning_level=None, area=None, parameters=None, audience=None, web=None)
    root = said(sent(plain, [], NOW))
    assert faults(root, ALERT, "alert") == []
    assert texts(root, "parameter") == []
    assert set(texts(root, "responseType")) == {"Monitor"}


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_of_cap_can_be_said(category: str) -> None:
    root = said(sent(replace(ORDER, cap_category=category), [], NOW))
    assert set(texts(root, "category")) == {category}
    assert faults(root, ALERT, "alert") == []


@pytest.mark.parametrize("wrong", [{"cap_category": "Weather"}, {"web": "/services"}, {"web": "javascript:x"}])
def test_what_cap_has_no_word_for_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(BadRequestData):
        said(sent(replace(ORDER, **wrong), [], NOW))


def test_an_area_in_pieces_is_several_polygons_and_an_open_ring_is_closed() -> None:
    pieces = {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE[:4]]]}
    assert rings_of(pieces) == (tuple(Point(*p) for p in SQUARE),) * 2
    root = said(sent(replace(ORDER, area=Geometry(pieces)), [], NOW))
    assert len(texts(root, "polygon")) == 2 * 4


@pytest.mark.parametrize(
    "area",
    [None, {}, {"type": "Point", "coordinates": [138.0, 34.0]}, {"type": "Polygon", "coordinates": []},
     {"type": "Polygon", "coordinates": [SQUARE[:2]]}],
)  # fmt: skip
def test_what_is_no_area_makes_no_polygon(area: dict[str, object] | None) -> None:
    assert rings_of(area) == ()


def test_what_is_told_anew_is_an_update_of_what_stood_and_a_withdrawal_refers_to_it() -> None:
    first = sent(ORDER, [], NOW)
    second = sent(replace(ORDER, id="urn:ngsi-ld:Alert:2"), [first], NOW + timedelta(hours=1))
    ended = cancelled(second, "解除", "urn:ngsi-ld:Alert:3", NOW + timedelta(hours=2))
    assert texts(said(second), "msgType") == ["Update"]
    assert texts(said(second), "references") == ["town.example.jp,urn:ngsi-ld:Alert:1,2026-07-24T08:00:00-00:00"]
    assert texts(said(ended), "msgType") == ["Cancel"]
    assert "urn:ngsi-ld:Alert:2" in str(texts(said(ended), "references"))
    assert [a.state for a in (superseded(first), second, ended)] == ["superseded", "published", "withdrawn"]
    assert in_force([superseded(first), second, ended], NOW) == [second]
    assert in_force([second], NOW + timedelta(hours=6)) == []


def test_each_service_finds_its_own_and_what_was_kept_before_services_were_named_is_of_the_rivers() -> None:
    old = Alert("urn:ngsi-ld:Alert:0", category="weather", sub_category="flood")
    assert service_of(old) == "flood"
    assert alerts_of([old, ORDER], "messages") == [ORDER]
    assert alerts_of([old, ORDER], "flood") == [old]


@given(
    st.builds(
        replace,
        st.just(ORDER),
        kind=st.sampled_from([None, *ALERT_KINDS]),
        grade=st.none() | st.integers(0, 9),
        radius=st.none() | st.floats(0, 100),
        location=st.none() | st.builds(Point, st.floats(-180, 180), st.floats(-90, 90)),
        headline=st.dictionaries(st.sampled_from(["ja", "en", "easy", "pt"]), st.text(), min_size=1).map(Words),
    )
)
def test_an_alert_comes_back_from_the_town_as_it_was(one: Alert) -> None:
    context = town_context()
    assert from_entity(Alert, to_entity(one, context), context) == one
    assert languages_of(one)


def test_every_attribute_of_an_alert_has_a_name_of_the_town_or_of_the_standard() -> None:
    core = {"location"}
    assert [name for name in attribute_names(Alert) if name not in TERMS and name not in core] == []
