"""Which rule of sharing makes whom pay how much? A page on which an officer sees all rules side by side."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from machinami.foundation.errors import BadRequestData, Forbidden
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.signing import officer, said, said_if
from machinami.kit.words import Words
from machinami.methods.amounts import read_amount
from machinami.model.view import Words as Spoken
from machinami.services.money import service
from machinami.services.money.book.state import Typed
from machinami.services.money.book.telling import ADDRESS, agreement, yen
from machinami.services.money.logic.agreed import replaceable
from machinami.services.money.logic.plan import fiscal_year
from machinami.services.money.logic.typed import fault, one_of, read_whole, read_yen_if
from machinami.services.money.model import (
    KEYS,
    MOST_MEMBERS,
    MOST_YEN,
    RULES,
    SIZES,
    WITHDRAWN,
    CostShare,
    Member,
    Shared,
    Sharing,
    Work,
)
from machinami.services.money.service import PACKAGE

SHARING = f"{ADDRESS}/sharing"
TEMPLATE = f"{PACKAGE}/sharing.html"
COLUMNS = ("population", "use", "benefit", "alone")
EXAMPLE = {
    "name0": "A町", "population0": "12,000", "use0": "300", "benefit0": "900万", "alone0": "2,000万",
    "name1": "B町", "population1": "8,000", "use1": "500", "benefit1": "700万", "alone1": "1,500万",
    "name2": "C村", "population2": "2,000", "use2": "40", "benefit2": "200万", "alone2": "900万",
    "build": "1,200万", "operation": "1,500万", "years": "5", "prefecture_years": "3",
    "works": "A町, B町 = 2,500万",
}  # fmt: skip
YEARS = (2000, 2100)
_LEAST_ROWS = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """What a member pays by a rule: yen, share of the whole in per cent, and how much more than alone (below 0: less);
    None where it is not known what it would pay alone."""

    amount: int
    percent: float
    against: int | None


@dataclass(frozen=True, slots=True)
class Column:
    """What one rule says."""

    rule: Shared
    cells: Sequence[Cell]
    group: str
    missing: str


class SharingPages:
    """The page of sharing, and what is kept of it."""

    def __init__(self, city: City, desk: Desk) -> None:
        self.city = city
        self.frame = Frame.around(desk)

    def routes(self) -> list[Route]:
        """The page, proposing a sharing, and agreeing on one."""
        return [
            self.frame.page("GET", SHARING, self.show, "Sharing a cost: every rule side by side"),
            self.frame.page("POST", SHARING, self.propose, "Keep a sharing as a proposal"),
            self.frame.page("POST", f"{SHARING}/agreed", self.agree, "Write down that all have agreed"),
            self.frame.page("POST", f"{SHARING}/withdrawn", self.withdraw, "Take a sharing back"),
        ]

    async def show(self, request: Request) -> Response:
        """The form, and beneath it what each rule says of what was typed."""
        asked = request.arguments
        return await self.page(request, EXAMPLE if "example" in asked else asked)

    async def page(self, request: Request, typed: Mapping[str, str], status: int = 200, fault: str = "") -> Response:
        """The page for what was typed."""
        words = self.frame.words(request, PACKAGE)
        columns: list[Column] = []
        sharing: Sharing | None = None
        if not fault and any(typed.get(name, "").strip() for name in ("name0", "build", "operation")):
            try:
                sharing = read_sharing(typed)
                found = await service.compare(self.city, sharing)
                columns = [column(one, sharing, words) for one in found]
            except BadRequestData as error:
                status, fault, sharing = 422, said_fault(error, words), None
        rows = rows_of(typed)
        held = await service.standing(self.city, self.city.now())
        this = fiscal_year(held.today)
        shares = [
            agreement(one, words, replaceable(held.costs, one, this), [c for c in held.costs if c.ref_share == one.id])
            for one in held.shares
            if one.state != WITHDRAWN
        ]
        done = request.arguments.get("done", "")
        return self.frame.show(
            request,
            TEMPLATE,
            status,
            typed=Typed(typed),
            rows=rows,
            fields=COLUMNS,
            columns=columns,
            sharing=sharing,
            dearer=dearer(sharing),
            fault=fault,
            done=words.rich(f"money.done.{done}") if words.has(f"money.done.{done}") else "",
            agreements=shares,
            closed="CostShare" in held.closed,
            this=this,
            may_write=self.city.is_author(),
            rules=[column.rule.rule for column in columns if not column.missing],
            keys=[(key, words.plain(f"money.key.{key}")) for key in KEYS],
            sizes=[(size, words.plain(f"money.size.{size}")) for size in SIZES],
            works=[(one.id, words.of(one.name, one.id)) for one in held.works.values()],
            yen=lambda amount: yen(amount, words),
        )

    async def propose(self, request: Request) -> Response:
        """Keep the sharing by one of the rules; it is worked out anew here."""
        form = read_form(request)
        words = self.frame.words(request, PACKAGE)
        try:
            by, rule = officer(form), one_of(form, "rule", RULES)
            share = share_of(form, rule, read_sharing(form))
            found = {one.rule: one for one in await service.compare(self.city, read_sharing(form))}
        except BadRequestData as error:
            return await self.page(request, form, 422, said_fault(error, words))
        if found[rule].missing:
            raise Forbidden(f"The rule {rule} cannot be worked out: {found[rule].missing} is not known of each member")
        await service.propose(self.city, with_shares(share, found[rule]), by, said_if(form, "reason", 300))
        return see_other(f"{SHARING}?done=share#agreements")

    async def agree(self, request: Request) -> Response:
        """Write down that all have agreed."""
        form = read_form(request)
        first = read_whole(form, "first", *YEARS)
        replaces = form.get("replaces") == "yes"
        await service.agree(self.city, said(form, "share"), first, replaces, officer(form), said(form, "reason", 300))
        return see_other(f"{SHARING}?done=agreed#agreements")

    async def withdraw(self, request: Request) -> Response:
        """Take a sharing back."""
        form = read_form(request)
        await service.withdraw(self.city, said(form, "share"), officer(form), said(form, "reason", 300))
        return see_other(f"{SHARING}?done=withdrawn#agreements")


def rows_of(typed: Mapping[str, str]) -> int:
    """How many rows for members the form shows: one more than were filled in."""
    filled = [i for i in range(MOST_MEMBERS) if typed.get(f"name{i}", "").strip()]
    return min(max([_LEAST_ROWS, *(i + 2 for i in filled)]), MOST_MEMBERS)


def read_sharing(typed: Mapping[str, str]) -> Sharing:
    """What an officer typed of members and costs. Raises BadRequestData."""
    members = []
    for i in range(MOST_MEMBERS):
        name = said_if(typed, f"name{i}", 60)
        if name:
            members.append(Member(name, *(read_yen_if(typed, f"{part}{i}") for part in COLUMNS)))
    years = read_whole(typed, "years", 1, 30) if typed.get("years", "").strip() else 5
    prefecture = typed.get("prefecture_years", "").strip()
    return Sharing(
        tuple(members),
        read_yen_if(typed, "build") or 0,
        read_yen_if(typed, "operation") or 0,
        years,
        read_whole(typed, "prefecture_years", 0, years) if prefecture else min(3, years),
        one_of({"key": "population", **typed}, "key", KEYS),
        one_of({"size": "works", **typed}, "size", SIZES),
        read_works(said_if(typed, "works", 2_000), [member.name for member in members]),
    )


def read_works(text: str, names: Sequence[str]) -> tuple[Work, ...]:
    """Works that some could do together, a line each: "A町, B町 = 2,500万". Raises BadRequestData."""
    works = []
    for line in text.splitlines():
        if not line.strip():
            continue
        said_members, sign, cost = line.replace("＝", "=").partition("=")
        amount = read_amount(cost, MOST_YEN)
        members = [part.strip() for part in re.split(r"[、,，・+＋]", said_members) if part.strip()]
        if not sign or amount is None or not members or not set(members) <= set(names):
            raise fault("works", "works")
        works.append(Work(tuple(sorted({names.index(name) for name in members})), amount))
    return tuple(works)


def column(found: Shared, sharing: Sharing, words: Words) -> Column:
    """What one rule says, ready for eyes."""
    cells = []
    for member, share in zip(sharing.members, found.shares, strict=False):
        against = None if member.alone is None else share - member.alone
        cells.append(Cell(share, 100 * share / sharing.total, against))
    group = words.plain("money.and").join(sharing.members[i].name for i in found.group)
    missing = words.plain(f"money.label.{found.missing}") if found.missing else ""
    return Column(found, cells, group, missing)


def dearer(sharing: Sharing | None) -> int:
    """By how many yen it is dearer to go together than for each to go alone; 0 where it is not, or is not known."""
    if sharing is None or any(member.alone is None for member in sharing.members):
        return 0
    return max(0, sharing.total - sum(member.alone or 0 for member in sharing.members))


def share_of(form: Mapping[str, str], rule: str, sharing: Sharing) -> CostShare:
    """The sharing as it is kept, without the shares. Raises BadRequestData."""
    name = said_if(form, "title", 120)
    if not name:
        raise fault("title", "empty")
    return CostShare(
        id="",
        name=Spoken(ja=name),
        rule=rule,
        members=[
            {part: value for part in ("name", *COLUMNS) for value in [getattr(member, part)] if value is not None}
            for member in sharing.members
        ],
        works=[{"members": list(work.members), "cost": work.cost} for work in sharing.works],
        build=sharing.build,
        operation=sharing.operation,
        years=sharing.years,
        key=sharing.key,
        size=sharing.size,
        ref_initiative=service.ref(said_if(form, "work", 200)),
    )


def with_shares(share: CostShare, found: Shared) -> CostShare:
    """The sharing with what each pays by the rule."""
    members = [{**row, "share": paid} for row, paid in zip(share.members or [], found.shares, strict=True)]
    return replace(share, members=members, prefecture=found.prefecture)


def said_fault(error: BadRequestData, words: Words) -> str:
    """What is wrong with what was typed, in the reader's words where they are known."""
    facts, kind = error.facts, error.facts.get("fault", "")
    name = str(facts.get("field", "")).rstrip("0123456789")
    key, label = f"money.fault.{kind}", f"money.label.{name}"
    if kind and words.has(key):
        field = words.plain(label) if words.has(label) else name
        return words.plain(key, field=field, least=facts.get("least", ""), most=facts.get("most", ""))
    return words.plain(f"money.fault.{name}") if words.has(f"money.fault.{name}") else error.detail
