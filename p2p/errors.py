"""Errors of peer links: one class per rule, codes 2000-2099 (architecture.md, errors)."""

from crypto.errors import ClusterError
from crypto.keys import PublicKey


class P2PError(ClusterError):
    """Root of this room's errors."""

    code = 2000


# Handshake: each ends the link before any payload is exchanged.


class HandshakeError(P2PError):
    """A peer did not complete the handshake of p2p/handshake.py."""

    code = 2010


class HandshakeLength(HandshakeError):
    """A handshake message has exactly one legal length."""

    code = 2011

    def __init__(self, message: str, length: int, expected: int) -> None:
        super().__init__(
            f"handshake message '{message}' has {length} bytes; it has exactly {expected}. Not a Cluster node?"
        )
        self.message, self.length, self.expected = message, length, expected


class WrongProtocolVersion(HandshakeError):
    """The peer speaks another version of this protocol."""

    code = 2012

    def __init__(self, theirs: int, ours: int) -> None:
        super().__init__(f"the peer speaks protocol version {theirs}, this node {ours}: upgrade the older of the two.")
        self.theirs, self.ours = theirs, ours


class WrongNetwork(HandshakeError):
    """The peer is on another chain, or on one with the same name and another genesis."""

    code = 2013

    def __init__(self, theirs: bytes, ours: bytes) -> None:
        super().__init__(
            f"the peer is on network {theirs.hex()[:16]}, this node on {ours.hex()[:16]}: "
            "compare chain id and genesis file, or remove the peer from the configuration."
        )
        self.theirs, self.ours = theirs, ours


class LowOrderKey(HandshakeError):
    """An ephemeral key for which every shared secret is the same (RFC 7748, section 6.1)."""

    code = 2014

    def __init__(self, key: bytes) -> None:
        super().__init__(f"the peer sent the low-order X25519 key {key.hex()}; an honest node never does.")
        self.key = key


class ReflectedKey(HandshakeError):
    """The peer sent this node's own ephemeral key back."""

    code = 2015

    def __init__(self) -> None:
        super().__init__("the peer sent this node's own ephemeral key back; an honest node makes its own.")


class SelfConnection(HandshakeError):
    """The peer at the other end is this node itself."""

    code = 2016

    def __init__(self) -> None:
        super().__init__("the peer has this node's own identity: remove this node's address from its list of peers.")


class UnexpectedIdentity(HandshakeError):
    """Another node answers at an address than the one configured for it."""

    code = 2017

    def __init__(self, actual: bytes, expected: bytes) -> None:
        super().__init__(
            f"the node at this address is {actual.hex()}; the configuration expects {expected.hex()}. "
            "Correct the configured id, or find out who answers there."
        )
        self.actual, self.expected = actual, expected


class BadTranscriptSignature(HandshakeError):
    """The signature over the handshake's transcript is not the announced identity's."""

    code = 2018

    def __init__(self, identity: bytes) -> None:
        super().__init__(f"the signature over the handshake is not one of node {identity.hex()}.")
        self.identity = identity


class HandshakeOutOfOrder(HandshakeError):
    """A method of the handshake was called twice or too early: a fault of the caller, not of the peer."""

    code = 2019

    def __init__(self, step: str) -> None:
        super().__init__(f"handshake step '{step}' cannot be taken now; make a new handshake for each link.")
        self.step = step


class HandshakeTimeout(HandshakeError):
    """The handshake was not complete in time."""

    code = 2020

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no complete handshake within {seconds:g} s; is a Cluster node listening at this address?")
        self.seconds = seconds


# Wire: what an authenticated peer may not send.


class WireError(P2PError):
    """Root of what an authenticated peer may not send."""

    code = 2030


class BadSeal(WireError):
    """Ciphertext that the other end's key did not make: altered, replayed, dropped or reordered."""

    code = 2031

    def __init__(self, length: int) -> None:
        super().__init__(f"a sealed message of {length} bytes does not open; it was altered, or a message is missing.")
        self.length = length


class MalformedFrame(WireError):
    """A batch does not split into frames."""

    code = 2032

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(f"malformed frame at byte {offset} of a batch: {what}.")
        self.offset, self.what = offset, what


