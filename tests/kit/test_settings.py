"""Is a setting told as people read it, whatever its unit and kind?"""

from pathlib import Path

import pytest

import machinami.services
from machinami.kit.installed import load
from machinami.kit.settings import SettingField, fields_of
from machinami.kit.units import SYMBOLS
from machinami.kit.words import OWN, Words

SERVICES = sorted(one.parent.name for one in Path(machinami.services.__path__[0]).glob("*/manifest.toml"))
CODES = {code for code, symbol in SYMBOLS.items() if code != symbol} | {"DAY", "JPY", "ANN"}


def field(text: str, unit: str = "") -> SettingField:
    return SettingField("n", "n", "n", unit, "number", text, text)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("language", ["ja", "en", "easy"])
def test_no_unit_of_a_setting_is_told_as_a_code(service: str, language: str) -> None:
    manifest = load(f"machinami.services.{service}").manifest
    values = {one.name: one.default for one in manifest.settings}
    assert CODES.isdisjoint(one.unit for one in fields_of(manifest, values, Words(language, OWN)))


def test_a_number_is_told_in_groups_and_without_zeros_that_say_nothing() -> None:
    assert field("180000", "円").spoken("180000") == "180,000 円"
    assert field("40.0", "m").spoken("40.0") == "40 m"
    assert field("0.005").spoken("0.005") == "0.005"
    assert field("3").spoken("as it was once") == "as it was once"
