"""What came of a run of the suite? Read from robot's output.xml, told as a table by group and by class."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH = 56
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one test. classes: official or extension, and doubtful where it is."""

    group: str
    name: str
    passed: bool
    seconds: float
    message: str
    classes: frozenset[str]
    source: str = ""


def outcomes(output: Path, group: str) -> list[Outcome]:
    """The outcomes in an output.xml."""
    return list(_walk(ET.parse(output).getroot(), group, ""))


def _walk(element: ET.Element, group: str, source: str) -> Iterator[Outcome]:
    for child in element:
        if child.tag == "suite":
            yield from _walk(child, group, child.get("source", source))
        elif child.tag == "test":
            yield _outcome(child, group, source)


def _outcome(test: ET.Element, group: str, source: str) -> Outcome:
    status = test.find("status")
    tags = {tag.text or "" for tag in test.findall("tag")}
    return Outcome(
        group,
        test.get("name", ""),
        status is not None and status.get("status") == "PASS",
        float(status.get("elapsed", "0")) if status is not None else 0.0,
        (status.text or "").strip() if status is not None else "",
        frozenset(tags & {"official", "extension", "doubtful"}),
        Path(source).name,
    )


def tabbed(one: Outcome) -> str:
    """An outcome as a line of a table for programs."""
    message = " | ".join(one.message.split("\n")).replace("\t", " ")[:_LONGEST]
    words = ("pass" if one.passed else "fail", one.group, one.name, one.source, f"{one.seconds:.1f}", message)
    return "\t".join(words) + "\n"


def table(found: Sequence[Outcome], seconds: float) -> str:
    """The table for people: by group, then by class."""
    lines = [_line("group", "tests", "pass", "fail", "seconds")]
    for group in dict.fromkeys(one.group for one in found):
        lines.append(_counted(group, (one for one in found if one.group == group)))
    lines += [_counted("all", found), ""]
    for kind in ("official", "extension"):
        for doubtful in (False, True):
            chosen = [one for one in found if kind in one.classes and ("doubtful" in one.classes) is doubtful]
            if chosen:
                lines.append(_counted(f"{kind}, doubtful" if doubtful else kind, chosen))
    return "\n".join([*lines, f"took {seconds:.0f} s"])


def _counted(name: str, chosen: Iterable[Outcome]) -> str:
    listed = list(chosen)
    passed = sum(one.passed for one in listed)
    seconds = sum(one.seconds for one in listed)
    return _line(name, str(len(listed)), str(passed), str(len(listed) - passed), f"{seconds:.1f}")


def _line(name: str, *cells: str) -> str:
    return name.ljust(WIDTH) + "".join(cell.rjust(9) for cell in cells)
