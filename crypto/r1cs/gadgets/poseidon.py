"""Poseidon and vector commitments in a circuit, equal to `crypto.poseidon`.

An S-box x**5 costs three constraints (square, fourth, fifth power); everything between S-boxes is linear and costs
none. Lane 0 of the first round holds a constant, so its S-box is free. Source: Grassi et al., USENIX Security 2021.
"""

from collections.abc import Sequence
from functools import cache
from operator import mul

from crypto.domains import CIRCOMLIB, PoseidonTag
from crypto.field import SCALAR_FIELD
from crypto.poseidon import WrongInputCount, vector_capacity, vector_chunks
from crypto.poseidon_parameters import HALF, WIDTHS, Matrix, Row, parameters, sparse
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.wire import Wire, as_wire, linear


def poseidon(cs: Builder, inputs: Sequence[Value], tag: int = CIRCOMLIB) -> Wire:
    """The digest of 1 to 16 field elements under a domain tag, as `crypto.poseidon.poseidon`. Any field element out.

    Constraints: 3 (8 t + P) - 3 for t = inputs + 1 and P partial rounds: 240 for t = 3, 297 for t = 5, 609 for t = 17.
    Raises WrongInputCount.
    """
    powers = _last_powers(cs, inputs, tag)
    return _weighted(parameters(len(powers)).matrix[0], powers)


def permute(cs: Builder, capacity: int, inputs: Sequence[Value]) -> list[Wire]:
    """All lanes of the permutation of (capacity, inputs...), as `crypto.poseidon.permute`. Any field elements out.

    For several pads from one permutation: whoever learns them all, lane 0 included, can undo it. Constraints: those of
    `poseidon`, however many lanes are used. Raises WrongInputCount.
    """
    powers = _last_powers(cs, inputs, capacity)
    return _mixed(parameters(len(powers)).matrix, powers)


def commit_vector(cs: Builder, tag: PoseidonTag, salt: Wire, elements: Sequence[Wire]) -> Wire:
    """The commitment of `crypto.poseidon.commit_vector`. Any field elements in and out.

    Constraints: those of one `poseidon` per chunk: 240 for 1 element, 297 for 3, 36 to 40 an element for long vectors.
    """
    permutations, size = vector_chunks(len(elements))
    capacity = vector_capacity(tag, size + 1, len(elements))
    padded: list[Value] = [*elements, *[0] * (permutations * size - len(elements))]
    digest = salt
    for index in range(permutations):
        digest = poseidon(cs, [digest, *padded[index * size : (index + 1) * size]], capacity)
    return digest


def _last_powers(cs: Builder, inputs: Sequence[Value], capacity: int) -> list[Wire]:
    """The fifth powers of the last round, of which the lanes are linear. Raises WrongInputCount."""
    width = len(inputs) + 1
    if width not in WIDTHS:
        raise WrongInputCount(len(inputs))
    lanes = [as_wire(value) for value in inputs]
    powers = cs.hint("poseidon", lambda values: _trace(capacity, values), lanes, 3 * _box_count(width))
    boxes = _Boxes(cs, powers)
    chosen = parameters(width)
    first = chosen.first[0]
    state = [as_wire(pow(capacity + first[0], 5, SCALAR_FIELD))]
    state += [boxes.fifth_power(lane + c) for lane, c in zip(lanes, first[1:], strict=True)]
    for constants in chosen.first[1:]:
        state = boxes.full_round(_mixed(chosen.matrix, state), constants)
    state = [*state, *_partial_rounds(boxes, width, state)]
    lanes = [_weighted(row, state) for row in _exit_rows(width)]
    for constants in chosen.last[:-1]:
        lanes = _mixed(chosen.matrix, boxes.full_round(lanes, constants))
    return boxes.full_round(lanes, chosen.last[-1])


