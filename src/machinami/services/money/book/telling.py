"""How are yen, rows, findings and the log said to a reader? As sentences in the reader's language."""

from collections.abc import Mapping, Sequence
from typing import Any

from machinami.kit.moments import day_told, fiscal, fiscal_span
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import CostItem, IncomeItem, Initiative
from machinami.services.money.book.state import Agreement, Entry, Line, Told
from machinami.services.money.model import RULES, WITHDRAWN, CostShare, Finding, MoneyChange

ADDRESS = "/services/money"
GRAVE = frozenset({"uncovered", "empty", "grant_most", "grant_share", "grant_own", "grant_late"})
FOR_RESIDENTS = frozenset({"uncovered", "empty", "no_operation", "unsure"})
_YEN = frozenset({"short", "operation", "own", "grants", "amount", "cost", "over", "most", "unsure"})
_MAN, _OKU = 10_000, 100_000_000
_MILLION = 1_000_000


def yen(amount: int, words: Words) -> str:
    """An amount to the yen."""
    text = words.plain("money.yen", amount=f"{abs(amount):,}")
    return f"−{text}" if amount < 0 else text


def yen_short(amount: int, words: Words) -> str:
    """An amount as it stands beside a scale: 1,200万円, 1.2億円, ¥12M."""
    if words.language == "en":
        return f"¥{amount / _MILLION:g}M" if amount >= _MILLION // 10 else f"¥{amount:,}"
    if amount >= _OKU:
        return f"{amount / _OKU:g}億円"
    return f"{amount / _MAN:,g}万円" if amount >= _MAN else f"{amount:,}円"


def told(finding: Finding, words: Words, name: str = "") -> Told:
    """A finding as a sentence."""
    facts = {key: yen(value, words) if key in _YEN else value for key, value in finding.facts.items()}
    kind = finding.kind
    if kind == "uncovered" and finding.facts["grants"] < finding.facts["short"]:
        kind = "uncovered_even"
    if kind.startswith("uncovered"):
        first, last = finding.facts["year"], finding.facts["until"]
        said, lasts = fiscal_span(first, last, words), first != last
        facts["years"] = words.plain("money.years_in_a_row", years=said) if lasts else said
    if "year" in facts:
        facts["year"] = fiscal(finding.facts["year"], words)
    if "deadline" in facts:
        facts["deadline"] = day_told(str(facts["deadline"]), words)
    text = words.plain(f"money.finding.{kind}", **{"name": name, **facts})
    return Told(finding.kind, text, finding.kind in GRAVE)


def line(item: CostItem | IncomeItem, works: Mapping[str, Initiative], words: Words) -> Line:
    """A row of costs or income."""
    work = works.get(item.ref_initiative or "")
    name = words.of(work.name) if work else (words.plain("money.work_gone") if item.ref_initiative else "")
    if isinstance(item, CostItem):
        what = words.plain(f"money.task.{item.task}") if words.has(f"money.task.{item.task}") else str(item.task or "—")
        duty = words.plain(f"money.duty.{item.duty}") if words.has(f"money.duty.{item.duty}") else ""
        what = f"{what}（{duty}）" if duty else what
    else:
        key = f"money.source.{item.source}"
        what = words.plain(key) if words.has(key) else str(item.source or "—")
    return Line(item, words.of(item.name, item.id), what, name, more_of(item, words))


def more_of(item: CostItem | IncomeItem, words: Words) -> str:
    """What else is known of a row: how far it may move, how it is worked out, under which conditions."""
    said: list[str] = []
    if isinstance(item, CostItem):
        if item.least is not None and item.most is not None and (item.least, item.most) != (1.0, 1.0):
            said.append(words.plain("money.between", least=f"{item.least * 100:g}", most=f"{item.most * 100:g}"))
        return words.plain("money.join").join(said)
    if item.basis:
        said.append(_basis(item.basis, words))
    if item.sure is not None and item.sure < 1:
        said.append(words.plain("money.sure", percent=f"{item.sure * 100:g}"))
    terms = item.terms or {}
    share, most = _number(terms.get("share_most")), _number(terms.get("most"))
    if share is not None:
        said.append(words.plain("money.term.share_most", percent=f"{share * 100:g}"))
    if most is not None:
        said.append(words.plain("money.term.most", amount=yen(int(most), words)))
    if terms.get("own_exceeds"):
        said.append(words.plain("money.term.own_exceeds"))
    if terms.get("deadline"):
        said.append(words.plain("money.term.deadline", day=terms["deadline"]))
    said += [text for text in [words.of(item.conditions)] if text]
    return words.plain("money.join").join(said)


def _basis(basis: Mapping[str, Any], words: Words) -> str:
    key, units, rate = f"money.basis.{basis.get('by')}", _number(basis.get("units")), _number(basis.get("rate"))
    if not words.has(key) or units is None or rate is None:
        return ""
    text = words.plain(key, units=f"{int(units):,}", rate=f"{rate:,g}")
    least = _number(basis.get("least"))
    return text + (words.plain("money.basis.least", amount=yen(int(least), words)) if least else "")


def _number(value: object) -> float | None:
    """What another program may have written instead of a number is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def agreement(
    share: CostShare, words: Words, replaced: Sequence[CostItem] = (), rows_of: Sequence[CostItem] = ()
) -> Agreement:
    """An agreement on sharing. replaced: rows in whose place the shares would stand; rows_of: those that it made."""
    told_rows = [row for row in share.members or [] if isinstance(row, dict)]
    rows = [(str(row.get("name", "")), int(_number(row.get("share")) or 0)) for row in told_rows]
    return Agreement(
        share.id,
        words.of(share.name, share.id),
        share.rule if share.rule in RULES else "equal",
        share.state if share.state in ("proposed", "agreed") else "proposed",
        rows,
        share.prefecture or 0,
        (share.build or 0) + (share.operation or 0),
        share.decided_by or "",
        share.role or "",
        share.decided_at,
        share.reason or "",
        len(replaced),
        sum(item.amount or 0 for item in replaced),
        sum(item.state != WITHDRAWN for item in rows_of),
    )


def entry(change: MoneyChange, words: Words, can_undo: bool) -> Entry:
    """An entry of the log, with what each row was before and what after."""
    before, after = _rows(change.before), _rows(change.after)
    rows = [(_row(before.get(item), words), _row(after.get(item), words)) for item in after]
    return Entry(
        change.id,
        change.kind if change.kind and words.has(f"money.log.{change.kind}") else "cost_changed",
        words.of(change.subject),
        rows,
        change.decided_by or "",
        change.role or "",
        change.reason or "",
        change.decided_at,
        can_undo and change.state != "undone",
    )


def _rows(kept: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: row for name, row in (kept or {}).items() if row is None or isinstance(row, dict)}


def _row(row: Mapping[str, Any] | None, words: Words) -> str:
    if row is None:
        return "—"
    if row.get("state") == "withdrawn":
        return words.plain("money.state.withdrawn")
    if row.get("type") == CostShare.TYPE:
        key = f"money.state.{row.get('state')}"
        return words.plain(key) if words.has(key) else "—"
    parts = [str(row.get("year", "")), yen(int(_number(row.get("amount")) or 0), words), str(row.get("payer") or "")]
    return " ".join(part for part in parts if part)


def newest_first(lines: Sequence[Line]) -> list[Line]:
    """Rows by year, what goes out before what comes in, then by what it is for and by name."""
    return sorted(lines, key=lambda row: (row.item.year or 0, not row.is_cost, row.work, row.name, row.item.id))
