"""At which addresses are releases of anonymous data made, decided on and read?"""

from machinami.apis.releases import api, pages, public
from machinami.apis.releases.office import Press
from machinami.kit.http import Route


def programs(press: Press) -> list[Route]:
    """The addresses for programs."""
    return api.routes(press)


def routes(press: Press) -> list[Route]:
    """Every address of this face."""
    return [*public.routes(press), *pages.routes(press), *programs(press)]
