"""How is somebody known in two towns matched, and how does that end? With a code, sure enough, and by either side.

Whom a pair is, each town keeps sealed with the key of the person, so that who is erased is paired no more.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import orjson

from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.foundation.errors import (
    BadRequestData,
    Conflict,
    Forbidden,
    NotFound,
    SignInRequired,
    StepUpRequired,
)
from machinami.foundation.instant import format_instant
from machinami.model.identity.record import read, write
from machinami.model.pairing import LASTS, Assurance, Code, Paired, Peer, read_assurance, write_assurance
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal, Role
from machinami.wire.exchange import Call, Caller

PEER, CODE, PAIRED = "pair-peer", "pair-code", "paired"
REDEMPTION, REVOCATION = "/pairs/redemption", "/pairs/revocation"
SCOPE = "paired"  # the scope of the keys that seal whom a pair is
_ABOUT = "pair-peer"
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Pairing:
    """One town, and how it asks others."""

    town: Town
    caller: Caller

    # peers

    async def put_peer(self, peer: Peer, credential: str, by: Principal) -> None:
        """Have people be paired with another town from now on. credential: what is shown there as Authorization."""
        demand(self.town.policy, by, Deed.ADMINISTER)
        if not peer.id or not peer.address.startswith(("https://", "http://")):
            raise BadRequestData("A peer has an id, and an address that begins with https://", member="address")
        seal = self.town.seal
        sealed = credential if seal is None else seal.close(credential.encode(), _ABOUT).hex()
        kept = replace(peer, address=peer.address.rstrip("/"), sealed=sealed)
        await self.town.store.transact(lambda tx: tx.put_record(PEER, peer.id, write(kept)))
        self.town.policy.note(by, f"people may be paired with {peer.id} at {kept.address}")

    async def peers(self, by: Principal) -> Sequence[Peer]:
        """The towns with which people may be paired. Raises SignInRequired."""
        _demand_known(by)
        return [read(Peer, record) for record in (await self.town.store.records(PEER)).values()]

    def _peer(self, peer_id: str) -> Peer:
        record = self.town.store.record(PEER, peer_id)
        if record is None:
            raise NotFound(f"People are not paired with {peer_id[:100]} here")
        return read(Peer, record)

    # what the person does

    async def issue(self, peer_id: str, by: Principal) -> tuple[str, Code]:
        """A code for a person to carry to the peer. Raises StepUpRequired where they are not known surely enough."""
        _demand_known(by)
        peer = self._peer(peer_id)
        known = _sure(by, peer)
        code, issued = secrets.token_urlsafe(16), Code(by.id, peer.id, known, self.town.clock() + LASTS)
        await self._keep(CODE, _digest(code), write(issued), by.id)
        self.town.policy.note(by, f"took out a code to be paired with {peer.id}")
        return code, issued

    async def redeem_there(self, peer_id: str, code: str, by: Principal) -> Paired:
        """Be paired, with a code from the peer. Raises StepUpRequired; Forbidden where the peer refuses."""
        _demand_known(by)
        peer = self._peer(peer_id)
        known = _sure(by, peer)
        told = await self._ask(peer, REDEMPTION, {"code": code, "assurance": write_assurance(known)})
        pair, there = str(told.get("pair", "")), read_assurance(told.get("assurance"))
        if not there.suffices(peer.needed):
            await self._ask(peer, REVOCATION, {"pair": pair})
            raise Forbidden(f"{peer.id} does not know you surely enough", peer=peer.id)
        made = Paired(pair, by.id, peer.id, known, there, self.town.clock())
        await self._keep(PAIRED, pair, write(made), by.id)
        self.town.policy.note(by, f"was paired with {peer.id}: {pair}", entity=by.id)
        return made

    async def of(self, by: Principal) -> list[Paired]:
        """Whom who asks is paired as."""
        _demand_known(by)
        return [one for one in await self._all() if one.person == by.id]

    async def end(self, pair: str, by: Principal) -> Paired:
        """End one's own pair, here and there. Raises NotFound."""
        _demand_known(by)
        found = self._opened(pair)
        if found is None or found.person != by.id:
            raise NotFound(f"There is no pair {pair[:100]} of yours here")
        ended = await self._end(found, by)
        await self._ask(self._peer(found.peer), REVOCATION, {"pair": pair})
        return ended

    # what the peer asks

    async def redeem(self, code: str, there: Assurance, by: Principal) -> Paired:
        """Pair who took out the code, for the peer that it was for. A code counts once. Raises Forbidden, NotFound."""
        peer = self._calling(by)
        place, now = _digest(code), self.town.clock()
        kept = self._record(CODE, place)
        await self.town.store.transact(lambda tx: tx.delete_record(CODE, place))
        issued = None if kept is None else read(Code, kept)
        if issued is None or issued.peer != peer.id or issued.until <= now:
            self.town.policy.note(by, "was refused a pair: the code is not valid")
            raise NotFound("This code is not valid (any more); take out another one")
        if not there.suffices(peer.needed):
            self.town.policy.note(by, "was refused a pair: it does not know the person surely enough")
            raise Forbidden(f"Both sides must know the person at level {peer.needed.identity}", peer=peer.id)
        pair = f"urn:machinami:pair:{secrets.token_hex(16)}"
        made = Paired(pair, issued.person, peer.id, issued.assurance, there, now)
        await self._keep(PAIRED, pair, write(made), made.person)
        self.town.policy.note(by, f"paired somebody: {pair}", entity=made.person)
        return made

    async def revoke(self, pair: str, by: Principal) -> None:
        """End a pair that the peer has ended; one that is over or unknown is as it should be."""
        peer, found = self._calling(by), self._opened(pair)
        if found is not None and found.peer == peer.id and found.ended is None:
            await self._end(found, by)

    # within

    def _calling(self, by: Principal) -> Peer:
        if Role.NEIGHBOUR not in by.roles:
            raise Forbidden("Only a neighbour with a key of its own pairs people", principal=by.id)
        return self._peer(by.id)

    async def _end(self, found: Paired, by: Principal) -> Paired:
        ended = replace(found, ended=self.town.clock())
        await self._keep(PAIRED, found.pair, write(ended), found.person)
        self.town.policy.note(by, f"ended the pair {found.pair}", entity=found.person)
        return ended

    async def _keep(self, kind: str, key: str, record: dict[str, Any], person: str) -> None:
        shroud = self.town.shroud
        kept = record if shroud is None else shroud.cipher.close_record(record, f"{kind}/{key}", [person], SCOPE)
        await self.town.store.transact(lambda tx: tx.put_record(kind, key, kept))
        if shroud is not None:
            await shroud.settle()

    def _record(self, kind: str, key: str) -> dict[str, Any] | None:
        kept = self.town.store.record(kind, key)
        return None if kept is None else self._open(kind, key, kept)

    def _open(self, kind: str, key: str, kept: dict[str, Any]) -> dict[str, Any] | None:
        shroud = self.town.shroud
        return kept if shroud is None else shroud.cipher.open_record(kept, f"{kind}/{key}")

    def _opened(self, pair: str) -> Paired | None:
        record = self._record(PAIRED, pair)
        return None if record is None else read(Paired, record)

    async def _all(self) -> list[Paired]:
        kept = await self.town.store.records(PAIRED)
        opened = [self._open(PAIRED, key, record) for key, record in kept.items()]
        return [read(Paired, record) for record in opened if record is not None]

    async def _ask(self, peer: Peer, path: str, said: dict[str, Any]) -> dict[str, Any]:
        seal = self.town.seal
        credential = peer.sealed if seal is None else seal.open(bytes.fromhex(peer.sealed), _ABOUT).decode()
        headers = {"Content-Type": "application/json", "Authorization": credential}
        told = await self.caller.call(
            Call("POST", peer.address + path, headers, orjson.dumps(said), _SECONDS, limit=100_000)
        )
        if told.status is None:
            raise Conflict(f"{peer.id} does not answer: {told.reason}", peer=peer.id)
        if told.status >= 300:
            raise Forbidden(f"{peer.id} refuses: {told.body[:300].decode(errors='replace')}", peer=peer.id)
        return dict(orjson.loads(told.body)) if told.body else {}


def _sure(by: Principal, peer: Peer) -> Assurance:
    """How surely who asks is known. Raises StepUpRequired where it is not enough."""
    known = Assurance(by.identity_assurance, by.authentication_assurance)
    if not known.suffices(peer.needed):
        raise StepUpRequired(
            f"To be paired takes identity level {peer.needed.identity} and authentication level "
            f"{peer.needed.authentication}",
            identityAssurance=peer.needed.identity,
            authenticationAssurance=peer.needed.authentication,
        )
    return known


def _demand_known(by: Principal) -> None:
    if by.id == ANONYMOUS.id or by.scopes is not None:
        raise SignInRequired("Sign in yourself to be paired with another town")


def _digest(code: str) -> str:
    return sha256(b"pair code" + code.encode()).hexdigest()


def told(one: Paired) -> dict[str, Any]:
    """A pair as its person sees it."""
    said: dict[str, Any] = {"pair": one.pair, "peer": one.peer, "since": format_instant(one.since)}
    said |= {"here": write_assurance(one.here), "there": write_assurance(one.there)}
    return said if one.ended is None else {**said, "ended": format_instant(one.ended)}
