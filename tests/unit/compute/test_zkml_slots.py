"""Secret sums that share field elements: what they cost, that they are right at every edge, that none can be forged."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.zkml.operations.linear import Linear
from compute.zkml.taps import Taps, dense_taps
from crypto.r1cs.audit import audit
from crypto.r1cs.errors import CircuitError
from tests.support.operations import assert_right, built, ints, named, pairs, ranges, rows_in

few = settings(max_examples=15, deadline=None)
ALIKE = Taps(2, ints([0, 20, 40, 60]), ints([0, 1] * 30), ints([0, 1, 1, 2] * 15), ints([0, 0, 0]))
SUMS = Linear(ALIKE, ints([-5, 127, -128]), ints([-1]), 2)
READ = ranges((0, 1), (-1, 0))


@few
@given(st.integers(2, 30), st.integers(12, 40), st.data())
def test_secret_sums_of_the_same_inputs_share_elements(outputs: int, reads: int, data: st.DataObject) -> None:
    """Sums as wide as slots can be, several elements of slots, one output that reads something else."""
    bits, low, high = data.draw(st.integers(1, 40)), *data.draw(pairs(-(2**20), 2**20))
    half = 1 << (bits - 1)
    columns = [*[*range(reads)] * outputs, 0]
    starts = [*range(0, reads * outputs + 1, reads), reads * outputs + 1]
    weight_of = [data.draw(st.integers(0, 3)) for _ in columns]
    bias_of = [data.draw(st.integers(0, 1)) for _ in range(outputs + 1)]
    places = Taps(reads, ints(starts), ints(columns), ints(weight_of), ints(bias_of))
    biases = ints(data.draw(st.sampled_from([(-half, half - 1), (half - 1, -half), (0, 0)])))
    linear = Linear(places, ints(data.draw(st.permutations([-128, 127, -1, 3]))), biases, bits)
    read = ranges(*[(low, high)] * reads)
    groups = linear.shared(read)
    saved = sum(reads * (len(group.outputs) - 1) - group.all_bits for group in groups)
    assert all(group.all_bits <= 252 and len(group.outputs) > 1 for group in groups)
    assert linear.cost([read]).total() == places.count - saved <= places.count
    assert_right(linear, [read], rows_in(data, [read], 1))


def test_no_output_that_shares_an_element_can_be_forged() -> None:
    assert [group.outputs for group in SUMS.shared(READ)] == [(0, 1, 2)]
    circuit, _, _ = built(SUMS, [READ], ranged=True)
    report = audit(circuit, [named(SUMS, [row]) for row in ([0, -1], [1, 0], [1, -1])])
    assert report.findings == ()


def test_a_wide_layer_takes_a_product_an_input_and_twelve_outputs() -> None:
    layer = Linear(dense_taps(32, 64), ints([1] * 2048), ints([0] * 32), 19)
    read = ranges(*[(0, 31)] * 64)
    assert [(len(group.outputs), group.bits) for group in layer.shared(read)] == [(12, 20), (12, 20), (8, 20)]
    assert layer.cost([read]).total() == 3 * 64 + 32 * 20


def test_a_slot_that_is_too_narrow_is_no_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """One bit less, and the largest outputs run over: there is no witness."""
    largest, read = replace(SUMS, weights=ints([127] * 3), bias=ints([1])), ranges((0, 1), (0, 1))
    rows = [[read.high.tolist()]]
    assert_right(largest, [read], rows)
    narrow = [replace(group, bits=group.bits - 1) for group in largest.shared(read)]
    monkeypatch.setattr(Linear, "shared", lambda self, given: narrow)
    circuit, _, _ = built(largest, [read])
    with pytest.raises(CircuitError):
        circuit.check(circuit.solve(named(largest, rows[0])))
