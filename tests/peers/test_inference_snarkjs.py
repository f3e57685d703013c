"""snarkjs accepts our proofs of inference, for exactly the public inputs that a validator derives."""

from pathlib import Path

import pytest

from compute.dev_keys import DevKeys
from compute.zkml.artifact import model_keys
from compute.zkml.example_cache import EXAMPLES, load_example
from compute.zkml.inference import Private
from compute.zkml.prover import InferenceProver
from crypto.field import SCALAR_FIELD
from crypto.groth16 import decode_proof
from tests.support import snarkjs

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not snarkjs.installed(), reason="snarkjs is not installed: run tests/peers/setup.sh"),
]

CTX, TASK, SALT = 2**240 + 7, 2**247 + 9, 2**253 + 11


@pytest.mark.parametrize("name", EXAMPLES)
def test_snarkjs_accepts_a_proof_of_each_model_and_no_other_statement(name: str, tmp_path: Path) -> None:
    example = load_example(name, tmp_path)
    keys = model_keys(DevKeys(tmp_path), example.provable)
    row = tuple(example.provable.manifest.quantise(example.rows[0]))
    proof = decode_proof(InferenceProver(example.provable, keys).prove(CTX, TASK, row, SALT).proof)
    public = example.provable.statement.compute(CTX, TASK, Private(row, SALT)).signals()
    bent = [
        (*public[:position], (public[position] + 1) % SCALAR_FIELD, *public[position + 1 :])
        for position in range(len(public))
    ]
    verdicts = snarkjs.verify(keys.verifying, [(proof, public), *((proof, inputs) for inputs in bent)])
    assert verdicts.valid == [True] + [False] * len(public)
