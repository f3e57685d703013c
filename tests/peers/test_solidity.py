"""The exported contract, compiled by solc and run on an EVM, says what our verifier says."""

import json
from typing import Any

import pytest

from crypto.field import SCALAR_FIELD
from crypto.groth16 import compress_proof, decompress_proof
from crypto.groth16.solidity import solidity_arguments, solidity_verifier
from crypto.groth16.types import BASE_FIELD
from tests.support import snarkjs
from tests.support.groth16_vectors import accepted, key

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not snarkjs.installed("solc"), reason="solc is not installed: run tests/peers/setup.sh"),
]


@pytest.mark.parametrize("inputs", [1, 4, 32])
def test_the_contract_accepts_valid_proofs_and_nothing_else(inputs: int) -> None:
    case = next(case for case in accepted() if case.key == inputs and len(case.proof) == 128)
    proof = decompress_proof(case.proof)
    assert compress_proof(proof) == case.proof
    good = json.loads(f"[{solidity_arguments(proof, case.inputs)}]")
    calls = [good]
    for group, place, value in (
        (3, 0, (case.inputs[0] + 1) % SCALAR_FIELD),  # another statement
        (3, 0, case.inputs[0] + SCALAR_FIELD),  # the same statement in another encoding
        (3, -1, 2**256 - 1),
        (0, 1, BASE_FIELD - proof.a[1]),  # -A
        (0, 0, proof.a[0] + BASE_FIELD),
        (0, 1, proof.a[1] + BASE_FIELD),
        (2, 1, 1),  # a point off the curve
    ):
        bent = json.loads(json.dumps(good))
        bent[group][place] = hex(value)
        calls.append(bent)
    calls.append([["0x0", "0x0"], *good[1:]])
    calls.append([good[0], [pair[::-1] for pair in good[1]], *good[2:]])  # B in the other order of its coordinates
    answer = run(solidity_verifier(key(inputs), "Case"), "Case", calls)
    assert answer["verdicts"] == [True] + [False] * (len(calls) - 1)
    assert answer["warnings"] == []
    assert answer["gas"] < 200_000 + 8_000 * inputs


def run(source: str, name: str, calls: list[Any]) -> dict[str, Any]:
    answer: dict[str, Any] = snarkjs.run("evm_verify.mjs", {"source": source, "name": name, "calls": calls})
    return answer
