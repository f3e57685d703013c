"""snarkjs proves with the key and the witness of a row of the benchmark: what it proves there is our statement."""

import json
from pathlib import Path

import pytest

from benchmarks.proofs.case import WITNESS, measured
from benchmarks.proofs.models import tumour_trees
from benchmarks.proofs.peers import peers_of
from compute.dev_keys import DevKeys
from crypto.groth16 import PreparedKey, compress_proof, verify
from crypto.groth16.snarkjs import proof_from_snarkjs
from tests.support import snarkjs

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not snarkjs.installed(), reason="snarkjs is not installed: run tests/peers/setup.sh"),
]


def test_a_row_that_ezkl_cannot_prove_is_compared_with_snarkjs_on_the_same_key(tmp_path: Path) -> None:
    case = tumour_trees()
    ours = measured(case, tmp_path, 1)
    fields = peers_of(case.ezkl, tmp_path, 1)
    assert fields["peer"] == "snarkjs"
    assert fields["peer_prove_cpu_s"] > ours["prove_cpu_s"]
    keys = DevKeys(tmp_path).find("case", case.circuit)
    assert keys is not None and keys.zkey is not None
    theirs = snarkjs.cost(keys.zkey, tmp_path / WITNESS, 1)
    proof = proof_from_snarkjs(json.dumps(theirs["proof"]))
    verify(PreparedKey(keys.verifying), compress_proof(proof), [int(signal) for signal in theirs["inputs"]])
    assert [int(signal) for signal in theirs["inputs"]] == list(case.circuit.solve(case.inputs).public)
