"""Is a manifest understood, and is every fault in it told at once, with its key and its cure?"""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import SettingsError
from machinami.kit.manifest import ManifestError, Setting, Text
from machinami.kit.manifest_reading import examine, parse

FLOOD = """
id = "flood"
version = "1"
field = "disaster"
owner = "危機管理課"
personal = []
[title]
ja = "浸水"
en = "Flood"
easy = "かわの みず"
[question]
ja = "川はあふれますか。"
en = "Will the river flood?"
[help]
ja = "助け"
en = "Help"
[[reads]]
type = "RiverGauge"
attributes = ["waterLevel"]
[[writes]]
type = "FloodProposal"
[schedule]
every = "10m"
[[triggers]]
type = "RiverGauge"
[needs]
compute = true
artefacts = false
[settings.silent_after]
title = { ja = "無言まで", en = "Silence", easy = "とまるまで" }
default = 40
unit = "min"
min = 1
max = 1440
help = { ja = "無言", en = "silent" }
[[kpis]]
id = "lead"
title = { ja = "猶予", en = "Lead time" }
level = "outcome"
direction = "up"
formula = "mean(lead)"
[seed]
city = "Fujieda"
aim = "warn earlier"
source = "its report"
[quality.bronze]
tests = "done"
[quality.gold]
drill = { exempt = "no drill yet this year" }
"""


def faults(text: str) -> dict[str, str]:
    """Return the faults of a manifest by key."""
    return {fault.key: fault.cure for fault in examine(text)[1]}


def test_a_whole_manifest_is_understood() -> None:
    manifest = parse(FLOOD, "manifest.toml")
    assert manifest.every == timedelta(minutes=10)
    assert manifest.needs == {"compute"}
    assert manifest.setting("silent_after").default == 40
    assert [rung.state for rung in manifest.quality] == ["done", "exempt"]
    assert manifest.title.spoken("easy") == "かわの みず"


def test_only_what_is_declared_may_be_read_and_written() -> None:
    manifest = parse(FLOOD, "manifest.toml")
    assert manifest.may_read("RiverGauge")
    assert manifest.may_read("FloodProposal"), "what it writes it may read again"
    assert not manifest.may_read("Person")
    assert not manifest.may_write("RiverGauge")


@pytest.mark.parametrize("key", ["id", "version", "field", "owner", "personal"])
def test_a_missing_key_is_named(key: str) -> None:
    text = "\n".join(line for line in FLOOD.splitlines() if not line.startswith(f"{key} = ") or "lead" in line)
    assert "is missing" in faults(text)[key]


@pytest.mark.parametrize(
    ("found", "instead", "key", "cure"),
    [
        ('id = "flood"', 'id = "Flood!"', "id", "small letters"),
        ('every = "10m"', 'every = "often"', "schedule.every", "10m"),
        ('type = "FloodProposal"', 'type = "flood proposal"', "writes[0].type", "entity type"),
        ("compute = true", 'compute = "yes"', "needs.compute", "true or false"),
        ("compute = true", "database = true", "needs.database", "compute"),
        ("default = 40", "default = 0", "settings.silent_after.default", "between min 1 and max 1440"),
        ("default = 40", "default = []", "settings.silent_after.default", "a number or a text"),
        ("min = 1\n", "", "settings.silent_after", "min and max"),
        ('unit = "min"\n', "", "settings.silent_after.unit", "not empty"),
        ('easy = "とまるまで"', 'easy = ""', "settings.silent_after.title.easy", "not empty"),
        ('en = "silent"', 'en = ""', "settings.silent_after.help.en", "not empty"),
        ('level = "outcome"', 'level = "fame"', "kpis[0].level", "output, outcome, impact"),
        ('city = "Fujieda"\n', "", "seed.city", "not empty"),
        ('tests = "done"', 'tests = "perhaps"', "quality.bronze.tests", "exempt"),
        ('version = "1"', 'version = "1"\ncolour = "red"', "colour", "is not known"),
        ('version = "1"', 'version = "1"\ncontract = 99', "contract", "a newer one"),
    ],
)
def test_a_fault_names_its_key_and_its_cure(found: str, instead: str, key: str, cure: str) -> None:
    assert found in FLOOD
    told = faults(FLOOD.replace(found, instead))
    assert set(told) == {key}
    assert cure in told[key]


def test_all_faults_are_told_at_once_with_the_file() -> None:
    broken = FLOOD.replace('id = "flood"', "id = 3").replace('city = "Fujieda"', "")
    with pytest.raises(ManifestError, match=r"flood/manifest\.toml: .*id.*seed\.city") as caught:
        parse(broken, "flood/manifest.toml")
    assert caught.value.facts["keys"] == ["id", "seed.city"]


@given(st.text())
def test_no_text_whatever_breaks_the_reading(text: str) -> None:
    manifest, told = examine(text)
    assert manifest is None or told, "no random text is a whole manifest"


@given(st.floats(), st.floats(-100, 0), st.floats(0, 100))
def test_a_setting_takes_just_what_lies_in_its_range(value: float, low: float, high: float) -> None:
    setting = Setting("level", Text("", ""), 0.0, "m", Text("", ""), low, high)
    if not math.isnan(value) and low <= value <= high:
        assert setting.check(value) is None
    else:
        with pytest.raises(SettingsError, match="out of range"):
            setting.check(value)


@pytest.mark.parametrize(("default", "value"), [(True, 1), (1, True), (1, 1.5), (1, "1"), ("a", 1), (0.5, "x")])
def test_a_setting_of_the_wrong_kind_is_refused(default: bool | int | float | str, value: bool | float | str) -> None:
    with pytest.raises(SettingsError, match="is not"):
        Setting("s", Text("", ""), default, "1", Text("", ""), 0, 10).check(value)
