"""What do the files of the library say? TOML becomes cases; what is wrong in one is said with its id."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from machinami.foundation.errors import InputError
from machinami.model.view import Words
from machinami.model.vocabulary.fields import FIELDS_OR_MANAGEMENT
from machinami.services.cases.model import SIZES, STAGES, Library, ReferenceCase, Source

TOLD = ("name", "place", "problem", "aim", "text", "outcome", "failed", "lessons", "money", "partners")
NEEDED = ("name", "place", "problem", "text", "size", "field", "sources", "keywords")
LANGUAGES = {"ja", "en"}


class CaseError(InputError):
    """A case of the library is not well written."""


def case_id(key: str) -> str:
    """The entity id of a case of the library."""
    return f"urn:ngsi-ld:{ReferenceCase.TYPE}:{key}"


def key_of(entity_id: str) -> str:
    """The short name of a case, by which pages call it."""
    return entity_id.rpartition(":")[2]


def read_library(sources: str, texts: Sequence[str]) -> Library:
    """The library from the text of sources.toml and of each file of cases. Raises CaseError."""
    head = tomllib.loads(sources)
    known = tuple(Source(key, Words(row)) for key, row in head["sources"].items())
    rows = [row for text in texts for row in tomllib.loads(text)["cases"]]
    cases = tuple(_case(row, head["edition"], {source.key for source in known}) for row in rows)
    twice = {case.id for case in cases if [other.id for other in cases].count(case.id) > 1}
    if twice:
        raise CaseError(f"The library has two cases of one id: {', '.join(sorted(twice))}")
    return Library(head["edition"], known, cases)


def _case(row: Mapping[str, Any], edition: int, sources: set[str]) -> ReferenceCase:
    name = str(row.get("id", "?"))
    missing = [key for key in NEEDED if not row.get(key)]
    if missing:
        raise CaseError(f"The case {name} does not say {', '.join(missing)}", case=name)
    for key, allowed in (("size", SIZES), ("field", FIELDS_OR_MANAGEMENT), ("stage", ("", *STAGES))):
        if row.get(key, "") not in allowed:
            raise CaseError(f"{key} of the case {name} is {row[key]!r}; it can be {', '.join(allowed)}", case=name)
    if unknown := set(row["sources"]) - sources:
        raise CaseError(f"The case {name} names sources that nobody knows: {', '.join(sorted(unknown))}", case=name)
    halves = [key for key in TOLD if key in row and set(row[key]) != LANGUAGES]
    if halves:
        raise CaseError(f"The case {name} says {', '.join(halves)} in one language alone", case=name)
    told: dict[str, Any] = {key: Words(row[key]) for key in TOLD if key in row}
    plain = {key: row[key] for key in ("size", "field", "keywords", "sources")}
    said = {key: row[key] for key in ("stage", "theme", "year", "service", "page", "indicators") if row.get(key)}
    return ReferenceCase(case_id(name), **told, **plain, **said, edition=edition, state="shown")


def tidied(case: ReferenceCase) -> ReferenceCase:
    """A case as pages can show it: other programs write cases too, and what is no word of a list counts as unsaid."""
    return replace(
        case,
        stage=case.stage if case.stage in STAGES else None,
        size=case.size if case.size in SIZES else "unsaid",
        field=case.field if case.field in FIELDS_OR_MANAGEMENT else "management",
        keywords=[word for word in case.keywords or [] if isinstance(word, str)],
        sources=[key for key in case.sources or [] if isinstance(key, str)],
        indicators=[row for row in case.indicators or [] if isinstance(row, dict) and ("ja" in row or "en" in row)],
        page=case.page if (case.page or "").startswith("/") and not (case.page or "").startswith("//") else None,
        state="withdrawn" if case.state == "withdrawn" else "shown",
    )
