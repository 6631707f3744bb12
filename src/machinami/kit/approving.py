"""How does an officer decide on what a service would tell people, and what stays of it? The same whatever it warns of.

A service says what is dangerous, in which words, and which alert an approved proposal becomes. The rest is here: the
steps of a proposal, the log of decisions, and the rows that pages show of both (with `warnings.html` of the kit).
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from machinami.foundation.errors import Conflict, NotFound
from machinami.kit.city import City
from machinami.kit.drills import marked
from machinami.kit.happening import Level, Notice
from machinami.kit.signing import said
from machinami.kit.words import Words
from machinami.model import cap
from machinami.model.publishing import cancelled, revised_texts, superseded
from machinami.model.view import Ref, View
from machinami.model.view import Words as Spoken
from machinami.model.vocabulary.alerts import Alert, Message, Texts, alerts_of, in_force, service_of, subject_of
from machinami.model.vocabulary.decisions import (
    DecisionKind,
    Steps,
    WarningDecision,
    WarningProposal,
    demand_officer,
    demand_reason,
    move,
)
from machinami.model.vocabulary.office import Officer

LOG_LENGTH = 200


class Proposed(Steps, View, Protocol):
    """A proposal of any service, as it is stored."""


P = TypeVar("P", bound=Proposed)
W = TypeVar("W", bound=WarningProposal)
D = TypeVar("D", bound=WarningDecision)
Issue = Callable[[W, Texts, Sequence[Alert], datetime], Awaitable[Alert]]
"""Makes the alert that an approved proposal becomes: of the proposal, the texts as the officer wrote them, the alerts
that stand for the same, and now."""


@dataclass(frozen=True, slots=True)
class Warner(Generic[P, D]):
    """Who warns: a service by its id, and the types under which its proposals and its log are stored."""

    service: str
    proposal: type[P]
    decision: type[D]

    def own(self, found: Iterable[W]) -> list[W]:
        """Of proposals, those of this service. The shared type holds those of all; a type of one service holds no
        others, and its oldest do not say whose they are."""
        return [one for one in found if self._is_own(one)]

    def log(self, found: Iterable[D]) -> list[D]:
        """Of decisions, those of this service, the last on top; those of one moment stand as they were taken."""
        own = [one for one in found if self._is_own(one)]
        return sorted(own, key=lambda one: one.decided_at)[::-1]

    def _is_own(self, one: WarningProposal | WarningDecision) -> bool:
        return one.source_service == self.service or type(one) not in (WarningProposal, WarningDecision)

    def entry(
        self, city: City, kind: DecisionKind, subject: Spoken | None, by: Officer, reason: str = "", **about: Any
    ) -> D:
        """A new entry of the log: what was done and why. about: what else it says, by the fields of its type."""
        return self.decision(
            id=city.new_id(self.decision.TYPE), source_service=self.service, kind=kind, subject=subject,
            decided_at=city.now(), decided_by=by.who, role=by.role, reason=reason or None, **about,
        )  # fmt: skip


async def approve(
    city: City, own: Warner[W, D], proposal_id: str, message: Message, by: Officer, issue: Issue[W]
) -> None:
    """Publish a proposal as the officer wrote it: as an alert, or, where it lifts one, as its end. Raises NotFound,
    NotThatWay where it does not wait any more, BadRequestData where a name or a text is missing or too long."""
    async with city.turn:
        now = city.now()
        proposal = await _proposal(city, own, proposal_id)
        published = move(move(proposal, "approved", now, demand_officer(by)), "published", now)
        told = in_force(alerts_of(await city.find(Alert), own.service), now)
        standing = [one for one in told if subject_of(one) == str(proposal.ref_subject)]
        texts = revised_texts(proposal, message)
        if proposal.grade:
            alert = await issue(proposal, texts, standing, now)
            cap.to_cap(cap.message_of(alert, (alert.revisions or [])[-1]))  # what CAP cannot say is not published
            changed = [alert, *map(superseded, standing)]
        else:
            changed = [cancelled(old, texts.text.get("ja", ""), city.new_id(Alert.TYPE), now) for old in standing]
        published = replace(published, ref_alert=Ref(changed[0].id) if changed else None)
        done = own.entry(city, "approved", texts.headline, by, **_about(published))
        await city.publish(published, *changed, done, by=by.who, whole=True)


async def decline(city: City, own: Warner[W, D], proposal_id: str, reason: str, by: Officer) -> None:
    """Decide not to publish a proposal. Raises as `approve` does."""
    async with city.turn:
        proposal = await _proposal(city, own, proposal_id)
        rejected = move(proposal, "rejected", city.now(), by, reason)
        done = own.entry(city, "declined", proposal.headline, by, reason, **_about(rejected))
        await city.publish(rejected, done, by=by.who, whole=True)


async def withdraw(city: City, own: Warner[P, D], alert_id: str, reason: str, by: Officer) -> None:
    """Take back what a service published: a CAP Cancel says so, and the proposal that it came from is ended. Raises
    NotFound, Conflict where it is not in force any more, BadRequestData where a name, a role or the reason is missing.
    """
    async with city.turn:
        now = city.now()
        alert = await city.get(Alert, alert_id)
        if alert is None or service_of(alert) != own.service:
            raise NotFound(f"There is no alert {alert_id}", alert=alert_id)
        if alert not in in_force([alert], now):
            raise Conflict("This is not in force any more, so it cannot be withdrawn", alert=alert_id)
        demand_officer(by)
        changed = cancelled(alert, demand_reason(reason), city.new_id(Alert.TYPE), now)
        proposal = await city.get(own.proposal, str(alert.ref_proposal)) if alert.ref_proposal else None
        ended = [move(proposal, "withdrawn", now, by, reason)] if proposal and proposal.state == "published" else []
        about = {"ref_subject": Ref(subject_of(alert)) if subject_of(alert) else None, "ref_alert": Ref(alert.id)}
        done = own.entry(city, "withdrawn", alert.headline, by, reason, **about)
        await city.publish(changed, *ended, done, by=by.who, whole=True)


def read_message(form: Mapping[str, str]) -> Message:
    """What residents shall be told, as it stands in the form of `warnings.html`; its box must be ticked."""
    said(form, "read")
    return Message(*(said(form, name) for name in ("headline", "body", "instruction", "area")))


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """What waits for an officer, as a page shows it: how grave, about what, for whom (group and grade) and why, and
    what would be told. Level 0 lifts what is said."""

    id: str
    level: Level
    about: str
    headline: str
    body: str
    instruction: str
    area: str
    reasons: Sequence[str]
    made_at: datetime
    groups: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One entry of the log as a page shows it."""

    at: datetime
    kind: str
    subject: str
    who: str
    role: str
    reason: str = ""


