"""What does a form say that an officer filled in to have a release made? The same document that programs send."""

from collections.abc import Mapping
from typing import Any

from machinami.foundation.errors import BadRequestData

RECORD, PERSON = "r.", "p."  # before the attributes of records and of persons
_GRAINS = ("hour", "day", "month")


def drafted(form: Mapping[str, str]) -> dict[str, Any]:
    """The document of a form. Raises BadRequestData."""
    document: dict[str, Any] = {
        "id": form.get("id", "").strip(),
        "title": {
            language: text for language in ("ja", "en", "easy") if (text := form.get(f"title.{language}", "").strip())
        },
        "columns": [_column(name, form) for name in form if name.startswith((RECORD, PERSON)) and form[name]],
        "method": form.get("method", "table"),
    }
    document |= {
        name: form[name].strip() for name in ("type", "persons", "person", "moment", "from", "to", "q", "class", "note")
        if form.get(name, "").strip()
    }  # fmt: skip
    for name in ("k", "l"):
        if form.get(name):
            document[name] = _number(form[name], name)
    if document["method"] == "noise":
        document["epsilon"] = _number(form.get("epsilon", ""), "epsilon")
    return document


def _column(name: str, form: Mapping[str, str]) -> dict[str, Any]:
    """A column: `r.day` = `time:day`, with `bands.r.day`, `cap.r.day` and `domain.r.day` beside it."""
    part, _, grain = form[name].partition(":")
    attribute = name[len(RECORD) :]
    column: dict[str, Any] = {"name": attribute, "attribute": attribute, "part": part}
    column["of"] = "person" if name.startswith(PERSON) else "record"
    if title := form.get(f"title.{name}", "").strip():
        column["title"] = {"ja": title}
    if part == "time":
        column |= {"grains": [one for one in _GRAINS if one == grain], "step": 1}
    bands = form.get(f"bands.{name}", "").replace(",", " ").split()
    if bands:
        column["bands"] = [_number(one, f"bands of {attribute}") for one in bands]
        column["step"] = 1
    if domain := form.get(f"domain.{name}", "").strip():
        column["domain"] = [one.strip() for one in domain.replace("、", ",").split(",") if one.strip()]
    if cap := form.get(f"cap.{name}", "").strip():
        column["cap"] = _number(cap, f"cap of {attribute}")
    return column


def _number(text: str, where: str) -> float:
    try:
        return float(text.strip())
    except ValueError:
        raise BadRequestData(f"{where}: a number, not {text[:20]!r}", member=where) from None
