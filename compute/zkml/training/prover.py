"""Proves training statements: the integer reference says what becomes public, the circuit proves it."""

from collections.abc import Sequence

from compute.dev_keys import CircuitKeys
from compute.zkml.training.errors import CircuitDisagrees
from crypto.groth16 import PreparedKey, compress_proof, verify
from crypto.r1cs.circuit import Inputs
from crypto.r1cs.wtns_file import write_wtns


class TrainingProver:
    """One statement's circuit with its keys."""

    def __init__(self, keys: CircuitKeys) -> None:
        """Raises what preparing a verifying key raises (a Groth16Error)."""
        self.keys = keys
        self.verifying = PreparedKey(keys.verifying)

    def prove(self, expected: Sequence[int], inputs: Inputs) -> bytes:
        """The compressed proof (128 bytes) that these public signals follow from the inputs; verified here first.

        Raises CircuitDisagrees, a CircuitError for what cannot be proven, a Groth16Error.
        """
        witness = self.keys.circuit.solve(inputs)
        for position, (said, computed) in enumerate(zip(expected, witness.public, strict=True)):
            if said != computed:
                raise CircuitDisagrees(position)
        proof = compress_proof(self.keys.proving.prove(write_wtns(witness)))
        verify(self.verifying, proof, expected)
        return proof
