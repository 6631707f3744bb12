"""For what does somebody want to ask people, and how? What an application to the ethics board must say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from machinami.model import purpose
from machinami.model.approval import NO_LONGER, Bounds
from machinami.model.consent import Terms
from machinami.model.consent_rules import faults as consent_faults

_LONGEST = 10_000
SAID = (
    "organisation",
    "service",
    "why",
    "method",
    "extent",
    "risks",
    "safeguards",
    "alternatives",
    "benefits",
    "costs",
)
"""What is said in words; all of it is asked for."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is applied for. purpose: the id that consents will name; titles, texts: in each language, as people will
    read them; bounds: the data, the recipients and the time; legal: the legal class of each type or attribute, as
    (name, class).

    organisation, service: who asks, with what; extent: who is asked, and how many; alternatives: how it would go
    without the data; benefits, costs: to residents.
    """

    purpose: str
    titles: tuple[tuple[str, str], ...]
    texts: tuple[tuple[str, str], ...]
    bounds: Bounds
    organisation: str
    service: str
    why: str
    method: str
    extent: str
    risks: str
    safeguards: str
    alternatives: str
    benefits: str
    costs: str
    legal: tuple[tuple[str, str], ...] = ()

    def title(self, language: str) -> str:
        """What it is called."""
        return dict(self.titles).get(language, self.purpose)

    def text(self, language: str) -> str:
        """What people are shown before they consent."""
        return dict(self.texts).get(language, "")


def faults(proposal: Proposal, now: datetime) -> str | None:
    """What an application lacks; None if nothing."""
    fault = purpose.faults(proposal.purpose, dict(proposal.texts)) or _titles(dict(proposal.titles))
    if fault is not None:
        return fault
    for name in SAID:
        said: str = getattr(proposal, name)
        if not said.strip():
            return f"{name} is not said"
        if len(said) > _LONGEST:
            return f"{name} has more than {_LONGEST} characters"
    bounds = proposal.bounds
    if bounds.until > now + NO_LONGER:
        return f"consents would hold for more than {NO_LONGER.days // 366} years"
    widest = Terms(
        bounds.recipients, proposal.purpose, bounds.until, bounds.types, bounds.attributes, scopes=bounds.scopes
    )
    return consent_faults(widest, now)


def _titles(titles: Mapping[str, str]) -> str | None:
    missing = [language for language in purpose.LANGUAGES if not titles.get(language, "").strip()]
    if missing:
        return f"its title is said in three kinds of language; {', '.join(missing)} is missing"
    return "its title is longer than 200 characters" if max(map(len, titles.values())) > 200 else None
