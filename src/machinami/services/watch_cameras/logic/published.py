"""How are the set cover problems of the OR-Library read (scp41 …), and the optima that are known of them?"""

import csv
import io
from collections.abc import Mapping

import numpy as np
from scipy import sparse

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats


def problem_of(data: bytes, name: str) -> tuple[sparse.csr_array, Floats]:
    """The sets (sets, points) and their costs. A file holds the numbers of points and sets, the costs, and for each
    point how many sets have it and which, counted from 1. Raises InputError naming the file."""
    try:
        numbers = [int(word) for word in data.split()]
    except ValueError as error:
        raise InputError(f"{name} holds what is no whole number: {error}") from None
    if len(numbers) < 2 or len(numbers) < 2 + numbers[1]:
        raise InputError(f"{name} is cut off: it says fewer costs than it promises")
    points, sets = numbers[:2]
    costs = np.array(numbers[2 : 2 + sets], dtype=np.float64)
    at = 2 + sets
    rows: list[int] = []
    columns: list[int] = []
    for point in range(points):
        count = numbers[at] if at < len(numbers) else -1
        having = numbers[at + 1 : at + 1 + count]
        if count < 0 or len(having) < count or not all(1 <= one <= sets for one in having):
            raise InputError(f"{name} is cut off, or a point has a set that is none")
        rows += [one - 1 for one in having]
        columns += [point] * count
        at += 1 + count
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(sets, points)), costs


def optima_of(data: bytes) -> dict[str, float]:
    """The known optima by the name of the problem, from a table with the columns instance and value."""
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
        return {row["instance"]: float(row["value"]) for row in rows}
    except (UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
        raise InputError(f"the table of optima lacks instance and value: {error}") from None


def problems_of(documents: Mapping[str, bytes]) -> list[tuple[str, bytes, float]]:
    """The problems that are there and whose optimum is known: name, file, optimum. Raises InputError where none is."""
    listed = next((data for name, data in documents.items() if name.endswith(".csv")), None)
    if listed is None:
        raise InputError("the folder of set cover problems lacks the .csv table of their optima")
    optima = optima_of(listed)
    found = [(name, documents[f"{name}.txt"], optima[name]) for name in sorted(optima) if f"{name}.txt" in documents]
    if not found:
        raise InputError("the folder holds no problem whose optimum the table tells")
    return found
