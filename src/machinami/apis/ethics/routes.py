"""At which addresses does a town decide for which purposes people may be asked?"""

from machinami.apis.ethics import appointing, pages, programs
from machinami.apis.ethics.office import Office
from machinami.kit.http import Route


def routes(office: Office) -> list[Route]:
    """Every address of this face."""
    return [*programs.routes(office), *appointing.routes(office), *pages.routes(office)]
