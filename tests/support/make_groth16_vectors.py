"""Writes vectors/groth16.json: keys, valid proofs, and every malformed variant with the refusal that it must meet.

Both backends are held to the one table. Run as `python -m tests.support.make_groth16_vectors`; deterministic.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128 import optimized_curve as bn

from crypto.groth16 import compress_key, compress_proof, encode_evm_proof, key_id, key_to_snarkjs
from crypto.groth16.curve import g1_root, negate, twist_root
from crypto.groth16.types import BASE_FIELD, G1, G1_GENERATOR, G2, G2_GENERATOR, SCALAR_FIELD, Proof, VerifyingKey
from tests.support.trapdoor import Trapdoor, affine2

PATH = Path(__file__).parent / "vectors" / "groth16.json"
PUBLIC_INPUTS = (1, 4, 8, 32)
PLAIN = 4  # the key under which refusals are tried

Case = dict[str, Any]


def trapdoor(public_inputs: int) -> Trapdoor:
    return Trapdoor.random(public_inputs, seed=public_inputs)


def full_width(public_inputs: int) -> tuple[int, ...]:
    return tuple(SCALAR_FIELD - 1 - 7**i for i in range(public_inputs))


def off_subgroup() -> G2:
    """The first point of the twist with a small x; the subgroup has one point in 10^76 of them."""
    x, y = next(((x, 1), y) for x in range(1, 100) if (y := twist_root((x, 1))))
    return (x, y)


def with_cofactor_torsion(point: G2) -> G2:
    """The point plus one whose order divides the cofactor: a pairing need not notice the difference."""
    torsion = bn.multiply(_py(off_subgroup()), SCALAR_FIELD)
    return affine2(bn.add(_py(point), torsion))


def _py(point: G2) -> tuple[FQ2, FQ2, FQ2]:
    return (FQ2(point[0]), FQ2(point[1]), FQ2.one())


def keys() -> Iterator[Case]:
    for count in PUBLIC_INPUTS:
        key = trapdoor(count).key()
        compressed = compress_key(key)
        yield {
            "public_inputs": count,
            "compressed": compressed.hex(),
            "id": key_id(compressed).hex(),
            "snarkjs": json.loads(key_to_snarkjs(key)),
        }


def accepted() -> Iterator[Case]:
    for count in PUBLIC_INPUTS:
        inputs = full_width(count)
        yield _accepted(f"{count} full-width inputs", count, trapdoor(count).prove(inputs, seed=count), inputs)
    inputs = full_width(PLAIN)
    proof = trapdoor(PLAIN).prove(inputs, seed=PLAIN)
    twin = Proof((proof.a[0], BASE_FIELD - proof.a[1]), (proof.b[0], negate(proof.b[1])), proof.c)
    yield _accepted("(-A, -B, C) of a valid proof", PLAIN, twin, inputs)
    secret = trapdoor(1)
    vanishing = (-secret.ic[0] * pow(secret.ic[1], -1, SCALAR_FIELD) % SCALAR_FIELD,)
    yield _accepted("vk_x is the identity", 1, secret.prove(vanishing, seed=9), vanishing)


def _accepted(name: str, key: int, proof: Proof, inputs: tuple[int, ...]) -> Case:
    return {
        "name": name,
        "key": key,
        "inputs": [str(x) for x in inputs],
        "compressed": compress_proof(proof).hex(),
        "evm": encode_evm_proof(proof).hex(),
    }


def proof_refusals() -> Iterator[Case]:
    inputs = full_width(PLAIN)
    proof = trapdoor(PLAIN).prove(inputs, seed=PLAIN)
    compressed, evm = compress_proof(proof), encode_evm_proof(proof)
    for name, data, error in (
        *_lengths(compressed, evm),
        *_evm_points(evm),
        *_compressed_points(compressed),
        *_subgroup(proof),
        *_false_proofs(proof),
    ):
        yield {"name": name, "key": PLAIN, "proof": data.hex(), "inputs": [str(x) for x in inputs], "error": error}
    for name, odd, error in _input_lists(inputs):
        yield {"name": name, "key": PLAIN, "proof": evm.hex(), "inputs": [str(x) for x in odd], "error": error}


def _lengths(compressed: bytes, evm: bytes) -> Iterator[tuple[str, bytes, str]]:
    yield "empty", b"", "WrongLength"
    for name, data in (("compressed", compressed), ("EVM", evm)):
        yield f"{name}, one byte short", data[:-1], "WrongLength"
        yield f"{name}, trailing byte", data + b"\0", "WrongLength"
    yield "gnark's proof with an empty commitment list behind it", compressed + bytes(36), "WrongLength"


def _evm_points(evm: bytes) -> Iterator[tuple[str, bytes, str]]:
    names = ("A.x", "A.y", "B.x.c1", "B.x.c0", "B.y.c1", "B.y.c0", "C.x", "C.y")
    for index, name in enumerate(names):
        larger = int.from_bytes(evm[32 * index : 32 * index + 32], "big") + BASE_FIELD
        yield f"EVM, {name} + q", _splice(evm, 32 * index, larger.to_bytes(32, "big")), "CoordinateOutOfRange"
    for name, start, length in (("A", 0, 64), ("B", 64, 128), ("C", 192, 64)):
        last = start + length - 1
        yield f"EVM, {name} is zeros", _splice(evm, start, bytes(length)), "IdentityPoint"
        yield f"EVM, {name} off its curve", _splice(evm, last, bytes([evm[last] ^ 1])), "NotOnCurve"
    yield "EVM, A is snarkjs's identity (0, 1)", _splice(evm, 0, bytes(63) + b"\1"), "NotOnCurve"


def _compressed_points(data: bytes) -> Iterator[tuple[str, bytes, str]]:
    for name, start, length in (("A", 0, 32), ("B", 32, 64), ("C", 96, 32)):
        x = int.from_bytes(data[start : start + 32], "big") & (2**254 - 1)
        for flags in (0b00, 0b01):
            odd = (flags << 254 | x).to_bytes(32, "big")
            yield f"compressed, {name} with flags {flags:02b}", _splice(data, start, odd), "BadFlags"
        identity = b"\x40" + bytes(length - 1)
        yield f"compressed, {name} is the identity", _splice(data, start, identity), "IdentityPoint"
        order = (0b10 << 254 | BASE_FIELD).to_bytes(32, "big")
        yield f"compressed, x of {name} is q", _splice(data, start, order), "CoordinateOutOfRange"
        yield f"compressed, no point has the x of {name}", _splice(data, start, _absent(length)), "NotOnCurve"
    c0 = int.from_bytes(data[64:96], "big") + BASE_FIELD
    yield "compressed, B.x.c0 + q", _splice(data, 64, c0.to_bytes(32, "big")), "CoordinateOutOfRange"


def _absent(length: int) -> bytes:
    """The compressed form of the smallest x that no point has, of G1 (32 bytes) or of the twist (64)."""
    x = next(x for x in range(100) if (g1_root(x) if length == 32 else twist_root((x, 0))) is None)
    return (0b10 << (8 * length - 2) | x).to_bytes(length, "big")


def _subgroup(proof: Proof) -> Iterator[tuple[str, bytes, str]]:
    for name, b in (
        ("B outside the subgroup", off_subgroup()),
        ("B plus a point of the cofactor's order", with_cofactor_torsion(proof.b)),
    ):
        yield f"compressed, {name}", compress_proof(replace(proof, b=b)), "NotInSubgroup"
        yield f"EVM, {name}", encode_evm_proof(replace(proof, b=b)), "NotInSubgroup"


def _false_proofs(proof: Proof) -> Iterator[tuple[str, bytes, str]]:
    yield "another statement's proof", encode_evm_proof(trapdoor(PLAIN).prove((1, 2, 3, 4), seed=5)), "FalseProof"
    yield "A negated", encode_evm_proof(replace(proof, a=_negated(proof.a))), "FalseProof"
    yield "A and C exchanged", encode_evm_proof(replace(proof, a=proof.c, c=proof.a)), "FalseProof"
    flipped = bytearray(compress_proof(proof))
    flipped[96] ^= 0x40
    yield "compressed, the sign of C flipped", bytes(flipped), "FalseProof"


def _input_lists(inputs: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...], str]]:
    yield "no inputs", (), "WrongInputCount"
    yield "an input missing", inputs[:-1], "WrongInputCount"
    yield "an input too many", (*inputs, 0), "WrongInputCount"
    for name, odd in (("r", SCALAR_FIELD), ("x + r", inputs[1] + SCALAR_FIELD), ("-1", -1), ("2^256", 2**256)):
        yield f"an input is {name}", (inputs[0], odd, *inputs[2:]), "InputOutOfRange"
    yield "the last two inputs exchanged", (*inputs[:2], inputs[3], inputs[2]), "FalseProof"


def key_refusals() -> Iterator[Case]:
    key = trapdoor(PLAIN).key()
    for name, data, error in (*_key_bytes(compress_key(key)), *_key_points(key)):
        yield {"name": name, "compressed": data.hex(), "error": error}


def _key_bytes(data: bytes) -> Iterator[tuple[str, bytes, str]]:
    yield "empty", b"", "WrongLength"
    yield "one byte short", data[:-1], "WrongLength"
    yield "trailing byte", data + b"\0", "WrongLength"
    yield "an IC point missing", data[:-32], "WrongLength"
    yield "an IC point too many", data + data[-32:], "WrongLength"
    yield "no public inputs", b"\0\0" + data[2 : 2 + 224 + 32], "UnsupportedInputCount"
    yield "33 public inputs", b"\0\x21" + data[2:] + data[-32:] * 29, "UnsupportedInputCount"
    yield "alpha is the identity", _splice(data, 2, b"\x40" + bytes(31)), "IdentityPoint"
    yield "delta is the identity", _splice(data, 162, b"\x40" + bytes(63)), "IdentityPoint"
    yield "a zero IC point", _splice(data, 226 + 64, b"\x40" + bytes(31)), "UnboundInput"
    yield "alpha uncompressed by its flags", _splice(data, 2, bytes([data[2] & 0x3F])), "BadFlags"
    yield "x of alpha is q", _splice(data, 2, (0b10 << 254 | BASE_FIELD).to_bytes(32, "big")), "CoordinateOutOfRange"
    yield "no point has the x of an IC point", _splice(data, 226, _absent(32)), "NotOnCurve"


def _key_points(key: VerifyingKey) -> Iterator[tuple[str, bytes, str]]:
    yield "gamma = delta", compress_key(replace(key, delta=key.gamma)), "ForgeableKey"
    minus = (key.gamma[0], negate(key.gamma[1]))
    yield "gamma = -delta", compress_key(replace(key, delta=minus)), "ForgeableKey"
    uncontributed = replace(key, gamma=G2_GENERATOR, delta=G2_GENERATOR)
    yield "snarkjs, second phase without contribution", compress_key(uncontributed), "ForgeableKey"
    yield "alpha is the generator", compress_key(replace(key, alpha=G1_GENERATOR)), "DefaultGenerator"
    yield "beta is the generator", compress_key(replace(key, beta=G2_GENERATOR)), "DefaultGenerator"
    yield "delta is the generator", compress_key(replace(key, delta=G2_GENERATOR)), "DefaultGenerator"
    odd = off_subgroup()
    yield "beta outside the subgroup", compress_key(replace(key, beta=odd)), "NotInSubgroup"
    yield "gamma outside the subgroup", compress_key(replace(key, gamma=odd)), "NotInSubgroup"
    yield "delta outside the subgroup", compress_key(replace(key, delta=odd)), "NotInSubgroup"
    torsion = with_cofactor_torsion(key.delta)
    yield "delta plus a point of the cofactor's order", compress_key(replace(key, delta=torsion)), "NotInSubgroup"


def _negated(point: G1) -> G1:
    return (point[0], BASE_FIELD - point[1])


def _splice(data: bytes, start: int, piece: bytes) -> bytes:
    return data[:start] + piece + data[start + len(piece) :]


def make() -> dict[str, list[Case]]:
    """The whole file."""
    tables: dict[str, Callable[[], Iterator[Case]]] = {
        "keys": keys,
        "accepted": accepted,
        "proof_refusals": proof_refusals,
        "key_refusals": key_refusals,
    }
    return {name: list(table()) for name, table in tables.items()}


def render() -> str:
    """The whole file's text."""
    return json.dumps(make(), indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(render())
