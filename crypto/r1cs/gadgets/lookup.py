"""Reading a table at a place that only the prover knows: by selection, or cheaper where it is read many times."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import RangeError
from crypto.r1cs.gadgets.select import select
from crypto.r1cs.wire import Wire, as_wire, linear


def lookup(cs: Builder, table: Sequence[Wire], place: Sequence[Wire]) -> Wire:
    """table[place] for the bits of a place, lowest first; bounded by the union of the entries' bounds.

    A place beyond the end reads an entry too, always the same one: a bit is ignored where its 1 leads past the end.
    Constraints: one less than entries. Raises RangeError for a table that is empty or longer than places reach, and
    unless the bits are ranged.
    """
    _require_places(len(table), place)
    left = list(table)
    for bit in place:
        pairs = [select(cs, bit, one, zero) for zero, one in zip(left[::2], left[1::2], strict=False)]
        left = [*pairs, *left[len(pairs) * 2 :]]
    return left[0]


def one_hot(cs: Builder, place: Sequence[Wire], count: int) -> list[Wire]:
    """[place = 0, place = 1, ..., place = count - 1] as bits, of the bits of a place, lowest first; at most one is 1.

    For a place of count and above either none is 1, or the one that is without the highest bit, always the same.
    Constraints: for h = 2**(bits - 1) places below the highest bit, h - bits and the lesser of count - h and h - 1.
    Raises RangeError unless h < count <= 2 h and the bits are ranged.
    """
    _require_places(count, place, (1 << len(place) >> 1) + 1)
    hot = [as_wire(1)]
    for number, bit in enumerate(place):
        bit.require("one_hot", 0, 1)
        size = len(hot)
        wanted = min(size, count - size)
        if number == 0:
            above = [bit]
        elif wanted < size - 1:
            above = [cs.mul(one, bit) for one in hot[:wanted]]
        else:  # just one of `hot` is 1, so what no other has of the bit is the first one's
            others = [cs.mul(one, bit) for one in hot[1:]]
            above = [linear([(1, bit), *((-1, other) for other in others)]).bounded(0, 1), *others]
        below = [(one - other).bounded(0, 1) for one, other in zip(hot, above, strict=False)]
        hot = [*below, *hot[len(above) :], *above[:wanted]]
    return hot


class Split(NamedTuple):
    """How a table is cut into blocks of 2**low entries, and the constraints that it costs.

    shared: products of entries, once for the table. Of each read: hot, to find the block; products, one for two
    entries; picks, within the block.
    """

    low: int
    shared: int
    hot: int
    products: int
    picks: int

    def total(self, reads: int) -> int:
        return self.shared + reads * (self.hot + self.products + self.picks)


class Table:
    """A table that is read `reads` times, for half a product an entry and read instead of a whole one.

    Of the bits of a place the high ones choose a block. For bits h, k of which at most one is 1, x h + y k =
    (x + k)(y + h) - x y, and x y is shared by all reads (Winograd, IEEE Transactions on Computers C-17, 1968). The low
    bits choose within the block. Constraints: those of `split`. Raises RangeError as `lookup`.
    """

    def __init__(self, cs: Builder, entries: Sequence[Wire], reads: int) -> None:
        self._cs, self._entries, self._split = cs, list(entries), split(len(entries), reads)
        block = 1 << self._split.low
        self._blocks = -(-len(entries) // block)
        columns = [self._entries[start::block] for start in range(min(block, len(entries)))]
        self._columns = [(column, self._pairs(column)) for column in columns] if self._blocks > 1 else []

    def read(self, place: Sequence[Wire]) -> Wire:
        """The entry at a place, its bits lowest first; beyond the end some entry or 0, always the same."""
        if self._blocks == 1:
            return lookup(self._cs, self._entries, place)
        _require_places(len(self._entries), place)
        low = self._split.low
        hot = one_hot(self._cs, place[low:], self._blocks)
        return lookup(self._cs, [self._chosen(*column, hot) for column in self._columns], place[:low])

    def _pairs(self, column: Sequence[Wire]) -> list[Wire]:
        return [self._cs.mul(one, other) for one, other in zip(column[::2], column[1::2], strict=False)]

    def _chosen(self, column: Sequence[Wire], pairs: Sequence[Wire], hot: Sequence[Wire]) -> Wire:
        parts = []
        for i, pair in enumerate(pairs):
            product = self._cs.mul(column[2 * i] + hot[2 * i + 1], column[2 * i + 1] + hot[2 * i])
            parts += [(1, product), (-1, pair)]
        if len(column) % 2:
            parts.append((1, self._cs.mul(column[-1], hot[len(column) - 1])))
        bounds = [wire.bound for wire in column if wire.bound is not None]
        chosen = linear(parts)
        if len(bounds) < len(column):
            return Wire(chosen.terms, chosen.constant)
        return chosen.bounded(min(0, *(low for low, _ in bounds)), max(0, *(high for _, high in bounds)))


@lru_cache(maxsize=256)
def split(count: int, reads: int) -> Split:
    """The cheapest cut of a table of that many entries, for that many reads; undivided if nothing is cheaper."""
    bits = max(count - 1, 0).bit_length()
    cuts = [Split(bits, 0, 0, 0, count - 1)]
    for low in reversed(range(bits)):
        block, high = 1 << low, bits - low
        sizes = [-(-(count - start) // block) for start in range(block)]
        half = 1 << (high - 1)
        hot = half - high + min(-(-count // block) - half, half - 1)
        cuts.append(Split(low, sum(size // 2 for size in sizes), hot, sum(-(-size // 2) for size in sizes), block - 1))
    return min(cuts, key=lambda cut: cut.total(reads))


def _require_places(count: int, place: Sequence[Wire], least: int = 1) -> None:
    if not least <= count <= 1 << len(place):
        raise RangeError("lookup", (0, count - 1), (0, (1 << len(place)) - 1))
