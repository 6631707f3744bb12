"""How are passkeys registered and shown? WebAuthn (W3C Web Authentication, level 2) by the `webauthn` library."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from machinami.broker.identity.identity import Event, Identity, Where
from machinami.broker.identity.registry import Registry
from machinami.broker.identity.signing_in import Begun, begin
from machinami.foundation.errors import BadRequestData, Conflict, CredentialRefused
from machinami.model.identity.account import Account, Passkey
from machinami.model.identity.assurance import Way

MOST = 10
_WAIT = timedelta(minutes=5)
_PENDING = 2_000
_VERIFIED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a browser must sign: for whom (an account's id; empty for whoever comes), where and until when."""

    value: bytes
    account: str
    origin: str
    until: datetime

    @property
    def host(self) -> str:
        """The relying party's name: the host of the origin."""
        return urlsplit(self.origin).hostname or ""


class Passkeys:
    """The challenges that are out, by the browser that got them."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._out: dict[str, Challenge] = {}

    def ask_to_register(self, account: Account, browser: str, origin: str, town: str) -> dict[str, Any]:
        """What a browser is told to make a passkey by. browser: what only this browser knows."""
        if len(account.passkeys) >= MOST:
            raise Conflict(f"A person has at most {MOST} passkeys; remove one first")
        challenge = self._challenge(browser, account.id, origin)
        options = generate_registration_options(
            rp_id=challenge.host,
            rp_name=town,
            user_name=account.name,
            user_id=account.id.encode(),
            user_display_name=account.display,
            challenge=challenge.value,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in account.passkeys],
        )
        return dict(orjson.loads(options_to_json(options)))

    async def register(
        self, registry: Registry, account_id: str, browser: str, credential: dict[str, Any], name: str
    ) -> None:
        """Take a passkey that a browser made. Raises CredentialRefused, BadRequestData."""
        challenge = self._answered(browser, account_id)
        try:
            made = verify_registration_response(
                credential=credential,
                expected_challenge=challenge.value,
                expected_rp_id=challenge.host,
                expected_origin=challenge.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise CredentialRefused("This passkey cannot be taken") from error
        known = [
            one for one in registry.accounts.values.values() for key in one.passkeys if key.id == made.credential_id
        ]
        if known:
            raise Conflict("This passkey is registered already")
        called = " ".join(name.split())[:60]
        if not called.isprintable():
            raise BadRequestData("A passkey's name has up to 60 characters")
        now, account = self._identity.supplies.clock(), registry.account(account_id)
        key = Passkey(made.credential_id, made.credential_public_key, made.sign_count, called or "passkey", now)
        await registry.put_account(replace(account, passkeys=(*account.passkeys, key)))
        self._identity.note(Event("passkey registered", registry.town, account.principal_id, account.name))

    def ask_to_sign_in(self, browser: str, origin: str) -> dict[str, Any]:
        """What a browser is told to show a passkey by; whose it is, the passkey says itself."""
        challenge = self._challenge(browser, "", origin)
        options = generate_authentication_options(
            rp_id=challenge.host, challenge=challenge.value, user_verification=_VERIFIED
        )
        return dict(orjson.loads(options_to_json(options)))

    async def sign_in(self, registry: Registry, browser: str, credential: dict[str, Any], where: Where) -> Begun:
        """Sign in by a passkey. Raises CredentialRefused, TooManyAttempts."""
        self._identity.throttle.check("by passkey", where.address)
        challenge = self._answered(browser, "")
        try:
            shown = base64url_to_bytes(str(credential["rawId"]))
            account, key = self._find(registry, shown)
            seen = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge.value,
                expected_rp_id=challenge.host,
                expected_origin=challenge.origin,
                credential_public_key=key.public_key,
                credential_current_sign_count=key.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            self._identity.throttle.missed("by passkey", where.address)
            self._identity.note(Event("passkey refused", registry.town, "", "", where.address))
            raise CredentialRefused("This passkey does not open this town") from error
        used = replace(key, sign_count=seen.new_sign_count, last_used=self._identity.supplies.clock())
        keys = tuple(used if one.id == key.id else one for one in registry.account(account.id).passkeys)
        await registry.put_account(replace(registry.account(account.id), passkeys=keys))
        return await begin(self._identity, registry, account, frozenset({Way.PASSKEY}), where)

    async def remove(self, registry: Registry, account_id: str, key_id: bytes) -> None:
        """Let a passkey go."""
        account = registry.account(account_id)
        left = tuple(one for one in account.passkeys if one.id != key_id)
        if not left and account.password is None and account.linked is None:
            raise Conflict("This is the only way in; register another passkey first")
        await registry.put_account(replace(account, passkeys=left))
        self._identity.note(Event("passkey removed", registry.town, account.principal_id, account.name))

    def _challenge(self, browser: str, account: str, origin: str) -> Challenge:
        now = self._identity.supplies.clock()
        self._out = {name: one for name, one in self._out.items() if one.until > now}
        while len(self._out) >= _PENDING:
            self._out.pop(next(iter(self._out)))
        made = Challenge(self._identity.supplies.draw(32), account, origin, now + _WAIT)
        self._out[browser] = made
        return made

    def _answered(self, browser: str, account: str) -> Challenge:
        found = self._out.pop(browser, None)
        if found is None or found.account != account or found.until <= self._identity.supplies.clock():
            raise CredentialRefused("This was not asked for, or too long ago; begin anew")
        return found

    def _find(self, registry: Registry, shown: bytes) -> tuple[Account, Passkey]:
        for account in registry.accounts.values.values():
            for key in account.passkeys:
                if key.id == shown and account.ended is None:
                    return account, key
        raise KeyError("no such passkey")
