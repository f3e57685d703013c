"""A method's circuit: the statement that the chain builds for a call of it, with the method's body in the middle.

Public signals in the order of contracts/confidential/statement.py; what the circuit computes of them are its outputs.

    open      every register that the body looks into: range of its numbers; a sealed one's commitment, and kc
    body      the method, line by line
    seal      every register that the body wrote: the commitment, synthetic nonce and ciphertext of its new version
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from compute.dsl.declaration import Declaration, MethodDeclaration, Parameter
from compute.dsl.elements import packed, sealed_length
from compute.dsl.errors import UnusedArgument
from compute.dsl.fields import Declared
from compute.dsl.machine import Number
from compute.dsl.note_circuit import NoteSignals, argument
from compute.dsl.run import HEIGHT_TOP, Run
from compute.dsl.shape import Shape, constants_checked, ranged, run_body
from compute.dsl.values import Leaf, Value
from compute.dsl.wires import Wires
from crypto import domains
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets.bits import assert_range
from crypto.r1cs.gadgets.poseidon import commit_vector, poseidon
from crypto.r1cs.wire import Wire, as_wire

BODY: Final = "body"  # a scope, and under it one for each line
ARGUMENTS: Final = "arguments"  # a scope


def register(name: str) -> str:
    """What a circuit's signals of a register begin with."""
    return f"register.{name}"


@dataclass(slots=True)
class RegisterSignals:
    """The public signals of one register that is looked into, and of its step if it is written."""

    version: Wire | None
    before: list[Wire]  # a commitment that the circuit computes, or the values as they are given
    after: list[Wire]
    nonce: Wire | None
    ciphertext: list[Wire]


def build(contract: Declaration, method: MethodDeclaration, shape: Shape) -> Circuit:
    """Raises a ContractRefused."""
    return _Building(contract, method, shape).circuit()


