"""Poseidon's parameters per width: read from `poseidon_constants.bin`, and brought into the sparse form.

Source: Grassi et al., "Poseidon", USENIX Security 2021, appendix B; circomlib's parameters (BN254, x^5, 8 full rounds).
With M = [[m, w], [v, N]] the lanes 1.. are kept through the P partial rounds as z_k = N^(P-k) lanes_k: a partial round
then touches each lane once, z_0 comes out of the full round before by a changed matrix, and z_P are the lanes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from operator import mul
from typing import Final

from crypto.field import FIELD_BYTES, SCALAR_FIELD

CONSTANTS_FILE: Final = "poseidon_constants.bin"
FULL_ROUNDS: Final = 8
HALF: Final = FULL_ROUNDS // 2
WIDTHS: Final = range(2, 18)
PARTIAL_ROUNDS: Final = dict(zip(WIDTHS, (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68), strict=True))

Row = tuple[int, ...]
Matrix = tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Parameters:
    """Folded constants of one width, each reduced below the field: see `make_poseidon_constants.py`."""

    width: int
    matrix: Matrix  # width x width
    first: Matrix  # 4 rows of constants of the first full rounds
    scalars: Row  # lane 0's constant of each partial round
    last: Matrix  # 4 rows of constants of the last full rounds


@dataclass(frozen=True, slots=True)
class Sparse:
    """The partial rounds in sparse form: `entry` replaces M in the full round before them."""

    entry: Matrix
    corner: int  # m, multiplies lane 0's S-box into lane 0
    rows: Matrix  # per partial round, (lanes 1..) into lane 0
    columns: Matrix  # per partial round, lane 0's S-box into (lanes 1..)


def cauchy_matrix(points: Sequence[int]) -> Matrix:
    """M[i][j] = 1 / (x_i + y_j) for points x_0.. y_0.., half and half."""
    half = len(points) // 2
    xs, ys = points[:half], points[half:]
    return tuple(tuple(pow(x + y, -1, SCALAR_FIELD) for y in ys) for x in xs)


def element_count(width: int) -> int:
    return 2 * width + FULL_ROUNDS * width + PARTIAL_ROUNDS[width]


@cache
def parameters(width: int) -> Parameters:
    """The parameters of a state of `width` elements, 2 <= width <= 17; read and kept on first use."""
    start = sum(element_count(smaller) for smaller in WIDTHS if smaller < width) * FIELD_BYTES
    data = files("crypto").joinpath(CONSTANTS_FILE).read_bytes()[start : start + element_count(width) * FIELD_BYTES]
    elements = [int.from_bytes(data[i : i + FIELD_BYTES], "big") for i in range(0, len(data), FIELD_BYTES)]
    points, rest = elements[: 2 * width], elements[2 * width :]
    first, rest = rest[: HALF * width], rest[HALF * width :]
    scalars, last = rest[: PARTIAL_ROUNDS[width]], rest[PARTIAL_ROUNDS[width] :]
    return Parameters(width, cauchy_matrix(points), _rows(first, width), tuple(scalars), _rows(last, width))


@cache
def sparse(width: int) -> Sparse:
    """The sparse form of the partial rounds of `width`: 0.5 ms at width 3, about 30 ms at width 17, then kept."""
    matrix = parameters(width).matrix
    partial = PARTIAL_ROUNDS[width]
    inner = tuple(row[1:] for row in matrix[1:])
    column = tuple(row[0] for row in matrix[1:])
    columns = [column]
    for _ in range(partial - 1):
        columns.append(_apply(inner, columns[-1]))
    inverse_columns = _transpose(_inverse(inner))
    rows = [_apply(inverse_columns, matrix[0][1:])]
    for _ in range(partial - 1):
        rows.append(_apply(inverse_columns, rows[-1]))
    lanes = [tuple(row[j] for row in matrix[1:]) for j in range(width)]
    for _ in range(partial):
        lanes = [_apply(inner, lane) for lane in lanes]
    entry = (matrix[0], *_transpose(lanes))
    return Sparse(entry, matrix[0][0], tuple(reversed(rows)), tuple(reversed(columns)))


def _rows(elements: Sequence[int], width: int) -> Matrix:
    return tuple(tuple(elements[i : i + width]) for i in range(0, len(elements), width))


def _apply(matrix: Sequence[Row], vector: Row) -> Row:
    return tuple(sum(map(mul, row, vector)) % SCALAR_FIELD for row in matrix)


def _transpose(matrix: Sequence[Row]) -> Matrix:
    return tuple(zip(*matrix, strict=True))


def _inverse(matrix: Matrix) -> Matrix:
    """Gauss-Jordan over the field; every leading block of a Cauchy matrix is invertible, so no pivot is zero."""
    size = len(matrix)
    work = [[*row, *(int(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for pivot in range(size):
        scale = pow(work[pivot][pivot], -1, SCALAR_FIELD)
        work[pivot] = [value * scale % SCALAR_FIELD for value in work[pivot]]
        for i in range(size):
            if i != pivot and work[i][pivot]:
                factor = work[i][pivot]
                work[i] = [(a - factor * b) % SCALAR_FIELD for a, b in zip(work[i], work[pivot], strict=True)]
    return tuple(tuple(row[size:]) for row in work)
