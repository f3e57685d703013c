"""Signers and their nodes on loopback: the real server and client over real sockets, keys and guard in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from chain.types.scalars import ChainId
from crypto.keys import SecretKey
from node.remote_signer.client import RemoteSigner, Whereabouts
from node.remote_signer.server import SignerServer
from node.signer import Signer
from node.signer_state import StateFile, nothing_signed
from p2p.address import Address, NodeId, PeerAddress
from tests.support.p2p_nodes import CountedEntropy, eventually, key
from tests.support.simulated_storage import MemoryStateFile

CHAIN = ChainId("test-chain")
VALIDATOR = key("validator")
IDENTITY = key("signer")
NODES = ("node-0", "node-1")


def state_file() -> MemoryStateFile:
    return MemoryStateFile(nothing_signed(CHAIN, VALIDATOR.public))  # type: ignore[arg-type]


@asynccontextmanager
async def signing(
    state: StateFile,
    port: int = 0,
    nodes: tuple[str, ...] = NODES,
    secret: SecretKey = VALIDATOR,
    *,
    ends: bool = False,
) -> AsyncIterator[Address]:
    """A signer's process inside the block; where it listens. ends: it is waited for, as it ends by itself."""
    allowed = frozenset(NodeId(key(name).public) for name in nodes)
    server = SignerServer(Signer(secret, CHAIN, state), CHAIN, IDENTITY, allowed, CountedEntropy(f"signer {port}"))
    bound: asyncio.Future[Address] = asyncio.get_running_loop().create_future()
    life = asyncio.create_task(server.run(Address("127.0.0.1", port), bound.set_result))
    await asyncio.wait([life, bound], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield bound.result()
    finally:
        if ends:
            await asyncio.wait([life], timeout=20)
        life.cancel()
        await asyncio.wait([life])
        if not life.cancelled():
            life.result()


def node_at(address: Address, name: str = "node-0", timeout: float = 5.0, **settings: Any) -> RemoteSigner:
    """What a node has of its signer; not yet running."""
    where = Whereabouts(
        PeerAddress(address, settings.pop("expected", NodeId(IDENTITY.public))), VALIDATOR.public, timeout
    )
    return RemoteSigner(key(name), settings.pop("chain_id", CHAIN), where, CountedEntropy(name))


@asynccontextmanager
async def running(*signers: RemoteSigner, connected: bool = True) -> AsyncIterator[None]:
    """Their links are kept up inside the block."""
    lives = [asyncio.create_task(signer.run()) for signer in signers]
    try:
        if connected:
            await eventually(lambda: all(signer.connected for signer in signers))
        yield
    finally:
        for life in lives:
            life.cancel()
        await asyncio.wait(lives)


async def asked(call: Callable[..., Any], *arguments: object) -> Any:
    """A signature as the node asks for it: from a thread."""
    return await asyncio.to_thread(call, *arguments)
