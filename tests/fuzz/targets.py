"""What strangers' bytes meet first, as functions of bytes: each raises only where we are wrong.

A target knows what may happen (its typed errors) and checks what was accepted: it must encode again to the very bytes.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from chain.codec import Unions, decode, encode
from chain.errors import CodecError
from chain.execution.action import Action
from chain.execution.fee_source import check_fee_source
from chain.execution.transaction import require_action_count, required_work
from chain.params import DEVNET
from chain.types.scalars import Signature
from chain.types.transaction import Envelope, Transaction
from crypto.errors import ClusterError, CryptoError
from crypto.groth16.encoding import (
    compress_key,
    compress_proof,
    decode_evm_proof,
    decompress_key,
    decompress_proof,
    encode_evm_proof,
)
from crypto.keys import SecretKey
from node.rpc.method import Count, Declared, Flag, Hex32, HexBytes, Json, MethodTable, Text, in_place
from node.rpc.protocol import Dispatcher
from p2p.errors import P2PError
from p2p.handshake import Initiator, Responder
from p2p.wire import HEADER_BYTES, Kind, decode_batch, encode_control, encode_frame
from tests.fuzz.wire_values import Maker, known_types, known_unions
from tests.support.groth16_vectors import TABLE

NETWORK: Final = b"fuzz" + bytes(28)
ROOMS: Final = ("chain", "contracts", "client")  # whose structs come from strangers
SIZES: Final = {1: 64, 2: 1024, 7: 64 * 1024}  # of topics
ALICE, BOB = SecretKey(b"\x01" * 32), SecretKey(b"\x02" * 32)


class Wrong(Exception):
    """What a target found: something was accepted that is not what its bytes say, or answered in no known way."""


@dataclass(frozen=True, slots=True)
class Target:
    """run: one input; seeds: inputs to begin with, which are accepted."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]


def codec(data: bytes) -> None:
    """The first byte chooses a wire type, the rest should be one."""
    types = _types()
    if not data:
        return
    cls = types[data[0] % len(types)]
    try:
        value: object = decode(cls, data[1:], unions=_unions())
    except CodecError:
        return
    if encode(value) != data[1:]:
        raise Wrong(f"{cls.__name__}: {data[1:].hex()}")


def transaction(data: bytes) -> None:
    """Decoding, and all that is judged before state is looked at."""
    try:
        read = Transaction.decode(data, _unions())
    except CodecError:
        return
    if Transaction(read.envelope, read.signature).raw != data:
        raise Wrong(data.hex())
    try:
        require_action_count(read)
        check_fee_source(read.envelope)
        required_work(read, DEVNET)
        _ = read.claims, read.signing_bytes, read.hash
    except ClusterError:
        return


def handshake(data: bytes) -> None:
    """Every message of both roles may be a stranger's; the first byte chooses which."""
    if not data:
        return
    message, role = data[1:], data[0] % 3
    try:
        if role == 0:
            Responder(BOB, NETWORK, b"\x22" * 32).receive_hello(message)
        elif role == 1:
            Initiator(ALICE, NETWORK, b"\x11" * 32).receive_reply(message)
        else:
            responder = Responder(BOB, NETWORK, b"\x22" * 32)
            responder.receive_hello(Initiator(ALICE, NETWORK, b"\x11" * 32).hello())
            responder.receive_proof(message)
    except (P2PError, CryptoError):
        return


def frames(data: bytes) -> None:
    """What a sealed message of a known peer holds."""
    try:
        batch = decode_batch(data, SIZES)
    except P2PError:
        return
    if sum(HEADER_BYTES + len(frame.payload) for frame in (*batch.frames, *batch.control)) != len(data):
        raise Wrong(data.hex())


def json_rpc(data: bytes) -> None:
    """A body of a POST: whatever it is, the answer is JSON-RPC or nothing."""
    answer = _loop().run_until_complete(_dispatcher().answer(data))
    if answer is None:
        return
    read = json.loads(answer)
    for one in read if isinstance(read, list) else [read]:
        if one["jsonrpc"] != "2.0" or ("result" in one) == ("error" in one):
            raise Wrong(f"{data!r}: {answer!r}")
        if "error" in one and one["error"]["code"] == -32603:
            raise Wrong(f"a fault of the node: {data!r}")


def proof(data: bytes) -> None:
    """Proofs and keys in both of their forms, chosen by length and first byte."""
    try:
        if len(data) == 256:
            if encode_evm_proof(decode_evm_proof(data)) != data:
                raise Wrong(data.hex())
        elif len(data) == 128:
            if compress_proof(decompress_proof(data)) != data:
                raise Wrong(data.hex())
        elif compress_key(decompress_key(data)) != data:
            raise Wrong(data.hex())
    except CryptoError:
        return


@cache
def _types() -> tuple[type[Any], ...]:
    return tuple(known_types(*ROOMS))


@cache
def _unions() -> Unions:
    return known_unions(*ROOMS)


def _codec_seeds() -> Iterator[bytes]:
    maker = Maker(1, _unions())
    for place, cls in enumerate(_types()):
        yield bytes((place,)) + encode(maker.struct(cls))


def _transaction_seeds() -> Iterator[bytes]:
    maker = Maker(2, _unions())
    for action in _unions()[Action].values():
        envelope = replace(maker.struct(Envelope), actions=(maker.struct(action),))
        yield Transaction(envelope, Signature(bytes(64))).raw


def _handshake_seeds() -> Iterator[bytes]:
    alice, bob = Initiator(ALICE, NETWORK, b"\x11" * 32), Responder(BOB, NETWORK, b"\x22" * 32)
    yield b"\x00" + alice.hello()
    reply = bob.receive_hello(alice.hello())
    yield b"\x01" + reply
    alice.receive_reply(reply)
    yield b"\x02" + alice.prove()[0]


def _frame_seeds() -> Iterator[bytes]:
    yield encode_frame(Kind.GOSSIP, 1, b"payload") + encode_control(Kind.PING, 7)
    yield encode_frame(Kind.DIRECT, 7, bytes(2000))


def _json_seeds() -> Iterator[bytes]:
    yield b'{"jsonrpc":"2.0","id":1,"method":"echo","params":["a",true]}'
    yield b'[{"jsonrpc":"2.0","id":"x","method":"add","params":{"left":1,"raw":"0x00ff"}},{"method":"add"}]'
    yield b'{"jsonrpc":"2.0","id":null,"method":"no\\u0000\xc3\xa9","params":null}'
    yield b"[1,[],{},1e400,-0.0]"


def _proof_seeds() -> Iterator[bytes]:
    for case in TABLE["accepted"]:
        yield bytes.fromhex(case["compressed"])
        yield bytes.fromhex(case["evm"])
    for case in TABLE["keys"]:
        yield bytes.fromhex(case["compressed"])


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


async def _echo(value: Text, flag: Flag | None = None) -> Json:
    """Says it again."""
    return [value, flag]


def _add(left: Count, right: Hex32 | None = None, raw: HexBytes | None = None) -> Json:
    """Takes a number and bytes."""
    return left


@cache
def _dispatcher() -> Dispatcher:
    methods: dict[str, Declared] = {"echo": _echo, "add": _add}
    return Dispatcher(MethodTable(methods, in_place), 10, 5.0)


TARGETS: Final = {
    "codec": Target(codec, _codec_seeds),
    "transaction": Target(transaction, _transaction_seeds),
    "handshake": Target(handshake, _handshake_seeds),
    "frames": Target(frames, _frame_seeds),
    "json-rpc": Target(json_rpc, _json_seeds),
    "proof": Target(proof, _proof_seeds),
}
