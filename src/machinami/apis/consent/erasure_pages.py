"""How does somebody have the town forget them, and where is it written what went and what stayed?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from machinami.apis.consent.mine_pages import MINE
from machinami.apis.consent.office import Office
from machinami.broker import leaving
from machinami.broker.forgetting import ACCOUNTED, EVIDENCE
from machinami.broker.leaving import OTHERS
from machinami.broker.reasons import expanded, short
from machinami.foundation.instant import parse_instant
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.words import Words

ERASURE = f"{MINE}/erasure"


def routes(office: Office) -> list[Route]:
    """The addresses of erasure."""
    page = office.pages("erasure")
    return [
        page("GET", ERASURE, _plan(office), "What would be erased, and what would stay"),
        page("POST", ERASURE, _forget(office), "Have what is about me erased"),
        page("GET", f"{ERASURE}/{{id}}", _report(office), "The report of an erasure"),
    ]


async def _page(office: Office, request: Request, status: int = 200, fault: str = "") -> Response:
    town, by = await office.town(request), office.by(request)
    wanted = await leaving.plan(town, by)
    types = list(dict.fromkeys(one.type for one in wanted.parts))
    return office.show(
        request, "erasure", status, plan=wanted, types=types, names=office.names(request, town), short=short,
        fault=fault, reports=[_dated(one) for one in await leaving.own_accounts(town, by)], ground=ground_said,
    )  # fmt: skip


def _plan(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        return await _page(office, request)

    return show


def _forget(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        words = office.words(request)
        if form.get("sure") != "yes":
            return await _page(office, request, 422, words.plain("erasure.not_sure"))
        chosen = chosen_types(form)
        if chosen is not None and not chosen:
            return await _page(office, request, 422, words.plain("erasure.none_chosen"))
        account = await leaving.leave(town, by, chosen)
        return see_other(f"{ERASURE}/{account['id']}")

    return take


def chosen_types(form: Mapping[str, str]) -> set[str] | None:
    """Which types are to go; None: all."""
    ticked = [name.removeprefix("type_") for name, said in form.items() if name.startswith("type_") and said]
    return set(map(expanded, ticked)) if form.get("what") == "some" else None


def _report(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        account = await leaving.own_account(town, request.params["id"], by)
        return office.show(
            request, "erased", who=None, accounts=[account], names=office.names(request, town), ground=ground_said,
            moment=parse_instant, copies=COPIES,
        )  # fmt: skip

    return show


def _dated(account: Mapping[str, Any]) -> tuple[str, datetime]:
    return str(account["id"]), parse_instant(str(account["at"]))


def ground_said(words: Words, text: str) -> str:
    """Why something is kept, in the reader's words as far as they have any: a ground begins with what kind it is."""
    kind, comma, rest = text.partition(", ")
    if comma and words.has(f"basis.{kind}"):
        return f"{words.plain(f'basis.{kind}')}: {rest.partition(': ')[2] or rest}"
    return words.plain(f"erased.because.{WHY[text]}") if text in WHY else text


WHY = {OTHERS: "others", EVIDENCE: "evidence", ACCOUNTED: "accounted"}
COPIES = {"state, history, indexes": "state", "log and outboxes": "log"}
"""Where something can lie, as an account says it, by the words that we have for it."""
