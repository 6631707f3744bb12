"""What was erased after the moment that a restore went back to, is it erased in what came back?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from machinami.apis.erasure.routes import ERASURES
from machinami.app.governing import governed
from machinami.foundation.errors import MachinamiError


async def erase_again(data: Path, told: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[int, list[str]]:
    """Do again the erasures that a restored town does not know of. told: by town, as the archive keeps them. How many
    were done, and sentences about those that could not be: of these only counts are known, and no person."""
    done, left = 0, []
    for town, accounts in told.items():
        async with governed(data, town) as governing:
            known = {one["id"] for one in (await governing.ask("GET", ERASURES, query={"subject": "*"}))[0]}
            for one in accounts:
                if one["id"] in known:
                    continue
                if not one["people"]:
                    left.append(f"{town}: {one['id']} names nobody; look at its account, and delete it again")
                for person in one["people"]:
                    said = {
                        "subject": person,
                        "proof": f"{one['id']}, done again after a restore",
                        "types": one["types"],
                    }
                    try:
                        await governing.ask("POST", ERASURES, said)
                        done += 1
                    except MachinamiError as error:
                        left.append(f"{town}: {one['id']}: {error.detail}")
    return done, left
