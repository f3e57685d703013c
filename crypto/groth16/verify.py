"""Verification as validators do it: strict decoding, the rules for inputs, then the native backend."""

from collections.abc import Sequence

from crypto.groth16.encoding import decode_proof
from crypto.groth16.errors import FalseProof
from crypto.groth16.inputs import check_inputs
from crypto.groth16.native import PreparedKey


def verify(key: PreparedKey, proof: bytes, inputs: Sequence[int]) -> None:
    """Return if the proof shows the statement of these public inputs, cheapest rule first; else raise the broken one.

    Raises what `encoding.decode_proof` raises, WrongInputCount, InputOutOfRange, NotInSubgroup, FalseProof,
    BackendRefused, BackendPanic: all of them Groth16Error.
    """
    decoded = decode_proof(proof)
    check_inputs(key.key, inputs)
    if not key.accepts(decoded, inputs):
        raise FalseProof(key.id, len(inputs))
