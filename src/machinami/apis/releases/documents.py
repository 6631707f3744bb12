"""How is a release written down in JSON: what is wanted of it, and what became of it?"""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from machinami.apis.releases.sentences import sentence
from machinami.broker.contexts import town_context
from machinami.broker.releases.ledger import Account
from machinami.broker.releases.version import Description, Origin, Source, State, Version
from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import format_instant
from machinami.kit.words import Words
from machinami.methods.anonymity.ladders import Ladder
from machinami.methods.anonymity.plan import MOST_COLUMNS, Column, Method, Part, Plan
from machinami.model.legal import LegalClass

E = TypeVar("E", bound=StrEnum)
_MEMBERS = frozenset(
    "id title type persons person moment from to q columns method k l width share holdBack epsilon licence class "
    "note".split()
)
_COLUMN = frozenset("name attribute of part title bands names grains step domain cap".split())
_LONG, _MOST = 200, 1_000
_LICENCES = {
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "PDL-1.0": "https://www.digital.go.jp/resources/open_data/public_data_license_v1.0",
}


def read_description(document: Mapping[str, Any]) -> Description:
    """What is wanted. Raises BadRequestData: what, where and how to mend it."""
    _only(document, _MEMBERS, "the release")
    name = _text(document, "id")
    if not name or not all(one.isascii() and (one.isalnum() or one in "-_") for one in name) or len(name) > 60:
        raise BadRequestData("id: 1 to 60 letters a to z, digits, - and _", member="id")
    columns = document.get("columns")
    if not isinstance(columns, list) or not 0 < len(columns) <= MOST_COLUMNS:
        raise BadRequestData(f"columns: a list of 1 to {MOST_COLUMNS} columns", member="columns")
    read = [_column(one, at) for at, one in enumerate(columns)]
    legal = _one_of(LegalClass, document.get("class", LegalClass.ADMINISTRATIVE), "class")
    if legal not in (LegalClass.ADMINISTRATIVE, LegalClass.ANONYMISED):
        raise BadRequestData("class: administrative-anonymised (of a public body) or anonymised", member="class")
    licence = _text(document, "licence") or "CC-BY-4.0"
    if licence not in _LICENCES:
        raise BadRequestData(f"licence: one of {', '.join(_LICENCES)}", member="licence")
    source = Source(
        *(_expand(_text(document, member)) for member in ("type", "persons", "person", "moment")),
        *(_text(document, member) for member in ("from", "to", "q")),
    )
    return Description(
        name,
        _texts(document, "title"),
        source,
        _plan(document, tuple(column for column, _ in read)),
        tuple(origin for _, origin in read),
        licence,
        legal,
        _text(document, "note"),
    )


def _plan(document: Mapping[str, Any], columns: tuple[Column, ...]) -> Plan:
    method = _one_of(Method, document.get("method", Method.TABLE), "method")
    usual = Plan(())
    return Plan(
        columns,
        method,
        k=_whole(document, "k", usual.k),
        l=_whole(document, "l", usual.l),
        width=_whole(document, "width", usual.width),
        share=_number(document, "share", usual.share),
        hold_back=_number(document, "holdBack", usual.hold_back),
        epsilon=_number(document, "epsilon", usual.epsilon),
    )


def _column(document: object, at: int) -> tuple[Column, Origin]:
    where = f"columns[{at}]"
    if not isinstance(document, Mapping):
        raise BadRequestData(f"{where}: an object with name, attribute and part", member=where)
    _only(document, _COLUMN, where)
    attribute = _text(document, "attribute")
    if not attribute:
        raise BadRequestData(f"{where}: say which attribute it is of", member=where)
    of = document.get("of", "record")
    if of not in ("record", "person"):
        raise BadRequestData(f"{where}.of: record or person", member=where)
    column = Column(
        _text(document, "name") or attribute,
        _one_of(Part, document.get("part"), f"{where}.part"),
        _ladder(document, where),
        _whole(document, "step", 0),
        tuple(_list(document, "domain", where)),
        _number(document, "cap", 0.0),
        _texts(document, "title") if "title" in document else (),
    )
    return column, Origin(_expand(attribute), of == "person")


