"""A table read at a secret place: every place of tables of every size, at the cost that was said."""

import pytest

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import RangeError
from crypto.r1cs.gadgets.lookup import Split, Table, lookup, one_hot, split


def bits_of(place: int, count: int) -> list[int]:
    return [place >> i & 1 for i in range(count)]


@pytest.mark.parametrize("reads", [1, 5, 60])
def test_every_place_of_tables_of_every_size(reads: int) -> None:
    for count in (*range(1, 20), 30, 33, 64):
        width = max(count - 1, 0).bit_length()
        cs = Builder()
        (out,) = cs.output_array("out", 1)
        entries = [cs.proven(wire, -9, 300) for wire in cs.private_array("entries", count, -9)]
        place = [cs.proven(wire, 0, 1) for wire in cs.private_array("place", width)]
        table = Table(cs, entries, reads)
        shared = cs.constraint_count
        found = table.read(place)
        cost = split(count, reads)
        assert cost.total(reads) == shared + reads * (cs.constraint_count - shared)
        assert found.within(-9, 300)
        cs.define(out, found)
        circuit, values = cs.build(), [(7 * i) % 300 - 9 for i in range(count)]
        for number in range(0, count, 1 if reads == 60 else 3):
            said = circuit.solve({"entries": values, "place": bits_of(number, width)}).public[0]
            assert said == values[number] % SCALAR_FIELD


def test_the_bound_of_what_is_read_holds_beyond_the_end_too() -> None:
    """No block is hot there, so 0 is read, which need not lie between the entries' bounds."""
    zeros = set[int]()
    for count in (21, 25, 30):
        width = (count - 1).bit_length()
        cs = Builder()
        (out,) = cs.output_array("out", 1)
        entries = [cs.proven(wire, 5, 9) for wire in cs.private_array("entries", count)]
        place = [cs.proven(wire, 0, 1) for wire in cs.private_array("place", width)]
        found = Table(cs, entries, 100).read(place)
        assert split(count, 100).low < width and found.bound is not None
        low, high = found.bound
        cs.define(out, found)
        circuit = cs.build()
        read = {
            circuit.solve({"entries": [7] * count, "place": bits_of(number, width)}).public[0]
            for number in range(1 << width)
        }
        assert all(low <= value <= high for value in read)
        zeros.update(read)
    assert zeros == {0, 7}


def test_a_table_is_cut_where_that_is_cheaper() -> None:
    assert split(30, 150) == Split(2, 14, 4, 16, 3)
    assert split(784, 150).total(150) < 0.62 * 150 * 783
    assert split(30, 1).total(1) == 29  # by selection
    for count in range(1, 70):
        assert split(count, 40).total(40) <= 40 * (count - 1)


def test_places_that_do_not_reach_the_table_are_refused() -> None:
    cs = Builder()
    ranged = [cs.proven(wire, 0, 1) for wire in cs.private_array("ranged", 4)]
    unranged = cs.private_array("unranged", 4)
    with pytest.raises(RangeError):
        lookup(cs, [], ranged)
    with pytest.raises(RangeError):
        lookup(cs, ranged[:3], ranged[:1])
    with pytest.raises(RangeError):
        one_hot(cs, ranged[:2], 5)
    with pytest.raises(RangeError):
        one_hot(cs, ranged[:3], 4)
    with pytest.raises(RangeError):
        Table(cs, [*ranged, *unranged] * 2, 100).read(ranged[:3])
    with pytest.raises(RangeError):
        lookup(cs, ranged[:2], unranged[:1])
    with pytest.raises(RangeError):
        one_hot(cs, unranged[:2], 3)
    assert lookup(cs, unranged[:2], ranged[:1]).bound is None
    assert Table(cs, [*ranged, *unranged] * 2, 100).read(ranged).bound is None
