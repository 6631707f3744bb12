"""For what does the town ask people at present, and what can they choose of it?"""

from collections.abc import Sequence

from machinami.apis.consent.office import Office
from machinami.apis.consent.terms_form import Offer, longest
from machinami.broker import legal_records
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.foundation.errors import NotFound
from machinami.kit.city import service_principal
from machinami.kit.manifest import Manifest
from machinami.model.legal import LegalClass
from machinami.model.policy import Whom
from machinami.model.principal import Role
from machinami.model.purpose import Purpose


def offers(office: Office, town: Town) -> list[Offer]:
    """All that people may be asked for now."""
    now = town.clock()
    return [_offer(office, town, one) for one in legal_records.purposes(town) if one.is_open(now)]


def offer(office: Office, town: Town, purpose: str) -> Offer:
    """What is asked for one purpose. Raises NotFound where nobody is asked for it."""
    found = next((one for one in offers(office, town) if one.purpose.id == purpose), None)
    if found is None:
        raise NotFound(f"Nobody is asked for {purpose[:100]!r}")
    return found


def _offer(office: Office, town: Town, purpose: Purpose) -> Offer:
    manifests = [house.city.manifest for house in office.houses()]
    asking = [one for one in manifests if any(row.id == purpose.id for row in one.personal)]
    types = _types(asking, purpose.id) or _marked(town)
    recipients = [f"{Whom.PROGRAM}:{service_principal(one).id}" for one in asking] or _programs(office, town)
    until = longest(town.clock())
    choices = _attributes(asking, types)
    page = office.service_page(purpose.id)
    return Offer(purpose, tuple(types), (), tuple(recipients), until, choices, page)


def _types(manifests: Sequence[Manifest], purpose: str) -> list[str]:
    expand = town_context().expand
    rows = [row for manifest in manifests for row in manifest.personal if row.id == purpose]
    return list(dict.fromkeys(expand(row.data.type) for row in rows))


def _marked(town: Town) -> list[str]:
    """The types that are personal, where no service says which it needs."""
    marks = legal_records.law_of(town).marks.values()
    return sorted({mark.type for mark in marks if mark.type and mark.legal is LegalClass.PERSONAL})


def _programs(office: Office, town: Town) -> list[str]:
    """Whom data could be given to: the programs with a key, and the town's officers."""
    keys = office.identity.of(town.name).keys.values.values()
    named = [f"{Whom.PROGRAM}:{key.principal.id}" for key in keys if ":" in key.principal.id]
    return [*sorted(named), f"{Whom.ROLE}:{Role.OFFICER}"]


def _attributes(manifests: Sequence[Manifest], types: Sequence[str]) -> tuple[str, ...]:
    expand = town_context().expand
    uses = [use for one in manifests for use in (*one.writes, *one.reads) if expand(use.type) in types]
    return tuple(dict.fromkeys(expand(name) for use in uses for name in use.attributes))
