"""Which cells and constraints a test looks at when it cannot look at all: the same for the same seed, evenly by scope.

Scopes take turns, and within a scope the order is that of a hash, so every beginning of the order is even too: however
early a test has to end, it has looked at each layer equally often.
"""

from collections.abc import Callable, Hashable, Iterable
from hashlib import sha256
from typing import Final

_BLOCKS: Final = 32  # a circuit without scopes is cut into so many stretches instead


def evenly(items: Iterable[int], scope_of: Callable[[int], Hashable], seed: int) -> list[int]:
    """All items, in an order of which every beginning is even over the scopes."""
    strata: dict[Hashable, list[int]] = {}
    for item in items:
        strata.setdefault(scope_of(item), []).append(item)
    if len(strata) == 1:
        (whole,) = strata.values()
        size = -(-len(whole) // _BLOCKS)
        strata = {start: whole[start : start + size] for start in range(0, len(whole), size)}
    shuffled = [sorted(stratum, key=lambda item: _rank(seed, item)) for stratum in strata.values()]
    ranked = [(place, number, item) for number, stratum in enumerate(shuffled) for place, item in enumerate(stratum)]
    return [item for _, _, item in sorted(ranked)]


def _rank(seed: int, item: int) -> bytes:
    return sha256(b"%d,%d" % (seed, item)).digest()
