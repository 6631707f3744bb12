"""How does a town add a case of its own, take one back, or try a case? The rules of it."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import Initiative
from machinami.model.vocabulary.fields import FIELDS_OR_MANAGEMENT
from machinami.model.vocabulary.office import Officer
from machinami.services.cases.model import OWN_SOURCE, SIZES, STAGES, ReferenceCase

TOLD = ("name", "place", "problem", "text", "outcome", "failed", "lessons", "money")
_SERVICE = re.compile("[a-z][a-z0-9_]{0,39}")
NEEDED = ("name", "place", "problem", "text")


def own_case(entity_id: str, form: Mapping[str, str], language: str, by: Officer, now: datetime) -> ReferenceCase:
    """A case as an officer told it, in the language of the page. Raises BadRequestData naming the field."""
    for name, allowed in (("field", FIELDS_OR_MANAGEMENT), ("stage", ("", *STAGES)), ("size", SIZES)):
        if form.get(name, "") not in allowed:
            raise BadRequestData(f"{name} can be {', '.join(filter(None, allowed))}", field=name)
    empty = [name for name in NEEDED if not form.get(name)]
    if empty:
        raise BadRequestData(
            f"The field {empty[0]!r} is empty; fill it in and send the form again", field=empty[0], key="refused.empty"
        )
    tongue = "en" if language == "en" else "ja"
    told: dict[str, Any] = {name: Words({tongue: form[name]}) for name in TOLD if form.get(name)}
    service = form.get("service") or None
    if service is not None and not _SERVICE.fullmatch(service):
        raise BadRequestData(
            "The id of a service is made of small letters, digits and _", field="service", key="refused.id"
        )
    words = [word.strip() for word in form.get("keywords", "").replace("、", ",").split(",") if word.strip()]
    return ReferenceCase(
        entity_id,
        **told,
        size=form["size"],
        field=form["field"],
        stage=form.get("stage") or None,
        keywords=words[:20] or None,
        service=service,
        sources=[OWN_SOURCE],
        state="shown",
        decided_by=by.who,
        role=by.role,
        decided_at=now,
    )


def turned(case: ReferenceCase, state: str, by: Officer, now: datetime) -> ReferenceCase:
    """A case of the town's own, withdrawn or shown again. Raises Conflict for one of the library, or where it is so
    already."""
    if case.sources != [OWN_SOURCE]:
        raise Conflict("A case of the library cannot be withdrawn; only a case that this town added can")
    if case.state == state:
        raise Conflict(f"The case is {state} already; open the page anew")
    return ReferenceCase(case.id, state=state, decided_by=by.who, role=by.role, decided_at=now)


def can_be_untried(work: Initiative) -> bool:
    """Whether a work that was begun from a case can be taken back: as long as nobody has made more of it."""
    return work.state == "proposed"


def untried(work: Initiative) -> Initiative:
    """The work that was begun from a case, ended. Raises Conflict where more has become of it."""
    if not can_be_untried(work):
        raise Conflict(
            "More has become of this work than a proposal; go on with it on the page of the plan", work=work.id
        )
    return Initiative(work.id, state="ended")


def tried(entity_id: str, case: ReferenceCase, lead: str, running: bool) -> Initiative:
    """The plan's entry by which a town begins to try a case: proposed, with the case that it learned from."""
    return Initiative(
        entity_id,
        name=case.name,
        text=case.text,
        field=case.field,
        service=case.service if running else None,
        lead=lead,
        state="proposed",
        ref_case=Ref(case.id),
    )