def _ladder(document: Mapping[str, Any], where: str) -> Ladder:
    bands = document.get("bands", [])
    if not isinstance(bands, list) or not all(_is_number(one) for one in bands):
        raise BadRequestData(f"{where}.bands: a list of widths, as [5, 10]", member=where)
    names = document.get("names", [])
    if not isinstance(names, list) or not all(isinstance(one, Mapping) for one in names):
        raise BadRequestData(f'{where}.names: from a name to a coarser one, as [{{"本町": "中部"}}]', member=where)
    parents = tuple(tuple((str(fine), str(coarse)) for fine, coarse in one.items()) for one in names)
    return Ladder(tuple(float(one) for one in bands), parents, tuple(_list(document, "grains", where)))


def _only(document: Mapping[str, Any], members: frozenset[str], where: str) -> None:
    odd = sorted(set(document) - members)
    if odd:
        known = ", ".join(sorted(members))
        raise BadRequestData(f"{where} has no member {odd[0][:50]!r}; it has {known}", member=odd[0])


def _text(document: Mapping[str, Any], member: str) -> str:
    value = document.get(member, "")
    if not isinstance(value, str) or len(value) > _LONG or not (value.isprintable() or not value):
        raise BadRequestData(f"{member}: a text of at most {_LONG} letters", member=member)
    return value.strip()


def _texts(document: Mapping[str, Any], member: str) -> tuple[tuple[str, str], ...]:
    value = document.get(member)
    if isinstance(value, str):
        value = {"ja": value}
    if not isinstance(value, Mapping) or not value or not all(isinstance(one, str) for one in value.values()):
        raise BadRequestData(f'{member}: a text in each language, as {{"ja": "…", "en": "…"}}', member=member)
    return tuple((str(language)[:10], text[:_LONG]) for language, text in value.items())


def _list(document: Mapping[str, Any], member: str, where: str) -> list[str]:
    value = document.get(member, [])
    if not isinstance(value, list) or len(value) > _MOST or not all(isinstance(one, str) for one in value):
        raise BadRequestData(f"{where}.{member}: a list of texts", member=where)
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(document: Mapping[str, Any], member: str, usual: float) -> float:
    value = document.get(member, usual)
    if not _is_number(value):
        raise BadRequestData(f"{member}: a number", member=member)
    return float(value)


def _whole(document: Mapping[str, Any], member: str, usual: int) -> int:
    value = document.get(member, usual)
    if not _is_number(value) or int(value) != value:
        raise BadRequestData(f"{member}: a whole number", member=member)
    return int(value)


def _one_of(kind: type[E], value: object, member: str) -> E:
    try:
        return kind(str(value))
    except ValueError:
        raise BadRequestData(f"{member}: one of {', '.join(kind)}", member=member) from None


def _expand(name: str) -> str:
    return name if not name or ":" in name else town_context().expand(name)


def short(name: str) -> str:
    """The short name of a type or an attribute."""
    return town_context().compact(name) if name else ""


def write_description(wanted: Description) -> dict[str, Any]:
    """What was wanted, as it was asked for."""
    source, plan = wanted.source, wanted.plan
    return {
        "id": wanted.id,
        "title": dict(wanted.title),
        "type": short(source.records),
        "persons": short(source.persons),
        "person": short(source.person),
        "moment": short(source.moment),
        "from": source.since,
        "to": source.until,
        "q": source.q,
        "columns": [_column_document(*both) for both in zip(plan.columns, wanted.origins, strict=True)],
        "method": plan.method.value,
        "k": plan.k,
        "l": plan.l,
        "width": plan.width,
        "share": plan.share,
        "holdBack": plan.hold_back,
        "epsilon": plan.epsilon,
        "licence": wanted.licence,
        "class": wanted.legal.value,
        "note": wanted.note,
    }


