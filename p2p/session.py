"""Taking a link through the handshake, from either end."""

from collections.abc import Callable

from crypto.keys import SecretKey
from p2p.address import NodeId
from p2p.channel import Channel
from p2p.handshake import ENTROPY_BYTES, Initiator, Responder
from p2p.transport import Link

Entropy = Callable[[int], bytes]


async def initiate(
    link: Link,
    identity: SecretKey,
    network_id: bytes,
    entropy: Entropy,
    expected: NodeId | None,
    consider: Callable[[NodeId], None],
) -> Channel:
    """The channel to whoever answers. `consider` may raise, before this node has said who it is.

    Raises HandshakeError, BadSeal, LinkError, and what `consider` raises.
    """
    party = Initiator(identity, network_id, entropy(ENTROPY_BYTES), expected)
    await link.send(party.hello())
    consider(party.receive_reply(await link.receive()))
    proof, channel = party.prove()
    await link.send(proof)
    return channel


async def respond(link: Link, identity: SecretKey, network_id: bytes, entropy: Entropy) -> Channel:
    """The channel to whoever dialled. Raises HandshakeError, BadSeal, LinkError."""
    party = Responder(identity, network_id, entropy(ENTROPY_BYTES))
    await link.send(party.receive_hello(await link.receive()))
    return party.receive_proof(await link.receive())
