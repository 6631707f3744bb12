"""Does a form come from a page of ours? By what the browser says of its origin, and by a token that only we know."""

import hmac
from hashlib import sha256

from machinami.kit.http import Request

FIELD = "form_token"
SECURE, PLAIN = "__Host-machinami", "machinami"  # cookies of a session; the first over TLS only
WAITING = "machinami-form"  # the cookie of somebody who has not signed in yet


def is_foreign(request: Request) -> bool:
    """Whether a browser sent this from a page of another site. Programs that are no browsers say nothing of it."""
    sent_from = request.header(b"sec-fetch-site")
    if sent_from is not None:
        return sent_from not in ("same-origin", "none")
    origin, host = request.header(b"origin"), request.header(b"host")
    return origin is not None and origin.partition("://")[2] != host


def session_cookie(request: Request) -> str | None:
    """What the browser shows of its session."""
    return request.cookie(SECURE) or request.cookie(PLAIN)


def form_token(request: Request) -> str:
    """What every form of this browser must carry; empty where it has no cookie that could be misused.

    It is made of a cookie that no script and no other site can read, so there is nothing to be kept.
    """
    secret = session_cookie(request) or request.cookie(WAITING)
    return "" if not secret else sha256(b"form token of " + secret.encode()).hexdigest()[:32]


def carries_token(request: Request, form: dict[str, str]) -> bool:
    """Whether the form carries the token of its browser, or needs none."""
    token = form_token(request)
    return not token or hmac.compare_digest(form.get(FIELD, "").encode(), token.encode())
