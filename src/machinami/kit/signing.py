"""For whom is a page of a service, what was typed into its form, and who signs it?"""

from collections.abc import Mapping
from typing import Literal

from machinami.foundation.errors import BadRequestData
from machinami.model.vocabulary.office import Officer

Audience = Literal["resident", "officer", "history"]
AUDIENCES: tuple[Audience, ...] = ("resident", "officer", "history")
_LONGEST_NAME = 60
_LONGEST = 4_000


def choose_audience(asked: str | None) -> Audience:
    """For whom the page is; the resident unless said otherwise."""
    return next((audience for audience in AUDIENCES if audience == asked), "resident")


def said(form: Mapping[str, str], name: str, longest: int = _LONGEST) -> str:
    """What was typed into a field that must be filled in. Raises BadRequestData naming it."""
    text = said_if(form, name, longest)
    if not text:
        raise BadRequestData(
            f"The field {name!r} is empty; fill it in and send the form again", field=name, key="refused.empty"
        )
    return text


def said_if(form: Mapping[str, str], name: str, longest: int = _LONGEST) -> str:
    """What was typed into a field that may be left empty. Raises BadRequestData where it is too long."""
    text = form.get(name, "").replace("\r\n", "\n").strip()
    if len(text) > longest:
        what = f"The field {name!r} has {len(text)} characters; {longest} are taken at most"
        raise BadRequestData(what, field=name, key="refused.long", longest=longest)
    return text


def officer(form: Mapping[str, str]) -> Officer:
    """Who signs the form. Raises BadRequestData where the name or the role is missing."""
    return Officer(said(form, "who", _LONGEST_NAME), said(form, "role", _LONGEST_NAME))
