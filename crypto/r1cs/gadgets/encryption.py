"""Proven encryption of results: a public ciphertext whose key is the opening of the input commitment."""

from collections.abc import Sequence

from crypto.domains import OUTPUT
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.gadgets.poseidon import poseidon
from crypto.r1cs.wire import Wire, as_wire


def encrypt_outputs(cs: Builder, salt: Value, task: Value, outputs: Sequence[Value]) -> list[Wire]:
    """ct_i = out_i + Poseidon[OUT](salt, task, i), any field elements in and out; define public outputs as these.

    Constraints: 261 per output. Source: protocol.md, proof-of-compute tasks. A task must be used once per salt, else
    two ciphertexts share a pad.
    """
    return [as_wire(out) + poseidon(cs, [salt, task, i], OUTPUT) for i, out in enumerate(outputs)]
