"""At which addresses are the deliveries of a town seen and handled?"""

from machinami.apis.deliveries.office import Office
from machinami.apis.deliveries.pages import pages
from machinami.apis.deliveries.programs import programs
from machinami.kit.http import Route


def routes(office: Office) -> list[Route]:
    """Every address of this face."""
    return [*pages(office), *programs(office)]
