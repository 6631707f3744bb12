"""What does a service ask of the town's consents, for people whom it knows by a pseudonym alone?

Whoever shows a service the key that only they were given is the person of that pseudonym, and speaks for nobody else:
so their consent is given, seen and withdrawn in their own name. The door judges it at every read.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from machinami.broker import consents, legal_records, persons
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.kit.manifest import Manifest, Personal
from machinami.kit.viewing import VIEWER
from machinami.model.approval import Approval
from machinami.model.consent import IN_FORCE, Consent, Terms
from machinami.model.consent_rules import LONGEST
from machinami.model.policy import Whom
from machinami.model.principal import ANONYMOUS, Principal, Role
from machinami.model.purpose import LANGUAGES, Purpose


class Consenting:
    """The consents of one town to one purpose of one service, as its manifest declares it."""

    def __init__(self, town: Town, manifest: Manifest, by: Principal, purpose: str) -> None:
        self.purpose = purpose
        self._town = town
        self._program = by.id
        self._rows = rows_of(manifest, purpose)

    @property
    def is_asked(self) -> bool:
        """Whether this town asks for consent: not where it is open to everyone, without any administrator."""
        return not self._town.policy.is_open

    @property
    def published(self) -> Purpose | None:
        """The purpose as the town has published it; None where nobody can be asked (yet, or any more)."""
        now = self._town.clock()
        return next((p for p in legal_records.purposes(self._town) if p.id == self.purpose and p.is_open(now)), None)

    @property
    def approval(self) -> Approval | None:
        """What the town's board lets be asked for; None where it lets nobody be asked now."""
        found = legal_records.law_of(self._town).approvals.get(self.purpose)
        return found if found is not None and found.holds(self._town.clock()) else None

    @property
    def least_group(self) -> int:
        """Of how many people whatever is published must be at least, as it was approved; 0 where nothing is said of it.
        An approval that has ended counts as well: what was given under it was given so."""
        found = legal_records.law_of(self._town).approvals.get(self.purpose)
        return 0 if found is None else found.bounds.group

    def text(self, language: str) -> str:
        """What is consented to, in the words that the town has published."""
        known = self.published
        return "" if known is None else known.versions[-1].by_language.get(language, "")

    async def give(self, subject: str, language: str) -> str:
        """Have the person of a pseudonym consent to the newest text, as far as was approved; the id of the consent.

        Raises BadRequestData where the purpose is not published, NotApproved where nobody may be asked for it,
        Conflict in an open town.
        """
        known, approval = self.published, self.approval
        types = tuple(town_context().expand(row.data.type) for row in self._rows)
        until = self._town.clock() + LONGEST - timedelta(days=1)
        bounds = None if approval is None else approval.bounds
        terms = Terms(
            (f"{Whom.PROGRAM}:{self._program}",),
            self.purpose,
            until if bounds is None else min(until, bounds.until),
            types if bounds is None or not bounds.types else tuple(name for name in types if name in bounds.types),
            () if bounds is None else bounds.attributes,
            () if bounds is None else bounds.scopes,
            text="" if known is None else str(known.versions[-1].number),
            language=language,
        )
        return (await consents.give(self._town, subject, terms, person(subject))).id

    def holds(self, subject: str) -> bool:
        """Whether the person consents at present."""
        now = self._town.clock()
        return any(one.holds(now) for one in self._own(subject))

    async def withdraw(self, subject: str) -> None:
        """End the person's consents to the purpose: from this moment on the door gives nothing on them."""
        for one in self._own(subject):
            if one.state in IN_FORCE:
                await consents.withdraw(self._town, one.id, person(subject))

    @property
    def can_connect(self) -> bool:
        """Whether who looks at the page is a person who could have a pseudonym shown with what is theirs."""
        viewer = VIEWER.get()
        return self.is_asked and viewer is not None and viewer.scopes is None and viewer.id != ANONYMOUS.id

    async def connect(self, subject: str) -> None:
        """Have who looks at the page find what is kept under a pseudonym among their own data. The service saw to it
        that it is theirs, and is told nothing. Raises SignInRequired, Conflict where it is somebody else's."""
        await persons.connect(self._town, subject, VIEWER.get() or ANONYMOUS)

    async def is_connected(self, subject: str) -> bool:
        """Whether who looks at the page has connected the pseudonym."""
        return self.can_connect and subject in await persons.names_of(self._town, VIEWER.get() or ANONYMOUS)

    async def publish(self, by: Principal) -> None:
        """Publish the purpose in the manifest's words. Raises Forbidden for who does not administer the town,
        NotApproved where nobody may be asked for it."""
        await legal_records.publish(self._town, self.purpose, texts_of(self._rows), by)

    def _own(self, subject: str) -> Sequence[Consent]:
        found = consents.of_person(self._town, subject, person(subject))
        return [one for one in found if one.terms.purpose == self.purpose]


def person(subject: str) -> Principal:
    """The person of a pseudonym, as who they speak."""
    return Principal(subject, frozenset({Role.RESIDENT}))


def rows_of(manifest: Manifest, purpose: str) -> list[Personal]:
    """What a manifest says of the data of a purpose."""
    return [row for row in manifest.personal if row.id == purpose]


def texts_of(rows: Sequence[Personal]) -> Mapping[str, str]:
    """The text of a purpose in each language: what is said of each of its types."""
    return {language: "\n".join(row.purpose.spoken(language) for row in rows) for language in LANGUAGES}
