"""How numbers become the field elements that are sealed: neighbours of known width share an element.

A leaf of an unsigned type takes its bits, the first lowest, as many as fit 253; a field element, an address or a signed
number has an element of its own. What is public is never packed: one element a number.
"""

from collections.abc import Sequence

from compute.dsl.machine import Number
from compute.dsl.values import Leaf
from crypto.field import SCALAR_FIELD
from crypto.poseidon import PACKED_BITS
from crypto.r1cs.wire import Wire, as_wire, linear

Slot = tuple[int, int]  # the element that a leaf stands in, and the bit that it begins at


def slots(leaves: Sequence[Leaf]) -> tuple[Slot, ...]:
    """Where each leaf stands when sealed."""
    found: list[Slot] = []
    element, used = -1, PACKED_BITS  # no element is open
    for leaf in leaves:
        width = leaf.bits if leaf.packs else PACKED_BITS
        if used + width > PACKED_BITS:
            element, used = element + 1, 0
        found.append((element, used))
        used += width
    return tuple(found)


def sealed_length(leaves: Sequence[Leaf]) -> int:
    """How many elements the leaves fill when sealed."""
    return 1 + max((element for element, _ in slots(leaves)), default=-1)


def packed(leaves: Sequence[Leaf], numbers: Sequence[Number]) -> list[Number]:
    """The sealed elements of numbers that are in their leaves' ranges."""
    parts: list[list[tuple[int, Number]]] = [[] for _ in range(sealed_length(leaves))]
    for (element, start), number in zip(slots(leaves), numbers, strict=True):
        parts[element].append((1 << start, number))
    return [_combined(row) for row in parts]


def unpacked(leaves: Sequence[Leaf], elements: Sequence[int]) -> list[int]:
    """The numbers that sealed elements hold; what reading a register or note gives."""
    numbers = []
    for leaf, (element, start) in zip(leaves, slots(leaves), strict=True):
        number = elements[element]
        if leaf.packs:
            number = number >> start & (1 << leaf.bits) - 1
        numbers.append(signed(leaf, number))
    return numbers


def signed(leaf: Leaf, element: int) -> int:
    """A field element as the leaf's number: r - 1 is -1 where the leaf has a sign."""
    return element - SCALAR_FIELD if leaf.low < 0 and element > SCALAR_FIELD // 2 else element


def reduced(numbers: Sequence[int]) -> tuple[int, ...]:
    """Integers as field elements."""
    return tuple(number % SCALAR_FIELD for number in numbers)


def _combined(parts: Sequence[tuple[int, Number]]) -> Number:
    if any(isinstance(number, Wire) for _, number in parts):
        return linear([(weight, as_wire(number)) for weight, number in parts])
    return sum(weight * number for weight, number in parts if isinstance(number, int)) % SCALAR_FIELD
