"""The handshake: golden bytes, every refusal, and no flipped byte that gets through."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_secretstream_xchacha20poly1305_push as push
from nacl.bindings import crypto_secretstream_xchacha20poly1305_TAG_FINAL as TAG_FINAL
from nacl.bindings import crypto_secretstream_xchacha20poly1305_TAG_PUSH as TAG_PUSH
from nacl.bindings import crypto_secretstream_xchacha20poly1305_TAG_REKEY as TAG_REKEY

from crypto.keys import SecretKey
from p2p import errors
from p2p.channel import STREAM_BYTES, Channel, Stream
from p2p.handshake import HELLO_BYTES, PROOF_BYTES, REPLY_BYTES, Initiator, Responder, hkdf_sha256

NETWORK = b"cluster-golden" + bytes(32)
ALICE, BOB = SecretKey(b"\x01" * 32), SecretKey(b"\x02" * 32)
ALICE_ENTROPY, BOB_ENTROPY = b"\x11" * 32, b"\x22" * 32

# RFC 7748 section 6.1 and libsodium's list: u-coordinates whose multiples are all zero.
LOW_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]

GOLDEN_HELLO = (
    "0001470525fe9fc339898bc72cb6cb68854f1a54e321e95df87c66c086d27b80d9597b4e909bbe7ffe44c465a220037d608ee358"
    "97d31ef972f07f74892cb0f73f13"
)
GOLDEN_REPLY = (
    "0001470525fe9fc339898bc72cb6cb68854f1a54e321e95df87c66c086d27b80d9590faa684ed28867b97f4a6a2dee5df8ce974e"
    "76b7018e3f22a1c4cf2678570f20a2825a5c04861cd7291c1c5b7c31b464e8e8faa9d1e22635e016e3b5680e64b31d8b798d56f5"
    "7e812dbd176666657b47090fa7ef9b63ca5c13428bc9798762cc924d50a55a9b6bec61c1b79c39bb994f494066e59bb319e9a1cc"
    "eb6bdc6d54fdd3398c388cf59f9ea50ac35fe5a20bf812"
)
GOLDEN_PROOF = (
    "0966d3600b213543f799c4252c152228fc33d3cfae6ba34bfade176ee1fbf484912d13727b1e51720f976fe754abce0e641a516b"
    "7e7f04193df78d54e30374b5be9b5ee154b4789ceff618c8f1d72fc44cb53db1bd4f155e18646f36a2b3497982efa4ff3237b61d"
    "ca411f60a135a474ce"
)
GOLDEN_PAYLOAD = "21985d9a306c80cc585ca1557007c51d7a1e252a71beeac2cd4c949795b1"
GOLDEN_ANSWER = "fa073de62461bcbbac0f5bf972c54bd67a6eb6746314db29f1fa5c1c3a"


def alice(**changes: object) -> Initiator:
    arguments = {"identity": ALICE, "network_id": NETWORK, "entropy": ALICE_ENTROPY, "expected": BOB.public}
    return Initiator(**(arguments | changes))


def bob(**changes: object) -> Responder:
    return Responder(**({"identity": BOB, "network_id": NETWORK, "entropy": BOB_ENTROPY} | changes))


def shake(initiator: Initiator, responder: Responder) -> tuple[Channel, Channel]:
    initiator.receive_reply(responder.receive_hello(initiator.hello()))
    proof, channel = initiator.prove()
    return channel, responder.receive_proof(proof)


def test_hkdf_gives_the_bytes_of_rfc_5869_test_case_1() -> None:
    okm = hkdf_sha256(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)), 42)
    assert okm.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"


def test_golden_messages_with_fixed_entropy() -> None:
    initiator, responder = alice(), bob()
    hello = initiator.hello()
    reply = responder.receive_hello(hello)
    initiator.receive_reply(reply)
    proof, channel = initiator.prove()
    assert hello.hex() == GOLDEN_HELLO
    assert reply.hex() == GOLDEN_REPLY
    assert proof.hex() == GOLDEN_PROOF
    assert channel.seal(b"first payload").hex() == GOLDEN_PAYLOAD
    assert responder.receive_proof(proof).seal(b"first answer").hex() == GOLDEN_ANSWER


def test_both_ends_learn_who_the_other_is_and_understand_each_other() -> None:
    a, b = shake(alice(), bob())
    assert (a.remote, b.remote) == (BOB.public, ALICE.public)
    for text in (b"", b"one", b"x" * 70_000):
        assert b.open(a.seal(text)) == text
        assert a.open(b.seal(text)) == text


def test_identities_are_not_readable_on_the_wire() -> None:
    initiator, responder = alice(), bob()
    reply = responder.receive_hello(initiator.hello())
    initiator.receive_reply(reply)
    recorded = initiator.hello() + reply + initiator.prove()[0]
    assert ALICE.public not in recorded
    assert BOB.public not in recorded


def test_an_initiator_that_expects_nobody_in_particular_accepts_anybody() -> None:
    a, _ = shake(alice(expected=None), bob())
    assert a.remote == BOB.public


def test_another_network_is_refused_by_the_responder() -> None:
    with pytest.raises(errors.WrongNetwork) as caught:
        bob().receive_hello(alice(network_id=NETWORK + b"!").hello())
    assert caught.value.theirs != caught.value.ours


def test_another_network_is_refused_by_the_initiator() -> None:
    reply = bob(network_id=b"other").receive_hello(alice(network_id=b"other").hello())
    with pytest.raises(errors.WrongNetwork):
        alice().receive_reply(reply)


@pytest.mark.parametrize("tail", [b"", b"a longer hello of a later version" * 10])
def test_another_protocol_version_is_named_whatever_its_length(tail: bytes) -> None:
    with pytest.raises(errors.WrongProtocolVersion) as caught:
        bob().receive_hello(b"\x00\x02" + tail)
    assert (caught.value.theirs, caught.value.ours) == (2, 1)


def test_the_initiator_refuses_another_protocol_version() -> None:
    reply = bob().receive_hello(alice().hello())
    with pytest.raises(errors.WrongProtocolVersion):
        alice().receive_reply(b"\x00\x02" + reply[2:])


@pytest.mark.parametrize("point", LOW_ORDER)
def test_low_order_points_are_refused_by_both(point: str) -> None:
    hello = alice().hello()
    with pytest.raises(errors.LowOrderKey):
        bob().receive_hello(hello[:-32] + bytes.fromhex(point))
    reply = bob().receive_hello(hello)
    with pytest.raises(errors.LowOrderKey):
        alice().receive_reply(reply[: HELLO_BYTES - 32] + bytes.fromhex(point) + reply[HELLO_BYTES:])


def test_a_reflected_ephemeral_key_is_refused_by_both() -> None:
    with pytest.raises(errors.ReflectedKey):
        bob().receive_hello(bob()._hello)
    initiator = alice()
    with pytest.raises(errors.ReflectedKey):
        initiator.receive_reply(initiator.hello() + bytes(PROOF_BYTES))


def test_a_connection_to_oneself_is_refused_by_the_initiator() -> None:
    initiator = alice(expected=None)
    reply = bob(identity=ALICE).receive_hello(initiator.hello())
    with pytest.raises(errors.SelfConnection):
        initiator.receive_reply(reply)


def test_a_connection_to_oneself_is_refused_by_the_responder() -> None:
    class Careless(Initiator):
        def _claimed_identity(self, proof: bytes) -> bytes:
            return proof[:32]

    careless, responder = Careless(BOB, NETWORK, ALICE_ENTROPY), bob()
    careless.receive_reply(responder.receive_hello(careless.hello()))
    with pytest.raises(errors.SelfConnection):
        responder.receive_proof(careless.prove()[0])


def test_an_unexpected_identity_is_refused_before_our_own_is_sent() -> None:
    initiator = alice(expected=SecretKey(b"\x03" * 32).public)
    with pytest.raises(errors.UnexpectedIdentity) as caught:
        initiator.receive_reply(bob().receive_hello(initiator.hello()))
    assert caught.value.actual == BOB.public
    with pytest.raises(errors.HandshakeOutOfOrder):
        initiator.prove()


class Impostor(SecretKey):
    """Claims a public key that is not its own."""

    def __init__(self, seed: bytes, claimed: SecretKey) -> None:
        super().__init__(seed)
        self.public = claimed.public


def test_a_responder_without_the_secret_key_is_refused() -> None:
    initiator = alice()
    reply = bob(identity=Impostor(b"\x04" * 32, BOB)).receive_hello(initiator.hello())
    with pytest.raises(errors.BadTranscriptSignature) as caught:
        initiator.receive_reply(reply)
    assert caught.value.identity == BOB.public


def test_an_initiator_without_the_secret_key_is_refused() -> None:
    with pytest.raises(errors.BadTranscriptSignature):
        shake(alice(identity=Impostor(b"\x04" * 32, ALICE)), bob())


def test_a_signature_from_another_session_does_not_serve() -> None:
    first = alice()
    first.receive_reply(bob().receive_hello(first.hello()))
    elsewhere, _ = first.prove()
    second, responder = alice(entropy=b"\x33" * 32), bob()
    second.receive_reply(responder.receive_hello(second.hello()))
    with pytest.raises(errors.BadSeal):
        responder.receive_proof(elsewhere)


def test_a_relayed_signature_does_not_serve_under_other_keys() -> None:
    """A man in the middle who opens and reseals cannot pass on the honest responder's signature."""
    initiator, middle_to_bob, responder = alice(), alice(identity=SecretKey(b"\x05" * 32), entropy=b"\x44" * 32), bob()
    genuine = responder.receive_hello(middle_to_bob.hello())
    _, from_bob = middle_to_bob._agree(genuine[34:HELLO_BYTES], middle_to_bob._public, genuine[34:HELLO_BYTES])
    stolen = from_bob.open(genuine[HELLO_BYTES:])
    middle = bob(identity=SecretKey(b"\x05" * 32), entropy=b"\x55" * 32)
    _, to_alice = middle._agree(initiator._public, initiator._public, middle._public)
    with pytest.raises(errors.BadTranscriptSignature):
        initiator.receive_reply(middle._hello + to_alice.seal(stolen))


