"""What stands in the form of a work of the plan: what is kept of it, or what was typed and not accepted?"""

from collections.abc import Mapping
from typing import Any

from machinami.kit.words import Words
from machinami.model.vocabulary.circle import Initiative
from machinami.services.plan.book.sheets import stage_fields
from machinami.services.plan.logic import works
from machinami.services.plan.model import STAGE_STATES, STATES
from machinami.services.plan.service import Held


def work_form(held: Held, words: Words, found: Initiative | None, form: Mapping[str, str] | None) -> dict[str, Any]:
    """All that the form shows, by the names of its template. form: what was typed, where it comes back."""
    typed = dict(form or {})
    kept = found or Initiative("")
    roles = works.read_roles(typed) if form else list(kept.roles or ())
    needs = {
        one.id: words.of(one.name, one.id)
        for one in held.sources.needs
        if (one.ref_group is None and one.state != "closed") or one.id in (kept.needs or ())
    }
    kpis = {one.id: words.of(one.name, one.id) for one in held.sources.kpis}
    return {
        "work": kept,
        "name": typed.get("name", words.of(kept.name)),
        "text": typed.get("text", words.of(kept.text)),
        "state": typed.get("state", kept.state or "proposed"),
        "states": STATES,
        "lead": typed.get("lead", kept.lead or ""),
        "service": typed.get("service", kept.service or ""),
        "services": [(one.id, words.of(one.title)) for one in held.sources.services],
        "stages": stage_fields(found, typed),
        "stage_states": STAGE_STATES,
        "roles": [*roles, *({"who": "", "does": ""} for _ in range(max(2, 4 - len(roles))))][: works.MOST_ROLES],
        "needs": _boxes(needs, _ticked(kept.needs, form, "need"), words),
        "kpis": _boxes(kpis, _ticked(kept.kpis, form, "kpi"), words),
    }


def _ticked(kept: list[str] | None, form: Mapping[str, str] | None, kind: str) -> list[str]:
    return works.chosen(form, kind) if form is not None else list(kept or ())


def _boxes(names: Mapping[str, str], ticked: list[str], words: Words) -> list[tuple[str, str, bool]]:
    """What can be ticked: id, name, whether it is. What is ticked and not there any more can be taken out."""
    rows = [(one, name, one in ticked) for one, name in names.items()]
    return rows + [(one, words.plain("plan.gone"), True) for one in ticked if one not in names]
