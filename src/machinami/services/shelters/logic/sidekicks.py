"""What do the files of the drone delivery problems of Murray & Raj (2020) say, and which optimum is proved for which?

A folder holds `tbl_vehicles_N.csv` (a truck and drones; pounds, m/s, J), for each problem a folder with
`tbl_locations.csv` and `tbl_truck_travel_data_PG.csv`, and `results.csv` with the published values.
"""

import csv
import io
import math
from collections.abc import Mapping
from typing import NamedTuple

from machinami.foundation.errors import InputError
from machinami.methods.drone_flight import Drone
from machinami.methods.flying_sidekicks import Task

POUND = 0.45359237
RESULTS = "results.csv"


class Proved(NamedTuple):
    """One problem with its proved optimum: seconds until all are back."""

    name: str
    vehicles: str
    drones: int
    seconds: float


def rows_of(data: bytes, name: str) -> list[list[float]]:
    """The numbers of a table whose remarks begin with %; a text is NaN. Raises InputError."""
    found: list[list[float]] = []
    for line in data.decode("utf-8-sig").splitlines():
        if line.strip() and not line.lstrip().startswith("%"):
            found.append([_number(cell) for cell in line.split(",") if cell.strip()])
    if not found:
        raise InputError(f"{name} holds no rows")
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def proved_of(documents: Mapping[str, bytes]) -> list[Proved]:
    """The problems that were solved to proof, in the order of the table. Raises InputError where there is none."""
    data = documents.get(RESULTS)
    if data is None:
        raise InputError(f"the folder holds no {RESULTS}; give the one with the published values")
    table = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    found = [
        Proved(row["problemName"].strip(), row["vehicleFileID"].strip(), int(row["numUAVs"]), float(row["ofv"]))
        for row in table
        if row.get("isOptimal", "").strip() == "True"
    ]
    if not found:
        raise InputError(f"no row of {RESULTS} says isOptimal=True")
    return found


def task_of(documents: Mapping[str, bytes], one: Proved) -> Task:
    """The task of one problem. Raises InputError where a file is missing or does not fit."""
    vehicles = _table(documents, f"tbl_vehicles_{one.vehicles}.csv")
    places = _table(documents, f"{one.name}/tbl_locations.csv")
    times = _table(documents, f"{one.name}/tbl_truck_travel_data_PG.csv")
    truck_row, kind = vehicles[0], vehicles[1]
    count, customers = len(places), len(places) - 1
    truck = [[0.0] * count for _ in range(count)]
    for start, end, seconds, *_ in times:
        truck[int(start)][int(end)] = seconds
    rises, flies, sinks, turns, height, pounds, launch, recovery, delivery, energy = kind[2:12]
    drone = Drone(rises, flies, sinks, turns, height, pounds * POUND, launch, recovery, delivery, energy)
    # At least so many stops of the truck: the published program asks for them.
    stops = math.ceil((customers - one.drones) / (1 + one.drones))
    where = [(row[2], row[3]) for row in places]
    parcels = [max(row[5], 0.0) * POUND for row in places]
    return Task(where, parcels, truck, truck_row[10], drone, one.drones, stops)


def _table(documents: Mapping[str, bytes], name: str) -> list[list[float]]:
    if name not in documents:
        raise InputError(f"the folder holds no {name}")
    return rows_of(documents[name], name)
