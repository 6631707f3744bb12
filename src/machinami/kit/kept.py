"""What had somebody typed when their form was refused? So that nobody has to write a thing twice."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from machinami.kit.forms import is_foreign
from machinami.kit.http import Request
from machinami.kit.viewing import Called

_FORM = b"application/x-www-form-urlencoded"
_LONGEST_NAME = 60
PROSE = frozenset(
    {
        "name", "text", "reason", "reply", "changed", "lessons", "hypothesis", "verify", "not_needed", "comparison",
        "acceptance", "lines", "remark", "dissent", "conditions", "agenda", "minutes",
        "body", "headline", "instruction",
    }
)  # fmt: skip
"""Fields in which people write sentences. No secret is ever typed into one of them."""
NOBODY = Called("", "")


def typed(request: Request) -> Mapping[str, str]:
    """The fields of a form that one of our own pages sent; nothing where it is none, or cannot be read."""
    if request.method != "POST" or is_foreign(request):
        return {}
    if (request.header(b"content-type") or "").partition(";")[0].strip().lower().encode() != _FORM:
        return {}
    try:
        return dict(parse_qsl(request.body.decode("utf-8"), max_num_fields=100))
    except (UnicodeDecodeError, ValueError):
        return {}


def signature(request: Request) -> Called:
    """The name and the role with which a form was signed, as they were typed."""
    fields = typed(request)
    return Called(*(fields.get(name, "")[:_LONGEST_NAME] for name in ("who", "role"))) if fields else NOBODY


def sentences(request: Request) -> list[str]:
    """What was written in the form's own words, in its order; a field of one row is called `reason-` and its row."""
    return [text.strip() for name, text in typed(request).items() if name.partition("-")[0] in PROSE and text.strip()]
