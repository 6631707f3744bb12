"""What does the running town show by itself of what the guide asks? Only what its entities say, and how many do."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from machinami.services.guide.model import Caution, Evidence, Known

OVER = frozenset(("ended", "stopped", "failed"))
GONE = frozenset(("withdrawn", "hidden", ""))
CLOSED = Evidence("closed")
FEWEST_MEMBERS = 2


def gather(known: Known) -> dict[str, Evidence]:
    """The evidence by its kind, as questions.toml names it."""
    return {kind: rule(known) for kind, rule in RULES.items()}


def some(rows: Collection[Any] | None) -> Evidence:
    """Yes where there is at least one."""
    if rows is None:
        return CLOSED
    return Evidence("yes" if rows else "no", len(rows), len(rows))


def each(rows: Sequence[Any] | None, holds: Callable[[Any], bool]) -> Evidence:
    """Yes where it holds for each of them (and there is one), partly where for some."""
    if rows is None:
        return CLOSED
    have = sum(map(holds, rows))
    return Evidence("yes" if rows and have == len(rows) else "partly" if have else "no", have, len(rows))


def _any(rows: Sequence[Any] | None, holds: Callable[[Any], bool]) -> Evidence:
    if rows is None:
        return CLOSED
    have = sum(map(holds, rows))
    return Evidence("yes" if have else "no", have, len(rows))


def _payers(known: Known) -> Evidence:
    if known.works is None or known.costs is None:
        return CLOSED
    paid = _paid(known)
    return each([work for work in known.works if work.state not in OVER], lambda work: work.id in paid)


def _paid(known: Known) -> set[str]:
    """The works of which somebody is named who bears a cost."""
    return {str(cost.ref_initiative) for cost in known.costs or [] if cost.payer and cost.state not in GONE}


def _standing(rows: Sequence[Any] | None) -> list[Any] | None:
    """The rows that were not taken back."""
    return None if rows is None else [one for one in rows if one.state not in GONE]


def _aim(known: Known) -> Evidence:
    """Who has written a vision can say what it is for; who has written down a problem is on the way."""
    if known.visions is None and known.needs is None:
        return CLOSED
    have = len(known.visions or [])
    return Evidence("yes" if have else "partly" if known.needs else "no", have, len(known.needs or []))


def _leads(known: Known) -> Evidence:
    """Works with somebody who leads them: where every one has, people work on it together."""
    works = None if known.works is None else [one for one in known.works if one.state not in OVER]
    return each(works, lambda work: bool(work.lead))


def _body(known: Known) -> Evidence:
    """A body is formed where it is recorded and two or more take part: one alone has nobody to agree with."""
    if known.bodies is None or known.members is None:
        return CLOSED
    have = sum(one.state in (None, "member") for one in known.members)
    enough = have >= FEWEST_MEMBERS
    return Evidence("yes" if known.bodies and enough else "partly" if known.bodies or have else "no", have, have)


def _operation(known: Known) -> Evidence:
    if known.works is None and known.pilots is None:
        return CLOSED
    return _any([*(known.works or []), *(known.pilots or [])], lambda one: one.state == "in_operation")


def _menu(known: Known) -> Evidence:
    """Rows that are decided are a part of the answer: whether to have a city OS at all is for people to say."""
    found = some(_standing(known.choices))
    return Evidence("partly", found.have, found.of) if found.state == "yes" else found


def _vision(known: Known) -> Evidence:
    found = _any(known.visions, lambda vision: vision.state == "adopted")
    return Evidence("partly", 0, found.of) if found.state == "no" and found.of else found


def _renewed(known: Known) -> Evidence:
    return _any(known.plans, lambda plan: (plan.version or 0) > 1)


def _lessons(known: Known) -> Evidence:
    over = None if known.pilots is None else [one for one in known.pilots if one.ended_on or one.state in OVER]
    return each(over, lambda pilot: bool(pilot.lessons))


RULES: Mapping[str, Callable[[Known], Evidence]] = {
    "needs": lambda known: some(known.needs),
    "vision": _vision,
    "plan": lambda known: some(known.plans),
    "kpis": lambda known: some(known.kpis),
    "measured": lambda known: each(known.kpis, lambda kpi: kpi.current is not None and kpi.current.value is not None),
    "payers": _payers,
    "menu": _menu,
    "aim": _aim,
    "leads": _leads,
    "body": _body,
    "rules": lambda known: _any(known.bodies, lambda body: bool(body.rule)),
    "proposals": lambda known: some(_standing(known.proposals)),
    "pilot_rules": lambda known: each(known.pilots, lambda pilot: bool(pilot.hypothesis and pilot.success_rule)),
    "pilot_owners": lambda known: each(known.pilots, lambda pilot: bool(pilot.operator and pilot.payer)),
    "pilot_scope": lambda known: each(known.pilots, lambda pilot: bool(pilot.verify and pilot.not_needed)),
    "pilot_privacy": lambda known: each(known.pilots, lambda pilot: bool(pilot.privacy_check)),
    "gates": lambda known: some(known.gates),
    "operation": _operation,
    "renewed": _renewed,
    "lessons": _lessons,
    "other_income": lambda known: _any(_standing(known.incomes), lambda income: income.source not in (None, "grant")),
}


def cautions(known: Known) -> list[Caution]:
    """What in the town's records is how others got stuck."""
    works = [work for work in known.works or [] if work.state not in OVER]
    pilots = [pilot for pilot in known.pilots or [] if pilot.state not in OVER]
    incomes = _standing(known.incomes) or []
    grants = [one for one in incomes if one.source == "grant"]
    paid = _paid(known)
    rows = [
        ("no_owner", "money", "pilots", sum(not (pilot.operator and pilot.payer) for pilot in pilots)),
        ("no_payer", "money", "money", sum(work.id not in paid for work in works) if known.costs is not None else 0),
        ("grants_only", "money", "money", len(grants) if len(grants) == len(incomes) else 0),
        ("no_need", "citizens", "needs", sum(not work.needs for work in works)),
        ("unanswered", "citizens", "participation", sum(one.state == "open" for one in known.proposals or [])),
        ("no_lead", "body", "plan", sum(not work.lead for work in works)),
        ("no_kpi", "evaluation", "plan", sum(not work.kpis for work in works)),
        ("unmeasured", "evaluation", "indicators", sum(one.state == "unmeasured" for one in known.kpis or [])),
        ("off_path", "evaluation", "indicators", sum(one.state == "off_path" for one in known.kpis or [])),
    ]
    return [Caution(kind, theme, where, {"count": count}) for kind, theme, where, count in rows if count]
