"""What a ceremony's files show: that a `.zkey` is of a circuit, from powers of tau, through contributions.

Done here, in Python and with the verifier's pairings, as `snarkjs zkey verify` does it:

- every point of the key is in range and on its curve; verifying key sound; coefficients of A and B are the circuit's;
- each contribution shows knowledge of its factor, and delta is the product of them all; beacons are computed again;
- with the powers of tau: alpha and beta are theirs; A, B in G1 and G2, IC, L and H are, point for point, what circuit,
  powers and delta give. A random linear combination stands for all points of a section (128-bit factors);
- with the key before the first contribution too: its hash is the circuit hash that the contributors signed.

Not done: the first phase's own contributions (`snarkjs powersoftau verify`), and that contributors are who they say and
forgot their factors, which no file can show. A point of B in G2 with a part outside the subgroup escapes once in 10,069
combinations; proofs under such a key do not verify, so its prover is hurt alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Final

from crypto.groth16 import zkey as z
from crypto.groth16.bulk import combine1, combine2
from crypto.groth16.chance import factors
from crypto.groth16.contributions import (
    HASH_BYTES,
    Contribution,
    check_chain,
    decode_contributions,
    uncompressed1,
    uncompressed2,
)
from crypto.groth16.curve import add_g1
from crypto.groth16.domain import interpolate
from crypto.groth16.key_file_errors import InconsistentKey, TranscriptMismatch, UnusablePowers
from crypto.groth16.montgomery import decode_g1_section, decode_g2_section
from crypto.groth16.pairing import same_ratio
from crypto.groth16.powers import Powers
from crypto.groth16.types import BASE_FIELD, G1, G1_GENERATOR, G2, G2_GENERATOR, VerifyingKey
from crypto.groth16.zkey_check import check_zkey
from crypto.r1cs.constraints import Constraints, Matrix
from crypto.r1cs.r1cs_file import R1cs

HASHED_AT_ONCE: Final = 1 << 14  # points of H that snarkjs hashes in one piece


@dataclass(frozen=True, slots=True)
class CeremonyReport:
    """What was shown. transcript: SHA-256 of the record, which a registration names. sections_checked: against powers
    of tau; circuit_hash_checked: against the key before the first contribution."""

    verifying: VerifyingKey
    circuit_hash: bytes
    transcript: bytes
    contributions: tuple[Contribution, ...]
    sections_checked: bool
    circuit_hash_checked: bool


def transcript_hash(zkey: z.Zkey) -> bytes:
    """SHA-256 of the key's record of contributions: `Ceremony.transcript` of a registration."""
    return sha256(zkey.sections[z.CONTRIBUTIONS]).digest()


def check_hash(what: str, found: bytes, registered: bytes) -> None:
    """Raises TranscriptMismatch."""
    if found != registered:
        raise TranscriptMismatch(what, found, registered)


def check_ceremony(
    zkey: z.Zkey, r1cs: R1cs, powers: Powers | None = None, initial: z.Zkey | None = None
) -> CeremonyReport:
    """Everything that these files allow to check; see above.

    Raises AnotherCircuit, FalseContribution, InconsistentKey, and what `check_zkey` and `decode_contributions` raise:
    ForgeableKey for a key that nobody contributed to.
    """
    verifying = check_zkey(zkey)
    z.check_circuit(zkey, r1cs.constraints, r1cs.cell_count, r1cs.public_count)
    record = decode_contributions(zkey.sections[z.CONTRIBUTIONS])
    check_chain(record)
    delta = record.chain[-1].delta_after if record.chain else G1_GENERATOR
    if delta != zkey.header.delta1:
        raise InconsistentKey("delta", "the last contribution")
    if zkey.header.gamma2 != G2_GENERATOR:
        raise InconsistentKey("gamma", "snarkjs, which leaves it at the generator")
    if powers is not None:
        _check_sections(zkey, r1cs.constraints, powers)
        if initial is not None:
            _check_initial(zkey, initial, powers, record.circuit_hash)
    return CeremonyReport(
        verifying,
        record.circuit_hash,
        transcript_hash(zkey),
        record.chain,
        powers is not None,
        powers is not None and initial is not None,
    )


def _check_sections(zkey: z.Zkey, constraints: Constraints, powers: Powers) -> None:
    head = zkey.header
    if (head.alpha1, head.beta1, head.beta2) != (powers.alpha[0], powers.beta[0], powers.beta2):
        raise InconsistentKey("alpha and beta", "the powers of tau")
    rows = _Rows(constraints, head.public, head.domain)
    wires = factors(head.cells)
    a, b, _ = rows.polynomials(wires)
    _require("A", _points1(zkey, z.A), wires, combine1(powers.tau1[: head.domain], a))
    _require("B in G1", _points1(zkey, z.B1), wires, combine1(powers.tau1[: head.domain], b))
    if combine2(decode_g2_section(zkey.sections[z.B2], "B2"), wires) != combine2(powers.tau2, b):
        raise InconsistentKey("B in G2", "circuit and powers of tau")
    seen, hidden = wires[: head.public + 1], wires[head.public + 1 :]
    _require("IC", zkey.ic(), seen, _k(rows, powers, seen + [0] * len(hidden)))
    if hidden:
        expected = _k(rows, powers, [0] * len(seen) + hidden)
        _require_over_delta("L", combine1(_points1(zkey, z.L), hidden), expected, head.delta2)
    odd = factors(head.domain)
    quotient = interpolate([value for factor in odd for value in (0, factor)])[: len(powers.tau1)]
    _require_over_delta("H", combine1(_points1(zkey, z.H), odd), combine1(powers.tau1, quotient), head.delta2)