def _column_document(column: Column, origin: Origin) -> dict[str, Any]:
    ladder = column.ladder
    said = {
        "bands": list(ladder.widths),
        "names": [dict(one) for one in ladder.parents],
        "grains": list(ladder.grains),
        "step": column.step,
        "domain": list(column.domain),
        "cap": column.cap,
        "title": dict(column.title),
    }
    named = {"name": column.name, "attribute": short(origin.attribute), "part": column.part.value}
    return {**named, "of": "person" if origin.of_person else "record", **{k: v for k, v in said.items() if v}}


def version_document(found: Version, words: Words, table: bool) -> dict[str, Any]:
    """A version for its staff: what was wanted, the account of its safety, and the table if it may be told."""
    document = {
        **public_document(found, table),
        "state": found.state.value,
        "description": write_description(found.description),
        "grounds": list(found.grounds),
        "madeBy": found.made_by,
        "account": [
            {"kind": one.kind, "passed": one.passed, "facts": dict(one.facts), "sentence": sentence(one, words)}
            for one in found.remarks
        ],
    }
    if found.decided_at is not None:
        document["decided"] = {"by": found.decided_by, "at": format_instant(found.decided_at), "reason": found.reason}
    return document


def public_document(found: Version, table: bool) -> dict[str, Any]:
    """A version for everyone: what it is, how it was made safe, and the table if it may be told."""
    wanted, plan = found.description, found.description.plan
    document: dict[str, Any] = {
        "id": wanted.id,
        "version": found.number,
        "title": dict(wanted.title),
        "period": wanted.source.period,
        "method": plan.method.value,
        "class": wanted.legal.value if wanted.is_of_persons else "statistics",
        "safety": safety_of(found),
        "items": [{"name": one.name, "title": dict(one.title)} for one in plan.columns],
        "withheld": found.withheld,
        "simulated": found.simulated,
        "licence": _LICENCES[wanted.licence],
        "madeAt": format_instant(found.made_at),
    }
    if found.decided_at is not None and found.is_out:
        document["publishedAt"] = format_instant(found.decided_at)
    if found.state is State.WITHDRAWN and found.withdrawn_at is not None:
        document["withdrawn"] = {"at": format_instant(found.withdrawn_at), "reason": found.withdrawn_for}
    if table:
        document["columns"] = list(found.header)
        document["rows"] = [list(row) for row in found.rows]
    return document


def safety_of(found: Version) -> dict[str, Any]:
    """By which figures people are protected."""
    plan = found.description.plan
    if plan.method is Method.NOISE:
        error = next((dict(one.facts)["people"] for one in found.remarks if one.kind == "error"), None)
        return {"epsilon": plan.epsilon, "delta": 0, "peopleOffBy": None if error is None else int(error)}
    return {"k": plan.k, **({"l": plan.l} if plan.method is Method.ROWS else {"width": plan.width})}


def account_document(account: Account) -> dict[str, Any]:
    """What noise may still tell of some people."""
    return {
        "type": short(account.group),
        "epsilon": account.budget.epsilon,
        "every": account.budget.every.value,
        "spent": account.spent,
        "left": account.left,
        "ever": account.ever,
        "renews": account.renews or None,
    }


def catalogue_document(town: str, found: Sequence[Version]) -> dict[str, Any]:
    """What is published, as a catalogue of data sets (W3C DCAT, version 3)."""
    return {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"},
        "@type": "dcat:Catalog",
        "dct:title": town,
        "dcat:dataset": [_dataset(one) for one in found if one.state is State.PUBLISHED],
    }


def _dataset(found: Version) -> dict[str, Any]:
    wanted, at = found.description, f"/open-data/{found.description.id}/{found.number}"
    titles = [{"@language": language, "@value": text} for language, text in wanted.title if language != "easy"]
    forms = (("csv", "text/csv"), ("json", "application/json"))
    return {
        "@type": "dcat:Dataset",
        "@id": at,
        "dct:identifier": found.name,
        "dct:title": titles,
        "dct:issued": format_instant(found.decided_at or found.made_at),
        "dct:license": {"@id": _LICENCES[wanted.licence]},
        "dcat:distribution": [
            {"@type": "dcat:Distribution", "dcat:downloadURL": {"@id": f"{at}.{ending}"}, "dcat:mediaType": media}
            for ending, media in forms
        ],
    }
