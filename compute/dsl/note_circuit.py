"""The notes of a method's circuit: those it spends are its caller's and stand in the contract's tree, those it makes
are encrypted to their owners. Formulas: crypto/notes.py; gadgets: crypto/r1cs/gadgets/notes.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from compute.dsl.declaration import Declaration, Parameter
from compute.dsl.elements import packed
from compute.dsl.machine import Number
from compute.dsl.notes import note_elements
from compute.dsl.run import Made, Run
from compute.dsl.shape import Shape, ranged
from compute.dsl.values import Value
from compute.dsl.wires import Wires
from crypto.note_tree import ARITY, DEPTH
from crypto.notes import EPHEMERAL_BITS
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets import notes as gadget
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.gadgets.bits import to_bits
from crypto.r1cs.gadgets.montgomery import multiply_base_signed
from crypto.r1cs.gadgets.note_tree import path_root
from crypto.r1cs.wire import Wire, as_wire

POSITION_BITS: Final = 2 * DEPTH
SIBLINGS: Final = ARITY - 1
PATH: Final = SIBLINGS * DEPTH


def argument(name: str) -> str:
    """How a circuit calls its input for an argument of the method."""
    return f"argument.{name}"


def output(place: int) -> str:
    """What a circuit's signals of a note that is made begin with."""
    return f"output.{place}"


@dataclass(slots=True)
class NoteSignals:
    """The public signals of notes, and what is tied to them on the way."""

    contract: Declaration
    root: Wire | None
    nullifiers: list[Wire]
    ephemeral: list[Wire]
    outputs: list[tuple[Wire, list[Wire]]]  # commitment, ciphertext
    keys: gadget.SpendingKeys | None = None
    published: list[Number] = field(default_factory=list)

    @classmethod
    def declare(cls, cs: Builder, contract: Declaration, shape: Shape) -> "NoteSignals":
        """root, nf..., E.x, E.y, per output cm, ct..., as the statement has them."""
        root = cs.public("root") if shape.nullifiers else None
        nullifiers = cs.output_array("nullifiers", shape.nullifiers) if shape.nullifiers else []
        ephemeral = cs.output_array("ephemeral", 2) if shape.made else []
        outputs = [
            (cs.output(f"{output(i)}.commitment"), cs.output_array(f"{output(i)}.ciphertext", note_elements(kind)))
            for i, kind in enumerate(shape.made)
        ]
        return cls(contract, root, nullifiers, ephemeral, outputs)

    def kind(self, note: type[Value]) -> int:
        """What a note's commitment says of its type."""
        return 1 + next(place for place, known in enumerate(self.contract.notes) if known is note)

    def spend(self, cs: Builder, wires: Wires, contract: Wire, parameter: Parameter) -> Value:
        """A note of the caller's. Its numbers are in their types' ranges, and no other call can spend it."""
        leaves, name = parameter.leaves, argument(parameter.name)
        with cs.scope("spend"):
            if self.keys is None:
                self.keys = gadget.spending_keys(cs, cs.private("sk"))
            cells = cs.private_array(name, len(leaves))
            numbers = [ranged(wires, leaf, wire) for leaf, wire in zip(leaves, cells, strict=True)]
            content = gadget.contract_content(cs, [as_wire(element) for element in packed(leaves, numbers)])
            rcm, diversifier = cs.private(f"{name}.rcm"), cs.private(f"{name}.diversifier")
            key = PointWire(*cs.private_array(f"{name}.key", 2))
            position = cs.private(f"{name}.position")
            note = gadget.NoteWire(contract, self.kind(parameter.kind), content, rcm)
            spent = gadget.spend(cs, self.keys, diversifier, key, note, position)
            path = cs.private_array(f"{name}.path", PATH)
            siblings = [path[start : start + SIBLINGS] for start in range(0, PATH, SIBLINGS)]
            root = path_root(cs, spent.commitment, to_bits(cs, position, POSITION_BITS), siblings)
            cs.assert_equal(root, as_wire(0) if self.root is None else self.root)
            self.published.append(spent.nullifier)
        return parameter.kind.of(iter(numbers))

    def finish(self, cs: Builder, contract: Wire, run: Run) -> None:
        """Ties all public signals: nullifiers, and the notes that the body made."""
        self.published += [value.number for value in run.once]
        for signal, number in zip(self.nullifiers, self.published, strict=True):
            cs.define(signal, number)
        if self.root is not None:
            cs.bind(self.root)  # where no note is spent, nothing else uses it
        if run.made:
            with cs.scope("create"):
                bits = to_bits(cs, cs.private("ephemeral_number"), EPHEMERAL_BITS)
                for signal, coordinate in zip(self.ephemeral, multiply_base_signed(cs, bits), strict=True):
                    cs.define(signal, coordinate)
                for place, made in enumerate(run.made):
                    self._create(cs, contract, bits, place, made)

    def _create(self, cs: Builder, contract: Wire, bits: Sequence[Wire], place: int, made: Made) -> None:
        elements = [as_wire(element) for element in packed(made.kind.leaves(), made.numbers)]
        rcm = cs.private(f"{output(place)}.rcm")
        authority, x, y = map(as_wire, made.owner)
        note = gadget.NoteWire(contract, self.kind(made.kind), gadget.contract_content(cs, elements), rcm)
        address = gadget.AddressWire(authority, PointWire(x, y))
        sealed = gadget.seal(cs, bits, address, note, [*elements, rcm])
        commitment, ciphertext = self.outputs[place]
        cs.define(commitment, sealed.commitment)
        for signal, number in zip(ciphertext, sealed.ciphertext, strict=True):
            cs.define(signal, number)