class _Building:
    """One circuit in the making. Public signals are declared in the statement's order, then all others."""

    def __init__(self, contract: Declaration, method: MethodDeclaration, shape: Shape) -> None:
        self.contract, self.method, self.shape = contract, method, shape
        self.cs = cs = Builder()
        self.wires = Wires(cs)
        self.ctx, self.contract_signal = cs.public("ctx"), cs.public("contract")
        self.epoch = cs.public("epoch") if shape.sealed else as_wire(0)
        self.kc = cs.output("kc") if shape.sealed else None
        self.caller_signal = cs.public("caller") if shape.caller else None
        self.heights = (cs.public("after"), cs.public("before")) if shape.period else None
        self.given = [self._public_leaves(parameter) for parameter in method.parameters]
        self.result = [] if method.result is None else self._outputs("result", len(method.result.leaves))
        self.signals = {declared.name: self._declare(declared) for declared in shape.opened}
        self.counts = {declared.name: cs.public(f"{register(declared.name)}.posted") for declared in shape.counts}
        self.notes = NoteSignals.declare(cs, contract, shape)
        self.moves = [cs.output_array(f"take.{place}", 2) for place in range(shape.takes)]
        self.moves += [cs.output_array(f"pay.{place}", 3) for place in range(shape.pays)]
        self.data_key = cs.private("data_key") if shape.sealed else as_wire(0)
        self.registers: dict[str, list[Number]] = {}

    def circuit(self) -> Circuit:
        self.cs.bind(self.ctx)  # an input in no constraint would be bound by nothing
        self.cs.bind(self.contract_signal)
        if self.caller_signal is not None:
            self.cs.bind(self.caller_signal)
        run = Run(self.wires, self)
        with constants_checked(self.method):
            self._open()
            arguments = [self._argument(*pair) for pair in zip(self.method.parameters, self.given, strict=True)]
            with self.cs.scope(BODY), self.wires.by_line():
                returned = run_body(self.contract, self.method, run, arguments)
            if returned is not None:
                for signal, number in zip(self.result, returned.numbers(), strict=True):
                    self.cs.define(signal, number)
            for declared in self.shape.writes:
                with self.cs.scope("seal"):
                    self._step(declared, run.values[declared.name])
            self.notes.finish(self.cs, self.contract_signal, run)
            for signals, moved in zip(self.moves, (*run.takes, *run.pays), strict=True):
                numbers = [*(() if moved.recipient is None else (moved.recipient,)), moved.asset, moved.amount]
                for signal, number in zip(signals, numbers, strict=True):
                    self.cs.define(signal, number)
        circuit = self.cs.build()
        self._require_used(circuit)
        return circuit

    # What a run is given

    def register(self, declared: Declared[Any]) -> tuple[Number, ...]:
        return tuple(self.registers[declared.name])

    def object(self) -> Number:
        return self.contract_signal

    def posted(self, declared: Declared[Any]) -> Number:
        with self.cs.scope("counts"):
            return assert_range(self.cs, self.counts[declared.name], HEIGHT_TOP.bit_length())

    def caller(self) -> Number:
        return as_wire(0) if self.caller_signal is None else self.caller_signal

    def period(self) -> tuple[Number, Number]:
        with self.cs.scope("period"):
            after, before = (assert_range(self.cs, h, HEIGHT_TOP.bit_length()) for h in self.heights or ())
        return after, before

    # Declarations

    def _outputs(self, name: str, count: int) -> list[Wire]:
        return self.cs.output_array(name, count)

    def _public_leaves(self, parameter: Parameter) -> list[Wire]:
        return self.cs.public_array(argument(parameter.name), len(parameter.leaves)) if parameter.public else []

    def _declare(self, declared: Declared[Any]) -> RegisterSignals:
        cs, name, written = self.cs, register(declared.name), declared in self.shape.writes
        if not declared.sealed:
            before = cs.public_array(f"{name}.before", len(declared.leaves))
            after = self._outputs(f"{name}.after", len(declared.leaves)) if written else []
            return RegisterSignals(None, before, after, None, [])
        version, before = cs.public(f"{name}.version"), [cs.output(f"{name}.before")]
        if not written:
            return RegisterSignals(version, before, [], None, [])
        after, nonce = [cs.output(f"{name}.after")], cs.output(f"{name}.nonce")
        ciphertext = self._outputs(f"{name}.ciphertext", sealed_length(declared.leaves) + 1)
        return RegisterSignals(version, before, after, nonce, ciphertext)

    def _argument(self, parameter: Parameter, given: list[Wire]) -> Value:
        leaves = parameter.leaves
        if parameter.spent:
            return self.notes.spend(self.cs, self.wires, self.contract_signal, parameter)
        wires = given if parameter.public else self.cs.private_array(argument(parameter.name), len(leaves))
        with self.cs.scope(ARGUMENTS):
            numbers = [ranged(self.wires, leaf, wire) for leaf, wire in zip(leaves, wires, strict=True)]
            self._bind(leaves, given)
        return parameter.kind.of(iter(numbers))

    # Registers

    def _open(self) -> None:
        if self.kc is not None:
            with self.cs.scope("open"):
                self.cs.define(self.kc, poseidon(self.cs, [self.data_key, self.epoch], domains.DATA_KEY))
        for declared in self.shape.opened:
            leaves, signals = declared.leaves, self.signals[declared.name]
            wires = signals.before
            if declared.sealed:
                wires = self.cs.private_array(f"{register(declared.name)}.values", len(leaves))
            with self.cs.scope("open"):
                numbers = [ranged(self.wires, leaf, wire) for leaf, wire in zip(leaves, wires, strict=True)]
                self.registers[declared.name] = numbers
                if signals.version is not None:
                    blinding = self.cs.private(f"{register(declared.name)}.blinding")
                    self.cs.define(signals.before[0], self._commitment(signals.version, leaves, numbers, blinding))
                else:
                    self._bind(leaves, wires)

    def _bind(self, leaves: Sequence[Leaf], wires: Sequence[Wire]) -> None:
        """Ties public numbers without a range to the proof, whether the body uses them or not."""
        for leaf, wire in zip(leaves, wires, strict=False):
            if leaf.high is None:
                self.cs.bind(wire)

    def _commitment(self, version: Wire, leaves: Sequence[Leaf], numbers: Sequence[Number], blinding: Wire) -> Wire:
        elements = [as_wire(element) for element in packed(leaves, numbers)]
        return commit_vector(self.cs, domains.REGISTER, blinding, [version, *elements])

    def _step(self, declared: Declared[Any], value: Value) -> None:
        """A written register's next version. Source: contracts/confidential/sealing.py."""
        cs, signals, numbers = self.cs, self.signals[declared.name], value.numbers()
        if signals.version is None or signals.nonce is None:
            for signal, number in zip(signals.after, numbers, strict=True):
                cs.define(signal, number)
            return
        version, blinding = signals.version + 1, cs.private(f"{register(declared.name)}.next_blinding")
        after = self._commitment(version, declared.leaves, numbers, blinding)
        cs.define(signals.after[0], after)
        nonce = poseidon(cs, [self.data_key, version, after, blinding], domains.SYNTHETIC_NONCE)
        cs.define(signals.nonce, nonce)
        message = [*packed(declared.leaves, numbers), blinding]
        index = self.contract.index(declared.name)
        for place, (signal, clear) in enumerate(zip(signals.ciphertext, message, strict=True)):
            stream: list[Wire | int] = [self.data_key, self.contract_signal, index, version, nonce, place]
            cs.define(signal, as_wire(clear) + poseidon(cs, stream, domains.KEYSTREAM))

    def _require_used(self, circuit: Circuit) -> None:
        """Raises UnusedArgument for a private number that stands in no constraint but that of its own range."""
        used = circuit.constraints.cells_outside(ARGUMENTS)
        for parameter in self.method.parameters:
            if parameter.public:
                continue
            for leaf, cell in zip(parameter.leaves, circuit.inputs[argument(parameter.name)].cells, strict=True):
                if cell not in used:
                    raise UnusedArgument(
                        self.method.place,
                        f"{parameter.name}{leaf.path} is private and nothing depends on it.",
                        "Use it, or take it out: a caller could give anything for it.",
                    )
