"""How does a text become a letter that mail servers carry? (RFC 5322, RFC 2045, RFC 8058)"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache

from machinami.foundation.errors import BadRequestData

LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
_LINE = 76  # letters of base64 in a line (RFC 2045, 6.8)


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to one address. name: the part before @ of its Message-ID, by which a letter that is sent again is
    known to be the same; more: further header fields, of plain ASCII."""

    to: str
    subject: str
    text: str
    name: str
    more: Mapping[str, str] = field(default_factory=dict)


def checked_address(text: str) -> str:
    """A mail address as people have them (a dot-atom at a domain). Raises BadRequestData."""
    found = text.strip()
    if len(found) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(found):
        raise BadRequestData("This is no mail address; write it as name@example.jp", field="address")
    return found


def leave_fields(address: str) -> Mapping[str, str]:
    """The header fields by which a mail program offers to end the letters with one press (RFC 2369, RFC 8058)."""
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def written(letter: Letter, sender: str, sender_name: str, at: datetime) -> bytes:
    """The letter as it is handed to a mail server: text in UTF-8, base64, lines ended by CRLF.

    sender: the address it is from. Raises BadRequestData where a field holds a line break.
    """
    fields = {
        "From": f"{_header(sender_name)} <{sender}>" if sender_name else sender,
        "To": letter.to,
        "Subject": _header(letter.subject),
        "Date": format_datetime(at),
        "Message-ID": f"<{letter.name}@{sender.rpartition('@')[2]}>",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "base64",
        **letter.more,
    }
    for name, value in fields.items():
        if "\n" in value.replace("\r\n ", "") or "\0" in value:
            raise BadRequestData(f"The header field {name} holds a line break", field=name)
    body = base64.b64encode(letter.text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8")).decode("ascii")
    lines = [f"{name}: {value}" for name, value in fields.items()]
    lines += ["", *(body[start : start + _LINE] for start in range(0, len(body), _LINE)), ""]
    return "\r\n".join(lines).encode("ascii")


@lru_cache(256)
def _header(text: str) -> str:
    """A header field's text, as encoded words where it is not ASCII (RFC 2047). One message has one subject."""
    plain = " ".join(text.split())
    if plain.isascii():
        return plain
    return Header(plain, "utf-8").encode(linesep="\r\n")
