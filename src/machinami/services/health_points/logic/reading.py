"""Which steps does a document hand in? Open mHealth data points and FHIR R4 Observations become claims, or faults.

Open mHealth: a data point {header, body} or a list of them. FHIR: an Observation (LOINC 55423-8, steps in an
unspecified time; 41950-7, steps in 24 hours) or a Bundle of them. Whatever else a document holds (a name, a user id)
is not taken along.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from machinami.foundation.duration import duration_seconds
from machinami.services.health_points.logic.forms import Fault, date_time, faults, kind_of
from machinami.services.health_points.model import Claim, Exercise

LOINC = "http://loinc.org"
STEPS_CODES = ("55423-8", "41950-7")
DAY_CODE = "41950-7"
TAKEN, TAKEN_BACK = ("final", "amended", "corrected"), ("entered-in-error", "cancelled")
STATUSES = (*TAKEN, *TAKEN_BACK, "registered", "preliminary", "unknown")
MOST_DOCUMENTS = 2_000
LONGEST = timedelta(hours=36)
_UNIT_SECONDS = {
    "ps": 1e-12, "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "sec": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0,
    "wk": 604_800.0, "Mo": 2_629_746.0, "yr": 31_556_952.0,
}  # fmt: skip
_DAY_PARTS = {"night": (0, 6), "morning": (6, 12), "afternoon": (12, 18), "evening": (18, 24)}


@dataclass(frozen=True, slots=True)
class Read:
    """What was understood of all documents: claims, exercises, and each refused document with its number (from 0)
    and its faults."""

    claims: tuple[Claim, ...] = ()
    exercises: tuple[Exercise, ...] = ()
    refused: tuple[tuple[int, tuple[Fault, ...]], ...] = ()


class _Refused(Exception):
    """A document cannot be taken; it carries the faults."""

    def __init__(self, *found: Fault) -> None:
        super().__init__("; ".join(map(str, found)))
        self.found = found


def read(document: Any, zone: tzinfo, device: str = "") -> Read:
    """All that the documents hand in; one that is refused hinders none of the others.

    zone: the town's, for days without a time. device: who hands in, where the documents do not say it.
    """
    claims: list[Claim] = []
    exercises: list[Exercise] = []
    refused: list[tuple[int, tuple[Fault, ...]]] = []
    for number, one in enumerate(documents_of(document)):
        try:
            found = _fhir(one, zone, device) if "resourceType" in one else _data_point(one, zone, device)
        except _Refused as why:
            refused.append((number, why.found))
            continue
        if isinstance(found, Claim):
            claims.append(found)
        else:
            exercises.append(found)
    return Read(tuple(claims), tuple(exercises), tuple(refused))


def documents_of(document: Any) -> Iterator[Mapping[str, Any]]:
    """The single documents of what was sent: one, a list, or the resources of a Bundle. Others are `{}`: refused."""
    rows = document if isinstance(document, list) else [document]
    if isinstance(document, dict) and document.get("resourceType") == "Bundle":
        entries = document.get("entry", [])
        rows = [row.get("resource") if isinstance(row, dict) else None for row in entries] if entries else []
    for row in rows[:MOST_DOCUMENTS]:
        yield row if isinstance(row, dict) else {}


def _data_point(point: Mapping[str, Any], zone: tzinfo, device: str) -> Claim | Exercise:
    header, body = point.get("header"), point.get("body")
    if not isinstance(header, dict) or body is None:
        missing = "header" if not isinstance(header, dict) else "body"
        cure = 'send {"header": {"schema_id": …, "acquisition_provenance": …}, "body": …}'
        raise _Refused(Fault(f"/{missing}", f"a data point needs its {missing}", cure))
    schema = header.get("schema_id")
    if not isinstance(schema, dict) or not all(isinstance(schema.get(k), str) for k in ("name", "version")):
        cure = '{"namespace": "omh", "name": "step-count", "version": "3.0"}'
        raise _Refused(Fault("/header/schema_id", "the schema is not named by name and version", f"write {cure}"))
    name, namespace = schema["name"], str(schema.get("namespace", "omh"))
    if name not in ("step-count", "physical-activity"):
        what = f"{name!r:.40} is not needed for health points, so it is not taken"
        raise _Refused(Fault("/header/schema_id/name", what, "send step-count or physical-activity"))
    wrong = faults(body, name, schema["version"], namespace)
    if wrong:
        raise _Refused(
            *(Fault(f"/body{f.where}" if f.where[:7] != "/header" else f.where, f.what, f.cure) for f in wrong)
        )
    provenance = header.get("acquisition_provenance")
    provenance = provenance if isinstance(provenance, dict) else {}
    by = _device(provenance.get("source_name"), device, "/header/acquisition_provenance/source_name")
    begin, end = _interval(body.get("effective_time_frame", {}), zone)
    if name == "physical-activity" and _steps_of(body) is None:
        return Exercise(by, begin, end, body["activity_name"][:60], _met(body))
    if "descriptive_statistic" in body:
        what = f"a {body['descriptive_statistic']} is a statistic, not a count of steps"
        raise _Refused(Fault("/body/descriptive_statistic", what, "send the counts themselves"))
    steps = _steps_of(body)
    assert steps is not None, "a well-formed step count has one"
    own_word = provenance.get("modality") == "self-reported"
    return Claim(by, begin, end, _whole(steps, "/body/step_count"), "open_mhealth", own_word)


def _steps_of(body: Mapping[str, Any]) -> float | None:
    found = body.get("step_count", body.get("base_movement_quantity"))
    if isinstance(found, dict):
        return float(found["value"]) if found["unit"] == "steps" else None
    return None if found is None else float(found)


def _met(body: Mapping[str, Any]) -> float | None:
    value = body.get("met_value")
    return None if value is None else float(value)


def _interval(frame: Any, zone: tzinfo) -> tuple[datetime, datetime]:
    """The two ends of a well-formed time frame, in UTC; refused where it cannot be counted within a day."""
    span = frame.get("time_interval") if isinstance(frame, dict) else None
    where = "/body/effective_time_frame"
    if span is None:
        raise _Refused(Fault(where, "without an interval it cannot be said on which day it was", "give time_interval"))
    if "date" in span and "start_date_time" not in span and "end_date_time" not in span:
        first, last = _DAY_PARTS[span["part_of_day"]]
        midnight = datetime.combine(date.fromisoformat(span["date"]), time(), zone)
        return _sensible(midnight + timedelta(hours=first), midnight + timedelta(hours=last), where)
    start, end = (_moment(span[k]) if k in span else None for k in ("start_date_time", "end_date_time"))
    if start is None or end is None:
        length = timedelta(seconds=_seconds(span["duration"]))
        start = start if start is not None else _moment(span["end_date_time"]) - length
        end = end if end is not None else start + length
    return _sensible(start, end, where)


def _seconds(duration: Any) -> float:
    found = duration_seconds(duration) if isinstance(duration, str) else None
    value = found if found is not None else duration["value"] * _UNIT_SECONDS[duration["unit"]]
    return min(float(value), 10.0 * 366 * 86_400)  # longer than any interval that is taken


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def _sensible(start: datetime, end: datetime, where: str) -> tuple[datetime, datetime]:
    if end <= start:
        raise _Refused(Fault(where, "the interval ends before it begins", "put the earlier moment first"))
    if end - start > LONGEST:
        raise _Refused(Fault(where, "the interval is longer than 36 hours", "send the steps of each day or hour"))
    return start.astimezone(UTC), end.astimezone(UTC)


def _whole(steps: float, where: str) -> int:
    if steps != int(steps) or steps < 0:
        raise _Refused(Fault(where, f"{steps} is no count of steps", "count whole steps from 0 on"))
    return int(steps)


def _device(said: Any, otherwise: str, where: str) -> str:
    name = said if isinstance(said, str) and said.strip() else otherwise
    if not name.strip():
        raise _Refused(Fault(where, "it is not said which device counted", "name it there, or with ?device="))
    return name.strip()[:80]


def _fhir(resource: Mapping[str, Any], zone: tzinfo, device: str) -> Claim:
    if resource["resourceType"] != "Observation":
        what = f"{resource['resourceType']!r:.40} is not taken"
        raise _Refused(Fault("/resourceType", what, "send Observation resources, or a Bundle of them"))
    status = resource.get("status")
    if status not in STATUSES:
        cure = f"write one of {', '.join(STATUSES)}"
        raise _Refused(Fault("/status", f"the status {status!r:.40} is none of FHIR R4", cure))
    if status not in (*TAKEN, *TAKEN_BACK):
        raise _Refused(Fault("/status", f"what is {status} is not counted", "send it when it is final"))
    code = _code(resource)
    start, end = _fhir_interval(resource, code, zone)
    said = resource.get("device")
    names = [said.get("display"), said.get("reference"), _identifier(said)] if isinstance(said, dict) else []
    by = _device(next((n for n in names if isinstance(n, str) and n.strip()), None), device, "/device")
    steps = None if status in TAKEN_BACK else _quantity(resource.get("valueQuantity"))
    return Claim(by, start, end, steps, "fhir")


def _code(resource: Mapping[str, Any]) -> str:
    concept = resource.get("code")
    coding = concept.get("coding") if isinstance(concept, dict) else None
    for row in coding if isinstance(coding, list) else []:
        if isinstance(row, dict) and row.get("system") == LOINC and row.get("code") in STEPS_CODES:
            return str(row["code"])
    cure = f'write {{"system": "{LOINC}", "code": "55423-8"}}'
    raise _Refused(Fault("/code/coding", "this is no observation of steps (LOINC 55423-8)", cure))


def _identifier(device: Mapping[str, Any]) -> Any:
    found = device.get("identifier")
    return found.get("value") if isinstance(found, dict) else None


def _quantity(value: Any) -> int:
    where = "/valueQuantity"
    if not isinstance(value, dict):
        raise _Refused(Fault(where, f"{kind_of(value)} instead of a quantity of steps", 'write {"value": 6000}'))
    steps = value.get("value")
    if isinstance(steps, bool) or not isinstance(steps, int | float) or steps != steps or abs(steps) > 1e9:
        raise _Refused(Fault(f"{where}/value", f"{steps!r:.40} is no number", "write it without quotation marks"))
    unit = value.get("code", value.get("unit", "1"))
    if unit not in ("{steps}", "steps", "step", "1", "/d", "{steps}/d", "steps/day"):
        raise _Refused(Fault(f"{where}/code", f"the unit {unit!r:.40} is none of steps", 'write "{steps}" or "1"'))
    return _whole(steps, f"{where}/value")


def _fhir_interval(resource: Mapping[str, Any], code: str, zone: tzinfo) -> tuple[datetime, datetime]:
    period, moment = resource.get("effectivePeriod"), resource.get("effectiveDateTime")
    if isinstance(period, dict):
        wrong = [f for k in ("start", "end") for f in date_time(period.get(k), f"/effectivePeriod/{k}")]
        if wrong:
            raise _Refused(*wrong)
        return _sensible(_moment(period["start"]), _moment(period["end"]), "/effectivePeriod")
    if isinstance(moment, str) and len(moment) == 10 and code == DAY_CODE:
        try:
            midnight = datetime.combine(date.fromisoformat(moment), time(), zone)
        except ValueError:
            raise _Refused(Fault("/effectiveDateTime", f"{moment!r} is no date", "write 2026-06-30")) from None
        return _sensible(midnight, midnight + timedelta(days=1), "/effectiveDateTime")
    what = "it is not said from when to when the steps were counted"
    raise _Refused(Fault("/effectivePeriod", what, "give start and end with their zone"))
