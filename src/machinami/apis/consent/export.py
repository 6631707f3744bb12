"""What does a person take away of what the town holds about them? One archive: all of it as JSON, and as tables."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from machinami.apis.consent import shapes
from machinami.apis.consent.office import Office
from machinami.broker import corrections, holdings, leaving, legal_records, persons
from machinami.broker.contexts import town_context
from machinami.broker.holdings import Held
from machinami.broker.town import Town
from machinami.foundation.instant import format_instant
from machinami.foundation.sheet import sheet
from machinami.kit.words import Words
from machinami.model.found import Instance
from machinami.model.principal import Principal

_READS = 20_000
_VALUES = 10_000  # past values of one attribute


async def everything(office: Office, town: Town, by: Principal) -> dict[str, Any]:
    """All that is about who asks, as one JSON document. Raises SignInRequired, Forbidden."""
    short = town_context().compact
    names = await persons.names_of(town, by)
    found = await holdings.held(town, names)
    law, now = legal_records.law_of(town), town.clock()
    purposes = {one.id: one for one in legal_records.purposes(town)}
    consents = [one for name in names for one in law.of(name)]
    trail = await holdings.reads(town, office.towns.audit(town), by, _READS)
    account = office.account(town, by.id)
    return {
        "town": town.name,
        "at": format_instant(now),
        "person": by.id,
        "names": [one.id for one in await persons.handles(town, by)],
        "account": None
        if account is None
        else {
            "name": account.name,
            "display": account.display,
            "roles": sorted(account.roles),
            "since": format_instant(account.since),
            "identityAssurance": account.identity_assurance,
        },
        "held": [await held_document(town, one, _VALUES) for one in found],
        "namedIn": [{"type": short(one.type), "count": one.count} for one in await holdings.named(town, names)],
        "consents": [shapes.consent_document(one, short) for one in consents],
        "receipts": [shapes.receipt(one, purposes.get(one.terms.purpose), town.name, now, short) for one in consents],
        "reads": list(trail.entries),
        "readsGoOn": trail.before is not None,
        "corrections": [shapes.correction_document(one, short) for one in await corrections.own(town, by)],
        "erasures": await leaving.own_accounts(town, by),
    }


async def held_document(town: Town, one: Held, newest: int) -> dict[str, Any]:
    """One entity with the grounds on which it may be given, and its past."""
    short = town_context().compact
    past: Sequence[Instance] = ()
    if one.entity.attributes and newest:
        past = (await holdings.past_of(town, one, newest)).instances
    return {
        "id": one.entity.id,
        "type": [short(kind) for kind in one.entity.types],
        "keptUnder": one.name,
        "alsoAboutOthers": one.others,
        "attributes": [
            {"name": short(name), **shapes.value_document(value)}
            for name, several in one.entity.attributes.items()
            if not one.attributes or name in one.attributes
            for value in several
        ],
        "past": [{"name": short(row.attribute), **shapes.value_document(row.value)} for row in past if _was_there(row)],
        "consents": [consent.id for consent in one.consents],
        "grounds": [
            {"id": ground.id, "basis": ground.basis.value, "reason": ground.reason, "until": format_instant(ground.end)}
            for ground in one.grounds
        ],
    }


def _was_there(row: Instance) -> bool:
    return row.deleted_at is None


async def archive(office: Office, town: Town, by: Principal, words: Words) -> bytes:
    """All of it as a ZIP: one JSON document, and tables that a spreadsheet reads."""
    told = await everything(office, town, by)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, body in _files(told, words).items():
            bundle.writestr(zipfile.ZipInfo(name, town.clock().timetuple()[:6]), body, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _files(told: Mapping[str, Any], words: Words) -> dict[str, bytes]:
    values = [
        _value_row(words, one, value, kept)
        for one in told["held"]
        for kept, rows in (("export.present", one["attributes"]), ("export.past", one["past"]))
        for value in rows
    ]
    consents = [
        [one["id"], one["subject"], one["purpose"], one["state"], ", ".join(one.get("types", ())),
         ", ".join(one.get("attributes", ())), ", ".join(one["recipients"]), one["until"], one["events"][0]["at"],
         one["events"][-1]["at"], one["events"][0]["by"]]
        for one in told["consents"]
    ]  # fmt: skip
    reads = [
        [one["at"], one["who"], ", ".join(one.get("roles", ())), one.get("for", ""), one.get("purpose", ""),
         one.get("entity", ""), ", ".join(one.get("types", ())), ", ".join(one.get("attributes", ())),
         one.get("what", "")]
        for one in told["reads"]
    ]  # fmt: skip
    return {
        "my-data.json": orjson.dumps(told, option=orjson.OPT_INDENT_2),
        "held.csv": sheet([_heads(words, "held", 10), *values]),
        "consents.csv": sheet([_heads(words, "consents", 11), *consents]),
        "reads.csv": sheet([_heads(words, "reads", 9), *reads]),
    }


def _heads(words: Words, table: str, count: int) -> list[str]:
    return [words.plain(f"export.{table}.c{number}") for number in range(1, count + 1)]


def _value_row(words: Words, one: Mapping[str, Any], value: Mapping[str, Any], kept: str) -> list[object]:
    said = value["value"]
    text = said if isinstance(said, int | float | str) or said is None else orjson.dumps(said).decode()
    return [
        one["type"][0], one["id"], value["name"], words.plain(kept), text, value.get("unitCode", ""),
        value.get("observedAt", ""), value.get("modifiedAt", ""), ", ".join(one["consents"]),
        ", ".join(f"{ground['id']} ({ground['until']})" for ground in one["grounds"]),
    ]  # fmt: skip
