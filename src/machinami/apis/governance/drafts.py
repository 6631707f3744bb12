"""Which row does somebody put together in a form? From the fields of a form to the document of a row."""

import json
from collections.abc import Mapping
from typing import Any

from machinami.broker import operations
from machinami.broker.reasons import expanded, read_place
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData
from machinami.model.names import LOCATION
from machinami.model.policy import Deed, Row
from machinami.model.policy_document import read_row
from machinami.model.principal import Principal

EVERYONE = "everyone"
CHOSEN = "a."  # before the name of an attribute that is chosen
DONE = "d."  # before a deed that is allowed


async def open_draft(town: Town, said: Mapping[str, str], taken: set[str], by: Principal) -> Row:
    """The row by which chosen data are opened to everyone. Raises BadRequestData."""
    kind = said.get("type", "")
    names = [name.removeprefix(CHOSEN) for name in said if name.startswith(CHOSEN)]
    if said.get("extent") != "all" and not names:
        raise BadRequestData("Choose at least one attribute, or all of them", member="attributes")
    document = {
        "id": _free(f"open-{kind}"[:80], taken),
        "who": EVERYONE,
        "deeds": [Deed.READ.value],
        "types": [kind],
        "attributes": [] if said.get("extent") == "all" else names,
        **await _where(town, said, by),
        "note": said.get("note", "").strip(),
    }
    return read_row(document, expanded)


async def row_draft(town: Town, said: Mapping[str, str], taken: set[str], by: Principal) -> Row:
    """The row that somebody describes in full. Raises BadRequestData."""
    kind = said.get("type", "").strip()
    document = {
        "id": said.get("id", "").strip() or _free(f"{said.get('who', 'row').rpartition(':')[2]}-{kind}"[:60], taken),
        "who": said.get("who", ""),
        "deeds": [deed.value for deed in Deed if said.get(DONE + deed.value)],
        "types": [kind] if kind else [],
        "attributes": said.get("attributes", "").replace(",", " ").split(),
        "purpose": said.get("purpose", "").strip(),
        "identityAssurance": _level(said.get("identity", "")),
        "authenticationAssurance": _level(said.get("authentication", "")),
        **await _where(town, said, by),
        "note": said.get("note", "").strip(),
    }
    return read_row(document, expanded)


def sent_row(text: str) -> Row:
    """The row that a form brings back as it was shown. Raises BadRequestData."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise BadRequestData("This form does not hold a row; open the page anew", member="row")
    return read_row(document)


async def _where(town: Town, said: Mapping[str, str], by: Principal) -> dict[str, Any]:
    """The scopes and the area to which the row is restricted: a district's place, or an area in GeoJSON."""
    scopes = said.get("scope", "").replace(",", " ").split()
    if said.get("area", "").strip():
        return {"scopes": scopes, "area": read_place(said["area"])}
    district = operations.peek(town, said["district"], by) if said.get("district") else None
    place = district.get(LOCATION) if district is not None else None
    return {"scopes": scopes, **({"area": place.value} if place is not None else {})}


def _free(wanted: str, taken: set[str]) -> str:
    """A name that no row has yet."""
    wanted, number = wanted.strip("-"), 2
    found = wanted
    while found in taken:
        found, number = f"{wanted}-{number}", number + 1
    return found


def _level(text: str) -> int:
    return int(text) if text in ("1", "2", "3") else 0
