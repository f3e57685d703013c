"""The statement "inference": committed rows go through a model, and what comes out is public, committed or encrypted.

Public:  ctx, task, input commitment, [model commitment], outputs.    Private: rows, salt, [weights, model salt].
input commitment = commit_vector(INPUT, salt, packed rows); a row that is public has salt 0, so that anybody can compute
it. model commitment = commit_vector(MODEL, model salt, packed weights), where weights are not constants of the circuit.
packed = all outputs of all rows, in order. Outputs are packed_i (public), packed_i + P[OUTPUT](salt, task, i)
(encrypted), or commit_vector(RESULT, P[OUTPUT](salt, task, 0), packed) (committed).
Where rows are public and results are not (keyed), the secret is a key instead: it takes the salt's place in OUTPUT, and
the rows' salt is P[RESULT_KEY](key), which may be published with the rows. Source: zkml.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from client.inference import input_commitment, result_pads
from compute.zkml.errors import WrongRowLength
from compute.zkml.model import QuantisedModel
from crypto import domains
from crypto.field import SCALAR_FIELD
from crypto.poseidon import PACKED_BITS, pack_bytes
from crypto.poseidon import commit_vector as commit
from crypto.poseidon import poseidon as hashed
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets.bits import assert_range
from crypto.r1cs.gadgets.encryption import encrypt_outputs
from crypto.r1cs.gadgets.pack import pack
from crypto.r1cs.gadgets.poseidon import commit_vector, poseidon
from crypto.r1cs.wire import Wire

PUBLIC: Final = "public"
COMMITTED: Final = "committed"
ENCRYPTED: Final = "encrypted"
OUTPUTS: Final = (PUBLIC, COMMITTED, ENCRYPTED)


@dataclass(frozen=True, slots=True)
class Public:
    """The public inputs, in order."""

    ctx: int
    task: int
    commitment: int
    model: int | None
    outputs: tuple[int, ...]

    def signals(self) -> tuple[int, ...]:
        model = () if self.model is None else (self.model,)
        return (self.ctx, self.task, self.commitment, *model, *self.outputs)


@dataclass(frozen=True, slots=True)
class Private:
    """The witness: encoded rows, one after the other, and the salt of their commitment (where keyed, the key)."""

    rows: tuple[int, ...]
    salt: int


@dataclass(frozen=True, slots=True)
class Weights:
    """A committed model's weights and the salt of their commitment."""

    values: tuple[int, ...]
    salt: int


