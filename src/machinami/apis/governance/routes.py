"""At which addresses is a town governed?"""

from machinami.apis.governance import audit_api, opening_pages, policy_api, policy_pages, record_pages
from machinami.apis.governance.office import Office
from machinami.kit.http import Route


def programs(office: Office) -> list[Route]:
    """The addresses for programs."""
    return [*policy_api.routes(office), *audit_api.routes(office)]


def routes(office: Office) -> list[Route]:
    """Every address of this face."""
    pages = (*policy_pages.routes(office), *opening_pages.routes(office), *record_pages.routes(office))
    return [*pages, *programs(office)]
