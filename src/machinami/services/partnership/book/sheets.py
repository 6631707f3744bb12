"""How do members, meetings, votes, rules, offers and the log stand on a page?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from machinami.kit.words import Words
from machinami.services.partnership.logic.offers import Answer
from machinami.services.partnership.logic.voting import Count, count, entitled
from machinami.services.partnership.model import (
    MOST_MEMBERS,
    STEPS,
    VOTES,
    ConsortiumMeeting,
    ConsortiumMember,
    DataRule,
    PartnershipChange,
    Resolution,
    SolutionMatch,
    SolutionSeed,
)
from machinami.services.partnership.service import Standing

LOG_LENGTH = 100


class Typed(dict[str, str]):
    """What was typed into a form: nothing where it was not."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Vote:
    """A resolution with its count and who voted how."""

    said: Resolution
    name: str
    count: Count | None
    votes: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting with its votes and those who were there."""

    said: ConsortiumMeeting
    name: str
    group: str
    minutes: str
    present: Sequence[str]
    votes: Sequence[Vote]


@dataclass(frozen=True, slots=True)
class RuleSheet:
    """A rule for data that stands: who agreed to this very version, and who has not yet."""

    said: DataRule
    name: str
    text: str
    agreed: Sequence[tuple[str, str, str, datetime | None]]
    waiting: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Talk:
    """A need and an offer that were brought together. late: whether nothing was written down for too long."""

    said: SolutionMatch
    need: str
    seed: str
    provider: str
    next: Sequence[str]
    late: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer with the words by which it was found, and the talks that it is in."""

    said: SolutionSeed
    name: str
    text: str
    conditions: str
    matched: Sequence[str]
    talks: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log."""

    said: PartnershipChange
    subject: str
    can_undo: bool


def names_of(held: Standing, words: Words) -> dict[str, str]:
    """What everything is called, by id."""
    every: list[tuple[str, Mapping[str, str] | None]] = []
    for held_ones in (held.members, held.groups, held.meetings, held.rules, held.seeds, held.needs):
        every += [(one.id, one.name) for one in held_ones]
    return {entity_id: words.of(name, "—") for entity_id, name in every}


def meetings_of(held: Standing, words: Words) -> list[Meeting]:
    """The meetings, the latest first."""
    names = names_of(held, words)
    return [
        Meeting(
            one,
            words.of(one.name, "—"),
            names.get(one.ref_group or "", ""),
            words.of(one.minutes),
            [names.get(member, "—") for member in one.present or []],
            [_vote(vote, held.members, names, words) for vote in held.resolutions if vote.ref_meeting == one.id],
        )
        for one in held.meetings
    ]


def _vote(said: Resolution, members: Sequence[ConsortiumMember], names: Mapping[str, str], words: Words) -> Vote:
    votes = {str(member): str(vote) for member, vote in (said.votes or {}).items() if vote in VOTES}
    voters = [ConsortiumMember(member, state="member", role="member") for member in votes]
    # Who was entitled then is kept with the resolution: members come and go.
    absent = min(max((said.size or 0) - len(votes), 0), MOST_MEMBERS)
    others = [ConsortiumMember(f"{n}", state="member", role="member") for n in range(absent)]
    quorum = min(max(said.quorum or 0, 0), 100)
    counted = count(votes, [*voters, *others], said.rule or "majority", quorum) if votes else None
    rows = [(names.get(member, "—"), vote) for member, vote in votes.items()]
    return Vote(said, words.of(said.name, "—"), counted, rows)


def rules_of(held: Standing, words: Words) -> list[RuleSheet]:
    """The rules for data that stand."""
    names = names_of(held, words)
    found = []
    for rule in (one for one in held.rules if one.state == "standing"):
        said = {a.ref_member: a for a in held.agreements if a.ref_rule == rule.id and a.state == "agreed"}
        agreed = [
            (names.get(str(member), "—"), a.decided_by or "", a.role or "", a.agreed_at) for member, a in said.items()
        ]
        waiting = [(one.id, names[one.id]) for one in held.in_it if one.id not in said]
        found.append(RuleSheet(rule, names[rule.id], words.of(rule.text), agreed, waiting))
    return found


def talks_of(held: Standing, words: Words, today: date) -> list[Talk]:
    """The needs and offers that were brought together: those of which nothing was heard for too long first, then those
    that go on, then those that ended."""
    names = names_of(held, words)
    providers = {seed.id: seed.provider or "" for seed in held.seeds}
    found = [
        Talk(
            one,
            names.get(one.ref_need or "", "—"),
            names.get(one.ref_seed or "", "—"),
            providers.get(one.ref_seed or "", ""),
            STEPS.get(one.state or "", ()),
            is_late(one, today, held.settings.follow_days),
        )
        for one in held.matches
    ]
    return sorted(found, key=lambda talk: (not talk.late, talk.said.state == "ended"))


def is_late(said: SolutionMatch, today: date, days: int) -> bool:
    """Whether a match that has not ended had no step for more than so many days."""
    if said.state in ("ended", "pilot") or not said.steps or not isinstance(said.steps[-1], dict):
        return False
    try:
        last = date.fromisoformat(str(said.steps[-1].get("on", "")))
    except ValueError:
        return False
    return (today - last).days > days


def offers_of(held: Standing, found: Sequence[Answer], words: Words) -> list[Offer]:
    """Offers as a search found them."""
    talks = [one.ref_seed for one in held.matches if one.state != "ended"]
    return [
        Offer(
            one.seed,
            words.of(one.seed.name, "—"),
            words.of(one.seed.text),
            words.of(one.seed.conditions),
            one.matched,
            talks.count(one.seed.id),  # type: ignore[arg-type]  # a Ref is the text of an id
        )
        for one in found
    ]


def log_of(held: Standing, words: Words) -> list[Entry]:
    """The log, the newest entry first."""
    newest = sorted(held.changes, key=lambda c: (c.decided_at.isoformat() if c.decided_at else "", c.id), reverse=True)
    known = [one for one in newest if words.has(f"partnership.log.{one.kind}")]
    return [Entry(one, words.of(one.subject, "—"), one.state == "stands") for one in known[:LOG_LENGTH]]


def voters_of(held: Standing, words: Words) -> list[tuple[str, str]]:
    """Who may vote: id and name."""
    return [(one.id, words.of(one.name, "—")) for one in entitled(held.members)]
