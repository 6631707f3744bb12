"""Are linked entities wanted too, how deep, and does nothing in the request look deeper? (pure)

ETSI GS CIM 009, 4.5.23 and the parameters join, joinLevel and containedBy of 6.4.3.2 and 6.5.3.1.
"""

from collections.abc import Mapping
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.model import parse
from machinami.model.linking import Join
from machinami.model.query import Condition, hops
from machinami.model.representation import NONE, Projection

MOST_LEVELS = 10
JOINS = ("flat", "inline", NONE)

Arguments = Mapping[str, str]


def read_join(arguments: Arguments) -> Join | None:
    """How linked entities are wanted; None where they are not. Raises BadRequestData."""
    kind = arguments.get("join", NONE)
    if kind not in JOINS:
        raise BadRequestData(f"join={kind[:100]!r} is none of {', '.join(JOINS)}", parameter="join")
    level = _level(arguments["joinLevel"]) if "joinLevel" in arguments else 1
    met = parse.parse_ids(arguments["containedBy"]) if "containedBy" in arguments else ()
    return None if kind == NONE else Join(kind == "flat", level, frozenset(met))


def _level(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:10]) <= MOST_LEVELS:
        raise BadRequestData(
            f"joinLevel={text[:100]!r} is not a whole number from 1 to {MOST_LEVELS}", parameter="joinLevel"
        )
    return int(text)


def check_projected(depth: int, join: Join | None, parameter: str) -> None:
    """Refuse a pick or omit of members of entities that are not followed to (5.7.1.4, 5.7.2.4)."""
    if depth and join is None:
        raise BadRequestData(
            f"{parameter} names members of linked entities, but no join is asked for", parameter=parameter
        )
    if join is not None and depth > join.level:
        raise BadRequestData(
            f"{parameter} names members {depth} relationships away, but joinLevel is {join.level}", parameter=parameter
        )


def check_asked(condition: Condition | None, join: Join | None) -> None:
    """Refuse a q about linked entities that are not followed to: the query is too deep (5.7.2.4)."""
    depth = 0 if condition is None else hops(condition)
    if depth and join is None:
        raise BadRequestData(
            "q asks about linked entities, but no join is asked for; add join=inline or join=flat", parameter="q"
        )
    if join is not None and depth > join.level:
        raise BadRequestData(
            f"q asks about entities {depth} relationships away, but joinLevel is {join.level}", parameter="q"
        )


def check_apart(pick: Projection | None, omit: Projection | None) -> None:
    """Refuse a member that is both picked and omitted (4.21)."""
    for name in (pick or {}).keys() & (omit or {}).keys():
        inner: tuple[Mapping[str, Any], Mapping[str, Any]] = (pick or {})[name], (omit or {})[name]
        if not inner[1]:
            raise BadRequestData(f"{name} is picked and omitted; say one of both", parameter="omit")
        check_apart(*inner)
