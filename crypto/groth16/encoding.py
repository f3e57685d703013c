"""Strict binary encodings of proofs and verifying keys; each refuses every byte string but its one own.

Compressed is gnark-crypto's convention (ecc/bn254/marshal.go): big-endian x, the twist's c1 before its c0, and in the
two leading bits 10 for the smaller y, 11 for the larger; on the twist c1 of y decides, and c0 where c1 is zero. The
identity (01) and uncompressed points (00) are refused. A proof is A | B | C, 128 bytes, as gnark writes it. A verifying
key is u16 public inputs | alpha | beta | gamma | delta | IC, and its hash is its id.

EVM is EIP-197's: x | y big-endian, c1 before c0, A | B | C in 256 bytes. It costs no square root to decode.

Coordinates are below q and points on their curve, or decoding fails; that G2 points have order r is checked by the
backends (B of a proof, each time) and by `keycheck` (a key, once).
"""

from typing import Final, NewType

from crypto import domains
from crypto.groth16.curve import g1_root, negate, on_g1, on_twist, twist_root
from crypto.groth16.errors import (
    BadFlags,
    CoordinateOutOfRange,
    IdentityPoint,
    NotOnCurve,
    UnboundInput,
    UnsupportedInputCount,
    WrongLength,
)
from crypto.groth16.types import BASE_FIELD, G1, G2, MAX_PUBLIC_INPUTS, Fp2, Proof, VerifyingKey
from crypto.hashing import tagged_hash

KeyId = NewType("KeyId", bytes)

COMPRESSED_PROOF_BYTES: Final = 128
EVM_PROOF_BYTES: Final = 256

_IDENTITY_FLAGS: Final = 0b01
_SMALLER: Final = 0b10
_LARGER: Final = 0b11
_X_BITS: Final = 254
_X_MASK: Final = (1 << _X_BITS) - 1
_HALF: Final = (BASE_FIELD - 1) // 2
_COUNT_BYTES: Final = 2
_FIXED_POINTS_BYTES: Final = 32 + 3 * 64


def decode_proof(data: bytes) -> Proof:
    """A proof from 128 bytes compressed or 256 bytes in EVM order; which of the two a field takes, its owner decides.

    Raises WrongLength, CoordinateOutOfRange, BadFlags, IdentityPoint, NotOnCurve.
    """
    if len(data) == EVM_PROOF_BYTES:
        return decode_evm_proof(data)
    if len(data) == COMPRESSED_PROOF_BYTES:
        return decompress_proof(data)
    raise WrongLength("proof", len(data), f"{COMPRESSED_PROOF_BYTES} (compressed) or {EVM_PROOF_BYTES} (EVM)")


def compress_proof(proof: Proof) -> bytes:
    """128 bytes: A | B | C."""
    return _compress_g1(proof.a) + _compress_g2(proof.b) + _compress_g1(proof.c)


def decompress_proof(data: bytes) -> Proof:
    """The proof of 128 bytes. Raises WrongLength, CoordinateOutOfRange, BadFlags, IdentityPoint, NotOnCurve."""
    if len(data) != COMPRESSED_PROOF_BYTES:
        raise WrongLength("compressed proof", len(data), str(COMPRESSED_PROOF_BYTES))
    return Proof(_decompress_g1("A", data[:32]), _decompress_g2("B", data[32:96]), _decompress_g1("C", data[96:]))


def encode_evm_proof(proof: Proof) -> bytes:
    """256 bytes: A.x A.y | B.x.c1 B.x.c0 B.y.c1 B.y.c0 | C.x C.y, each 32 bytes big-endian (EIP-197)."""
    (bx0, bx1), (by0, by1) = proof.b
    return b"".join([c.to_bytes(32, "big") for c in (*proof.a, bx1, bx0, by1, by0, *proof.c)])


def decode_evm_proof(data: bytes) -> Proof:
    """The proof of 256 bytes. Raises WrongLength, CoordinateOutOfRange, IdentityPoint, NotOnCurve."""
    if len(data) != EVM_PROOF_BYTES:
        raise WrongLength("EVM proof", len(data), str(EVM_PROOF_BYTES))
    ax, ay, bx1, bx0, by1, by0, cx, cy = (int.from_bytes(data[i : i + 32], "big") for i in range(0, 256, 32))
    return Proof(checked_g1("A", (ax, ay)), checked_g2("B", ((bx0, bx1), (by0, by1))), checked_g1("C", (cx, cy)))


def compress_key(key: VerifyingKey) -> bytes:
    """u16 public inputs | alpha 32 | beta 64 | gamma 64 | delta 64 | IC 32 each. Raises UnsupportedInputCount."""
    if not 1 <= key.public_inputs <= MAX_PUBLIC_INPUTS:
        raise UnsupportedInputCount(key.public_inputs, MAX_PUBLIC_INPUTS)
    return b"".join(
        (
            key.public_inputs.to_bytes(_COUNT_BYTES, "big"),
            _compress_g1(key.alpha),
            *(_compress_g2(point) for point in (key.beta, key.gamma, key.delta)),
            *(_compress_g1(point) for point in key.ic),
        )
    )