class Inference:
    """The statement for one model, written twice: `check` in plain integers, `constrain` as a circuit.

    rows: how many go into one proof. outputs: PUBLIC, COMMITTED or ENCRYPTED. keyed: rows are public, outputs not.
    """

    def __init__(self, model: QuantisedModel, rows: int = 1, outputs: str = ENCRYPTED, *, keyed: bool = False) -> None:
        self.model, self.rows, self.outputs, self.keyed = model, rows, outputs, keyed

    @property
    def packed_elements(self) -> int:
        """Field elements that all outputs fill."""
        return -(-self.rows * self.model.outputs // (PACKED_BITS // self.model.output_bits))

    @property
    def elements(self) -> int:
        """Public signals of a result."""
        return 1 if self.outputs == COMMITTED else self.packed_elements

    def row_salt(self, secret: int) -> int:
        """The salt of the rows' commitment: the secret itself, or what may be published in its place."""
        return hashed([secret], domains.RESULT_KEY) if self.keyed else secret

    def packed(self, rows: Sequence[int]) -> list[int]:
        """The outputs of encoded rows, packed, in the clear. Raises WrongRowLength."""
        width = self.model.features
        if len(rows) != self.rows * width:
            raise WrongRowLength(self.rows * width, len(rows))
        outputs = self.model.logits_of(np.asarray(rows, dtype=np.int64).reshape(self.rows, width))
        offset = self.model.output_offset
        return pack_bytes([int(value) + offset for value in outputs.reshape(-1)], self.model.output_bits)

    def compute(self, ctx: int, task: int, private: Private, weights: Weights | None = None) -> Public:
        """What a proof about `private` makes public; weights are the model's own. Raises WrongRowLength."""
        packed = self.packed(private.rows)
        commitment = input_commitment(private.rows, self.model.encoding.bits, self.row_salt(private.salt))
        model = None if weights is None else model_commitment(self.model, weights)
        return Public(ctx, task, commitment, model, self._result(packed, private.salt, task))

    def check(self, public: Public, private: Private, weights: Weights | None = None) -> bool:
        """Whether `public` follows from `private`, for this model's weights and no others. True of any ctx."""
        tops = self.model.encoding.tops * self.rows
        in_range = len(private.rows) == len(tops) and all(
            0 <= value <= top for value, top in zip(private.rows, tops, strict=True)
        )
        ours = (() if weights is None else weights.values) == tuple(self.model.secrets.tolist())
        return in_range and ours and public == self.compute(public.ctx, public.task, private, weights)

    def constrain(self, cs: Builder | None = None) -> Circuit:
        """The same statement as a circuit; commitments and results are its outputs.

        cs: a fresh builder, of whoever wants to watch its constraints grow.
        """
        model, cs = self.model, Builder() if cs is None else cs
        ctx, task, commitment = cs.public("ctx"), cs.public("task"), cs.output("commitment")
        model_output = cs.output("model") if model.committed else None
        results = cs.output_array("outputs", self.elements)
        cs.bind(ctx)
        if self.outputs == PUBLIC:
            cs.bind(task)
        salt = cs.private("salt")
        numbers, read = self._rows(cs)
        with cs.scope("commit rows"):
            packed_rows = pack(numbers, model.encoding.bits)
            row_salt = poseidon(cs, [salt], domains.RESULT_KEY) if self.keyed else salt
            cs.define(commitment, commit_vector(cs, domains.INPUT, row_salt, packed_rows))
        secrets = self._weights(cs, model_output)
        computed = [wire for one in read for wire in model.constrain(cs, one, secrets)]
        with cs.scope("outputs"):
            packed = pack([wire + model.output_offset for wire in computed], model.output_bits)
            for output, value in zip(results, self._constrained(cs, packed, salt, task), strict=True):
                cs.define(output, value)
        return cs.build()

    def inputs(self, public: Public, private: Private, weights: Weights | None = None) -> Inputs:
        """What the circuit's solver is given."""
        given: dict[str, int | Sequence[int]] = {"ctx": public.ctx, "task": public.task, "salt": private.salt}
        given["rows"] = private.rows
        if weights is not None:
            given |= {"model salt": weights.salt}
            start = 0
            for number, (count, _, _) in enumerate(self.model.limits):
                given[f"weights {number}"] = weights.values[start : start + count]
                start += count
        return given

    def _rows(self, cs: Builder) -> tuple[list[Wire], list[list[Wire]]]:
        """The ranged numbers of all rows, and what the model reads of each."""
        width, encoding = self.model.features, self.model.encoding
        cells = cs.private_array("rows", self.rows * width)
        numbers, read = [], []
        with cs.scope("range of rows"):
            for start in range(0, len(cells), width):
                ranged, wires = encoding.constrain(cs, cells[start : start + width])
                numbers += ranged
                read.append(wires)
        return numbers, read

    def _weights(self, cs: Builder, output: Wire | None) -> list[Wire]:
        """Ranged weights, tied to their commitment; none where they stand in the circuit."""
        if output is None:
            return []
        salt, secrets, packed = cs.private("model salt"), list[Wire](), list[Wire]()
        for number, (count, bits, offset) in enumerate(self.model.limits):
            cells = cs.private_array(f"weights {number}", count, -offset)
            with cs.scope("range of weights"):
                ranged = [assert_range(cs, cell + offset, bits) for cell in cells]
            packed += pack(ranged, bits)
            secrets += [wire - offset for wire in ranged]
        with cs.scope("commit weights"):
            cs.define(output, commit_vector(cs, domains.MODEL, salt, packed))
        return secrets

    def _result(self, packed: Sequence[int], salt: int, task: int) -> tuple[int, ...]:
        if self.outputs == PUBLIC:
            return tuple(packed)
        if self.outputs == COMMITTED:
            return (commit(domains.RESULT, result_pads(salt, task, 1)[0], packed),)
        pads = result_pads(salt, task, len(packed))
        return tuple((clear + pad) % SCALAR_FIELD for clear, pad in zip(packed, pads, strict=True))

    def _constrained(self, cs: Builder, packed: list[Wire], salt: Wire, task: Wire) -> list[Wire]:
        if self.outputs == PUBLIC:
            return packed
        if self.outputs == COMMITTED:
            blinding = encrypt_outputs(cs, salt, task, [0])[0]
            return [commit_vector(cs, domains.RESULT, blinding, packed)]
        return encrypt_outputs(cs, salt, task, packed)


@lru_cache(maxsize=16)
def model_commitment(model: QuantisedModel, weights: Weights) -> int:
    """What stands on chain of a committed model, computed once. Raises ValueTooWide for a weight out of its range."""
    return commit(domains.MODEL, weights.salt, list(_packed_weights(model, weights.values)))


def _packed_weights(model: QuantisedModel, values: Sequence[int]) -> Iterator[int]:
    start = 0
    for count, bits, offset in model.limits:
        yield from pack_bytes([value + offset for value in values[start : start + count]], bits)
        start += count
