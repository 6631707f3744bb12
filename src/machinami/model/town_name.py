"""May a town (a tenant, ETSI GS CIM 009, 4.14) be called so?"""

import re

from machinami.foundation.errors import BadRequestData

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")


def check_town_name(town: str) -> str:
    """The name. Raises BadRequestData if a town may not be called so: the name becomes a folder on any system."""
    if not _NAME.match(town):
        raise BadRequestData(
            f"{town[:100]!r} is no name for a town (NGSILD-Tenant); "
            "use 1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit",
            tenant=town[:100],
        )
    return town
