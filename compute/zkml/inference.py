"""The statement "inference, public model, private input": a committed row goes through the model, encrypted.

Public:  ctx, task, input commitment, ct[m].     Private: row[n] (input_bits each), salt.
commitment = commit_vector(INPUT, salt, packed row); ct_i = packed logits_i + P[OUTPUT](salt, task, i).
The model's weights are constants of the circuit, so the verifying key is the model. Source: zkml.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from client.inference import input_commitment, result_pads
from compute.zkml.model import QuantisedModel, magnitude_bits
from crypto import domains
from crypto.field import SCALAR_FIELD
from crypto.poseidon import pack_bytes
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets.bits import assert_range
from crypto.r1cs.gadgets.dense import dense
from crypto.r1cs.gadgets.encryption import encrypt_outputs
from crypto.r1cs.gadgets.pack import pack
from crypto.r1cs.gadgets.poseidon import commit_vector
from crypto.r1cs.gadgets.relu import relu_shift


@dataclass(frozen=True, slots=True)
class Public:
    """The public inputs, in order."""

    ctx: int
    task: int
    commitment: int
    ciphertext: tuple[int, ...]

    def signals(self) -> tuple[int, ...]:
        return (self.ctx, self.task, self.commitment, *self.ciphertext)


@dataclass(frozen=True, slots=True)
class Private:
    """The witness: the quantised row and the salt of its commitment."""

    row: tuple[int, ...]
    salt: int


class Inference:
    """The statement for one model, written twice: `check` in plain integers, `constrain` as a circuit."""

    def __init__(self, model: QuantisedModel) -> None:
        self.model = model

    def compute(self, ctx: int, task: int, private: Private) -> Public:
        """What a proof about `private` makes public."""
        model = self.model
        half = 1 << (model.output_bits - 1)
        packed = pack_bytes([logit + half for logit in model.logits(private.row)], model.output_bits)
        pads = result_pads(private.salt, task, len(packed))
        ciphertext = [(clear + pad) % SCALAR_FIELD for clear, pad in zip(packed, pads, strict=True)]
        commitment = input_commitment(private.row, model.input_bits, private.salt)
        return Public(ctx, task, commitment, tuple(ciphertext))

    def check(self, public: Public, private: Private) -> bool:
        """Whether `public` follows from `private`. True of any ctx."""
        in_range = all(0 <= value < 2**self.model.input_bits for value in private.row)
        return in_range and public == self.compute(public.ctx, public.task, private)

    def constrain(self) -> Circuit:
        """The same statement as a circuit; commitment and ciphertext are its outputs."""
        model, cs = self.model, Builder()
        ctx, task, commitment = cs.public("ctx"), cs.public("task"), cs.output("commitment")
        elements = -(-model.outputs // max(1, 253 // model.output_bits))
        ciphertext = cs.output_array("ct", elements)
        cs.mul(ctx, ctx)  # an input in no constraint would be bound by nothing
        salt = cs.private("salt")
        with cs.scope("range"):
            row = [assert_range(cs, wire, model.input_bits) for wire in cs.private_array("row", model.features)]
        with cs.scope("commit"):
            cs.define(commitment, commit_vector(cs, domains.INPUT, salt, pack(row, model.input_bits)))
        values = row
        for number, layer in enumerate(model.layers):
            with cs.scope(f"layer {number + 1}"):
                values = dense(layer.weights, values, layer.bias)
                if layer.shift is not None:
                    values = [
                        relu_shift(cs, value, magnitude_bits(value.bound or (0, 0)), layer.shift) for value in values
                    ]
        with cs.scope("encrypt"):
            half = 1 << (model.output_bits - 1)
            packed = pack([logit + half for logit in values], model.output_bits)
            for sealed, value in zip(ciphertext, encrypt_outputs(cs, salt, task, packed), strict=True):
                cs.define(sealed, value)
        return cs.build()


def circuit_inputs(ctx: int, task: int, row: Sequence[int], salt: int) -> dict[str, int | Sequence[int]]:
    """What the circuit's solver is given."""
    return {"ctx": ctx, "task": task, "row": tuple(row), "salt": salt}
