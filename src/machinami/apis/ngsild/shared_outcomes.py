"""How do the outcomes of the parts of a shared change become one answer? (ETSI GS CIM 009, 6.3.17, 5.2.16 to 5.2.19)"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from machinami.broker.federation.writing import Part
from machinami.foundation.errors import Conflict
from machinami.kit.http import JSON, Response
from machinami.kit.problem import describe

_REFUSED = 300
_MULTI_STATUS = 207


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one part fared: where (None: here), its status, the problem if it failed, what it says where it is done
    in part. attributes: the names in the words of the request, for what is told attribute by attribute."""

    registration_id: str | None
    status: int
    problem: dict[str, Any] | None = None
    told: dict[str, Any] | None = None
    attributes: tuple[str, ...] = ()
    refused: bool = False

    @property
    def done(self) -> bool:
        """Whether something of it was done."""
        return self.problem is None


def of_part(part: Part, attributes: Sequence[str] = ()) -> Outcome:
    """The outcome of a source's part."""
    if part.error is not None:
        status, problem = describe(part.error)
        refused = isinstance(part.error, Conflict) and part.reply is None
        return Outcome(part.registration_id, status, problem, None, tuple(attributes), refused)
    said = part.reply.document if part.reply is not None else None
    told = (said if isinstance(said, dict) else {}) if part.partial else None
    status = part.reply.status if part.reply is not None and part.reply.status is not None else 204
    return Outcome(part.registration_id, status, None, told, tuple(attributes))


def of_response(response: Response, attributes: Sequence[str] = ()) -> Outcome:
    """The outcome of this broker's own part."""
    document = orjson.loads(response.body) if response.body else None
    found = document if isinstance(document, dict) else None
    if response.status >= _REFUSED:
        return Outcome(None, response.status, found or {"status": response.status}, None, tuple(attributes))
    told = found or {} if response.status == _MULTI_STATUS else None
    return Outcome(None, response.status, None, told, tuple(attributes))


def combined(entity_id: str, outcomes: Sequence[Outcome], success: Response, by_attribute: bool) -> Response:
    """The answer of a change of one entity: `success` where all is done; the error where nothing is, for one reason;
    else 207 with what is done and what is not."""
    failed = [outcome for outcome in outcomes if not outcome.done]
    partial = [outcome for outcome in outcomes if outcome.told is not None]
    if not failed and not partial:
        return success
    if len(failed) == len(outcomes) and (len(failed) == 1 or all(outcome.refused for outcome in failed)):
        return _problem(failed[0])
    if len(failed) == len(outcomes) and {outcome.status for outcome in failed} == {404}:
        return _problem(failed[0])
    if by_attribute:
        return Response(_MULTI_STATUS, orjson.dumps(_update_result(outcomes), default=str), JSON)
    errors = [_batch_error(entity_id, outcome) for outcome in failed]
    errors += [error for outcome in partial for error in _listed(outcome.told, "errors")]
    done = [entity_id] if len(failed) < len(outcomes) else []
    return Response(_MULTI_STATUS, orjson.dumps({"success": done, "errors": errors}, default=str), JSON)


def _problem(outcome: Outcome) -> Response:
    return Response(outcome.status, orjson.dumps(outcome.problem, default=str), JSON)


def _batch_error(entity_id: str, outcome: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {"entityId": entity_id, "error": outcome.problem}
    if outcome.registration_id is not None:
        told["registrationId"] = outcome.registration_id
    return told


def _update_result(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """An UpdateResult (5.2.18) of all parts."""
    updated: dict[str, None] = {}
    left: list[dict[str, Any]] = []
    for outcome in outcomes:
        where = {} if outcome.registration_id is None else {"registrationId": outcome.registration_id}
        if outcome.problem is not None:
            reason = str(outcome.problem.get("detail", outcome.problem.get("title", "")))
            left.extend({"attributeName": name, "reason": reason, **where} for name in outcome.attributes)
        elif outcome.told is not None:
            updated.update(dict.fromkeys(map(str, _listed(outcome.told, "updated"))))
            left.extend({**row, **where} for row in _listed(outcome.told, "notUpdated") if isinstance(row, dict))
        else:
            updated.update(dict.fromkeys(outcome.attributes))
    return {"updated": list(updated), "notUpdated": left}


def _listed(told: dict[str, Any] | None, member: str) -> list[Any]:
    value = (told or {}).get(member)
    return value if isinstance(value, list) else []
