"""The handshake of two nodes: three messages, no I/O, no randomness of its own.

    initiator -> responder   version u16 || H(network id) || ephemeral X25519 key                            66 bytes
    responder -> initiator   the same of its own || sealed(identity || signature)                           179 bytes
    initiator -> responder   sealed(identity || signature)                                                  113 bytes

The pattern is sign-and-MAC with protected identities (Krawczyk, SIGMA, CRYPTO 2003, section 5; in Noise's terms XX with
signatures): a listener learns no identity, an active attacker only the responder's. Signatures cover version, network
id, both ephemeral keys, the role, and the identities named so far. The first message of each secretstream carries the
signature, so the keys are proven before a payload moves. Keys: HKDF-SHA256 (RFC 5869) of the X25519 secret (RFC 7748).
"""

import hmac
from typing import Final

from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base
from nacl.exceptions import RuntimeError as SodiumRefusal

from crypto.domains import NETWORK, TRANSCRIPT
from crypto.hashing import tagged_hash
from crypto.keys import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, PublicKey, SecretKey, verify
from p2p.address import NodeId
from p2p.channel import SEAL_BYTES, STREAM_BYTES, Channel, Stream
from p2p.errors import (
    BadTranscriptSignature,
    HandshakeLength,
    HandshakeOutOfOrder,
    LowOrderKey,
    ReflectedKey,
    SelfConnection,
    UnexpectedIdentity,
    WrongNetwork,
    WrongProtocolVersion,
)

PROTOCOL_VERSION: Final = 1  # moves when a handshake message, the frame format or the table of topics changes

ENTROPY_BYTES: Final = 32
HELLO_BYTES: Final = 2 + 32 + 32
PROOF_BYTES: Final = PUBLIC_KEY_BYTES + SIGNATURE_BYTES + SEAL_BYTES
REPLY_BYTES: Final = HELLO_BYTES + PROOF_BYTES

_SESSION, _RESPONDER, _INITIATOR = b"\x00", b"\x01", b"\x02"


def hkdf_sha256(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """`length` bytes of key material. Source: RFC 5869, sections 2.2 and 2.3."""
    key = hmac.digest(salt, secret, "sha256")
    output = block = b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes((counter,)), "sha256")
        output += block
    return output[:length]


class _Party:
    """What both roles do alike: hello out, hello in, keys, signatures."""

    def __init__(self, identity: SecretKey, network_id: bytes, entropy: bytes) -> None:
        self._identity = identity
        self.node_id = NodeId(identity.public)
        self._network_id = network_id
        self._network = tagged_hash(NETWORK, network_id)
        self._ephemeral = entropy
        self._public = crypto_scalarmult_base(self._ephemeral)
        self._hello = PROTOCOL_VERSION.to_bytes(2, "big") + self._network + self._public
        self._session = b""

    def _read_hello(self, hello: bytes) -> bytes:
        """The peer's ephemeral key. The version is compared first: other versions may have other lengths."""
        version = int.from_bytes(hello[:2], "big")
        if len(hello) >= 2 and version != PROTOCOL_VERSION:
            raise WrongProtocolVersion(version, PROTOCOL_VERSION)
        if len(hello) != HELLO_BYTES:
            raise HandshakeLength("hello", len(hello), HELLO_BYTES)
        network, public = hello[2:34], hello[34:]
        if network != self._network:
            raise WrongNetwork(network, self._network)
        if public == self._public:
            raise ReflectedKey
        return public

    def _agree(self, theirs: bytes, initiator: bytes, responder: bytes) -> tuple[Stream, Stream]:
        """Streams (initiator to responder, responder to initiator); fixes the session's hash."""
        try:
            secret = crypto_scalarmult(self._ephemeral, theirs)
        except SodiumRefusal:
            raise LowOrderKey(theirs) from None
        head = PROTOCOL_VERSION.to_bytes(2, "big") + len(self._network_id).to_bytes(2, "big") + self._network_id
        self._session = tagged_hash(TRANSCRIPT, _SESSION + head + initiator + responder)
        keys = hkdf_sha256(secret, self._session, b"secretstream", 2 * STREAM_BYTES)
        return Stream(keys[:STREAM_BYTES]), Stream(keys[STREAM_BYTES:])

    def _statement(self, role: bytes, *identities: NodeId) -> bytes:
        return tagged_hash(TRANSCRIPT, role + self._session + b"".join(identities))

    def _claimed_identity(self, proof: bytes) -> NodeId:
        node = NodeId(PublicKey(proof[:PUBLIC_KEY_BYTES]))
        if node == self.node_id:
            raise SelfConnection
        return node


