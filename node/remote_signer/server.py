"""The process that holds a validator's key: answers the nodes that its settings name, one question at a time.

All questions of all links go through one thread and one guard (node/signer.py): whoever asks, there is one signature
for a position, and the guard's state is on disk before it leaves.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from chain.types.scalars import ChainId, Height, Round, Uint
from chain.types.vote import Proposal, Vote
from crypto.keys import SecretKey
from node.remote_signer.errors import SignersChainDiffers, UnknownNodeAtSigner
from node.remote_signer.messages import (
    Answer,
    Answered,
    Asked,
    BeaconProved,
    Introduce,
    Introduced,
    NotSigned,
    Signed,
    WantBeacon,
    WantProposal,
    WantVote,
    encode,
    network_id,
    read_question,
)
from node.signer import Refused, Signer
from node.signer_state import SignerError, SignerStateUnwritable
from p2p.address import Address, NodeId
from p2p.channel import Channel
from p2p.errors import P2PError, TooManyPeers
from p2p.session import Entropy, respond
from p2p.transport import Link, Transport, WebSocketTransport

HANDSHAKE_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 30.0  # nodes ask for a sign of life every two
MAX_LINKS: Final = 16  # of nodes that have proven who they are
MAX_HANDSHAKES: Final = 16  # unfinished; one more takes the place of the oldest, so strangers keep no node out

log = logging.getLogger(__name__)


class SignerServer:
    """One signer's. `run` is its whole life."""

    def __init__(
        self,
        signer: Signer,
        chain_id: ChainId,
        identity: SecretKey,
        nodes: frozenset[NodeId],
        entropy: Entropy,
        transport: Transport | None = None,
    ) -> None:
        self._signer, self._chain_id, self._identity, self._nodes = signer, chain_id, identity, nodes
        self._entropy, self._transport = entropy, transport or WebSocketTransport()
        self._links = 0
        self._shaking: list[Link] = []
        self._failed: asyncio.Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="signer")

    async def run(self, listen: Address, ready: Callable[[Address], None]) -> None:
        """Until cancelled. `ready` is called with the bound address. Raises ListenFailed, SignerStateUnwritable."""
        self._failed = asyncio.get_running_loop().create_future()
        try:
            ready(await self._transport.listen(listen, self._accept))
            await self._failed
        finally:
            await self._transport.stop()
            await self._transport.close()
            self._thread.shutdown()

    async def _accept(self, link: Link) -> None:
        reason = "the signer stops"
        try:
            channel = await self._shake(link)
            log.info("node %s connected from %s", channel.remote.hex(), link.remote)
            await self._converse(link, channel)
        except (P2PError, SignerError) as error:
            reason = type(error).__name__
            log.info("%s: %s", link.remote, error)
        except TimeoutError:
            reason = "Idle"
            log.info("%s: it said nothing for too long", link.remote)
        finally:
            await link.close(reason)

    async def _shake(self, link: Link) -> Channel:
        """The channel to a node that gets signatures. Raises P2PError, UnknownNodeAtSigner, TimeoutError."""
        if len(self._shaking) >= MAX_HANDSHAKES:
            await self._shaking.pop(0).close("Crowded")
        self._shaking.append(link)
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                channel = await respond(link, self._identity, network_id(self._chain_id), self._entropy)
        finally:
            if link in self._shaking:
                self._shaking.remove(link)
        if channel.remote not in self._nodes:
            raise UnknownNodeAtSigner(channel.remote)
        return channel

    async def _converse(self, link: Link, channel: Channel) -> None:
        if self._links >= MAX_LINKS:
            raise TooManyPeers(MAX_LINKS)
        self._links += 1
        try:
            await self._answer_all(link, channel)
        finally:
            self._links -= 1

    async def _answer_all(self, link: Link, channel: Channel) -> None:
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                question = read_question(channel.open(await link.receive()))
            try:
                answered = await asyncio.get_running_loop().run_in_executor(self._thread, self.answer, question.asked)
            except SignerStateUnwritable as error:
                if self._failed is not None and not self._failed.done():
                    self._failed.set_exception(error)
                raise
            await link.send(channel.seal(encode(Answer(question.number, answered))))

    def answer(self, asked: Asked) -> Answered:
        """What a question is answered; in the one thread. Raises SignersChainDiffers, SignerStateUnwritable."""
        signer = self._signer
        match asked:
            case Introduce(chain_id) if chain_id != self._chain_id:
                raise SignersChainDiffers(self._chain_id, chain_id)
            case WantVote(type_, height, round_, target):
                return _signed(signer.sign_vote(type_, height, round_, target))
            case WantProposal(height, round_, valid_round, block_id, parts):
                return _signed(signer.sign_proposal(height, round_, valid_round, block_id, parts))
            case WantBeacon(alpha):
                return BeaconProved(*signer.prove_beacon(alpha))
        last = signer.last_position
        return Introduced(signer.public_key, Height(last[0]), Round(last[1]), Uint(last[2]))


def _signed(signed: Vote | Proposal | Refused) -> Answered:
    if isinstance(signed, Refused):
        height, round_, step = signed.last
        log.warning("refused %s: signed %s already", signed.asked, signed.last)
        return NotSigned(Height(height), Round(round_), Uint(step))
    return Signed(signed.signature)
