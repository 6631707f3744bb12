"""What the command line says comes before what the file says, and nonsense is refused before anything starts."""

import argparse
from pathlib import Path

import pytest

from machinami.app import configuration
from machinami.cli.serve import add_serving_options, with_options
from machinami.foundation.errors import SettingsError
from machinami.foundation.settings import Settings


def read(*words: str, settings: Settings | None = None) -> Settings:
    parser = argparse.ArgumentParser()
    add_serving_options(parser)
    return with_options(settings or Settings(Path("town")), parser.parse_args(words))


def test_the_command_line_says_how_much_of_a_past_comes_at_once() -> None:
    assert read("--instance-limit", "10").instance_limit == 10


def test_what_the_command_line_does_not_say_is_as_the_file_says() -> None:
    assert read(settings=Settings(Path("town"), instance_limit=7)).instance_limit == 7


@pytest.mark.parametrize("words", [("--instance-limit", "0"), ("--port", "70000")], ids=" ".join)
def test_nonsense_is_refused(words: tuple[str, str]) -> None:
    with pytest.raises(SettingsError, match=words[0]):
        read(*words)


def test_the_file_says_what_other_brokers_call_this_one(tmp_path: Path) -> None:
    (tmp_path / "machinami.toml").write_text('[network]\nalias = "matsukawa"\n', "utf-8")
    assert configuration.read(tmp_path).alias == "matsukawa"

    (tmp_path / "machinami.toml").write_text('[network]\nalias = "two words"\n', "utf-8")
    with pytest.raises(SettingsError, match="alias"):
        configuration.read(tmp_path)
