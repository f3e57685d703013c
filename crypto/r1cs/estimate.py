"""What setup and proofs of a circuit take, from its size: what to refuse before memory runs out, and what to promise.

Linear models, fitted to `python -m benchmarks.proving_cost` (groth16py 0.2.0 on one thread of a shared two-core x86-64
machine; four shapes of circuit, 850 to 266,000 constraints, 35 rows). There the estimates of keys are within 1% of what
was measured, of memory within 10%, of seconds within 35%; the benchmark names those off by more than a factor of two.
Seconds are that machine's and scale with the processor; bytes hold anywhere. Memory is all of the process, the circuit
and its `.r1cs` included, which for wide linear layers is more than the key: a term costs 36 bytes in the file.

| circuit, 2**18 constraints | terms | setup CPU-s | setup MB | proof CPU-s | proof MB | key MB |
|---|---|---|---|---|---|---|
| private weights | 1,314,885 | 25 | 618 | 7.7 | 713 | 177 |
| convolutions, constant weights | 2,979,903 | 28 | 980 | 8.5 | 1,010 | 239 |
| dense layers of 256, constant weights | 7,024,518 | 30 | 2,046 | 9.0 | 1,958 | 401 |
| Poseidon commitment | 9,487,675 | 32 | 2,575 | 24 | 2,387 | 507 |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Microseconds of proving per cell by proven width; those between 17 and 128 bits by interpolation, others measured.
_CELL_MICROSECONDS: Final = ((1, 8), (16, 10), (128, 40), (254, 70))


@dataclass(frozen=True, slots=True)
class Size:
    """How large a circuit is, or will be. terms: those of all rows of A, B and C (a bit has 3; a sum that is decomposed
    stands in two); widths: how many cells have each proven width in bits, 254 where nothing is known."""

    constraints: int
    public: int
    terms: int
    widths: Mapping[int, int]

    @property
    def cells(self) -> int:
        return sum(self.widths.values())

    @property
    def domain(self) -> int:
        """Points of the polynomials of a proof: the power of two that holds all constraints and public inputs."""
        return 1 << (self.constraints + self.public).bit_length()


@dataclass(frozen=True, slots=True)
class Estimate:
    """Microseconds of CPU; bytes on disk and, for the peaks, resident in memory."""

    setup_microseconds: int
    prove_microseconds: int
    r1cs_bytes: int
    key_bytes: int
    setup_peak_bytes: int
    prove_peak_bytes: int

    @property
    def peak_bytes(self) -> int:
        """What a machine must have to spare for setup and proofs."""
        return max(self.setup_peak_bytes, self.prove_peak_bytes)


def estimate(size: Size) -> Estimate:
    """What a circuit of this size takes with one proof at a time."""
    cells, terms, rows, domain = size.cells, size.terms, size.constraints, size.domain
    proving = 9_000 + (114 * domain + 2 * terms) // 10 + cells_microseconds(size.widths)
    return Estimate(
        setup_microseconds=200_000 + 120 * domain + terms // 2 + 430 * cells,
        prove_microseconds=proving,
        r1cs_bytes=36 * terms + 12 * rows + 8 * cells + 112,
        key_bytes=40 * terms + 26 * rows + 317 * cells + 64 * domain,
        setup_peak_bytes=31_000_000 + 245 * terms + 2_500 * cells,
        prove_peak_bytes=31_000_000 + 208 * terms + 1_400 * cells + 114 * domain,
    )


def cells_microseconds(widths: Mapping[int, int]) -> int:
    """The part of proving that depends on how wide the cells are."""
    return sum(
        count * next(cost for most, cost in _CELL_MICROSECONDS if width <= most) for width, count in widths.items()
    )
