"""How are credentials kept that clients hand over for others to see? Sealed in the record, and in no document that is
shown."""

from collections.abc import Iterable
from typing import Any

from machinami.broker.town import Town
from machinami.model.credentials import Pair, has_password, is_secret, revealed, with_addresses, with_secrets

_SEALED = "sealed"
_ABOUT = "credential"
_URN = "urn:machinami:sealed:"  # stands in a record for an address that says a password


def kept(town: Town, document: dict[str, Any], known: Iterable[tuple[str, str]], address: str) -> dict[str, Any]:
    """A document as its record holds it. known, address: its header fields and its address, which may be masked in
    it."""
    whole, seal = revealed(document, known, address), town.seal
    if seal is None:
        return whole

    def close(pair: Pair) -> Pair:
        if not is_secret(pair):
            return pair
        rest = {name: value for name, value in pair.items() if name != "value"}
        return {**rest, _SEALED: seal.close(pair["value"].encode(), _ABOUT).hex()}

    def conceal(address: str) -> str:
        return _URN + seal.close(address.encode(), _ABOUT).hex() if has_password(address) else address

    return with_addresses(with_secrets(whole, close), conceal)


def opened(town: Town, document: dict[str, Any]) -> dict[str, Any]:
    """The document of a record with its credentials. Raises StoreUnavailable where the key is another one."""
    seal = town.seal
    if seal is None:
        return document

    def open_one(pair: Pair) -> Pair:
        if _SEALED not in pair:
            return pair
        rest = {name: value for name, value in pair.items() if name != _SEALED}
        return {**rest, "value": seal.open(bytes.fromhex(pair[_SEALED]), _ABOUT).decode()}

    def tell(address: str) -> str:
        if not address.startswith(_URN):
            return address
        return seal.open(bytes.fromhex(address.removeprefix(_URN)), _ABOUT).decode()

    return with_addresses(with_secrets(document, open_one), tell)
