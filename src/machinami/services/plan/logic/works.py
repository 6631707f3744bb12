"""What is a work of the plan (取組), and what must be right about its stages and roles?"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import Initiative
from machinami.services.plan.model import FIRST_YEAR, LAST_YEAR, STAGE_STATES, STAGES, STATES

MOST_ROLES, LONGEST_TEXT = 8, 2_000
_TOLD = ("name", "text", "field", "service", "needs", "kpis", "stages", "lead", "roles", "state", "ref_vision")


def read_stages(form: Mapping[str, str]) -> list[dict[str, object]]:
    """The stages that were typed: a stage without a year is not there. Raises BadRequestData naming the stage."""
    found: list[dict[str, object]] = []
    for stage in STAGES:
        first, last = _year(form, f"{stage}-from", stage), _year(form, f"{stage}-to", stage)
        if first is None and last is None:
            continue
        begins, ends = first if first is not None else last, last if last is not None else first
        assert begins is not None
        assert ends is not None
        if ends < begins:
            what = f"{stage}: it ends in {ends}, before it begins in {begins}"
            raise BadRequestData(what, field=f"{stage}-to", key="plan.work.ends_before", stage=stage)
        state = form.get(f"{stage}-state", "planned")
        if state not in STAGE_STATES:
            raise BadRequestData(f"{stage}: {state!r} is no state of a stage", field=f"{stage}-state")
        found.append({"stage": stage, "from": begins, "to": ends, "state": state})
    return found


def _year(form: Mapping[str, str], name: str, stage: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or not FIRST_YEAR <= int(text) <= LAST_YEAR:
        what = f"{stage}: {text!r} is no year; write one from {FIRST_YEAR} to {LAST_YEAR}"
        raise BadRequestData(what, field=name, key="plan.work.no_year", stage=stage)
    return int(text)


def read_roles(form: Mapping[str, str]) -> list[dict[str, str]]:
    """Who does what, as typed in the rows of the form; a row without a name is not there."""
    rows = [(form.get(f"who-{n}", "").strip(), form.get(f"does-{n}", "").strip()) for n in range(MOST_ROLES)]
    return [{"who": who[:80], "does": does[:200]} for who, does in rows if who]


def chosen(form: Mapping[str, str], kind: str) -> list[str]:
    """The ids of the boxes that were ticked, named `kind id`."""
    return [name.removeprefix(f"{kind} ") for name in form if name.startswith(f"{kind} ")]


def described(
    before: Initiative, form: Mapping[str, str], language: str, vision: str, fields: Mapping[str, str | None]
) -> Initiative:
    """The work as the form describes it; its text in the other language stays, and it is of the field of the first
    need that it answers (fields: by need) unless it has one. Raises BadRequestData."""
    name, wanted = form.get("name", "").strip(), form.get("state", "")
    state = next((one for one in STATES if one == wanted), None)
    if not name or len(name) > 120:
        raise BadRequestData("A work needs a name of at most 120 characters", field="name")
    if state is None:
        raise BadRequestData(f"{wanted!r} is no state; choose one of {', '.join(STATES)}", field="state")
    text = form.get("text", "").replace("\r\n", "\n").strip()
    if len(text) > LONGEST_TEXT:
        raise BadRequestData(f"The work has {len(text)} characters; at most {LONGEST_TEXT} are taken", field="text")
    return replace(
        before,
        name=Words({**(before.name or {}), language: name}),
        text=Words({**(before.text or {}), language: text}) if text or before.text else None,
        field=before.field or next((found for need in chosen(form, "need") if (found := fields.get(need))), None),
        service=form.get("service", "") or None,
        needs=chosen(form, "need") or None,
        kpis=chosen(form, "kpi") or None,
        stages=read_stages(form) or None,
        lead=form.get("lead", "").strip()[:120] or None,
        roles=read_roles(form) or None,
        state=state,
        ref_vision=before.ref_vision or (Ref(vision) if vision else None),
    )


def moved(before: Initiative | None, after: Initiative) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of a work was changed, before and after; nothing before where it is new."""
    names = [field.name for field in fields(after) if field.name in _TOLD]
    if before is None:
        return {}, {name: getattr(after, name) for name in names if getattr(after, name) is not None}
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    return {name: getattr(before, name) for name in changed}, {name: getattr(after, name) for name in changed}


def brought_back(work: Initiative, before: Mapping[str, Any]) -> Initiative:
    """The work as it was before a change; one that was new is ended."""
    if not before:
        return replace(work, state="ended")
    values = {name: _as_it_was(name, value) for name, value in before.items() if name in _TOLD}
    return replace(work, **values)


def _as_it_was(name: str, value: Any) -> Any:
    if value is not None and name in ("name", "text"):
        return Words(value)
    return Ref(value) if value is not None and name.startswith("ref_") else value


def in_order(works: Sequence[Initiative]) -> list[Initiative]:
    """Works as a plan tells them: by their first year, those without one last, ended ones after all."""

    def first(work: Initiative) -> tuple[bool, int, str]:
        years = [int(str(row["from"])) for row in work.stages or () if "from" in row]
        return work.state == "ended", min(years, default=LAST_YEAR + 1), work.id

    return sorted(works, key=first)
