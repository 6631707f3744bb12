"""`machinami import gtfs`: bring a timetable of public transport into a town."""

import argparse
import asyncio
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from machinami.app.clock import utc_now
from machinami.app.importing import town_in
from machinami.app.sending import receiver
from machinami.app.timetables import bring_timetable, send_timetable
from machinami.cli.destination import add_destination, demand_destination, told
from machinami.cli.guide import guide
from machinami.cli.key_options import pass_of
from machinami.foundation.errors import InputError, SettingsError
from machinami.ingest.gtfs.parse.feed import Feed, read_feed
from machinami.ingest.gtfs.readings import readings_of
from machinami.model.reading import Reading

_SHOWN = 10
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def add(formats: Any) -> None:
    """Add the format."""
    parser = formats.add_parser(
        "gtfs", help="a timetable of public transport: GTFS, GTFS-JP / 公共交通の時刻表", **guide("import gtfs")
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the timetable: a ZIP file")
    parser.add_argument("--name", default="bus", metavar="NAME", help="what it is called in the town (default bus)")
    parser.add_argument("--date", metavar="DAY", help="expired? show the week from this day, as 2019-04-01")
    parser.add_argument("--skip-bad", action="store_true", help="leave out rows that cannot be read, and name them")
    add_destination(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read the whole file first; nothing is written unless all of it could be read."""
    demand_destination(arguments)
    if not _NAME.fullmatch(arguments.name):
        raise SettingsError(f"--name {arguments.name!r} must be small letters, digits and -, as city-bus")
    shown_from = _day(arguments.date)
    feed = _read(arguments.file)
    for line in summary(feed, shown_from):
        print(line)
    faults = feed.faults
    for fault in faults.told[:_SHOWN] if arguments.skip_bad or arguments.dry_run else ():
        print(f"· left out: {fault}")
    if faults.count and not arguments.skip_bad and not arguments.dry_run:
        more = f" ({faults.count - 1} more like it)" if faults.count > 1 else ""
        raise InputError(
            f"{arguments.file}: {faults.told[0]}{more}; nothing was written, --skip-bad leaves such rows out"
        )
    if arguments.dry_run:
        return 1 if faults.count and not arguments.skip_bad else 0
    _warn_expired(feed, shown_from)
    found = list(readings_of(feed, arguments.name, utc_now(), shown_from))
    count = asyncio.run(_carry(arguments, found))
    print(told(count, arguments))
    return 0


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise SettingsError(f"--date {text!r} is no day; write it as 2019-04-01") from None


def _read(file: Path) -> Feed:
    try:
        return read_feed(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    except InputError as error:
        raise InputError(f"{file}: {error.detail}", **error.facts) from error


def _warn_expired(feed: Feed, shown_from: date | None) -> None:
    span = feed.network.days()
    if span is None or span[1] >= utc_now().date() or shown_from is not None:
        return
    best = feed.network.busiest_day()
    print(f"· the timetable ended on {span[1]}; --date {best} would show the week from that day")


def summary(feed: Feed, shown_from: date | None) -> list[str]:
    """What the timetable holds, in lines."""
    network, span = feed.network, feed.network.days()
    lines = [
        f"{feed.publisher}: {len(network.stops)} stops, {len(network.routes)} routes, {network.trips} trips, "
        f"{network.calls} calls, as {len(network.patterns)} patterns",
    ]
    if span:
        lines.append(f"from {span[0]} to {span[1]}, times of {network.zone}")
    if shown_from is not None:
        lines.append(f"{network.trips_on(shown_from)} trips on {shown_from}, whose week is shown")
    lines += [f"· {note}" for note in feed.notes]
    if feed.unused:
        lines.append(f"· not used: {', '.join(feed.unused)}")
    if feed.faults.count:
        lines.append(f"{feed.faults.count} rows could not be read")
    return lines


async def _carry(arguments: argparse.Namespace, found: Sequence[Reading]) -> int:
    if arguments.data is not None:
        async with town_in(arguments.data, arguments.town) as town:
            return await bring_timetable(town, found)
    async with receiver(arguments.to, arguments.town, pass_of(arguments)) as to:
        return await send_timetable(to, found)