def _k(rows: "_Rows", powers: Powers, wires: Sequence[int]) -> G1 | None:
    """The combination of beta A + alpha B + C of the wires."""
    a, b, c = rows.polynomials(wires)
    size = len(a)
    return add_g1(
        add_g1(combine1(powers.beta[:size], a), combine1(powers.alpha[:size], b)), combine1(powers.tau1[:size], c)
    )


class _Rows:
    """The matrices of a circuit, transposed onto combinations of its wires."""

    def __init__(self, constraints: Constraints, public: int, domain: int) -> None:
        self._constraints, self._public, self._domain = constraints, public, domain

    def polynomials(self, wires: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
        """The polynomials A, B, C of the combination of wires, by their coefficients."""
        parts = [
            self._values(matrix, wires) for matrix in (self._constraints.a, self._constraints.b, self._constraints.c)
        ]
        for wire in range(self._public + 1):  # rows of their own keep the public wires' A polynomials independent
            parts[0][len(self._constraints) + wire] = wires[wire]
        a, b, c = ([int(value) for value in interpolate(part)] for part in parts)
        return a, b, c

    def _values(self, matrix: Matrix, wires: Sequence[int]) -> list[int]:
        values, start = [0] * self._domain, 0
        coefficients = self._constraints.coefficients
        for row, end in enumerate(matrix.ends):
            values[row] = sum(coefficients[matrix.coefficients[i]] * wires[matrix.cells[i]] for i in range(start, end))
            start = end
        return values


def _points1(zkey: z.Zkey, section: int) -> list[G1]:
    return list(decode_g1_section(zkey.sections[section], z.POINT_SECTIONS[section]))


def _require(part: str, points: Sequence[G1], weights: Sequence[int], expected: G1 | None) -> None:
    if combine1(points, weights) != expected:
        raise InconsistentKey(part, "circuit and powers of tau")


def _require_over_delta(part: str, found: G1 | None, expected: G1 | None, delta: G2) -> None:
    if found is None or expected is None:
        holds = found is expected
    else:
        holds = same_ratio(found, expected, G2_GENERATOR, delta)
    if not holds:
        raise InconsistentKey(part, "circuit, powers of tau and delta")


def _check_initial(zkey: z.Zkey, initial: z.Zkey, powers: Powers, claimed: bytes) -> None:
    """The initial key's own L follows from the final one's, all else is the same; its hash is as snarkjs makes it."""
    head, before = zkey.header, initial.header
    same = (z.IC, z.COEFFICIENTS, z.A, z.B1, z.B2)
    if (head.cells, head.public, head.domain) != (before.cells, before.public, before.domain) or any(
        zkey.sections[section] != initial.sections[section] for section in same
    ):
        raise InconsistentKey("sections", "the key before the first contribution")
    if (before.delta1, before.delta2) != (G1_GENERATOR, G2_GENERATOR):
        raise InconsistentKey("the initial delta", "snarkjs, which starts at the generator")
    hidden = factors(head.cells - head.public - 1)
    old, new = combine1(_points1(initial, z.L), hidden), combine1(_points1(zkey, z.L), hidden)
    _require_over_delta("L", new, old, head.delta2)
    if (found := circuit_hash(initial, powers)) != claimed:
        raise TranscriptMismatch("circuit", found, claimed)


def circuit_hash(initial: z.Zkey, powers: Powers) -> bytes:
    """BLAKE2b-512 of a key before any contribution, as snarkjs prints it: its points, and for H the powers they are of.

    Raises UnusablePowers.
    """
    head, state = initial.header, blake2b(digest_size=HASH_BYTES)
    state.update(uncompressed1(head.alpha1) + uncompressed1(head.beta1) + uncompressed2(head.beta2))
    state.update(uncompressed2(head.gamma2) + uncompressed1(head.delta1) + uncompressed2(head.delta2))
    parts = [initial.ic(), _h_powers(powers, head.domain)] + [_points1(initial, n) for n in (z.L, z.A, z.B1)]
    counts = [len(part) for part in parts]
    counts[1] = head.domain - 1
    for count, part in zip(counts, parts, strict=True):
        state.update(count.to_bytes(4, "big") + b"".join(map(uncompressed1, part)))
    twists = list(decode_g2_section(initial.sections[z.B2], "B2"))
    state.update(len(twists).to_bytes(4, "big") + b"".join(map(uncompressed2, twists)))
    return state.digest()


def _h_powers(powers: Powers, domain: int) -> list[G1]:
    """tau^(n + i) - tau^i. snarkjs's last piece is as long as those before it, so it may take a point too many."""
    piece = min(domain - 1, HASHED_AT_ONCE)
    places = [start + i for start in range(0, domain - 1, HASHED_AT_ONCE) for i in range(piece)]
    if places[-1] + domain >= len(powers.tau1):
        raise UnusablePowers("the circuit hash of a key that takes all of them depends on bytes that are no points")
    differences = []
    for i in places:
        x, y = powers.tau1[i]
        differences.append(add_g1(powers.tau1[i + domain], (x, BASE_FIELD - y)) or (0, 0))
    return differences
