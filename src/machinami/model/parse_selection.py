"""Which entities are named? Texts of types, scopes, ids and id patterns (ETSI GS CIM 009, 4.17, 4.19, 5.7.2)."""

import re

from machinami.foundation.errors import BadRequestData
from machinami.foundation.pattern import compile_pattern
from machinami.foundation.urn import is_uri
from machinami.model.context import Context
from machinami.model.query import (
    ScopeAll,
    ScopeAny,
    ScopePattern,
    ScopeSelection,
    TypeAll,
    TypeAny,
    TypeIs,
    TypeSelection,
)
from machinami.model.scanner import BRACKETED_IRI, NAME, Scanner, read_logic

_TYPE = re.compile(r"[^\s,;|()<>\"]+")
_LEVEL = re.compile(r"\+|[^\W\d_]\w*")
_MAX_IDS = 10_000


def parse_types(text: object, context: Context) -> TypeSelection | None:
    """The types asked for, expanded; None for `*`, which asks for every type.

    `,` or `|` between alternatives, `;` between types that must all be there, parentheses to group (4.17).
    """
    scanner = Scanner(text, "type", "(Home;Vehicle)|Motorhome")
    if scanner.text.strip() == "*":
        return None

    def read() -> TypeSelection:
        scanner.skip()
        start = scanner.at
        bracketed = scanner.reads(BRACKETED_IRI)
        if bracketed is not None:
            return TypeIs(bracketed[1])
        found = scanner.reads(_TYPE)
        if found is None or not (NAME.fullmatch(found[0]) or is_uri(found[0])):
            raise scanner.fault("an entity type (a name or a URI)", start)
        return TypeIs(context.expand(found[0]))

    selection = read_logic(scanner, read, ("|", ","), TypeAll, TypeAny)
    scanner.wants_end("',', '|', ';' or the end")
    return selection


def parse_scope(text: object) -> ScopeSelection:
    """The scopes asked for: `/A/B`, `+` for any one level, `/#` at the end for all below, joined as types (4.19)."""
    scanner = Scanner(text, "scopeQ", "/Town/North/#,(/Town/+/River;/Company)")

    def read() -> ScopeSelection:
        scanner.takes("/")
        levels: list[str] = []
        while True:
            if scanner.takes("#"):
                levels.append("#")
                break
            level = scanner.reads(_LEVEL)
            if level is None:
                raise scanner.fault("a scope level: a name, + or (at the end) #,")
            levels.append(level[0])
            if not scanner.takes("/"):
                break
        return ScopePattern(tuple(levels))

    selection = read_logic(scanner, read, ("|", ","), ScopeAll, ScopeAny)
    scanner.wants_end("'/', ',', '|', ';' or the end")
    return selection


def parse_ids(text: object) -> tuple[str, ...]:
    """The ids of a comma-separated list, each a URI."""
    scanner = Scanner(text, "id", "urn:ngsi-ld:RiverGauge:1,urn:ngsi-ld:RiverGauge:2")
    ids: list[str] = []
    at = 0
    for part in scanner.text.split(","):
        if not is_uri(part.strip()):
            raise scanner.fault("a URI", at)
        ids.append(part.strip())
        at += len(part) + 1
    if len(ids) > _MAX_IDS:
        raise scanner.fault(f"no more than {_MAX_IDS} ids")
    return tuple(ids)


def parse_id_pattern(text: object) -> str:
    """The pattern, if it is a regular expression that can be run safely (see `foundation.pattern`)."""
    scanner = Scanner(text, "idPattern", "^urn:ngsi-ld:RiverGauge:.*")
    try:
        compile_pattern(scanner.text)
    except BadRequestData as error:
        facts = {**error.facts, "parameter": "idPattern", "example": scanner.example}
        raise BadRequestData(f"idPattern: {error.detail}; write for example {scanner.example}", **facts) from error
    return scanner.text
