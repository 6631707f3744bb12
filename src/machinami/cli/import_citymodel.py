"""`machinami import citymodel`: bring the buildings of a city model into a town."""

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from machinami.app.importing import town_in
from machinami.app.sending import receiver
from machinami.app.surveying import hand_in, put_in
from machinami.cli.destination import add_destination, demand_destination, told
from machinami.cli.guide import guide
from machinami.cli.key_options import pass_of
from machinami.cli.progress import progress_bar
from machinami.foundation.errors import InputError
from machinami.ingest.citymodel.entities import entities
from machinami.ingest.citymodel.parse import Model, read
from machinami.model.view import View

_PIECE = 1 << 16
_SHOWN = 10


def add(formats: Any) -> None:
    """Add the format to `machinami import`."""
    model = formats.add_parser(
        "citymodel", help="buildings of a city model: CityGML 2.0 (PLATEAU)", **guide("import citymodel")
    )
    model.add_argument("file", type=Path, metavar="FILE|DIR", help="a file, or a folder of .gml files")
    model.add_argument("--epsg", type=int, metavar="CODE", help="the reference system, where the file does not say it")
    add_destination(model)
    model.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read every file first; files without buildings are named, and at least one must have some."""
    demand_destination(arguments)
    views: list[View] = []
    faults: list[str] = []
    for file in files_of(arguments.file):
        try:
            model = read_file(file, arguments.epsg)
        except InputError as error:
            faults.append(f"{file}: {error.detail}")
            continue
        views += entities(model.buildings, file.name)
        print(found_in(file, model))
    for fault in faults:
        print(f"· left out: {fault}")
    if not views:
        raise InputError(faults[0] if faults else f"{arguments.file} holds no .gml file")
    if arguments.dry_run:
        return 0
    asyncio.run(carry(arguments, views))
    print(told(len(views), arguments))
    return 0


def files_of(place: Path) -> list[Path]:
    """The file, or the .gml files below a folder."""
    return sorted(place.rglob("*.gml")) if place.is_dir() else [place]


def read_file(file: Path, code: int | None) -> Model:
    """What a file holds, read in pieces. Raises InputError."""
    try:
        with file.open("rb") as stream:

            def pieces() -> Iterator[bytes]:
                while piece := stream.read(_PIECE):
                    yield piece

            return read(pieces(), code)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from None


def found_in(file: Path, model: Model) -> str:
    """What was found in a file, in some lines."""
    fine = sum(one.shape is not None for one in model.buildings)
    lines = [f"{file.name}: {len(model.buildings)} buildings, {fine} with roofs and walls (LOD2), EPSG:{model.code}"]
    lines += [f"· left out: {fault}" for fault in model.refused[:_SHOWN]]
    if len(model.refused) > _SHOWN:
        lines.append(f"· and {len(model.refused) - _SHOWN} more")
    if model.faces_left_out:
        lines.append(f"· {model.faces_left_out} faces without an area left out")
    if model.others:
        lines.append("· not buildings: " + ", ".join(f"{count} {name}" for name, count in sorted(model.others.items())))
    return "\n".join(lines)


async def carry(arguments: argparse.Namespace, views: list[View]) -> None:
    """Bring the buildings to where they are wanted."""
    if arguments.data is not None:
        async with town_in(arguments.data, arguments.town) as town:
            await put_in(town, views, progress_bar("writing 書き込み中"))
        return
    async with receiver(arguments.to, arguments.town, pass_of(arguments)) as to:
        await hand_in(to, views, progress_bar("sending 送信中"))