class UnknownTopic(WireError):
    """A frame names a topic that this protocol version does not have."""

    code = 2033

    def __init__(self, topic: int) -> None:
        super().__init__(f"topic {topic} is not one of this protocol version's.")
        self.topic = topic


class FrameTooLarge(WireError):
    """A payload is larger than its topic allows."""

    code = 2034

    def __init__(self, topic: int, size: int, limit: int) -> None:
        super().__init__(f"a payload of {size} bytes on topic {topic}; at most {limit} are allowed. Send it in parts.")
        self.topic, self.size, self.limit = topic, size, limit


# Configuration.


class BadTopics(P2PError):
    """The table of topics contradicts itself."""

    code = 2040

    def __init__(self, what: str) -> None:
        super().__init__(f"the table of topics is inconsistent: {what}.")
        self.what = what


class BadPeerAddress(P2PError):
    """A configured peer address cannot be read."""

    code = 2041

    def __init__(self, text: str, what: str) -> None:
        super().__init__(f"'{text}' is not a peer address: {what}. Write host:port or <64 hex digits>@host:port.")
        self.text, self.what = text, what


class ListenFailed(P2PError):
    """The address for incoming links cannot be listened on."""

    code = 2042

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"cannot listen for peers on {address}: {reason}. Choose another port or stop what uses it.")
        self.address, self.reason = address, reason


# Links: why a connection ended or was not made.


class LinkError(P2PError):
    """Root of the reasons for which a link ended or was not made."""

    code = 2050


class LinkClosed(LinkError):
    """The other end closed or the connection broke; `reason` is what the other end said, unauthenticated."""

    code = 2051

    def __init__(self, reason: str) -> None:
        super().__init__(f"the link was closed: {reason!r}.")
        self.reason = reason


class DialFailed(LinkError):
    """A peer's address could not be connected to."""

    code = 2052

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"cannot connect to {address}: {reason}. Trying again later.")
        self.address, self.reason = address, reason


class SlowReader(LinkError):
    """A peer did not read what was sent to it for too long."""

    code = 2053

    def __init__(self, waited: float, limit: float) -> None:
        super().__init__(f"the peer did not read for {waited:.1f} s; at most {limit:g} s are allowed.")
        self.waited, self.limit = waited, limit


class IdlePeer(LinkError):
    """Nothing was heard from a peer for too long, pings included."""

    code = 2054

    def __init__(self, silent: float, limit: float) -> None:
        super().__init__(f"nothing heard for {silent:.1f} s; at most {limit:g} s are allowed, pings included.")
        self.silent, self.limit = silent, limit


class QueueOverflow(LinkError):
    """The queue of a topic whose drop rule is to drop the peer ran full."""

    code = 2055

    def __init__(self, topic: str, limit: int) -> None:
        super().__init__(f"more than {limit} bytes wait for the peer on topic '{topic}'; it reads too slowly.")
        self.topic, self.limit = topic, limit


class PeerBanned(LinkError):
    """The peer is banned for a time; the reason is kept."""

    code = 2056

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(f"the peer is banned for another {seconds:.0f} s: {reason}.")
        self.reason, self.seconds = reason, seconds


class TooManyPeers(LinkError):
    """All places for inbound links are taken."""

    code = 2057

    def __init__(self, limit: int) -> None:
        super().__init__(f"all {limit} inbound places are taken; try another node or later.")
        self.limit = limit


class DuplicateConnection(LinkError):
    """Two links to one node: both ends keep the same one (p2p/connections.py)."""

    code = 2058

    def __init__(self, node: PublicKey) -> None:
        super().__init__(f"another link to node {node.hex()[:16]} is kept instead of this one.")
        self.node = node


class ShuttingDown(LinkError):
    """This node is ending and makes no links."""

    code = 2059

    def __init__(self) -> None:
        super().__init__("this node is shutting down.")


class SeedServed(LinkError):
    """A seed lets a peer go that has its addresses."""

    code = 2061

    def __init__(self) -> None:
        super().__init__("this node is a seed: it tells addresses and keeps no links.")


class MessageTooLarge(LinkError):
    """A peer announced a message larger than any node sends."""

    code = 2060

    def __init__(self, limit: int) -> None:
        super().__init__(f"the peer announced a message of more than {limit} bytes, the largest that any node sends.")
        self.limit = limit
