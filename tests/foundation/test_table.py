"""Is what people wrote in a table read, or refused with place, key and cure?"""

from collections.abc import Callable

import pytest

from machinami.foundation.errors import SettingsError
from machinami.foundation.table import Table

WRITTEN = {
    "name": "a", "empty": "", "names": ["a", "b"], "mixed": ["a", 1], "number": 2, "yes": True, "endless": float("inf"),
    "below": {"x": 1}, "rows": [{"x": 1}, {"x": 2}], "crowd": [1],
}  # fmt: skip
TABLE = Table(WRITTEN, "the map", "[time]")


def test_what_is_right_is_read() -> None:
    assert TABLE.text("name") == "a"
    assert TABLE.text("empty", "b") == ""
    assert TABLE.text("absent", "b") == "b"
    assert (TABLE.texts("name"), TABLE.texts("names"), TABLE.texts("absent", empty=True)) == (("a",), ("a", "b"), ())
    assert (TABLE.number("number", 1.0), TABLE.number("absent", 1.0)) == (2.0, 1.0)
    assert TABLE.choice("name", ("a", "b"), "b") == "a"
    assert TABLE.flag("yes", False) is True
    assert TABLE.table("below", "[below]").number("x", 0.0) == 1.0
    assert [(row.where, row.said["x"]) for row in TABLE.rows("rows", "[[rows]]", "row", "")] == [
        ("row 1", 1),
        ("row 2", 2),
    ]
    assert "name" in TABLE
    assert "absent" not in TABLE


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        (lambda t: t.only(("name", "names")), "In the map, [time]: empty is not known; known are name, names"),
        (lambda t: t.text("absent"), "absent is missing"),
        (lambda t: t.text("empty"), "empty must be text, not ''"),
        (lambda t: t.text("number", ""), "number must be text, not 2"),
        (lambda t: t.texts("absent"), "absent is missing"),
        (lambda t: t.texts("mixed"), 'mixed is written ["…", "…"]'),
        (lambda t: t.number("yes", 0.0), "yes must be a number, not True"),
        (lambda t: t.number("endless", 0.0), "endless must be a number, not inf"),
        (lambda t: t.choice("name", ("b", "c"), "b"), "name must be one of b, c, not 'a'"),
        (lambda t: t.flag("name", True), "name must be true or false, not 'a'"),
        (lambda t: t.table("absent", "[absent]"), "[absent] is missing"),
        (lambda t: t.table("name", "[name]"), "[name] must be a table"),
        (lambda t: t.rows("absent", "[[absent]]", "row", "write one"), "absent is missing; write one"),
        (lambda t: t.rows("crowd", "[[crowd]]", "row", ""), "crowd must be tables, each under [[crowd]]"),
        (lambda t: t.rows("below", "[[below]]", "row", ""), "below must be tables"),
    ],
)
def test_what_is_wrong_is_refused_with_place_key_and_cure(read: Callable[[Table], object], sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(TABLE)
    assert sentence in refused.value.detail
    assert refused.value.facts["where"] == "[time]"
