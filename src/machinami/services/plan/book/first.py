"""What could the first draft say? Sentences made of what the town has written down already, for people to rewrite."""

from collections.abc import Sequence

from machinami.kit.words import Words
from machinami.model.vocabulary.circle import CHAPTERS
from machinami.services.plan.logic.record import Row

MOST_LISTED = 10


def first_texts(record: Row, tellers: Sequence[tuple[str, Words, str]]) -> dict[str, dict[str, str]]:
    """The eight chapters by key and language. tellers: language, its words, and what the town is called in it."""
    return {key: {language: _text(key, record, words, town) for language, words, town in tellers} for key in CHAPTERS}


def _text(key: str, record: Row, words: Words, town: str) -> str:
    vision, needs, works = record.get("vision"), record.get("needs", ()), record.get("works", ())
    kpis = record.get("kpis", ())
    money = record.get("money") or {}
    facts: dict[str, object] = {"town": town}
    match key:
        case "goals":
            there = bool(vision)
            facts |= {
                "vision": words.of((vision or {}).get("name")),
                "text": words.of((vision or {}).get("text")),
            }
        case "problems":
            there = bool(needs)
            facts |= {"count": len(needs), "list": _list(needs, words)}
        case "kpis":
            there = bool(kpis)
            outcomes = [row for row in kpis if row.get("level") in ("outcome", "impact")]
            facts |= {"count": len(kpis), "outcomes": len(outcomes), "list": _list(kpis, words)}
        case "work" | "roadmap" | "roles":
            named = [row for row in works if key == "work" or row["stages" if key == "roadmap" else "roles"]]
            there = bool(named)
            facts |= {"count": len(named), "list": _list(named, words)}
        case "sustaining":
            there = bool(money.get("years"))
            cost = sum(row["once"] + row["running"] for row in money.get("years", ()))
            income = sum(row["grant"] + row["other"] for row in money.get("years", ()))
            facts |= {"cost": f"{cost:,}", "income": f"{income:,}"}
        case _:
            named = [row for row in works if row.get("service")]
            there = bool(named)
            facts |= {"count": len(named), "list": _list(named, words)}
    return words.plain(f"plan.first.{key}" if there else f"plan.first_none.{key}", **facts).strip()


def _list(rows: Sequence[Row], words: Words) -> str:
    lines = [words.plain("plan.first_line", name=words.of(row.get("name"), row["id"])) for row in rows[:MOST_LISTED]]
    if len(rows) > MOST_LISTED:
        lines.append(words.plain("plan.first_more", count=len(rows) - MOST_LISTED))
    return "\n".join(lines)