class Initiator(_Party):
    """The dialling side: `hello()`, then `receive_reply`, then `prove()`.

    `entropy` is ENTROPY_BYTES fresh secret bytes, used for nothing else; `network_id` is opaque, below 64 KiB.
    """

    def __init__(self, identity: SecretKey, network_id: bytes, entropy: bytes, expected: NodeId | None = None) -> None:
        super().__init__(identity, network_id, entropy)
        self._expected = expected
        self._channel: Channel | None = None

    def hello(self) -> bytes:
        return self._hello

    def receive_reply(self, reply: bytes) -> NodeId:
        """Who answered, proven. Nothing of this node has been revealed yet, so the caller may still walk away.

        Raises HandshakeError or BadSeal.
        """
        if self._session:
            raise HandshakeOutOfOrder("receive_reply")
        theirs = self._read_hello(reply[:HELLO_BYTES])
        if len(reply) != REPLY_BYTES:
            raise HandshakeLength("reply", len(reply), REPLY_BYTES)
        outgoing, incoming = self._agree(theirs, self._public, theirs)
        proof = incoming.open(reply[HELLO_BYTES:])
        remote = self._claimed_identity(proof)
        if not verify(remote, self._statement(_RESPONDER, remote), proof[PUBLIC_KEY_BYTES:]):
            raise BadTranscriptSignature(remote)
        if self._expected is not None and remote != self._expected:
            raise UnexpectedIdentity(remote, self._expected)
        self._channel = Channel(outgoing, incoming, remote)
        return remote

    def prove(self) -> tuple[bytes, Channel]:
        """The last message and the channel, which is open from here on."""
        channel, self._channel = self._channel, None
        if channel is None:
            raise HandshakeOutOfOrder("prove")
        me = self.node_id
        signature = self._identity.sign(self._statement(_INITIATOR, channel.remote, me))
        return channel.seal(me + signature), channel


class Responder(_Party):
    """The listening side: `receive_hello`, then `receive_proof`. Arguments as for Initiator."""

    def __init__(self, identity: SecretKey, network_id: bytes, entropy: bytes) -> None:
        super().__init__(identity, network_id, entropy)
        self._streams: tuple[Stream, Stream] | None = None

    def receive_hello(self, hello: bytes) -> bytes:
        """The reply to send. Raises HandshakeError."""
        if self._session:
            raise HandshakeOutOfOrder("receive_hello")
        theirs = self._read_hello(hello)
        incoming, outgoing = self._agree(theirs, theirs, self._public)
        self._streams = (outgoing, incoming)
        me = self.node_id
        return self._hello + outgoing.seal(me + self._identity.sign(self._statement(_RESPONDER, me)))

    def receive_proof(self, message: bytes) -> Channel:
        """The channel to the proven initiator. Raises HandshakeError or BadSeal."""
        streams, self._streams = self._streams, None
        if streams is None:
            raise HandshakeOutOfOrder("receive_proof")
        if len(message) != PROOF_BYTES:
            raise HandshakeLength("proof", len(message), PROOF_BYTES)
        outgoing, incoming = streams
        proof = incoming.open(message)
        remote = self._claimed_identity(proof)
        if not verify(remote, self._statement(_INITIATOR, self.node_id, remote), proof[PUBLIC_KEY_BYTES:]):
            raise BadTranscriptSignature(remote)
        return Channel(outgoing, incoming, remote)
