"""What does the store say to SQLite? The statements of statements.sql by name."""

import re
from importlib.resources import files
from types import SimpleNamespace

_HEADING = re.compile(r"^-- (\w+)(?::.*)?$", re.MULTILINE)


def read_statements(text: str) -> dict[str, str]:
    """Each statement of the text by the name in the comment line above it; a colon and a reason may follow the name."""
    parts = _HEADING.split(text)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


SQL = SimpleNamespace(**read_statements(files(__package__).joinpath("statements.sql").read_text("utf-8")))
