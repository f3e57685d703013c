"""Vector commitments: any change of vector, length or salt changes the commitment; packing loses nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.domains import INPUT
from crypto.field import SCALAR_FIELD
from crypto.poseidon import PACKED_BITS, commit_vector, pack_bytes

elements = st.integers(0, SCALAR_FIELD - 1)
vectors = st.lists(elements, max_size=20)


@settings(max_examples=30, deadline=None)
@given(vectors, vectors, elements, elements)
def test_equal_commitments_mean_equal_openings(left: list[int], right: list[int], salt: int, other: int) -> None:
    same = commit_vector(INPUT, salt, left) == commit_vector(INPUT, other, right)
    assert same == (left == right and salt == other)


@given(st.integers(1, 16).flatmap(lambda bits: st.tuples(st.just(bits), st.lists(st.integers(0, 2**bits - 1)))))
def test_packed_values_can_be_read_back(case: tuple[int, list[int]]) -> None:
    bits, values = case
    step = PACKED_BITS // bits
    read = [element >> bits * i & (1 << bits) - 1 for element in pack_bytes(values, bits) for i in range(step)]
    assert read[: len(values)] == values
    assert not any(read[len(values) :])