class _Boxes:
    """Hands out the hinted powers, three to an S-box, in the order in which `_trace` computes them."""

    def __init__(self, cs: Builder, powers: Sequence[Wire]) -> None:
        self._cs = cs
        self._powers = iter(powers)

    def fifth_power(self, x: Wire) -> Wire:
        square, fourth, fifth = next(self._powers), next(self._powers), next(self._powers)
        self._cs.constrain(x, x, square)
        self._cs.constrain(square, square, fourth)
        self._cs.constrain(fourth, x, fifth)
        return fifth

    def full_round(self, lanes: Sequence[Wire], constants: Row) -> list[Wire]:
        return [self.fifth_power(lane + c) for lane, c in zip(lanes, constants, strict=True)]


def _partial_rounds(boxes: _Boxes, width: int, state: Sequence[Wire]) -> list[Wire]:
    """Lane 0's fifth power of each partial round; lane 0 is linear in the state before them and the earlier powers."""
    powers: list[Wire] = []
    for constant, row in zip(parameters(width).scalars, _entry_rows(width), strict=True):
        powers.append(boxes.fifth_power(_weighted(row, [*state, *powers]) + constant))
    return powers


def _weighted(row: Row, state: Sequence[Wire]) -> Wire:
    return linear(zip(row, state, strict=True))


def _mixed(matrix: Matrix, state: Sequence[Wire]) -> list[Wire]:
    return [_weighted(row, state) for row in matrix]


def _box_count(width: int) -> int:
    return 2 * HALF * width + len(parameters(width).scalars) - 1


@cache
def _entry_rows(width: int) -> Matrix:
    """Row k: lane 0 entering partial round k, in the powers after the full rounds and those of rounds 0..k-1."""
    return tuple(lanes[0] for lanes in _linear_rounds(width)[:-1])


@cache
def _exit_rows(width: int) -> Matrix:
    """All lanes after the partial rounds, in the powers after the full rounds and those of all partial rounds."""
    return tuple(_linear_rounds(width)[-1])


@cache
def _linear_rounds(width: int) -> list[list[Row]]:
    """The lanes as linear forms before each partial round and after the last: with M = [[m, w], [v, N]], lane 0 becomes
    m x + w rest and the rest v x + N rest, x being the round's new power."""
    matrix = parameters(width).matrix
    top, inner = matrix[0][1:], tuple(row[1:] for row in matrix[1:])
    pushed = [tuple(row[0] for row in matrix[1:])]  # N**i v, lowest i first
    columns = [tuple(row[j] for row in matrix[1:]) for j in range(width)]  # the rest, by column of the first state
    lane: Row = matrix[0]
    rounds = []
    for _ in range(len(parameters(width).scalars) + 1):
        rest = zip(*columns, *reversed(pushed[:-1]), strict=True)
        rounds.append([lane, *rest])
        lane = (*(_dot(top, column) for column in (*columns, *reversed(pushed[:-1]))), matrix[0][0])
        columns = [tuple(_dot(row, column) for row in inner) for column in columns]
        pushed.append(tuple(_dot(row, pushed[-1]) for row in inner))
    return rounds


def _dot(row: Row, column: Row) -> int:
    total: int = sum(map(mul, row, column))
    return total % SCALAR_FIELD


def _trace(tag: int, inputs: Sequence[int]) -> list[int]:
    """Square, fourth and fifth power of every S-box of the permutation but the first, in the order of the gadget."""
    p = SCALAR_FIELD
    width = len(inputs) + 1
    chosen, partial = parameters(width), sparse(width)
    powers: list[int] = []

    def box(x: int) -> int:
        square = x * x % p
        fourth = square * square % p
        fifth = fourth * x % p
        powers.extend((square, fourth, fifth))
        return fifth

    lanes: Sequence[int] = (tag, *inputs)
    for number, constants in enumerate((*chosen.first, *chosen.last)):
        raised = [box(lane + c) for lane, c in zip(lanes, constants, strict=True)]
        lanes = [_dot(row, tuple(raised)) for row in (partial.entry if number == HALF - 1 else chosen.matrix)]
        if number == HALF - 1:
            head, rest = lanes[0], lanes[1:]
            for constant, row, column in zip(chosen.scalars, partial.rows, partial.columns, strict=True):
                power = box(head + constant)
                head = (partial.corner * power + sum(map(mul, row, rest))) % p
                rest = [lane + power * c for lane, c in zip(rest, column, strict=True)]
            lanes = [head, *rest]
    return powers[3:]
