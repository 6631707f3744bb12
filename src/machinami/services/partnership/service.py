"""What does the partnership service do, and what may be done with it? Members, votes, rules, offers, meetings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.kit.city import City
from machinami.model import undoing
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CityNeed
from machinami.model.vocabulary.office import Officer
from machinami.services.partnership.logic.offers import arrange, stepped
from machinami.services.partnership.logic.voting import count
from machinami.services.partnership.model import (
    KINDS,
    WITHDRAWN,
    Consortium,
    ConsortiumMeeting,
    ConsortiumMember,
    DataRule,
    Kept,
    MatchingDay,
    Participant,
    PartnershipChange,
    Resolution,
    RuleAgreement,
    Settings,
    SolutionMatch,
    SolutionSeed,
    WorkingGroup,
    is_shown,
)

PACKAGE = "machinami.services.partnership"
CONSORTIUM_ID = f"urn:ngsi-ld:{Consortium.TYPE}:town"
K = TypeVar("K", bound=Kept)
_CLOSED_NEEDS = ("closed", "answered")


async def refresh(city: City, now: datetime) -> None:
    """Nothing happens by itself: a partnership is what people do."""


def today(city: City) -> date:
    """The day it is in town."""
    return city.now().astimezone(ZoneInfo(city.zone)).date()


@dataclass(frozen=True, slots=True)
class Standing:
    """All that pages may ask of; closed: the types of which who looks may not see everything."""

    consortium: Consortium | None
    members: Sequence[ConsortiumMember]
    groups: Sequence[WorkingGroup]
    meetings: Sequence[ConsortiumMeeting]
    resolutions: Sequence[Resolution]
    rules: Sequence[DataRule]
    agreements: Sequence[RuleAgreement]
    seeds: Sequence[SolutionSeed]
    matches: Sequence[SolutionMatch]
    days: Sequence[MatchingDay]
    needs: Sequence[CityNeed]
    changes: Sequence[PartnershipChange]
    settings: Settings
    closed: frozenset[str]

    @property
    def open_needs(self) -> list[CityNeed]:
        """The needs that still wait for an answer."""
        return [need for need in self.needs if need.state not in _CLOSED_NEEDS and need.ref_group is None]

    @property
    def in_it(self) -> list[ConsortiumMember]:
        """The members of today."""
        return [one for one in self.members if one.state == "member"]


async def standing(city: City) -> Standing:
    """What stands at this moment; what was withdrawn is left out."""

    async def found(kind: type[K]) -> list[K]:
        return [one for one in await city.find(kind) if is_shown(one)]

    seen = (*KINDS.values(), PartnershipChange, CityNeed)
    return Standing(
        next(iter(await found(Consortium)), None),
        await found(ConsortiumMember),
        await found(WorkingGroup),
        sorted(await found(ConsortiumMeeting), key=lambda one: one.held_on or "", reverse=True),
        await found(Resolution),
        await found(DataRule),
        await found(RuleAgreement),
        await found(SolutionSeed),
        await found(SolutionMatch),
        sorted(await found(MatchingDay), key=lambda one: one.held_on or "", reverse=True),
        await city.find(CityNeed),
        await city.find(PartnershipChange),
        await city.settings(Settings),
        frozenset(view.TYPE for view in seen if not city.shows(view)),
    )


async def keep(city: City, kind: str, one: Kept, by: Officer, reason: str = "") -> str:
    """Write something new (its id is empty), or anew; its id. Raises NotFound for an id that is not there."""
    async with city.turn:
        return await _keep_one(city, kind, one, by, reason)


async def _keep_one(city: City, kind: str, one: Kept, by: Officer, reason: str) -> str:
    if not one.id:
        one = replace(one, id=city.new_id(one.TYPE))
        await _keep(city, kind, [one], {}, by, reason)
        return one.id
    before = await city.get(type(one), one.id)
    if before is None and not isinstance(one, Consortium):
        raise NotFound(f"There is no {one.id}", entity=one.id)
    await _keep(city, kind, [one], {} if before is None else {one.id: before}, by, reason)
    return one.id


async def leave(city: City, member_id: str, by: Officer, reason: str) -> None:
    """Write down that a member has left; what it voted and agreed to stays."""
    async with city.turn:
        member = await _one(city, ConsortiumMember, member_id)
        if member.state != "member":
            raise Conflict("This member has left already", member=member_id)
        after = replace(member, state="left", left_on=today(city).isoformat())
        await _keep(city, "left", [after], {member_id: member}, by, reason)


async def hold(city: City, meeting_id: str, present: Sequence[str], minutes: str, by: Officer) -> None:
    """Write down that a meeting was held: who was there, and the minutes. Minutes may be written again."""
    async with city.turn:
        meeting = await _one(city, ConsortiumMeeting, meeting_id)
        known = {one.id for one in await city.find(ConsortiumMember)}
        after = replace(
            meeting, state="held", present=[one for one in present if one in known], minutes=Words(ja=minutes)
        )
        await _keep(city, "held", [after], {meeting_id: meeting}, by, "")


async def cancel(city: City, meeting_id: str, by: Officer, reason: str) -> None:
    """Write down that a planned meeting does not take place."""
    async with city.turn:
        meeting = await _one(city, ConsortiumMeeting, meeting_id)
        if meeting.state != "planned":
            raise Conflict("Only a planned meeting can be cancelled", meeting=meeting_id)
        await _keep(city, "cancelled", [replace(meeting, state="cancelled")], {meeting_id: meeting}, by, reason)


async def resolve(city: City, meeting_id: str, motion: str, votes: Mapping[str, str], rule: str, by: Officer) -> str:
    """Count a vote at a meeting, and keep it with the rule and the quorum by which it was decided; its outcome."""
    async with city.turn:
        await _one(city, ConsortiumMeeting, meeting_id)
        body = await city.get(Consortium, CONSORTIUM_ID)
        rule = rule or (body.rule if body and body.rule else "majority")
        quorum = body.quorum if body and body.quorum is not None else 50
        counted = count(votes, await city.find(ConsortiumMember), rule, quorum)
        said = Resolution(
            city.new_id(Resolution.TYPE), Words(ja=motion), Ref(meeting_id), rule, quorum, dict(votes),
            counted.entitled, counted.outcome, city.now(), by.who, by.role,
        )  # fmt: skip
        await _keep(city, "resolution", [said], {}, by, "")
        return counted.outcome


async def publish_rule(city: City, name: str, text: str, replaces: str, by: Officer) -> None:
    """Publish a rule for data, or a new version of one: members agree to it anew."""
    async with city.turn:
        before = await _one(city, DataRule, replaces) if replaces else None
        if before is not None and before.state != "standing":
            raise Conflict("Only the version that stands can be replaced", rule=replaces)
        version = (before.version or 1) + 1 if before else 1
        now = city.now()
        rule = DataRule(
            city.new_id(DataRule.TYPE), Words(ja=name), Words(ja=text), version, Ref(replaces) if replaces else None,
            now, "standing",
        )  # fmt: skip
        old = [replace(before, state="replaced")] if before else []
        await _keep(city, "rule", [rule, *old], {before.id: before} if before else {}, by, "")


async def agree(city: City, rule_id: str, member_id: str, by: Officer) -> None:
    """Write down that a member agrees to the version of a rule that stands. Raises Conflict if it does already."""
    async with city.turn:
        rule, member = await _one(city, DataRule, rule_id), await _one(city, ConsortiumMember, member_id)
        if rule.state != "standing" or member.state != "member":
            raise Conflict("A member of today agrees to the version that stands", rule=rule_id)
        held = [a for a in await city.find(RuleAgreement) if a.state == "agreed"]
        if any(a.ref_rule == rule_id and a.ref_member == member_id for a in held):
            raise Conflict("This member has agreed to this version already", rule=rule_id)
        said = RuleAgreement(
            city.new_id(RuleAgreement.TYPE), Ref(rule_id), Ref(member_id), rule.version, city.now(), by.who, by.role,
            "agreed",
        )  # fmt: skip
        name = Words(ja=f"{_ja(member.name)}：{_ja(rule.name)} v{rule.version}")
        await _keep(city, "rule_agreed", [said], {}, by, "", name)


async def bring_together(city: City, need_id: str, seed_id: str, by: Officer, reason: str) -> None:
    """Propose that who has a need and who offers something talk. Raises NotFound, Conflict if they do already."""
    async with city.turn:
        need, seed = await city.get(CityNeed, need_id), await _one(city, SolutionSeed, seed_id)
        if need is None:
            raise NotFound(f"There is no need {need_id}", need=need_id)
        if any(m.ref_need == need_id and m.ref_seed == seed_id and m.state != "ended" for m in await _matches(city)):
            raise Conflict("These two have been brought together already", need=need_id)
        said = SolutionMatch(city.new_id(SolutionMatch.TYPE), Ref(need_id), Ref(seed_id), "proposed", [_row(city, by)])
        await _keep(city, "match", [said], {}, by, reason, _both(need, seed))


async def step(city: City, match_id: str, to: str, by: Officer, reason: str) -> None:
    """Write down what became of a match: met, in talks, a pilot, or ended with its reason."""
    async with city.turn:
        before = await _one(city, SolutionMatch, match_id)
        need, seed = await city.get(CityNeed, str(before.ref_need)), await city.get(SolutionSeed, str(before.ref_seed))
        after = stepped(before, to, {**_row(city, by), **({"reason": reason} if reason else {})})
        await _keep(city, "step", [after], {match_id: before}, by, reason, _both(need, seed))


async def hold_day(
    city: City, name: str, held_on: str, needs: Sequence[Participant], seeds: Sequence[Participant], by: Officer
) -> int:
    """Arrange a matching day and propose each of its meetings; how many there are. What talks already is left out."""
    async with city.turn:
        pairs = arrange(needs, seeds)
        if not pairs:
            raise BadRequestData("Nobody would meet anybody: give places and wishes", field="wishes", fault="nobody")
        day = MatchingDay(
            city.new_id(MatchingDay.TYPE), Words(ja=name), held_on, _rows(needs), _rows(seeds),
            [{"need": need, "seed": seed} for need, seed in pairs], "held",
        )  # fmt: skip
        known = {(m.ref_need, m.ref_seed) for m in await _matches(city) if m.state != "ended"}
        made = [
            SolutionMatch(city.new_id(SolutionMatch.TYPE), Ref(need), Ref(seed), "proposed", [_row(city, by)])
            for need, seed in pairs
            if (need, seed) not in known
        ]
        await _keep(city, "day", [day, *made], {}, by, "")
        return len(pairs)


async def withdraw(city: City, entity_id: str, by: Officer, reason: str) -> None:
    """Take something back that should not have been written. Raises NotFound, Conflict."""
    async with city.turn:
        before = await _any(city, entity_id)
        if before is None or isinstance(before, Consortium):
            raise NotFound(f"There is nothing to withdraw at {entity_id}", entity=entity_id)
        if before.state == WITHDRAWN:
            raise Conflict("This was withdrawn already", entity=entity_id)
        await _keep(city, "withdrawn", [replace(before, state=WITHDRAWN)], {entity_id: before}, by, reason)


async def undo(city: City, change_id: str, by: Officer) -> None:
    """Bring back how things stood before a change. Raises NotFound, Conflict."""
    async with city.turn:
        last = await city.get(PartnershipChange, change_id)
        if last is None:
            raise NotFound(f"There is no change {change_id}", change=change_id)
        if last.state == "undone":
            raise Conflict("This change has been undone already", change=change_id)
        held = {entity_id: await _any(city, entity_id) for entity_id in last.after or {}}
        now = {entity_id: one for entity_id, one in held.items() if one is not None}
        rows: list[Kept] = []
        for view, before in undoing.restored(last.before or {}, last.after or {}, now, KINDS):
            if before is not None:
                rows.append(before)
                continue
            one = now[view.id]
            if isinstance(one, Consortium):
                raise Conflict("The first entry of the consortium is changed, not undone", change=change_id)
            rows.append(replace(one, state=WITHDRAWN))
        subject, done = last.subject, replace(last, state="undone")
        await _keep(city, "undone", rows, now, by, last.reason or "", subject, done)


async def _matches(city: City) -> list[SolutionMatch]:
    return [one for one in await city.find(SolutionMatch) if one.state != WITHDRAWN]


def _row(city: City, by: Officer) -> dict[str, str]:
    return {"to": "proposed", "on": today(city).isoformat(), "who": by.who, "role": by.role}


def _rows(side: Sequence[Participant]) -> list[dict[str, object]]:
    return [{"id": one.id, "places": one.places, "wishes": list(one.wishes)} for one in side]


def _both(need: CityNeed | None, seed: SolutionSeed | None) -> Words:
    return Words(ja=f"{_ja(need.name if need else None)} × {_ja(seed.name if seed else None)}")


def _ja(name: Words | None) -> str:
    return next(iter(name.values())) if name else "—"


async def _one(city: City, kind: type[K], entity_id: str) -> K:
    found = await city.get(kind, entity_id)
    if found is None or getattr(found, "state", None) == WITHDRAWN:
        raise NotFound(f"There is no {entity_id}", entity=entity_id)
    return found


async def _any(city: City, entity_id: str) -> Kept | None:
    kind = KINDS.get(entity_id.removeprefix("urn:ngsi-ld:").partition(":")[0])
    return None if kind is None else await city.get(kind, entity_id)


async def _keep(
    city: City,
    kind: str,
    views: Sequence[Kept],
    before: Mapping[str, Kept],
    by: Officer,
    reason: str,
    subject: Words | None = None,
    *more: PartnershipChange,
) -> None:
    """Publish views together with the entry of the log that tells of them."""
    named = subject or next((name for one in views if (name := getattr(one, "name", None))), None)
    was, now = undoing.logged(views, before)
    entry = PartnershipChange(
        city.new_id(PartnershipChange.TYPE), kind, named or Words(ja="—"), city.now(), by.who, by.role,
        reason or None, was, now, "stands",
    )  # fmt: skip
    await city.publish(*views, entry, *more, by=by.who, whole=True)