def proposal_row(one: WarningProposal, level: Level, about: str, reasons: Sequence[str], words: Words) -> ProposalRow:
    """A proposal as an officer reads it; about: what it is about by its name."""
    headline, body, instruction, area = map(words.of, (one.headline, one.text, one.instruction, one.area_name))
    return ProposalRow(one.id, level, about, headline, body, instruction, area, reasons, one.issued_at)


def decision_row(one: WarningDecision, words: Words) -> DecisionRow:
    """An entry of the log as it is read."""
    by = (one.decided_by or "", one.role or "", one.reason or "")
    return DecisionRow(one.decided_at, one.kind, words.of(one.subject), *by)


def notice_of(alert: Alert, level: Level, address: str, words: Words, own: bool = False) -> Notice:
    """What residents are told. own: the level is a colour on the service's own scale, and no 警戒レベル."""
    since = alert.date_issued or alert.valid_from
    assert since is not None, "an alert in force was issued"
    headline = marked(alert, words.of(alert.headline), words)
    texts = (headline, words.of(alert.text), words.of(alert.instruction), words.of(alert.area_name))
    return Notice(alert.id, level, *texts, since, alert.alert_source or "", address, own)


def _about(proposal: WarningProposal) -> dict[str, Any]:
    refs = {"ref_subject": proposal.ref_subject, "ref_alert": proposal.ref_alert}
    return {**refs, "ref_proposal": Ref(proposal.id)}


async def _proposal(city: City, own: Warner[W, D], proposal_id: str) -> W:
    found = await city.get(own.proposal, proposal_id)
    if found is None or not own.own([found]):
        raise NotFound(f"There is no proposal {proposal_id}", proposal=proposal_id)
    return found
