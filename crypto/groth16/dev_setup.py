"""A single-party setup in the form of a `.zkey`, for development: whoever runs it could forge proofs.

groth16py's own setup is four times as fast, but its keys take 51 s to load at 2^18 constraints, and H stands in them in
powers of tau, from which no `.zkey` can be made without a Fourier transform over points. Here tau, alpha, beta and
delta are drawn, every point's scalar is computed, and points are multiples of the generators, as in a ceremony's key;
gamma is 1. Source: Groth, eprint 2016/260, 3.2; snarkjs 0.7, `src/zkey_new.js`.

The file's record of contributions is empty; where a ceremony has the circuit hash stands a digest of the file under the
hash of the constraints, so that a development key on disk is known to be whole and its circuit's.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Final

import gmpy2

from crypto.field import SCALAR_FIELD
from crypto.groth16 import zkey as z
from crypto.groth16.bulk import multiples
from crypto.groth16.chance import secret_scalar
from crypto.groth16.contributions import HASH_BYTES
from crypto.groth16.domain import lagrange_at
from crypto.groth16.errors import SetupRefused
from crypto.groth16.key_file_errors import NotADevelopmentKey
from crypto.groth16.keycheck import check_form
from crypto.groth16.montgomery import G1_BYTES, G2_BYTES, decode_g1, decode_g2, encode_coordinates
from crypto.groth16.types import G1_GENERATOR, G2_GENERATOR, VerifyingKey
from crypto.r1cs.constraints import Constraints, Matrix

NO_CONTRIBUTIONS: Final = bytes(4)
_PERSON: Final = b"insecure-dev/1"
_R: Final = gmpy2.mpz(SCALAR_FIELD)

Job = tuple[bool, Sequence[int]]  # (twist, scalars)
Multiply = Callable[[Sequence[Job]], list[bytes]]  # for each job, the points as they stand in the file


def development_zkey(
    constraints: Constraints, cells: int, public: int, r1cs_hash: bytes, multiply: Multiply | None = None
) -> bytes:
    """The file. multiply: something that spreads `encoded_multiples` over processes, or None.

    r1cs_hash: SHA-256 of the .r1cs file. Raises SetupRefused for more than 2^27 rows.
    """
    domain = z.domain_size(len(constraints), public)
    if domain > z.MAX_DOMAIN:
        raise SetupRefused(f"{len(constraints)} constraints need a domain above {z.MAX_DOMAIN}")
    tau, alpha, beta, delta = (gmpy2.mpz(secret_scalar()) for _ in range(4))
    over_delta = gmpy2.invert(delta, _R)
    rows = lagrange_at(domain, tau)
    a = _columns(constraints.a, constraints.coefficients, rows, cells)
    b = _columns(constraints.b, constraints.coefficients, rows, cells)
    c = _columns(constraints.c, constraints.coefficients, rows, cells)
    for wire in range(public + 1):
        a[wire] = (a[wire] + rows[len(constraints) + wire]) % _R
    k = [(beta * x + alpha * y + w) % _R for x, y, w in zip(a, b, c, strict=True)]
    odd = lagrange_at(2 * domain, tau)[1::2]
    jobs: list[Job] = [
        (False, [alpha, beta, delta, *k[: public + 1]]),
        (True, [beta, delta]),
        (False, a),
        (False, b),
        (True, b),
        (False, [x * over_delta % _R for x in k[public + 1 :]]),
        (False, [x * over_delta % _R for x in odd]),
    ]
    fixed, twist, *points = (multiply or _in_turn)(jobs)
    one, two, three = (decode_g1(fixed[i * G1_BYTES : (i + 1) * G1_BYTES], "a fixed point") for i in range(3))
    beta2, delta2 = decode_g2(twist[:G2_BYTES], "beta2"), decode_g2(twist[G2_BYTES:], "delta2")
    header = z.ZkeyHeader(cells, public, domain, one, two, beta2, G2_GENERATOR, three, delta2)
    coefficients = z.write_coefficients(constraints, public)
    by_section = dict(zip(z.POINT_SECTIONS, points, strict=True))
    sections = z.zkey_sections(header, fixed[3 * G1_BYTES :], coefficients, by_section, b"")
    sections[z.CONTRIBUTIONS] = _digest(sections, r1cs_hash) + NO_CONTRIBUTIONS
    return z.write_zkey(sections)


def read_development_zkey(data: bytes, r1cs_hash: bytes) -> VerifyingKey:
    """The verifying key of a file that `development_zkey` wrote for this circuit.

    Raises NotADevelopmentKey for a changed file or another circuit's, and what `zkey.read_zkey` and
    `keycheck.check_form` raise.
    """
    key = z.read_zkey(data)
    expected = _digest(key.sections, r1cs_hash) + NO_CONTRIBUTIONS
    if (found := key.sections[z.CONTRIBUTIONS]) != expected:
        raise NotADevelopmentKey(found[:HASH_BYTES], expected[:HASH_BYTES])
    verifying = key.verifying()
    check_form(verifying)
    return verifying


def encoded_multiples(twist: bool, scalars: Sequence[int]) -> bytes:
    """scalar times the generator of G1, or of G2 if twist, for each scalar in 0..r-1, as a `.zkey` holds them."""
    base = (*G2_GENERATOR[0], *G2_GENERATOR[1]) if twist else G1_GENERATOR
    live = [scalar for scalar in scalars if scalar]
    columns = multiples(base, live) if live else ()
    encoded = encode_coordinates([c for point in zip(*columns, strict=True) for c in point])
    size = G2_BYTES if twist else G1_BYTES
    if len(live) == len(scalars):
        return encoded
    parts, at = [], 0
    for scalar in scalars:
        parts.append(encoded[at : at + size] if scalar else bytes(size))
        at += size if scalar else 0
    return b"".join(parts)


def _in_turn(jobs: Sequence[Job]) -> list[bytes]:
    return [encoded_multiples(twist, scalars) for twist, scalars in jobs]


def _columns(matrix: Matrix, coefficients: Sequence[int], rows: Sequence[gmpy2.mpz], cells: int) -> list[gmpy2.mpz]:
    """For each wire the sum of its coefficients times the Lagrange polynomials of their rows."""
    sums = [gmpy2.mpz(0)] * cells
    start = 0
    for row, end in zip(rows, matrix.ends, strict=False):
        for i in range(start, end):
            sums[matrix.cells[i]] += coefficients[matrix.coefficients[i]] * row
        start = end
    return [value % _R for value in sums]


def _digest(sections: Mapping[int, bytes], r1cs_hash: bytes) -> bytes:
    """Of everything but the record itself."""
    state = blake2b(digest_size=HASH_BYTES, key=r1cs_hash, person=_PERSON)
    for number in sorted(sections.keys() - {z.CONTRIBUTIONS}):
        section = sections[number]
        state.update(number.to_bytes(4, "big") + len(section).to_bytes(8, "big"))
        state.update(section)
    return state.digest()
