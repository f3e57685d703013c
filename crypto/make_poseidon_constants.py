"""Writes `poseidon_constants.bin`: circomlib's Poseidon constants for t = 2..17, from the Grain LFSR.

Source: Poseidon (Grassi et al., USENIX Security 2021), appendix F and `generate_parameters_grain.sage`; parameters of
circomlib: BN254, x^5, 8 full rounds, partial rounds as in PARTIAL_ROUNDS. Run
`python -m crypto.make_poseidon_constants`; a test holds the file equal to what this module makes.

Per t the file holds 32-byte big-endian elements: 2t points of the Cauchy matrix M[i][j] = 1 / (x_i + y_j), 4t constants
of the first full rounds, one constant per partial round and 4t of the last full rounds. Only lane 0 meets an S-box in a
partial round, so the other lanes' constants are carried forward through M and end up in the last block.
"""

from collections.abc import Iterator
from operator import mul
from pathlib import Path

from crypto.field import FIELD_BYTES, SCALAR_FIELD
from crypto.poseidon_parameters import CONSTANTS_FILE, FULL_ROUNDS, PARTIAL_ROUNDS, WIDTHS, cauchy_matrix

_BITS = 254
_STATE_BITS = 80
_TAPS = (62, 51, 38, 23, 13, 0)
_STRIDE = _STATE_BITS - _TAPS[0]  # so many bits depend on the current state only


def _stream(width: int) -> Iterator[int]:
    """The raw bits of the LFSR, `_STRIDE` at a time; the state holds the oldest bit lowest."""
    seed = f"{1:02b}{0:04b}{_BITS:012b}{width:012b}{FULL_ROUNDS:010b}{PARTIAL_ROUNDS[width]:010b}" + "1" * 30
    state = int(seed[::-1], 2)
    mask = (1 << _STRIDE) - 1
    while True:
        fresh = 0
        for tap in _TAPS:
            fresh ^= state >> tap
        fresh &= mask
        state = (state | fresh << _STATE_BITS) >> _STRIDE
        for place in range(_STRIDE):
            yield fresh >> place & 1


def _shrunk(width: int) -> Iterator[int]:
    """The first 160 bits are thrown away; then of each pair the second counts if the first is 1."""
    raw = _stream(width)
    for _ in range(160):
        next(raw)
    for keep, bit in zip(raw, raw, strict=False):
        if keep:
            yield bit


def _integers(width: int) -> Iterator[int]:
    bits = _shrunk(width)
    while True:
        value = 0
        for _ in range(_BITS):
            value = value << 1 | next(bits)
        yield value


def grain(width: int) -> tuple[list[list[int]], list[int]]:
    """The textbook constants: one row of `width` per round, and the 2 * width Cauchy points."""
    integers = _integers(width)
    rounds = []
    for _ in range(FULL_ROUNDS + PARTIAL_ROUNDS[width]):
        row: list[int] = []
        while len(row) < width:
            value = next(integers)
            if value < SCALAR_FIELD:
                row.append(value)
        rounds.append(row)
    points = [next(integers) % SCALAR_FIELD for _ in range(2 * width)]
    return rounds, points


def folded(width: int) -> list[int]:
    """The elements of the file for one width: points, first full rounds, partial rounds, last full rounds."""
    rounds, points = grain(width)
    matrix = cauchy_matrix(points)
    half, partial = FULL_ROUNDS // 2, PARTIAL_ROUNDS[width]
    carried, scalars = [0] * width, []
    for row in rounds[half : half + partial]:
        carried = [(a + b) % SCALAR_FIELD for a, b in zip(carried, row, strict=True)]
        scalars.append(carried[0])
        carried = [sum(map(mul, line[1:], carried[1:])) % SCALAR_FIELD for line in matrix]
    last = rounds[half + partial :]
    last[0] = [(a + b) % SCALAR_FIELD for a, b in zip(carried, last[0], strict=True)]
    return [*points, *(c for row in rounds[:half] for c in row), *scalars, *(c for row in last for c in row)]


def main() -> None:
    elements = [element for width in WIDTHS for element in folded(width)]
    Path(__file__).with_name(CONSTANTS_FILE).write_bytes(b"".join(e.to_bytes(FIELD_BYTES, "big") for e in elements))


if __name__ == "__main__":
    main()
