"""At which addresses is a town governed?"""

from machinami.apis.governance import audit_api, policy_api
from machinami.apis.governance.office import Office
from machinami.kit.http import Route


def programs(office: Office) -> list[Route]:
    """The addresses for programs."""
    return [*policy_api.routes(office), *audit_api.routes(office)]


def routes(office: Office) -> list[Route]:
    """Every address of this face."""
    return programs(office)
