"""A validator's signer in another process, as its node sees it: the same face as node/signer.py, over a sealed link.

Signatures are asked for from the node's disk thread, which waits at most `timeout_ms`; the link itself lives on the
event loop, which never waits for it. Without a link the answer is SignerAway at once, the node stays silent in that
step, and `run` dials again and again. What comes back is verified before the node believes it.
"""

import asyncio
import concurrent.futures
import itertools
import logging
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from chain.types.scalars import (
    Blob,
    BlockId,
    ChainId,
    Height,
    Round,
    Signature,
    Uint,
    ValidatorId,
    ValidRound,
    VoteTarget,
    VrfOutput,
    VrfProof,
)
from chain.types.vote import PartSetHeader, Proposal, Vote
from crypto.keys import SecretKey, verify
from node.remote_signer.errors import SignerAway, SignerSilent, SignersValidatorDiffers, UnusableWord
from node.remote_signer.messages import (
    Answered,
    Asked,
    BeaconProved,
    Introduce,
    Introduced,
    NotSigned,
    Question,
    Signed,
    WantBeacon,
    WantProposal,
    WantVote,
    encode,
    network_id,
    read_answer,
)
from node.signer import PROPOSAL_STEP, UNSIGNED, Refused, vote_step
from node.signer_state import SignerError
from p2p.address import PeerAddress
from p2p.channel import Channel
from p2p.dialer import Backoff
from p2p.errors import HandshakeTimeout, P2PError
from p2p.session import Entropy, initiate
from p2p.transport import Link, Transport, WebSocketTransport

