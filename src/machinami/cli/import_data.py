"""`machinami import`: bring a table of measurements into a town, or replay it; or the buildings of a city model."""

import argparse
import asyncio
import tomllib
from pathlib import Path

from machinami.app.clock import utc_now
from machinami.app.importing import Outcome, bring_in, town_in
from machinami.app.sending import receiver, replay, send
from machinami.cli import import_citymodel, import_gtfs
from machinami.cli.destination import add_destination, demand_destination
from machinami.cli.guide import guide
from machinami.cli.key_options import pass_of
from machinami.cli.progress import progress_bar
from machinami.foundation.errors import InputError, MachinamiError, SettingsError
from machinami.foundation.instant import format_instant
from machinami.ingest.csv.mapping import FileMap, read_mapping
from machinami.ingest.csv.readings import Harvest, harvest, readings

_SHOWN = 10


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("import", help="bring data into a town / データを取り込む", **guide("import"))
    formats = parser.add_subparsers(dest="format", metavar="FORMAT", required=True)
    table = formats.add_parser(
        "csv",
        help="a table of measurements: CSV, tabs or semicolons, any encoding",
        **guide("import csv"),
    )
    table.add_argument("file", type=Path, metavar="FILE", help="the table")
    table.add_argument("--map", type=Path, required=True, metavar="MAP.toml", help="which column is which attribute")
    table.add_argument("--replay", type=float, metavar="SPEED", help="send as if measured now, SPEED times as fast")
    table.add_argument("--skip-bad", action="store_true", help="leave out lines that cannot be read, and name them")
    add_destination(table)
    table.set_defaults(run=run)
    import_citymodel.add(formats)
    import_gtfs.add(formats)


def run(arguments: argparse.Namespace) -> int:
    """Read the whole file first; nothing is written unless all of it could be read."""
    check(arguments)
    found = read(arguments.file, map_of(arguments.map))
    for note in found.notes:
        print(f"· {note}")
    for fault in found.skipped if arguments.skip_bad or arguments.dry_run else ():
        print(f"· left out: {fault}")
    if arguments.dry_run:
        show(found)
        return 1 if found.skipped and not arguments.skip_bad else 0
    refuse_bad(arguments, found)
    outcome = asyncio.run(carry(arguments, found))
    print(summary(found))
    print(told(outcome, arguments.to is not None))
    return 0


def check(arguments: argparse.Namespace) -> None:
    """Refuse words that do not go together."""
    demand_destination(arguments)
    if arguments.replay is not None:
        if arguments.to is None and not arguments.dry_run:
            raise SettingsError("--replay sends to a running town; give its address with --to URL")
        if not 1 <= arguments.replay <= 1e6:
            raise SettingsError(f"--replay {arguments.replay:g} is not between 1 (as fast as measured) and 1000000")


def map_of(file: Path) -> FileMap:
    """The map in a file. Raises SettingsError naming file and key."""
    try:
        return read_mapping(tomllib.loads(file.read_text(encoding="utf-8")))
    except UnicodeDecodeError as error:
        raise SettingsError(f"The map {file} is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"The map {file} cannot be read: {reason}") from error
    except MachinamiError as error:
        raise SettingsError(f"{file}: {error.detail}", **error.facts) from error


def read(file: Path, mapping: FileMap) -> Harvest:
    """What the file says. Raises InputError naming the file."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    try:
        return harvest(data, mapping)
    except InputError as error:
        raise InputError(f"{file}: {error.detail}", **error.facts) from error


def refuse_bad(arguments: argparse.Namespace, found: Harvest) -> None:
    """Stop before anything is written where a line cannot be read, or nothing is left."""
    if found.skipped and not arguments.skip_bad:
        others = f" ({len(found.skipped) - 1} more like it)" if len(found.skipped) > 1 else ""
        raise InputError(
            f"{arguments.file}: {found.skipped[0]}{others}; nothing was written, --skip-bad leaves such lines out"
        )
    if found.count() == 0:
        raise InputError(f"{arguments.file}: no line has a value; nothing was written")


async def carry(arguments: argparse.Namespace, found: Harvest) -> Outcome:
    """Bring the readings to where they are wanted."""
    if arguments.data is not None:
        async with town_in(arguments.data, arguments.town) as town:
            return await bring_in(town, found, progress_bar("writing 書き込み中"))
    async with receiver(arguments.to, arguments.town, pass_of(arguments)) as to:
        if arguments.replay is not None:
            return await replay(to, found, arguments.replay, utc_now, asyncio.sleep, progress_bar("replaying 再生中"))
        return await send(to, found, progress_bar("sending 送信中"))


def show(found: Harvest) -> None:
    """Print the first readings, names and places, and the summary."""
    for fact in found.facts[:_SHOWN]:
        print(f"  {fact.entity_id}  {fact.attribute} = {fact.value}")
    for reading, _ in zip(readings(found), range(_SHOWN), strict=False):
        unit = f" {reading.unit_code}" if reading.unit_code else ""
        at = format_instant(reading.observed_at)
        print(f"  {at}  {reading.entity_id}  {reading.attribute} = {reading.value}{unit}")
    print(summary(found))


def summary(found: Harvest) -> str:
    """How much of what there is: rows, readings, span, gaps, what was refused."""
    text = f"{found.rows} rows, {found.count()} readings of {len(set(found.entities))} entities"
    if found.moments:
        text += f", {format_instant(found.moments[0])} to {format_instant(found.moments[-1])}"
    gaps = found.gaps()
    if gaps is not None:
        text += f", usually every {gaps[1].total_seconds() / 60:g} min with {gaps[0]} gaps"
    lines = [text, f"{found.missing} cells without a value"]
    lines += [f"{count} values refused: {why}" for why, count in found.refused.items()]
    if found.skipped:
        lines.append(f"{len({fault.line for fault in found.skipped})} lines could not be read")
    return "\n".join(lines)


def told(outcome: Outcome, running: bool) -> str:
    """What came of it, in one line."""
    text = f"{outcome.written} readings {'sent 送信' if running else 'written 書き込み'}"
    if outcome.known:
        why = "not newer than what the town shows" if running else "in the history already"
        text += f", {outcome.known} left out: {why}"
    if outcome.different:
        text += f", {outcome.different} left as they are, though the history has another value at that time"
    return text
