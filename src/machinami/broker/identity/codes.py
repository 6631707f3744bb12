"""Which one-time codes are right? Those of an authenticator app (RFC 6238), and the recovery codes on paper."""

from dataclasses import replace
from hmac import compare_digest, digest

from machinami.broker.identity.identity import Event, Identity, Where, digest_of
from machinami.broker.identity.registry import Live, Registry
from machinami.broker.identity.signing_in import Begun, step_up
from machinami.foundation.errors import BadRequestData, CredentialRefused
from machinami.model.identity.account import Account, Totp
from machinami.model.identity.assurance import Way
from machinami.model.identity.totp import SEED_BYTES, code_at, window_of

RECOVERY_CODES = 10
RECOVERY_BYTES = 14  # 112 bits: as many as no hash must be slow for (OWASP ASVS 5.0, 6.5.2)
_WRONG = "The code is wrong"
SHA256, SHA1 = "sha256", "sha1"
_APART = 20  # half-minutes by which clocks are said to differ


def draw_seed(identity: Identity) -> bytes:
    """A seed for an authenticator."""
    return identity.supplies.draw(SEED_BYTES)


async def use_totp(identity: Identity, registry: Registry, account_id: str, seed: bytes, code: str) -> tuple[str, ...]:
    """Take an authenticator into use whose first code is right; the recovery codes, shown this once. Raises
    BadRequestData where it is wrong."""
    account, now = registry.account(account_id), identity.supplies.clock()
    window, known = window_of(now), (SHA256, SHA1) if identity.supplies.demands.sha1 else (SHA256,)
    algorithm = next((one for one in known if _is_right(seed, code, window, one)), None)
    if algorithm is None:
        raise BadRequestData(_WRONG, key=_what_is_wrong(seed, code, window))
    codes = tuple(_written(identity.supplies.draw(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))
    sealed = identity.supplies.seal.close(seed, sealed_about(account))
    kept = tuple(digest_of(_plain(one)) for one in codes)
    await registry.put_account(replace(account, totp=Totp(sealed, now, window, algorithm), recovery=kept))
    identity.note(Event("authenticator taken into use", registry.town, account.principal_id, account.name))
    return codes


async def drop_totp(identity: Identity, registry: Registry, account_id: str) -> None:
    """Let the authenticator and the recovery codes go."""
    account = registry.account(account_id)
    await registry.put_account(replace(account, totp=None, recovery=()))
    identity.note(Event("authenticator let go", registry.town, account.principal_id, account.name))


async def with_code(identity: Identity, registry: Registry, live: Live, code: str, where: Where) -> Begun:
    """The second step of a sign-in. Raises CredentialRefused, TooManyAttempts. No code is right twice."""
    account = registry.account(live.session.account)
    identity.throttle.check(account.name, where.address)
    way = await _take(identity, registry, account, code)
    if way is None:
        identity.throttle.missed(account.name, where.address)
        identity.note(Event("code refused", registry.town, account.principal_id, account.name, where.address))
        raise CredentialRefused(_WRONG, key="identity.wrong_code")
    identity.throttle.right(account.name, where.address)
    return await step_up(identity, registry, live, way, where)


async def _take(identity: Identity, registry: Registry, account: Account, code: str) -> Way | None:
    totp = account.totp
    if totp is not None:
        seal, about = identity.supplies.seal, sealed_about(account)
        seed, window = seal.open(totp.seed, about), window_of(identity.supplies.clock())
        if window > totp.last_window and _is_right(seed, code, window, totp.algorithm):
            kept = seal.close(seed, about) if seal.is_dated(totp.seed, about) else totp.seed
            await registry.put_account(replace(account, totp=replace(totp, seed=kept, last_window=window)))
            return Way.CODE
    shown = digest_of(_plain(code))
    if shown in account.recovery:
        left = tuple(one for one in account.recovery if one != shown)
        await registry.put_account(replace(account, recovery=left))
        return Way.RECOVERY
    return None


def _is_right(seed: bytes, code: str, window: int, algorithm: str) -> bool:
    """Whether this is the code of the window: codes live for 30 seconds (OWASP ASVS 5.0, 6.5.5)."""
    expected = code_at(digest(seed, window.to_bytes(8, "big"), algorithm))
    return compare_digest(expected.encode(), "".join(code.split()).encode())


def _what_is_wrong(seed: bytes, code: str, now: int) -> str:
    """Why a first code is not right, as the words know it: who shows one has the seed, so nothing is given away."""
    for algorithm in (SHA256, SHA1):
        if any(_is_right(seed, code, window, algorithm) for window in range(now - _APART, now + _APART + 1)):
            return "identity.only_sha1" if _is_right(seed, code, now, algorithm) else "identity.late_code"
    return "identity.wrong_code"


def sealed_about(account: Account) -> str:
    return f"authenticator of {account.id}"


def _written(secret: bytes) -> str:
    text = secret.hex()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _plain(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter.isalnum())
