"""What does the text of a q ask for, and what is said where it is wrong?"""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.model.generated import one_condition

from machinami.foundation.errors import BadRequestData, InvalidRequest
from machinami.model.context import Context, assemble, core
from machinami.model.parse import format_q, parse_q
from machinami.model.query import (
    All,
    AnyOf,
    Compare,
    Condition,
    Exists,
    Linked,
    Literal,
    Missing,
    Operator,
    Path,
    Range,
    hops,
    names,
)

CONTEXT = assemble(
    {"ex": "https://example.org/", "temperature": "ex:temperature", "Device": "ex:Device"}, lambda url: None
)
DEFAULT = "https://uri.etsi.org/ngsi-ld/default-context/"
NGSI = "https://uri.etsi.org/ngsi-ld/"
TEMPERATURE = Path(("https://example.org/temperature",))
NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)


def path(*short: str, trail: tuple[str, ...] = ()) -> Path:
    return Path(tuple(DEFAULT + name for name in short), trail)


def compare(where: Path, sign: str, *values: object) -> Compare:
    operands = tuple(v if isinstance(v, Range) else Literal(v) for v in values)  # type: ignore[arg-type]
    return Compare(where, Operator(sign), operands)


READINGS: list[tuple[str, Condition]] = [
    ("temperature", Exists(TEMPERATURE)),
    ("ex:temperature", Exists(TEMPERATURE)),
    ("<https://example.org/temperature>", Exists(TEMPERATURE)),
    ("!temperature", Missing(TEMPERATURE)),
    ("temperature==20", compare(TEMPERATURE, "==", 20)),
    ("temperature != -2.5e1", compare(TEMPERATURE, "!=", -25.0)),
    ("speed>50", compare(path("speed"), ">", 50)),
    ("speed>=50", compare(path("speed"), ">=", 50)),
    ("speed<50", compare(path("speed"), "<", 50)),
    ("speed<=50", compare(path("speed"), "<=", 50)),
    ('brandName!="Mercedes"', compare(path("brandName"), "!=", "Mercedes")),
    ('name=="a;b|c,\\"d\\""', compare(path("name"), "==", 'a;b|c,"d"')),
    ('name=="川","\\u6751"', compare(path("name"), "==", "川", "村")),
    ("名前==5", compare(path("名前"), "==", 5)),
    ("almostFull==false", compare(path("almostFull"), "==", False)),
    ("category==commercial", compare(path("category"), "==", "commercial")),
    ("locatedIn==urn:ngsi-ld:City:Pisa", compare(path("locatedIn"), "==", "urn:ngsi-ld:City:Pisa")),
    ("color==http://a.b/red,http://a.b/c?d=e", compare(path("color"), "==", "http://a.b/red", "http://a.b/c?d=e")),
    ("level==10..20", compare(path("level"), "==", Range(Literal(10), Literal(20)))),
    ("level!=1.5..2.5", compare(path("level"), "!=", Range(Literal(1.5), Literal(2.5)))),
    ('name=="a".."b"', compare(path("name"), "==", Range(Literal("a"), Literal("b")))),
    ("day==2026-06-30", compare(path("day"), "==", date(2026, 6, 30))),
    ("at>2026-06-30T12:00:00Z", compare(path("at"), ">", NOON)),
    ("at>2026-06-30T21:00:00+09:00", compare(path("at"), ">", NOON)),
    ("at>2026-06-30T12:00:00,500Z", compare(path("at"), ">", NOON.replace(microsecond=500_000))),
    ("opens==09:00:00Z", compare(path("opens"), "==", time(9, tzinfo=UTC))),
    (
        "at==2026-06-30T12:00:00Z..2026-06-30T12:00:01Z",
        compare(path("at"), "==", Range(Literal(NOON), Literal(NOON.replace(second=1)))),
    ),
    ("a.b.c", Exists(path("a", "b", "c"))),
    ('address[city]=="Berlin"', compare(path("address", trail=("city",)), "==", "Berlin")),
    ("sensor.rawdata[air.particulate]==40", compare(path("sensor", "rawdata", trail=("air", "particulate")), "==", 40)),
    ('raw["a.b".c]', Exists(path("raw", trail=("a.b", "c")))),
    ('color[*]=="red"', compare(path("color", trail=("*",)), "==", "red")),
    ('color[zh-Hant]=="紅"', compare(path("color", trail=("zh-Hant",)), "==", "紅")),
    ('name~="^Eiffel;|x"', compare(path("name"), "~=", "^Eiffel;|x")),
    ("name!~=(?i)eiffel.*;a", All((compare(path("name"), "!~=", "(?i)eiffel.*"), Exists(path("a"))))),
    ("name~=(a|b);c", All((compare(path("name"), "~=", "(a|b)"), Exists(path("c"))))),
    (r'name~="\d+"', compare(path("name"), "~=", r"\d+")),
    ("id==urn:x:1", compare(Path(("@id",)), "==", "urn:x:1")),
    ("sensor{humidity}==40", Linked(path("sensor"), compare(path("humidity"), "==", 40))),
    ("sensor{humidity==40}", Linked(path("sensor"), compare(path("humidity"), "==", 40))),
    (
        "sensor{Device:humidity}==40",
        Linked(path("sensor"), compare(path("humidity"), "==", 40), ("https://example.org/Device",)),
    ),
    ("sensor{ex:temperature}", Linked(path("sensor"), Exists(TEMPERATURE))),
    (
        "sensor{Device,Other:a;b}",
        Linked(
            path("sensor"),
            All((Exists(path("a")), Exists(path("b")))),
            ("https://example.org/Device", DEFAULT + "Other"),
        ),
    ),
    (
        'owner{works{name}}=="x"',
        Linked(path("owner"), Linked(path("works"), compare(path("name"), "==", "x"))),
    ),
    ("a;b|c", AnyOf((All((Exists(path("a")), Exists(path("b")))), Exists(path("c"))))),
    ("a;(b|c)", All((Exists(path("a")), AnyOf((Exists(path("b")), Exists(path("c"))))))),
    ("((a|b);c)", All((AnyOf((Exists(path("a")), Exists(path("b")))), Exists(path("c"))))),
]


