"""Test 6: a proof of the circuit by a verifier that is not ours (py_ecc), and golden numbers of constraints."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from crypto.field import SCALAR_FIELD
from crypto.groth16 import reference
from crypto.groth16.encoding import encode_evm_proof
from crypto.groth16.errors import FalseProof, Groth16Error
from crypto.groth16.native import PreparedKey, setup
from crypto.groth16.verify import verify
from crypto.r1cs.circuit import Circuit, Witness
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wtns_file import write_wtns

ALTERED: Final = 1  # public signals that are altered before the second verifier; the first sees all


def cross_verified(circuit: Circuit, honest: Witness) -> str | None:
    """What is wrong when this witness is proven under fresh keys: None if both verifiers accept the proof, and neither
    does when any public signal is another. Takes a setup and a proof of the circuit."""
    try:
        proving, key = setup(write_r1cs(circuit))
        proof = encode_evm_proof(proving.prove(write_wtns(honest)))
        verify(PreparedKey(key), proof, honest.public)
        reference.verify(key, proof, honest.public)
    except Groth16Error as error:
        return f"an honest proof failed: {error}"
    prepared = PreparedKey(key)
    for signal in range(len(honest.public)):
        if _accepted(lambda inputs: verify(prepared, proof, inputs), honest.public, signal):
            return f"our verifier accepts another value of public signal {signal + 1}"
    for signal in range(len(honest.public))[:ALTERED]:
        if _accepted(lambda inputs: reference.verify(key, proof, inputs), honest.public, signal):
            return f"py_ecc accepts another value of public signal {signal + 1}"
    return None


def _accepted(check: Callable[[Sequence[int]], None], public: Sequence[int], signal: int) -> bool:
    altered = [(value + 1) % SCALAR_FIELD if i == signal else value for i, value in enumerate(public)]
    try:
        check(altered)
    except FalseProof:
        return False
    return True


def changed_counts(circuit: Circuit, golden: Mapping[str, int]) -> list[tuple[str, str]]:
    """Scopes whose number of constraints is not the golden one: a sentence and the scope."""
    counts = circuit.cost_by_scope()
    return [
        (f"{counts.get(scope, 0)} constraints where {golden.get(scope, 0)} are expected", scope)
        for scope in sorted({*counts, *golden})
        if counts.get(scope, 0) != golden.get(scope, 0)
    ]