@given(st.integers(0, HELLO_BYTES - 1))
def test_a_truncated_hello_is_refused(length: int) -> None:
    with pytest.raises(errors.HandshakeError):
        bob().receive_hello(alice().hello()[:length])


@given(st.integers(0, REPLY_BYTES - 1))
def test_a_truncated_reply_is_refused(length: int) -> None:
    initiator = alice()
    with pytest.raises(errors.HandshakeLength):
        initiator.receive_reply(bob().receive_hello(initiator.hello())[:length])


def test_every_message_with_a_byte_too_many_is_refused() -> None:
    initiator, responder = alice(), bob()
    with pytest.raises(errors.HandshakeLength):
        bob().receive_hello(initiator.hello() + b"\x00")
    reply = responder.receive_hello(initiator.hello())
    with pytest.raises(errors.HandshakeLength):
        alice().receive_reply(reply + b"\x00")
    initiator.receive_reply(reply)
    with pytest.raises(errors.HandshakeLength) as caught:
        responder.receive_proof(initiator.prove()[0] + b"\x00")
    assert (caught.value.length, caught.value.expected) == (PROOF_BYTES + 1, PROOF_BYTES)


def test_steps_out_of_order_are_refused() -> None:
    initiator, responder = alice(), bob()
    with pytest.raises(errors.HandshakeOutOfOrder):
        initiator.prove()
    with pytest.raises(errors.HandshakeOutOfOrder):
        responder.receive_proof(bytes(PROOF_BYTES))
    reply = responder.receive_hello(initiator.hello())
    with pytest.raises(errors.HandshakeOutOfOrder):
        responder.receive_hello(initiator.hello())
    initiator.receive_reply(reply)
    with pytest.raises(errors.HandshakeOutOfOrder):
        initiator.receive_reply(reply)
    initiator.prove()
    with pytest.raises(errors.HandshakeOutOfOrder):
        initiator.prove()


