"""snarkjs and ours agree: on proofs that we make, on forged ones, and on keys and proofs that snarkjs makes."""

import json
from typing import Any

import pytest

from crypto.groth16 import (
    FalseProof,
    PreparedKey,
    check_key,
    compress_proof,
    decode_proof,
    encode_evm_proof,
    inputs_from_snarkjs,
    key_from_snarkjs,
    proof_from_snarkjs,
    setup,
    verify,
)
from crypto.groth16.errors import DefaultGenerator, ForgeableKey, InputOutOfRange, UnboundInput
from tests.support import snarkjs
from tests.support.groth16_vectors import accepted, key, refused
from tests.support.tiny_circuit import PRODUCT_R1CS, product_witness

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not snarkjs.installed(), reason="snarkjs is not installed: run tests/peers/setup.sh"),
]


@pytest.fixture(scope="module")
def ceremony() -> dict[str, Any]:
    return snarkjs.ceremony(PRODUCT_R1CS, product_witness(x=6, y=7))


def test_snarkjs_accepts_every_valid_proof_of_the_table() -> None:
    for count in (1, 4, 8, 32):
        cases = [(decode_proof(case.proof), case.inputs) for case in accepted() if case.key == count]
        assert snarkjs.verify(key(count), cases).valid == [True] * len(cases)


def test_snarkjs_refuses_every_false_proof_and_inputs_not_below_r() -> None:
    false = [case for case in refused() if case.error is FalseProof or case.name == "an input is x + r"]
    assert {case.error for case in false} == {FalseProof, InputOutOfRange}
    cases = [(decode_proof(case.proof), case.inputs) for case in false]
    assert snarkjs.verify(key(4), cases).valid == [False] * len(cases)


def test_snarkjs_accepts_what_we_prove_and_nothing_else() -> None:
    proving, verifying = setup(PRODUCT_R1CS)
    proof = proving.prove(product_witness(x=6, y=7))
    verify(PreparedKey(verifying), compress_proof(proof), (42, 6))
    assert snarkjs.verify(verifying, [(proof, (42, 6)), (proof, (43, 6)), (proof, (6, 42))]).valid == [
        True,
        False,
        False,
    ]


def test_we_accept_what_snarkjs_proves_and_nothing_else(ceremony: dict[str, Any]) -> None:
    verifying = key_from_snarkjs(json.dumps(ceremony["key"]))
    check_key(verifying, public_inputs=2)
    proof = encode_evm_proof(proof_from_snarkjs(json.dumps(ceremony["proof"])))
    inputs = inputs_from_snarkjs(json.dumps(ceremony["inputs"]))
    assert inputs == (42, 6)
    verify(PreparedKey(verifying), proof, inputs)
    with pytest.raises(FalseProof):
        verify(PreparedKey(verifying), proof, (43, 6))


def test_a_snarkjs_key_without_contributions_is_refused(ceremony: dict[str, Any]) -> None:
    with pytest.raises(ForgeableKey):
        check_key(key_from_snarkjs(json.dumps(ceremony["uncontributed"])))
    untouched = ceremony["first_phase_empty"]
    with pytest.raises(UnboundInput):  # tau = 1 makes Lagrange bases vanish
        key_from_snarkjs(json.dumps(untouched))
    with pytest.raises(DefaultGenerator):
        check_key(key_from_snarkjs(json.dumps({**untouched, "IC": ceremony["key"]["IC"]})))