@pytest.mark.parametrize(("text", "condition"), READINGS, ids=[text for text, _ in READINGS])
def test_a_q_is_read_as_the_clause_says(text: str, condition: Condition) -> None:
    assert parse_q(text, CONTEXT) == condition


FAULTS: list[tuple[str, int, str]] = [
    ("", 1, "attribute name"),
    ("=5", 1, "attribute name"),
    ("a=5", 2, "operator"),
    ("a==", 4, "a value"),
    ("a==5;", 6, "attribute name"),
    ("a==5)", 5, "end"),
    ("(a==5", 6, "')'"),
    ("a>1..2", 4, "single value"),
    ("a>1,2", 4, "single value"),
    ("a>true", 3, "a value"),
    ('a==1.."x"', 4, "range"),
    ("a==1..2,3", 8, "end"),
    ("a==2026-13-01", 4, "calendar"),
    ("a==1e999", 4, "numbers"),
    ("a==b==c", 4, "a value"),
    ('a=="open', 4, "a value"),
    ('a=="\\x"', 4, "JSON string"),
    ('a=="\\ud800"', 4, "JSON string"),
    ("a==\ud800", 1, "Unicode"),
    ("a-b==5", 2, "end"),
    ("https://example.org/a==5", 1, "angle brackets"),
    ("a[b", 4, "']'"),
    ("a[]", 3, "member"),
    ("a[b][c]", 5, "end"),
    ("a{b", 4, "'}'"),
    ("a{b==5}==6", 8, "no operator"),
    ("a.observedAt>5", 14, "date-time"),
    ("(" * 25 + "a" + ")" * 25, 22, "levels"),
]


@pytest.mark.parametrize(("text", "position", "expected"), FAULTS, ids=[repr(f[0])[:30] for f in FAULTS])
def test_a_fault_is_told_with_its_place_and_an_example(text: str, position: int, expected: str) -> None:
    with pytest.raises(BadRequestData) as caught:
        parse_q(text, CONTEXT)
    facts = caught.value.facts
    assert facts["position"] == position
    assert expected in facts["expected"]
    assert facts["example"] in caught.value.detail
    assert f"position {position} " in caught.value.detail


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(BadRequestData, match="a text is expected"):
        parse_q(5, CONTEXT)


def test_a_pattern_that_cannot_be_used_is_told_with_its_place() -> None:
    with pytest.raises(BadRequestData, match="pattern at position 7") as caught:
        parse_q('name~="(a"', CONTEXT)
    assert caught.value.facts["position"] == 7


def test_values_of_expanded_attributes_are_terms_of_the_context() -> None:
    expanded = [DEFAULT + "gender"]
    condition = parse_q('gender==Male;gender!="ex:Female";age==5', CONTEXT, expanded)
    assert condition == All(
        (
            Compare(path("gender"), Operator.EQUAL, (Literal("Male", DEFAULT + "Male"),)),
            Compare(path("gender"), Operator.UNEQUAL, (Literal("ex:Female", "https://example.org/Female"),)),
            Compare(path("age"), Operator.EQUAL, (Literal(5),)),
        )
    )


def test_a_time_of_the_broker_may_be_written_in_quotes() -> None:
    assert parse_q('modifiedAt>"2026-06-30T12:00:00Z"', CONTEXT) == compare(Path((NGSI + "modifiedAt",)), ">", NOON)


def test_the_depth_of_links_and_the_names_of_a_condition_are_known() -> None:
    condition = parse_q("a;b.c|owner{works{name}}", CONTEXT)
    assert hops(condition) == 2
    assert names(condition) == {DEFAULT + "a", DEFAULT + "b", DEFAULT + "owner"}


_SIGNS = st.sampled_from(
    [*'abT5-.;|,()[]{}<>=!~":+#/ \\é川', "==", "..", "~=", "!~=", "true", "2026-06-30", "a==", '"x"']
)


@given(st.one_of(st.text(), st.lists(_SIGNS, max_size=30).map("".join)))
@example("a~=[")
@example("a==0001-01-01T00:00:00+09:00")
def test_any_text_is_read_or_refused_as_bad_data(text: str) -> None:
    try:
        condition = parse_q(text, CONTEXT)
    except (BadRequestData, InvalidRequest):
        return
    assert parse_q(format_q(condition, CONTEXT), CONTEXT) == condition


@given(one_condition(), st.sampled_from([core(), CONTEXT, core("1.3")]))
def test_what_is_written_is_read_again_as_the_same(condition: Condition, context: Context) -> None:
    assert parse_q(format_q(condition, context), context) == condition


def test_a_short_and_a_bracketed_type_hint_are_written_so_that_they_can_be_read() -> None:
    for text in ("a{Device:b}", "a{<https://example.org/Device>:ex:b}", "a{ex:b==5}", "a{<urn:x>,Device:(b|c)}"):
        condition = parse_q(text, CONTEXT)
        assert parse_q(format_q(condition, CONTEXT), CONTEXT) == condition
    assert format_q(parse_q("a{Device:b}", CONTEXT), CONTEXT) == "a{Device:b}"
