"""Does a form come from a page of ours? By what the browser says of its origin, and by a token that only we know."""

import hmac
from hashlib import sha256

from machinami.kit.http import Request

FIELD = "form_token"
SESSION = "machinami"  # the cookie of a session
WAITING = "machinami-form"  # the cookie of somebody who has not signed in yet
_BOUND = "__Host-"  # over TLS every cookie is bound to this very host (RFC 6265bis, 4.1.3.2)


def own_cookie(request: Request, name: str) -> str | None:
    """What the browser shows of a cookie of ours: the one that is bound to this host comes first."""
    return request.cookie(_BOUND + name) or request.cookie(name)


def cookie_field(name: str, value: str, secure: bool, seconds: int | None = None) -> tuple[bytes, bytes]:
    """The header field that gives a browser a cookie, which no script and no other site can read. secure: whether it
    comes over TLS; seconds: for how long it is kept, None: until the browser ends."""
    bound, guard = (_BOUND, "; Secure") if secure else ("", "")
    lasting = "" if seconds is None else f"; Max-Age={seconds}"
    return b"set-cookie", f"{bound}{name}={value}; Path=/; HttpOnly; SameSite=Lax{guard}{lasting}".encode("ascii")


def is_foreign(request: Request) -> bool:
    """Whether a browser sent this from a page of another site. Programs that are no browsers say nothing of it."""
    sent_from = request.header(b"sec-fetch-site")
    if sent_from is not None:
        return sent_from not in ("same-origin", "none")
    origin, host = request.header(b"origin"), request.header(b"host")
    return origin is not None and origin.partition("://")[2] != host


def session_cookie(request: Request) -> str | None:
    """What the browser shows of its session."""
    return own_cookie(request, SESSION)


def form_token(request: Request) -> str:
    """What every form of this browser must carry; empty where it has no cookie that could be misused.

    It is made of a cookie that no script and no other site can read, so there is nothing to be kept.
    """
    secret = session_cookie(request) or own_cookie(request, WAITING)
    return "" if not secret else sha256(b"form token of " + secret.encode()).hexdigest()[:32]


def carries_token(request: Request, form: dict[str, str]) -> bool:
    """Whether the form carries the token of its browser, or needs none."""
    token = form_token(request)
    return not token or hmac.compare_digest(form.get(FIELD, "").encode(), token.encode())
