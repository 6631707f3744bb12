"""Every error of the house has a status, a type and a sentence, and none tells what is inside."""

import inspect

import orjson
import pytest

from machinami.foundation import errors
from machinami.foundation.errors import BadRequestData, MachinamiError, Overloaded
from machinami.kit.problem import MEDIA_TYPE, STATUS, describe, problem

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, MachinamiError) and kind is not MachinamiError
]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_and_says_its_sentence(kind: type[MachinamiError]) -> None:
    status, details = describe(kind())

    assert kind in STATUS
    assert status == details["status"] == STATUS[kind][0]
    assert details["detail"] == (kind.__doc__ or "").strip()


def test_the_facts_of_a_case_are_members_of_the_answer() -> None:
    answer = problem(BadRequestData("level is no number", where="level", status="not this one"))

    details = orjson.loads(answer.body)
    assert (answer.status, answer.media_type) == (400, MEDIA_TYPE)
    assert (details["detail"], details["where"], details["status"]) == ("level is no number", "level", 400)


def test_what_went_wrong_inside_is_not_told() -> None:
    answer = problem(ValueError("the password is 1234"))

    assert answer.status == 500
    assert b"1234" not in answer.body


def test_a_busy_town_says_when_to_try_again() -> None:
    assert (b"retry-after", b"1") in problem(Overloaded()).headers
