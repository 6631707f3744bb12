"""May what a client calls a town become a folder? Only a name that means nothing else to any file system."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData
from machinami.model.town_name import check_town_name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "C:",
        "/etc",
        "a\x00",
        "a\n",
        "a\r\nx: y",
        "-rf",
        "A",
        "é",
        "a" * 64,
        "a.db",
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(BadRequestData):
        check_town_name(name)


@given(st.text(max_size=70) | st.text("a0_-./\\:~", max_size=5))
def test_any_name_is_one_folder_or_refused(name: str) -> None:
    try:
        kept = check_town_name(name)
    except BadRequestData:
        return
    for path in (PurePosixPath("/towns") / kept, PureWindowsPath("C:/towns") / kept):
        assert (path.name, path.parent.name) == (kept, "towns")
