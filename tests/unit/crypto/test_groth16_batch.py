"""A batch says of each proof what verification alone says of it, wherever the bad ones stand."""

from dataclasses import replace

import pytest

from crypto.groth16 import BatchItem, Proof, encode_evm_proof, verify_batch
from tests.support.groth16_vectors import accepted, prepared, refused
from tests.support.make_groth16_vectors import PLAIN, full_width, trapdoor
from tests.support.trapdoor import g1, g2

VALID = [BatchItem(prepared(case.key), case.proof, case.inputs) for case in accepted()]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_valid_proofs_under_different_keys_all_hold(threads: int) -> None:
    assert verify_batch(VALID, threads) == [True] * len(VALID)


@pytest.mark.parametrize("position", range(len(VALID)))
def test_one_false_proof_is_found_at_each_position(position: int) -> None:
    items = list(VALID)
    items[position] = replace(items[position], inputs=(1,) * len(items[position].inputs))
    assert verify_batch(items) == [index != position for index in range(len(items))]


def test_two_false_proofs_that_cancel_are_both_found() -> None:
    """C + D and C - D: their pairing equations multiply to a true one, so a sum without coefficients would accept."""
    inputs, secret = full_width(PLAIN), trapdoor(PLAIN)
    a, b, c = secret.logarithms(inputs, seed=3)
    off = [Proof(g1(a), g2(b), g1(c + d)) for d in (0, 5, -5)]
    items = [BatchItem(prepared(PLAIN), encode_evm_proof(proof), inputs) for proof in off]
    assert verify_batch(items) == [True, False, False]


def test_malformed_items_fail_alone() -> None:
    bad = [BatchItem(prepared(case.key), case.proof, case.inputs) for case in refused()]
    items = [item for pair in zip(bad, VALID * len(bad), strict=False) for item in pair]
    assert verify_batch(items) == [False, True] * len(bad)


def test_an_empty_batch_and_a_batch_of_one() -> None:
    assert verify_batch([]) == []
    assert verify_batch(VALID[:1]) == [True]
