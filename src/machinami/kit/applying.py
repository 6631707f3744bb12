"""For what would a service apply to the ethics board? What its manifest says of personal data, with `ethics.toml`.

The file beside the manifest has a table for each purpose: what it is called in each language (`titles`), and in words
all that an application says. It is a draft: whoever applies in a town reads it, changes it and answers for it.
"""

import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from machinami.broker.contexts import town_context
from machinami.foundation.errors import InputError
from machinami.kit.consenting import rows_of, texts_of
from machinami.kit.manifest import Manifest
from machinami.model.approval import NO_LONGER, Bounds
from machinami.model.ethics.proposal import SAID, Proposal
from machinami.model.policy import Whom
from machinami.model.purpose import LANGUAGES

FILE = "ethics.toml"


def drafts(package: str, manifest: Manifest, program: str, now: datetime) -> Sequence[Proposal]:
    """The drafts of a service, one for each purpose, without words where it brings none. program: as whom it asks.

    Raises InputError naming the file.
    """
    purposes = list(dict.fromkeys(row.id for row in manifest.personal if row.id))
    said = _read(package) if purposes else {}
    return [_draft(manifest, program, purpose, said.get(purpose, {}), now) for purpose in purposes]


def _draft(manifest: Manifest, program: str, purpose: str, said: dict[str, Any], now: datetime) -> Proposal:
    expand, rows = town_context().expand, rows_of(manifest, purpose)
    titles = said.get("titles", {language: manifest.title.spoken(language) for language in LANGUAGES})
    types = tuple(expand(row.data.type) for row in rows)
    until = now + NO_LONGER - timedelta(days=1)
    bounds = Bounds((f"{Whom.PROGRAM}:{program}",), until, types, group=int(said.get("group", 0)))
    return Proposal(
        purpose,
        tuple(sorted((language, str(text)) for language, text in titles.items())),
        tuple(sorted(texts_of(rows).items())),
        bounds,
        **{name: str(said.get(name, "")) for name in SAID},
        legal=tuple((expand(row.data.type), row.legal) for row in rows),
    )


def _read(package: str) -> dict[str, Any]:
    file = files(package).joinpath(FILE)
    try:
        return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{package}: {FILE} cannot be read ({error})") from error
