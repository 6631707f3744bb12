"""Is it decided? By the consortium's own rule, with enough of its members present."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from machinami.foundation.errors import BadRequestData
from machinami.services.partnership.model import RULES, VOTES, ConsortiumMember


@dataclass(frozen=True, slots=True)
class Count:
    """A vote, counted. entitled: members that may vote; present: those of them who were there; needed: how many yes the
    rule asks. outcome: passed, rejected or no_quorum."""

    entitled: int
    present: int
    yes: int
    no: int
    abstain: int
    needed: int
    outcome: str


def entitled(members: Sequence[ConsortiumMember]) -> list[ConsortiumMember]:
    """The members that may vote: all that have not left, but observers."""
    return [one for one in members if one.state == "member" and one.role != "observer"]


def count(votes: Mapping[str, str], members: Sequence[ConsortiumMember], rule: str, quorum: int) -> Count:
    """Count the votes of members (id -> yes, no or abstain; who has none was not there).

    majority: more than half of those present; two_thirds: two thirds of them at least; unanimity: all of them. Who
    abstains is present and has not said yes. quorum: per cent of the entitled that must be present at least. Raises
    BadRequestData for a vote of somebody who has none.
    """
    may = {one.id for one in entitled(members)}
    strange = sorted(set(votes) - may)
    if strange or any(vote not in VOTES for vote in votes.values()):
        raise BadRequestData(f"Not a vote of a member: {strange or sorted(votes.values())}", field="votes")
    if rule not in RULES or not 0 <= quorum <= 100:
        raise BadRequestData(f"A rule is one of {', '.join(RULES)}, with a quorum from 0 to 100", field="rule")
    said = list(votes.values())
    present, yes = len(said), said.count("yes")
    needed = {"majority": present // 2 + 1, "two_thirds": -(-present * 2 // 3), "unanimity": present}[rule]
    enough = present > 0 and present * 100 >= quorum * len(may)
    outcome = "no_quorum" if not enough else "passed" if yes >= needed else "rejected"
    return Count(len(may), present, yes, said.count("no"), said.count("abstain"), needed, outcome)
