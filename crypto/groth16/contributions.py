"""Section 10 of a `.zkey`: who contributed to the second phase, and the proof that each knew what it multiplied by.

Source: snarkjs 0.7, `src/zkey_utils.js` (format), `src/zkey_verify_frominit.js` (rules). Each contribution turns delta
into x delta. It shows s and x s in G1, and x sp in G2 for a point sp that is hashed from everything before it.
"""

import struct
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from crypto.groth16.ceremony_random import CeremonyRandom, beacon_random
from crypto.groth16.curve import multiply_g1
from crypto.groth16.errors import Groth16Error
from crypto.groth16.key_file_errors import FalseContribution, MalformedContributions
from crypto.groth16.montgomery import G1_BYTES, G2_BYTES, decode_g1, decode_g2
from crypto.groth16.pairing import same_ratio
from crypto.groth16.types import G1, G1_GENERATOR, G2

HASH_BYTES: Final = 64
MAX_BEACON_EXPONENT: Final = 24  # 2^24 hashes take 6 s
_COUNT: Final = struct.Struct("<I")
_FIXED: Final = 3 * G1_BYTES + G2_BYTES + HASH_BYTES + 2 * _COUNT.size
_PLAIN, _BEACON = 0, 1
_NAME, _EXPONENT, _BEACON_HASH = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Contribution:
    """One contribution. A beacon's s and x follow from `beacon` and 2^exponent hashes of it; else `beacon` is None."""

    delta_after: G1
    s: G1
    sx: G1
    spx: G2
    transcript: bytes
    name: str
    beacon: bytes | None
    exponent: int

    @property
    def hash(self) -> bytes:
        """What snarkjs prints to the contributor: 64 bytes."""
        return _hash(self.public_bytes())

    def public_bytes(self) -> bytes:
        """What is hashed of it."""
        points = b"".join(uncompressed1(point) for point in (self.delta_after, self.s, self.sx))
        return points + uncompressed2(self.spx) + self.transcript


@dataclass(frozen=True, slots=True)
class Contributions:
    """The whole record. circuit_hash: of the key before the first contribution, as snarkjs prints it."""

    circuit_hash: bytes
    chain: tuple[Contribution, ...]


def decode_contributions(section: bytes) -> Contributions:
    """Raises MalformedContributions, CoordinateOutOfRange."""
    if len(section) < HASH_BYTES + _COUNT.size:
        raise MalformedContributions("the section is too short")
    (count,) = _COUNT.unpack_from(section, HASH_BYTES)
    at, found = HASH_BYTES + _COUNT.size, []
    for number in range(1, count + 1):
        if len(section) - at < _FIXED:
            raise MalformedContributions(f"contribution {number} is cut off")
        end = at + _FIXED + _COUNT.unpack_from(section, at + _FIXED - _COUNT.size)[0]
        if end > len(section):
            raise MalformedContributions(f"the parameters of contribution {number} are cut off")
        found.append(_decode(section[at:end], number))
        at = end
    if at != len(section):
        raise MalformedContributions("bytes follow the last contribution")
    return Contributions(section[:HASH_BYTES], tuple(found))


def check_chain(contributions: Contributions) -> None:
    """That each contributor knew its factor and multiplied delta by it, from the generator on. 60 ms each.

    A beacon is computed again. Raises FalseContribution.
    """
    seen, delta = contributions.circuit_hash, G1_GENERATOR
    for number, one in enumerate(contributions.chain, 1):
        if _hash(seen + uncompressed1(one.s) + uncompressed1(one.sx)) != one.transcript:
            raise FalseContribution(number, "its transcript hash is not that of what came before")
        sp = CeremonyRandom(one.transcript).g2()
        try:
            if not same_ratio(one.s, one.sx, sp, one.spx):
                raise FalseContribution(number, "it does not show knowledge of its factor")
            if not same_ratio(delta, one.delta_after, sp, one.spx):
                raise FalseContribution(number, "delta was not multiplied by its factor")
        except Groth16Error as error:
            if isinstance(error, FalseContribution):
                raise
            raise FalseContribution(number, str(error)) from error
        if one.beacon is not None:
            _check_beacon(one, one.beacon, number)
        seen, delta = seen + one.public_bytes(), one.delta_after


def _check_beacon(one: Contribution, beacon: bytes, number: int) -> None:
    if one.exponent > MAX_BEACON_EXPONENT:
        raise FalseContribution(number, f"its beacon takes 2^{one.exponent} hashes, more than 2^{MAX_BEACON_EXPONENT}")
    random = beacon_random(beacon, one.exponent)
    factor, s = random.scalar(), random.g1()
    if (s, multiply_g1(s, factor)) != (one.s, one.sx):
        raise FalseContribution(number, "its factor does not come from the beacon that it names")


def _decode(data: bytes, number: int) -> Contribution:
    delta, s, sx = (
        decode_g1(data[i * G1_BYTES : (i + 1) * G1_BYTES], f"{name} of contribution {number}")
        for i, name in enumerate(("delta", "s", "sx"))
    )
    at = 3 * G1_BYTES
    spx = decode_g2(data[at : at + G2_BYTES], f"spx of contribution {number}")
    at += G2_BYTES
    (kind,) = _COUNT.unpack_from(data, at + HASH_BYTES)
    parameters = _parameters(data[_FIXED:], number)
    beacon = parameters.get(_BEACON_HASH)
    if (
        kind not in (_PLAIN, _BEACON)
        or (kind == _BEACON) != (beacon is not None)
        or (_EXPONENT in parameters) != (beacon is not None)
    ):
        raise MalformedContributions(f"contribution {number} is neither a contribution nor a beacon")
    name = parameters.get(_NAME, b"").decode("utf-8", "replace")
    exponent = parameters.get(_EXPONENT, b"\0")[0]
    return Contribution(delta, s, sx, spx, data[at : at + HASH_BYTES], name, beacon, exponent)


def _parameters(data: bytes, number: int) -> dict[int, bytes]:
    """Type byte, then one byte (exponent) or a length byte and so many bytes; ascending types."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        kind = data[at]
        if kind not in (_NAME, _EXPONENT, _BEACON_HASH) or (found and kind <= max(found)):
            raise MalformedContributions(f"contribution {number} has parameters out of order, or unknown ones")
        size = 1 if kind == _EXPONENT else data[at + 1] if at + 1 < len(data) else 0
        at += 1 if kind == _EXPONENT else 2
        if at + size > len(data):
            raise MalformedContributions(f"the parameters of contribution {number} are cut off")
        found[kind] = data[at : at + size]
        at += size
    return found


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=HASH_BYTES).digest()


def uncompressed1(point: G1) -> bytes:
    """x | y, big-endian, as snarkjs hashes points."""
    return b"".join(c.to_bytes(32, "big") for c in point)


def uncompressed2(point: G2) -> bytes:
    """x.c1 x.c0 | y.c1 y.c0, big-endian, as snarkjs hashes points."""
    return b"".join(c.to_bytes(32, "big") for x in point for c in (x[1], x[0]))
