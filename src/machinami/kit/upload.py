"""What was sent with a form that has a file? The parts of multipart/form-data (RFC 7578)."""

from email import message_from_bytes
from email.message import Message
from email.policy import HTTP

from machinami.foundation.errors import Forbidden, InvalidRequest, UnsupportedMediaType
from machinami.kit.forms import carries_token, is_foreign
from machinami.kit.frame import FORM, read_form
from machinami.kit.http import Request

_KIND = "multipart/form-data"
_MOST_PARTS = 50


def read_upload(request: Request) -> tuple[dict[str, str], dict[str, bytes]]:
    """The fields and the files of a form that one of our own pages sent; a file that was not chosen is not there.

    Raises Forbidden for a form that another site sent, UnsupportedMediaType and InvalidRequest for no form.
    """
    if is_foreign(request):
        raise Forbidden("A form from another site is not taken; open this town's page and send it from there")
    kind = request.header(b"content-type") or ""
    if kind.partition(";")[0].strip().lower() == FORM:
        return read_form(request), {}
    if kind.partition(";")[0].strip().lower() != _KIND:
        raise UnsupportedMediaType(f"A form with a file is sent as {_KIND}, not as {kind[:60] or 'nothing'}")
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1")
    parts = message_from_bytes(head + request.body, policy=HTTP).get_payload()
    if not isinstance(parts, list) or len(parts) > _MOST_PARTS:
        raise InvalidRequest(f"The form cannot be read; it has at most {_MOST_PARTS} parts")
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in parts:
        if not isinstance(part, Message):
            raise InvalidRequest("The form cannot be read: it is not made of parts")
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            raise InvalidRequest("The form cannot be read: a part of it has no name")
        if part.get_filename() is None:
            fields[name] = content.decode("utf-8", "replace")
        elif content:
            files[name] = content
    if not carries_token(request, fields):
        raise Forbidden("This form is too old or not from here; open the page anew and send it from there")
    return fields, files