def decompress_key(data: bytes) -> VerifyingKey:
    """The key of its compressed bytes; `keycheck.check_key` says whether it may be registered.

    Raises WrongLength, UnsupportedInputCount, CoordinateOutOfRange, BadFlags, IdentityPoint, UnboundInput, NotOnCurve.
    """
    if len(data) < _COUNT_BYTES:
        raise WrongLength("verifying key", len(data), "at least 2")
    inputs = int.from_bytes(data[:_COUNT_BYTES], "big")
    if not 1 <= inputs <= MAX_PUBLIC_INPUTS:
        raise UnsupportedInputCount(inputs, MAX_PUBLIC_INPUTS)
    expected = compressed_key_bytes(inputs)
    if len(data) != expected:
        raise WrongLength(f"verifying key of {inputs} public inputs", len(data), str(expected))
    points = data[_COUNT_BYTES:]
    return VerifyingKey(
        alpha=_decompress_g1("alpha", points[:32]),
        beta=_decompress_g2("beta", points[32:96]),
        gamma=_decompress_g2("gamma", points[96:160]),
        delta=_decompress_g2("delta", points[160:224]),
        ic=tuple(_decompress_ic(i, points[_FIXED_POINTS_BYTES + 32 * i :][:32]) for i in range(inputs + 1)),
    )


def compressed_key_bytes(public_inputs: int) -> int:
    """The length of a compressed verifying key."""
    return _COUNT_BYTES + _FIXED_POINTS_BYTES + 32 * (public_inputs + 1)


def key_id(compressed: bytes) -> KeyId:
    """vk_id = SHA256(tag || compressed key), 32 bytes (protocol.md)."""
    return KeyId(tagged_hash(domains.VERIFYING_KEY, compressed))


def checked_g1(name: str, point: G1) -> G1:
    """The point itself. Raises CoordinateOutOfRange, IdentityPoint for (0, 0), NotOnCurve."""
    _check_range(name, *point)
    if point == (0, 0):
        raise IdentityPoint(name)
    if not on_g1(point):
        raise NotOnCurve(name)
    return point


def checked_g2(name: str, point: G2) -> G2:
    """The point itself, of whatever order. Raises CoordinateOutOfRange, IdentityPoint for zeros, NotOnCurve."""
    _check_range(name, *point[0], *point[1])
    if point == ((0, 0), (0, 0)):
        raise IdentityPoint(name)
    if not on_twist(point):
        raise NotOnCurve(name)
    return point


def checked_ic(index: int, point: G1) -> G1:
    """An IC point itself. Raises CoordinateOutOfRange, UnboundInput for (0, 0), NotOnCurve."""
    try:
        return checked_g1(f"ic[{index}]", point)
    except IdentityPoint:
        raise UnboundInput(index) from None


def _check_range(name: str, *coordinates: int) -> None:
    for value in coordinates:
        if not 0 <= value < BASE_FIELD:
            raise CoordinateOutOfRange(name, value)


def _compress_g1(point: G1) -> bytes:
    x, y = point
    return (_flags(y > _HALF) | x).to_bytes(32, "big")


def _compress_g2(point: G2) -> bytes:
    (x0, x1), y = point
    return (_flags(_is_larger(y)) | x1).to_bytes(32, "big") + x0.to_bytes(32, "big")


def _decompress_g1(name: str, data: bytes) -> G1:
    word = int.from_bytes(data, "big")
    flags, x = word >> _X_BITS, word & _X_MASK
    _check_flags(name, flags, x)
    _check_range(name, x)
    y = g1_root(x)
    if y is None:
        raise NotOnCurve(name)
    return (x, y if (y > _HALF) == (flags == _LARGER) else BASE_FIELD - y)


def _decompress_g2(name: str, data: bytes) -> G2:
    word, x0 = int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big")
    flags, x1 = word >> _X_BITS, word & _X_MASK
    _check_flags(name, flags, x1 | x0)
    _check_range(name, x1, x0)
    y = twist_root((x0, x1))
    if y is None:
        raise NotOnCurve(name)
    return ((x0, x1), y if _is_larger(y) == (flags == _LARGER) else negate(y))


def _decompress_ic(index: int, data: bytes) -> G1:
    try:
        return _decompress_g1(f"ic[{index}]", data)
    except IdentityPoint:
        raise UnboundInput(index) from None


def _check_flags(name: str, flags: int, rest: int) -> None:
    if flags == _IDENTITY_FLAGS and rest == 0:
        raise IdentityPoint(name)
    if flags not in (_SMALLER, _LARGER):
        raise BadFlags(name, flags)


def _flags(larger: bool) -> int:
    return (_LARGER if larger else _SMALLER) << _X_BITS


def _is_larger(y: Fp2) -> bool:
    """gnark-crypto's E2.LexicographicallyLargest. No point has y = 0: the twist's group has odd order."""
    return (y[1] or y[0]) > _HALF
