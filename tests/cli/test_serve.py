"""What the command line says comes before what the file says, and nonsense is refused before anything starts."""

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from machinami.app import configuration
from machinami.app.bounds import room_of
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


def test_the_file_says_how_much_there_is_room_for(tmp_path: Path) -> None:
    file = tmp_path / "machinami.toml"
    file.write_text("[server]\nconnections = 300\nrequests_at_once = 20\nbody_memory = 10000000\n"
                    "[store]\nwaiting_writes = 500\nquery_seconds = 5\n", "utf-8")  # fmt: skip
    settings = configuration.read(tmp_path)
    room = room_of(settings)
    assert (room.connections, room.works, room.held, settings.waiting_writes) == (300, 20, 10_000_000, 500)
    assert room_of(replace(settings, body_limit=20_000_000)).held == 20_000_000  # one such body at least

    file.write_text("[server]\nconnections = 3\n", "utf-8")
    with pytest.raises(SettingsError, match=r"server\.connections must be a whole number, 64 to 100000, not 3"):
        configuration.read(tmp_path)
