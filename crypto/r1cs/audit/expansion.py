"""Other values for the bits of a constraint: every subset of a few, or the binary expansion of a number many long.

A sum of s * 2**i * bit_i has one value as an integer but two as a field element once it can reach r: the expansion of
the number r higher is the alias that a decomposition must exclude.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from crypto import field
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit.system import System

_FEW: Final = 8
_WIDE: Final = 128  # fewer bits than a number that can wrap leaves to a row, however its low places are kept


def expansions(system: System, row: int, bits: Sequence[int], values: Sequence[int]) -> Iterator[dict[int, int]]:
    """Values of these cells, each 0 or 1, with which the row holds and not all of which are what they are now."""
    if len(bits) < 2:
        return
    if len(bits) <= _FEW:
        yield from _subsets(system, row, bits, values)
    else:
        for unit_bit in (bits[0], bits[-1]):
            yield from _numbers(system, row, bits, unit_bit, values)


def _subsets(system: System, row: int, bits: Sequence[int], values: Sequence[int]) -> Iterator[dict[int, int]]:
    forms = [system.split(terms, bits, values) for terms in system.rows[row]]
    sums = [tuple(rest for rest, _ in forms)]
    for bit in bits:
        weights = [weight.get(bit, 0) for _, weight in forms]
        sums += [tuple(total + w for total, w in zip(form, weights, strict=True)) for form in sums]
    now = sum(values[bit] << i for i, bit in enumerate(bits))
    for subset, (a, b, c) in enumerate(sums):
        if subset != now and (a * b - c) % SCALAR_FIELD == 0:
            yield {bit: subset >> i & 1 for i, bit in enumerate(bits)}


def _numbers(
    system: System, row: int, bits: Sequence[int], unit_bit: int, values: Sequence[int]
) -> Iterator[dict[int, int]]:
    """Expansions that bring a linear form of the row to 0 or 1, over the bits whose weights are 2**i that of one."""
    for terms in system.rows[row]:
        _, weights = system.split(terms, bits, values)
        if unit_bit not in weights:
            continue
        inverse = field.inverse(weights[unit_bit])
        places = {weight * inverse % SCALAR_FIELD: bit for bit, weight in weights.items()}
        places = {place: bit for place, bit in places.items() if place & (place - 1) == 0}
        rest, _ = system.split(terms, list(places.values()), values)
        for goal in (0, 1):
            number = (goal - rest) * inverse % SCALAR_FIELD
            for alias in (number, number + SCALAR_FIELD):
                ones = {1 << i for i in range(alias.bit_length()) if alias >> i & 1}
                if ones <= places.keys():
                    yield {bit: int(place in ones) for place, bit in places.items()}


def aliases(system: System, row: int, cell: int, values: Sequence[int]) -> Iterator[int]:
    """What the cell would be if it holds the low places of a number whose high places are bits of the row, and the
    number were r higher."""
    for terms in system.rows[row]:
        weights = dict(terms)
        if len(weights) < _WIDE or cell not in weights:
            continue
        inverse = field.inverse(weights[cell])
        places = {bit: weight * inverse % SCALAR_FIELD for bit, weight in terms if bit in system.boolean}
        places = {bit: place for bit, place in places.items() if place & (place - 1) == 0}
        if places:
            number = values[cell] + sum(place * values[bit] for bit, place in places.items())
            yield (number + SCALAR_FIELD) % min(places.values())
