"""How is a consent said in a form? What is asked for a purpose, and what somebody chose of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from machinami.foundation.errors import BadRequestData
from machinami.model.consent import Terms
from machinami.model.consent_rules import LONGEST
from machinami.model.purpose import Purpose

LENGTHS: Mapping[str, int] = {"30": 30, "182": 182, "365": 365, "1095": 1_095}
MOST = "most"


@dataclass(frozen=True, slots=True)
class Offer:
    """For what people are asked: a purpose, and the most of the data (types, attributes: expanded; no attribute is all)
    and recipients that they can choose. scopes: within which alone; choices: attributes by name, where they are known;
    until: when a consent ends at the latest; page: where a service asks for it itself; decision: where it can be read
    why people may be asked; whole: whether the service needs all of the data, from whenever they are."""

    purpose: Purpose
    types: tuple[str, ...]
    attributes: tuple[str, ...]
    recipients: tuple[str, ...]
    until: datetime
    scopes: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    page: str = ""
    decision: str = ""
    whole: bool = False

    @property
    def version(self) -> str:
        """The newest version of the text."""
        return str(self.purpose.versions[-1].number)

    def text(self, language: str) -> str:
        """What is asked, in the words that were published."""
        return self.purpose.versions[-1].by_language.get(language, "")


def longest(now: datetime) -> datetime:
    """Until when a consent that is given now may hold at most."""
    return now + LONGEST - timedelta(days=1)


def read_form_terms(form: Mapping[str, str], offer: Offer, language: str, now: datetime) -> Terms:
    """What somebody chose. Raises BadRequestData, which names the field."""
    types = list(offer.types) if offer.whole else _chosen(form, "type", offer.types)
    recipients = _chosen(form, "recipient", offer.recipients)
    if not types and offer.types:
        raise BadRequestData("Choose which data", member="types", key="give.no_types")
    if not recipients:
        raise BadRequestData("Choose to whom", member="recipients", key="give.no_recipients")
    length = form.get("until", "")
    if length != MOST and length not in LENGTHS:
        raise BadRequestData("Choose until when", member="until", key="give.no_until")
    until = offer.until if length == MOST else min(offer.until, now + timedelta(days=LENGTHS[length]))
    begin = now if form.get("from") == "now" and not offer.whole else None
    picked = tuple(name for at, name in enumerate(offer.choices) if form.get(f"attribute_{at}") == "yes")
    return Terms(
        tuple(recipients), offer.purpose.id, until, tuple(types), picked or offer.attributes, offer.scopes,
        begin=begin, text=offer.version, language=language,
    )  # fmt: skip


def _chosen(form: Mapping[str, str], field: str, among: Sequence[str]) -> list[str]:
    """The boxes that were ticked; what is the only one there is needs no box."""
    if len(among) == 1:
        return list(among)
    return [name for at, name in enumerate(among) if form.get(f"{field}_{at}") == "yes"]
