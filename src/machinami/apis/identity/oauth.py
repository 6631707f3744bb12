"""How does a program get a token, and how do others check one? OAuth 2 client credentials (RFC 6749, 8414, 7517)."""

from base64 import b64decode
from binascii import Error
from urllib.parse import parse_qsl, unquote_plus

from machinami.apis.identity import openapi
from machinami.apis.identity.asking import Asking
from machinami.apis.identity.keys import answer
from machinami.broker.identity.tokens import LASTING, Tokens
from machinami.foundation.errors import CredentialRefused, Forbidden
from machinami.kit.http import Handler, Request, Response, Route

TOKEN, JWKS, METADATA = "/oauth/token", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server"
_GRANT = "client_credentials"


def routes(asking: Asking, tokens: Tokens) -> list[Route]:
    """The addresses of OAuth 2."""
    return [
        openapi.route("POST", TOKEN, _give(asking, tokens)),
        openapi.route("GET", JWKS, lambda _: answer(tokens.public())),
        openapi.route("GET", METADATA, _metadata(asking)),
    ]


def _give(asking: Asking, tokens: Tokens) -> Handler:
    def give(request: Request) -> Response:
        try:
            form = dict(parse_qsl(request.body.decode("utf-8", "replace"), max_num_fields=20))
        except ValueError:
            return _refused("invalid_request", "The form has more than 20 fields")
        if form.get("grant_type") != _GRANT:
            return _refused("unsupported_grant_type", f"grant_type must be {_GRANT}")
        client, secret = _client(request, form)
        registry, address = asking.registry(request), asking.address(request)
        try:
            token, scopes = tokens.give(registry, client, secret, form.get("scope", ""), address)
        except CredentialRefused as error:
            return _refused("invalid_client", error.detail, 401)
        except Forbidden as error:
            return _refused("invalid_scope", error.detail)
        document = {"access_token": token, "token_type": "Bearer", "expires_in": int(LASTING.total_seconds())}
        return answer(document if scopes is None else {**document, "scope": " ".join(sorted(scopes))})

    return give


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """The client and its secret, by HTTP Basic or in the form (RFC 6749, 2.3.1)."""
    scheme, _, value = (request.header(b"authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client, _, secret = b64decode(value, validate=True).decode("utf-8").partition(":")
    except (Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client), unquote_plus(secret)


def _refused(error: str, description: str, status: int = 400) -> Response:
    refusal = answer({"error": error, "error_description": description}, status)
    if status == 401:
        refusal.headers.append((b"www-authenticate", b"Basic"))
    return refusal


def _metadata(asking: Asking) -> Handler:
    def tell(_: Request) -> Response:
        home = asking.identity.supplies.address()
        return answer(
            {
                "issuer": home,
                "token_endpoint": home + TOKEN,
                "jwks_uri": home + JWKS,
                "grant_types_supported": [_GRANT],
                "response_types_supported": [],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            }
        )

    return tell
