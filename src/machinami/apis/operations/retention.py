"""How does an administrator choose how long the past is kept? A page that says first what a rule would do."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from machinami.apis.operations.telling import PACKAGE
from machinami.broker.contexts import town_context
from machinami.broker.policy import demand
from machinami.broker.thinning import ACCOUNT, STATE, Effect, effect_of, rules_of, set_rule
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import parse_instant
from machinami.kit.frame import Frame, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.moments import moment
from machinami.kit.viewing import Identify
from machinami.model.policy import Deed
from machinami.model.retention import EVERY_TYPE, Rule, read_rule

RETENTION = "/operations/retention"
_FIELDS = {"rawDays": "raw", "hourlyDays": "hourly", "dailyDays": "daily"}
_NOTHING = {"type": EVERY_TYPE, "archive": "", **dict.fromkeys(_FIELDS.values(), "")}
_LONGEST = 200  # characters of a type's name


@dataclass(frozen=True, slots=True)
class RetentionPage:
    """The page of one installation. town: the one that a request is about; log_days: how long the log is kept."""

    frame: Frame
    identify: Identify
    town: Callable[[Request], Awaitable[Town]]
    log_days: int

    async def show(self, request: Request) -> Response:
        """The rules as they are."""
        return await self._shown(request, await self._town(request))

    async def take(self, request: Request) -> Response:
        """Say what a rule would do, or keep it."""
        form, town = read_form(request), await self._town(request)
        kind = form.get("type", EVERY_TYPE).strip()[:_LONGEST] or EVERY_TYPE
        name = kind if kind == EVERY_TYPE else town_context().expand(kind)
        if form.get("do") == "drop":
            before = (await rules_of(town)).get(name)
            await set_rule(town, name, None, self.identify(request))
            return see_other(_done("dropped", kind, before))
        try:
            rule = _typed(form)
        except BadRequestData:
            fault = self.frame.words(request, PACKAGE).plain("retention.fault")
            return await self._shown(request, town, 422, typed=form, fault=fault)
        if form.get("do") == "keep":
            before = (await rules_of(town)).get(name)
            await set_rule(town, name, rule, self.identify(request))
            return see_other(_done("kept", kind, before))
        effect = await effect_of(town, name, rule, ZoneInfo(self.frame.zone))
        return await self._shown(request, town, typed=form, effect=effect)

    async def _town(self, request: Request) -> Town:
        town = await self.town(request)
        demand(town.policy, self.identify(request), Deed.ADMINISTER)
        return town

    async def _shown(
        self,
        request: Request,
        town: Town,
        status: int = 200,
        typed: Mapping[str, str] | None = None,
        effect: Effect | None = None,
        fault: str = "",
    ) -> Response:
        context, rules = town_context(), await rules_of(town)
        rows = [_row(EVERY_TYPE if name == EVERY_TYPE else context.compact(name), rule) for name, rule in rules.items()]
        kinds = sorted(context.compact(one.type) for one in await town.store.types())
        account = town.store.record(STATE, ACCOUNT)
        now, words = self.frame.clock(), self.frame.words(request, PACKAGE)
        view: dict[str, Any] = {
            "rows": rows,
            "kinds": kinds,
            "typed": {**_NOTHING, **(typed or _as_typed(rules[EVERY_TYPE]))},
            "effect": effect,
            "fault": fault,
            "account": account,
            "account_at": None
            if account is None
            else moment(parse_instant(account["at"]), now, words, self.frame.zone),
            "files": len(await town.months.names()),
            "log_days": self.log_days,
            "said": request.arguments.get("done", ""),
            "back": {name: request.arguments.get(name, "") for name in (*_NOTHING, "was")},
        }
        page = self.frame.show(request, f"{PACKAGE}/retention.html", status, **view)
        page.headers.append((b"cache-control", b"no-store"))
        return page


def _done(what: str, kind: str, before: Rule | None) -> str:
    """Where the page says what was done, and offers to have it as it was before; None: there was no rule."""
    was = _NOTHING if before is None else _as_typed(before)
    return f"{RETENTION}?{urlencode({'done': what, **was, 'type': kind, 'was': 'rule' if before else ''})}"


def _typed(form: Mapping[str, str]) -> Rule:
    """The rule that was typed; an empty field is for ever. Raises BadRequestData."""
    record: dict[str, Any] = {"archive": form.get("archive") == "yes"}
    for name, field in _FIELDS.items():
        text = form.get(field, "").strip().replace(",", "")
        if text and not (text.isascii() and text.isdigit() and len(text) < 7):
            raise BadRequestData(f"{text[:40]!r} is no number of days", key=field)
        record[name] = int(text) if text else None
    return read_rule(record)


def _as_typed(rule: Rule) -> dict[str, str]:
    record = rule.to_record()
    typed = {field: "" if record[name] is None else str(record[name]) for name, field in _FIELDS.items()}
    return {**typed, "archive": "yes" if rule.archive else "", "type": EVERY_TYPE}


def _row(name: str, rule: Rule) -> dict[str, Any]:
    return {**_as_typed(rule), "type": name, "every": name == EVERY_TYPE}


def routes(frame: Frame, identify: Identify, town: Callable[[Request], Awaitable[Town]], log_days: int) -> list[Route]:
    """The addresses of the page."""
    page = RetentionPage(frame, identify, town, log_days)
    return [
        frame.page("GET", RETENTION, page.show, "How long the past is kept"),
        frame.page("POST", RETENTION, page.take, "Choose how long the past is kept"),
    ]
