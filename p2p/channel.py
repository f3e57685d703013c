"""What a handshake leaves behind: two keyed streams, one per direction, and the identity at the other end."""

from nacl.bindings import crypto_secretstream_xchacha20poly1305_ABYTES as SEAL_BYTES
from nacl.bindings import crypto_secretstream_xchacha20poly1305_HEADERBYTES as HEADER_BYTES
from nacl.bindings import crypto_secretstream_xchacha20poly1305_init_pull as init_stream
from nacl.bindings import crypto_secretstream_xchacha20poly1305_KEYBYTES as KEY_BYTES
from nacl.bindings import crypto_secretstream_xchacha20poly1305_pull as pull
from nacl.bindings import crypto_secretstream_xchacha20poly1305_push as push
from nacl.bindings import crypto_secretstream_xchacha20poly1305_state as StreamState
from nacl.bindings import crypto_secretstream_xchacha20poly1305_TAG_MESSAGE as TAG_MESSAGE
from nacl.exceptions import RuntimeError as SodiumRefusal

from p2p.address import NodeId
from p2p.errors import BadSeal

STREAM_BYTES = KEY_BYTES + HEADER_BYTES

__all__ = ["SEAL_BYTES", "STREAM_BYTES", "Channel", "Stream"]


class Stream:
    """One direction of libsodium's secretstream (XChaCha20-Poly1305, implicit counter, automatic rekeying).

    Key and header both come from the key schedule, so the header is not sent and no randomness is drawn here:
    initialising for pulling sets exactly the state that initialising for pushing sets with the same header.
    """

    __slots__ = ("_state",)

    def __init__(self, secret: bytes) -> None:
        """`secret` is key and header, STREAM_BYTES together."""
        self._state = StreamState()
        init_stream(self._state, secret[KEY_BYTES:], secret[:KEY_BYTES])

    def seal(self, message: bytes) -> bytes:
        """SEAL_BYTES longer than `message`."""
        return push(self._state, message)

    def open(self, sealed: bytes) -> bytes:
        """Raises BadSeal unless `sealed` is the very next message of the other end's stream."""
        if len(sealed) < SEAL_BYTES:
            raise BadSeal(len(sealed))
        try:
            message, tag = pull(self._state, sealed)
        except SodiumRefusal:
            raise BadSeal(len(sealed)) from None
        if tag != TAG_MESSAGE:
            raise BadSeal(len(sealed))
        return message


class Channel:
    """An authenticated, encrypted, ordered link to `remote`; bytes in, bytes out."""

    __slots__ = ("open", "remote", "seal")

    def __init__(self, outgoing: Stream, incoming: Stream, remote: NodeId) -> None:
        self.seal = outgoing.seal
        self.open = incoming.open
        self.remote = remote
