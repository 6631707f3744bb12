"""May a town be called so?"""

import re

from machinami.foundation.errors import BadRequestData

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")


def check_town_name(town: str) -> None:
    """Raises BadRequestData if a town may not be called so: the name becomes a folder."""
    if not _NAME.match(town):
        raise BadRequestData(
            f"{town!r} is no name for a town; use 1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit",
            tenant=town,
        )
