"""A real OpenID provider in a process of its own that can also tell a town that somebody is out there."""

import hmac
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import urlsafe_b64encode
from typing import Any
from uuid import uuid4

import flask
import oidc_provider_mock
import orjson
from joserfc import jws
from joserfc.jwk import RSAKey
from oidc_provider_mock._storage import storage

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def provider(port: int) -> flask.Flask:
    """The provider. POST /told {"to", "claims", "header", "signer", "times"} has it send a logout token, and answers
    what it was told, each time; claims and header change those of a right one, null leaves one out."""
    app = oidc_provider_mock.app(require_nonce=True)

    @app.post("/told")
    def tell() -> Any:
        asked = flask.request.get_json()
        now = int(time.time())
        claims = {
            "iss": f"http://127.0.0.1:{port}", "aud": "machinami", "iat": now, "exp": now + 120,
            "jti": str(uuid4()), "events": {EVENT: {}}, **asked.get("claims", {}),
        }  # fmt: skip
        header = {"alg": "RS256", "typ": "logout+jwt", "kid": storage.jwk.thumbprint(), **asked.get("header", {})}
        token = signed(_without_null(header), orjson.dumps(_without_null(claims)), asked.get("signer", "provider"))
        return [send(asked["to"], token) for _ in range(asked.get("times", 1))]

    return app


def _without_null(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def signed(header: dict[str, Any], payload: bytes, signer: str) -> str:
    """A token. signer: provider; stranger, by a key of their own; public, by the public key taken for a secret."""
    if header["alg"] in ("none", "HS256"):
        said = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in (orjson.dumps(header), payload))
        public = RSAKey.import_key(storage.jwk.as_dict()).as_pem(private=False)
        mark = hmac.digest(public, said, "sha256") if signer == "public" else b""
        return (said + b"." + urlsafe_b64encode(mark).rstrip(b"=")).decode()
    own = RSAKey.import_key(storage.jwk.as_dict(is_private=True))
    return jws.serialize_compact(header, payload, own if signer == "provider" else RSAKey.generate_key(2048))


def send(address: str, token: str) -> dict[str, Any]:
    """Tell a town."""
    body = urllib.parse.urlencode({"logout_token": token}).encode()
    try:
        with urllib.request.urlopen(address, body, timeout=10) as answer:
            return {"status": answer.status, "text": answer.read().decode(), "kept": answer.headers["Cache-Control"]}
    except urllib.error.HTTPError as refusal:
        return {"status": refusal.code, "text": refusal.read().decode(), "kept": refusal.headers["Cache-Control"]}


if __name__ == "__main__":
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    provider(int(sys.argv[1])).run("127.0.0.1", int(sys.argv[1]), threaded=True)