@given(message=st.integers(0, 2), position=st.integers(0, REPLY_BYTES - 1), flip=st.integers(1, 255))
def test_no_flipped_byte_of_any_message_gets_through(message: int, position: int, flip: int) -> None:
    def tamper(index: int, data: bytes) -> bytes:
        if index != message:
            return data
        at = position % len(data)
        return data[:at] + bytes((data[at] ^ flip,)) + data[at + 1 :]

    initiator, responder = alice(), bob()
    with pytest.raises((errors.HandshakeError, errors.BadSeal)):
        reply = responder.receive_hello(tamper(0, initiator.hello()))
        initiator.receive_reply(tamper(1, reply))
        proof, _ = initiator.prove()
        responder.receive_proof(tamper(2, proof))


@given(st.binary(max_size=400))
def test_arbitrary_bytes_only_ever_raise_typed_errors(data: bytes) -> None:
    with pytest.raises(errors.HandshakeError):
        bob().receive_hello(data)
    with pytest.raises((errors.HandshakeError, errors.BadSeal)):
        alice().receive_reply(alice().hello()[:34] + data)


@given(position=st.integers(0, 40), flip=st.integers(1, 255))
def test_an_altered_payload_does_not_open(position: int, flip: int) -> None:
    a, b = shake(alice(), bob())
    sealed = bytearray(a.seal(b"a payload of 24 bytes..."))
    sealed[position] ^= flip
    with pytest.raises(errors.BadSeal):
        b.open(bytes(sealed))


def test_replayed_dropped_reordered_and_reflected_payloads_do_not_open() -> None:
    a, b = shake(alice(), bob())
    first, second = a.seal(b"first"), a.seal(b"second")
    with pytest.raises(errors.BadSeal):
        b.open(second)
    with pytest.raises(errors.BadSeal):
        a.open(first)
    assert b.open(first) == b"first"
    with pytest.raises(errors.BadSeal):
        b.open(first)
    assert b.open(second) == b"second"


@pytest.mark.parametrize("tag", [TAG_PUSH, TAG_REKEY, TAG_FINAL])
def test_only_plain_messages_of_the_stream_are_understood(tag: int) -> None:
    secret = bytes(range(STREAM_BYTES))
    sender, receiver = Stream(secret), Stream(secret)
    with pytest.raises(errors.BadSeal):
        receiver.open(push(sender._state, b"payload", None, tag))


@pytest.mark.parametrize("length", [0, 1, 16])
def test_a_payload_shorter_than_a_seal_is_refused(length: int) -> None:
    _, b = shake(alice(), bob())
    with pytest.raises(errors.BadSeal):
        b.open(bytes(length))


def test_fresh_entropy_gives_fresh_keys() -> None:
    seals = set()
    for turn in range(3):
        a, _ = shake(alice(entropy=sha256(bytes((turn,))).digest()), bob())
        seals.add(a.seal(b"the same words"))
    assert len(seals) == 3
