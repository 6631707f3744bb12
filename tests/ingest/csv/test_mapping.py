"""Is a map understood, and is it said where it is wrong?"""

import contextlib
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.csv.maps import MOCHIYOJI, map_of

from machinami.foundation.errors import SettingsError
from machinami.ingest.csv.mapping import read_mapping

KEYS = st.sampled_from(
    "encoding skip time entity value column zone layout id type name location attribute unit to factor offset missing "
    "min max kind other".split()
)


def test_a_map_says_what_each_column_is() -> None:
    mapping = map_of(MOCHIYOJI)
    (rule,) = mapping.values
    assert mapping.time == ("観測時刻",)
    assert mapping.filled == ("観測局",)
    assert mapping.place == (131.28, 34.03)
    assert (rule.column, rule.attribute, rule.unit_code, rule.factor, rule.offset) == (
        "水位",
        "waterLevel",
        "MTR",
        1,
        0,
    )


def test_factor_and_offset_come_before_the_change_of_unit() -> None:
    (rule,) = map_of(MOCHIYOJI + 'to = "cm"\nfactor = 0.5\noffset = 2.0\n').values
    assert 4.0 * rule.factor + rule.offset == pytest.approx((4.0 * 0.5 + 2.0) * 100)
    assert rule.unit_code == "CMT"


def test_names_of_columns_may_look_like_formats() -> None:
    mapping = map_of(MOCHIYOJI.replace("{観測局}", "{局:名!}"))
    assert mapping.filled == ("局:名!",)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('unit = "m"', 'unit = "shaku"', "[[value]] 1 (水位): the unit 'shaku' is not known; write one of m, cm,"),
        ('unit = "m"', 'unit = "m"\nto = "m3/s"', "m measures length, m3/s flow: no factor turns one into the other"),
        ('unit = "m"', 'to = "m"', "unit is missing: from which unit to m?"),
        ('unit = "m"', "min = 5\nmax = 1", "min 5 is above max 1"),
        ('unit = "m"', 'min = "low"', "min must be a number, not 'low'"),
        ('unit = "m"', 'missing = "0.00"\nkind = "word"', "kind must be one of number, text, time, not 'word'"),
        ('unit = "m"', 'unit = "m"\nkind = "text"', "unit has no meaning for a text"),
        ('unit = "m"', 'unit = "m"\nkind = "time"', "unit has no meaning for a time"),
        ('unit = "m"', 'unit = "m"\nwords = { A = "b" }', "words has no meaning for a number"),
        ('unit = "m"', 'kind = "text"\nwords = { A = 1 }', "words is a table of words"),
        ('unit = "m"', 'colour = "blue"', "colour is not known; known are column, attribute"),
        ('attribute = "waterLevel"', "", "[[value]] 1 (水位): attribute is missing"),
        ("[[value]]", "[[values]]", "values is not known"),
        ('zone = "Asia/Tokyo"', 'zone = "Tokyo"', "there is no time zone 'Tokyo'"),
        ('column = "観測時刻"', "", "[time]: column is missing"),
        ("[131.28, 34.03]", "[34.03, 131.28]", "is not on earth; the longitude comes first"),
        ("[131.28, 34.03]", "[131.28]", "location is [longitude, latitude]"),
        ("{観測局}", "{}", "has empty braces"),
        ("{観測局}", "{観測局", "cannot be read"),
        ('type = "RiverGauge"', "", "[entity]: type is missing"),
        ("[entity]", "skip = -1\n[entity]", "[time]: skip is not known"),
        ("[time]", "skip = -1\n[time]", "skip is a number of lines, not -1"),
        ("[time]", "[times]", "at the top: times is not known; known are encoding, skip, time, entity, value"),
    ],
)
def test_what_is_wrong_with_a_map_is_named(old: str, new: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        map_of(MOCHIYOJI.replace(old, new))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("head", ["水位(cm)", "水位（ｃｍ）", "level [cm]", "水位(CMT)", "水量(m3/s)"])
def test_a_unit_that_the_column_itself_contradicts_is_refused(head: str) -> None:
    with pytest.raises(
        SettingsError, match=r"unit is m, but the column names (cm|CMT|m3/s): write what the file holds"
    ):
        map_of(MOCHIYOJI.replace('column = "水位"', f'column = "{head}"'))


@pytest.mark.parametrize(
    ("head", "more"), [("水位(m)", ""), ("水位(1)", ""), ("水位(持世寺)", ""), ("水位(cm)", "\nfactor = 0.01")]
)
def test_other_brackets_and_factors_are_left_to_who_writes_the_map(head: str, more: str) -> None:
    (rule,) = map_of(MOCHIYOJI.replace('column = "水位"', f'column = "{head}"{more}')).values
    assert rule.column == head


def test_two_columns_cannot_be_one_attribute() -> None:
    more = MOCHIYOJI + '[[value]]\ncolumn = "差分"\nattribute = "waterLevel"\n'
    with pytest.raises(SettingsError, match="'waterLevel' is given by two columns"):
        map_of(more)


def test_a_map_without_values_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"value is missing; write a \[\[value\]\] for each column"):
        map_of(MOCHIYOJI.split("[[value]]")[0])


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.text(max_size=6))
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner), max_leaves=6)


@given(st.data())
def test_no_document_ends_in_anything_but_a_map_or_a_clear_error(data: st.DataObject) -> None:
    document = tomllib.loads(MOCHIYOJI)
    place = data.draw(st.sampled_from([document, document["time"], document["entity"], document["value"][0]]))
    place[data.draw(KEYS)] = data.draw(ANYTHING)
    with contextlib.suppress(SettingsError):
        assert read_mapping(document).values
