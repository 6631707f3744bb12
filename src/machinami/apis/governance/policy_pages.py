"""Who may do what in this town, as pages for an administrator: all rows as sentences, what is open, what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from machinami.apis.governance.office import Office
from machinami.apis.governance.policy_api import rows_of
from machinami.apis.governance.sentences import needless, remark_sentences, row_sentence
from machinami.broker import legal_records, policy_rows
from machinami.broker.discovery import types
from machinami.broker.reasons import Asked, Stranger, expanded, marked, reasons, short, strangers
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, MachinamiError
from machinami.foundation.instant import parse_instant
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.naming import Names
from machinami.model.explaining import Reason
from machinami.model.policy import Row, Whom
from machinami.model.policy_document import read_row, write_row
from machinami.model.policy_remarks import Remark
from machinami.model.principal import Principal, Role

POLICY = "/policy"
_SHOWN = 12
_MARK = "m."  # before a name that is marked as personal
DONE = ("allowed", "withdrawn", "personal", "usual")


@dataclass(frozen=True, slots=True)
class RowView:
    """A row, ready for eyes."""

    row: Row
    sentence: Markup
    note: str
    needless: Markup | None
    remarks: Sequence[Markup]


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of the policy: what, by whom, when. again: the row as JSON, where it can be put back."""

    at: datetime
    kind: str
    who: Markup
    said: Markup
    row: Row | None
    again: bool


def routes(office: Office) -> list[Route]:
    """The addresses of the policy for people."""
    page = office.frame.page
    return [
        page("GET", POLICY, _show(office), "What is open to whom"),
        page("POST", f"{POLICY}/withdrawal", _withdraw(office), "Withdraw a row of the policy"),
        page("GET", f"{POLICY}/personal", _show_marks(office), "What is marked as personal"),
        page("POST", f"{POLICY}/personal", _mark(office), "Mark what is personal"),
        page("GET", f"{POLICY}/explanation", _explain(office), "Why somebody may do something"),
    ]


def row_view(row: Row, names: Names, odd: Remark | None = None) -> RowView:
    """The row as it is shown."""
    key = f"note.{row.id}"
    own = not row.derived and names.words.has(key)
    note = names.words.plain(key) if own else "" if row.derived else row.note
    return RowView(row, row_sentence(row, names), note, needless(odd, names), remark_sentences(odd, names))


async def shown(office: Office, request: Request, status: int = 200, fault: str = "") -> Response:
    """The page of all rows."""
    town, by = await office.town(request), office.by(request)
    rows, odd = await rows_of(office, town, by)
    names = office.names(request, town)
    views = [row_view(row, names, odd.get(row.id)) for row in rows]
    done = request.arguments.get("done", "")
    turns = [_turn(one, rows, names) for one in (await policy_rows.turns(town, by))[:_SHOWN]]
    return office.show(
        request,
        "policy",
        status,
        protected=not town.policy.is_open,
        open=[one for one in views if one.row.whom is Whom.EVERYONE and not one.row.derived],
        others=sorted((one for one in views if one.row.whom is not Whom.EVERYONE and not one.row.derived), key=_rank),
        derived=[one for one in views if one.row.derived],
        marks=[names.attribute(name) for name in policy_rows.marked(town, by)],
        turns=turns,
        done=done if done in DONE else "",
        latest=turns[0] if turns and done == "withdrawn" and turns[0].again else None,
        made=request.arguments.get("row", ""),
        fault=fault,
        roles=tuple(Role),
        row_text=row_text,
    )


def _rank(one: RowView) -> tuple[int, int, str]:
    """Roles from the resident to the administrator, then people, then programs."""
    row, roles = one.row, list(Role)
    return list(Whom).index(row.whom), roles.index(Role(row.name)) if row.whom is Whom.ROLE else 0, row.id


def row_text(row: Row) -> dict[str, Any]:
    """The row as a form carries it."""
    return write_row(row)


def _turn(record: Mapping[str, Any], rows: Sequence[Row], names: Names) -> Turn:
    at, who = parse_instant(record["at"]), names.who(str(record["who"]))
    for kind in ("allowed", "withdrew"):
        if kind in record:
            row = read_row(record[kind])
            again = kind == "withdrew" and all(row.id != one.id for one in rows)
            return Turn(at, kind, who, row_sentence(row, names), row, again)
    words = names.words
    marks = names.listed(map(names.attribute, record.get("personal", ())))
    said = words.rich("policy.history_marks", names=marks) if marks else words.rich("policy.history_nothing")
    return Turn(at, "personal", who, said, None, False)


def _show(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        return await shown(office, request)

    return show


def _withdraw(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form, town = read_form(request), await office.town(request)
        try:
            await policy_rows.withdraw(town, form.get("row", ""), office.by(request))
        except MachinamiError as error:
            return await shown(office, request, 422, error.detail)
        return see_other(f"{POLICY}?done=withdrawn")

    return take


async def _in_use(town: Town, by: Principal, marks: Sequence[str]) -> tuple[list[str], list[str]]:
    """The types and the attributes (expanded) that can be marked: those in use, and those that are marked."""
    summaries = await types(town, by)
    kinds = {summary.type for summary in summaries}
    attributes = {name for summary in summaries for name in summary.attributes}
    attributes |= set(marks) - kinds
    return sorted(kinds, key=short), sorted(attributes, key=short)


def _show_marks(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        marks, names = policy_rows.marked(town, by), office.names(request, town)
        kinds, attributes = await _in_use(town, by, marks)
        return office.show(
            request, "personal", kinds=kinds, attributes=attributes, marks=set(marks), names=names, short=short
        )

    return show


def _mark(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form, town = read_form(request), await office.town(request)
        names = [expanded(name.removeprefix(_MARK)) for name in form if name.startswith(_MARK)]
        await legal_records.mark_personal(town, names, office.by(request))
        return see_other(f"{POLICY}?done=personal#personal")

    return take


def _explain(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        said, names = request.arguments, office.names(request, town)
        asked = Asked(*(said.get(name, "").strip() for name in ("who", "what", "attribute", "scope", "location")))
        found: Sequence[Reason] = ()
        personal, fault = Markup(), ""
        unknown: Sequence[Stranger] = ()
        if asked.what:
            try:
                found = await reasons(town, asked, by)
                personal = names.listed(map(names.attribute, marked(town, asked, by)))
                unknown = await strangers(town, asked, by)
            except BadRequestData as error:
                fault = error.detail
        kinds = [short(summary.type) for summary in await types(town, by)]
        return office.show(
            request,
            "explanation",
            422 if fault else 200,
            asked=asked,
            reasons=found,
            personal=personal,
            unknown=unknown,
            names=names,
            view=lambda row: row_view(row, names),
            fault=fault,
            kinds=kinds,
            whom=whom_choices(office, town),
        )

    return show


def whom_choices(office: Office, town: Town) -> dict[str, list[tuple[str, str]]]:
    """Who can be named: roles, people and programs, each with what they are called."""
    here = [one for one in office.people(town) if one.ended is None]
    return {
        "roles": [(f"role:{role}", role) for role in Role if role is not Role.OPERATOR],
        "people": [(f"person:{one.principal_id}", one.display) for one in here],
        "programs": [(f"program:{key.principal.id}", key.name) for key in office.programs(town)],
    }