HANDSHAKE_SECONDS: Final = 5.0
HEARTBEAT_SECONDS: Final = 2.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
GRACE_SECONDS: Final = 1.0  # that a thread waits beyond the link's own patience, should the event loop be stuck

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the signer listens and who it is, whom it signs for, and how long it may take to answer, in seconds."""

    address: PeerAddress
    validator: ValidatorId
    timeout: float


class _Session:
    """One live link. Questions go one after the other; whatever goes wrong with one ends the link."""

    def __init__(self, link: Link, channel: Channel, timeout: float) -> None:
        self._link, self._channel, self._timeout = link, channel, timeout
        self._turn, self._numbers = asyncio.Lock(), itertools.count(1)
        self.broken = asyncio.Event()

    async def ask(self, asked: Asked) -> Answered:
        """Raises SignerSilent, UnusableWord, P2PError."""
        number = Uint(next(self._numbers))
        answered = False
        try:
            async with asyncio.timeout(self._timeout), self._turn:
                await self._link.send(self._channel.seal(encode(Question(number, asked))))
                reply = read_answer(self._channel.open(await self._link.receive()), number)
            answered = True
        except TimeoutError as error:
            raise SignerSilent(self._timeout) from error
        finally:
            if not answered:  # also when cancelled: an answer that nobody waits for would be taken for the next one
                self.broken.set()
        return reply


class RemoteSigner:
    """`run` is one of the node's tasks; the rest is for threads beside the event loop, one call at a time."""

    def __init__(
        self,
        identity: SecretKey,
        chain_id: ChainId,
        signer: Whereabouts,
        entropy: Entropy,
        transport: Transport | None = None,
    ) -> None:
        self._identity, self._chain_id, self._signer, self._entropy = identity, chain_id, signer, entropy
        self._transport = transport or WebSocketTransport()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: _Session | None = None
        self.trouble = "it was not reached yet"
        self._reported: type[Exception] | None = None
        self.public_key = signer.validator
        self.last_position: tuple[int, int, int] = (0, 0, 0)

    # For threads

    def sign_vote(self, type_: Uint, height: Height, round_: Round, target: VoteTarget) -> Vote | Refused:
        """The signed vote, or Refused. Raises SignerAway."""
        vote = Vote(type_, height, round_, target, self.public_key, UNSIGNED)
        position = (height, round_, vote_step(type_))
        signed = self._sign(WantVote(type_, height, round_, target), position, vote.signing_bytes(self._chain_id))
        return signed if isinstance(signed, Refused) else replace(vote, signature=signed)

    def sign_proposal(
        self, height: Height, round_: Round, valid_round: ValidRound, block_id: BlockId, parts: PartSetHeader
    ) -> Proposal | Refused:
        """The signed proposal, or Refused. Raises SignerAway."""
        proposal = Proposal(height, round_, valid_round, block_id, parts, self.public_key, UNSIGNED)
        asked = WantProposal(height, round_, valid_round, block_id, parts)
        signed = self._sign(asked, (height, round_, PROPOSAL_STEP), proposal.signing_bytes(self._chain_id))
        return signed if isinstance(signed, Refused) else replace(proposal, signature=signed)

    def prove_beacon(self, alpha: bytes) -> tuple[VrfOutput, VrfProof]:
        """The VRF output and proof for a header's alpha. Raises SignerAway."""
        answered = self._ask(WantBeacon(Blob(alpha)))
        if not isinstance(answered, BeaconProved):
            raise self._useless("it answered something else than a beacon")
        return answered.output, answered.proof

    def close(self) -> None:
        """Nothing is held open beside the link, which ends with `run`."""

    def _sign(self, asked: Asked, position: tuple[int, int, int], message: bytes) -> Signature | Refused:
        answered = self._ask(asked)
        if isinstance(answered, NotSigned):
            return Refused(position, (answered.height, answered.round, answered.step))
        if not isinstance(answered, Signed):
            raise self._useless("it answered something else than a signature")
        if not verify(self.public_key, message, answered.signature):
            raise self._useless("its signature does not verify")
        self.last_position = position
        return answered.signature

    def _ask(self, asked: Asked) -> Answered:
        loop, session = self._loop, self._session
        if loop is None or session is None:
            raise SignerAway(self.trouble)
        asking = asyncio.run_coroutine_threadsafe(session.ask(asked), loop)
        try:
            return asking.result(self._signer.timeout + GRACE_SECONDS)
        except (TimeoutError, concurrent.futures.CancelledError) as error:
            asking.cancel()
            raise SignerAway(f"no answer within {self._signer.timeout} s") from error
        except (P2PError, SignerError) as error:
            raise SignerAway(_reason(error)) from error

    def _useless(self, reason: str) -> SignerAway:
        loop, session = self._loop, self._session
        if loop is not None and session is not None:
            loop.call_soon_threadsafe(session.broken.set)
        return SignerAway(reason)

    # On the event loop

    @property
    def connected(self) -> bool:
        """Whether the signer answered lately."""
        return self._session is not None

    async def run(self) -> None:
        """Keep a link to the signer, until cancelled."""
        self._loop = asyncio.get_running_loop()
        backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE, self._entropy)
        try:
            while True:
                try:
                    await self._serve(backoff)
                except (P2PError, SignerError) as error:
                    self._report(error)
                await asyncio.sleep(backoff.delay())
        finally:
            await self._transport.close()

    async def _serve(self, backoff: Backoff) -> None:
        """One link's life. Raises P2PError, SignerError for its end."""
        target = self._signer.address
        link = await _in_time(self._transport.dial(target.address))
        try:
            shake = initiate(
                link, self._identity, network_id(self._chain_id), self._entropy, target.node_id, lambda _node: None
            )
            session = _Session(link, await _in_time(shake), self._signer.timeout)
            await self._introduce(session)
            backoff.reset()
            self._session, self._reported = session, None
            log.info("the remote signer at %s answers; it signed %s last", target.address, self.last_position)
            while not await _happens(session.broken, HEARTBEAT_SECONDS):
                await self._introduce(session)
            raise SignerAway("its link broke")
        finally:
            self._session = None
            await link.close("the node gave the link up")

    async def _introduce(self, session: _Session) -> None:
        answered = await session.ask(Introduce(self._chain_id))
        if not isinstance(answered, Introduced):
            raise UnusableWord(f"{type(answered).__name__} is no introduction")
        if answered.validator != self.public_key:
            raise SignersValidatorDiffers(self.public_key, answered.validator)
        self.last_position = (answered.height, answered.round, answered.step)

    def _report(self, error: Exception) -> None:
        """Once per kind of trouble, not once per attempt."""
        level = logging.DEBUG if type(error) is self._reported else logging.WARNING
        self.trouble, self._reported = _reason(error), type(error)
        log.log(level, "no link to the remote signer: %s", self.trouble)


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, SignerAway) else str(error)


async def _in_time(step: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            return await step
    except TimeoutError:
        raise HandshakeTimeout(HANDSHAKE_SECONDS) from None


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    """Whether it does within so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
