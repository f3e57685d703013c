"""What a dishonest prover, caller or author would try with a contract: each of it is impossible or refused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.dsl import errors
from compute.dsl.agreement import CTX
from compute.dsl.arguments import argument_numbers, bound_arguments
from compute.dsl.compiled import CompiledMethod
from compute.dsl.execution import Situation, circuit_inputs, execute, signals
from compute.dsl.plain import Plain
from compute.dsl.refusals import ArgumentRefused, DividedByZero, OutOfRange, OutsideArray, OwnerRefused, PaidToNobody
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Inputs
from crypto.r1cs.errors import CircuitError
from tests.support.dsl_contracts import Auction, Counter, Everything
from tests.unit.compute.test_dsl_refusals import load

R = SCALAR_FIELD
METHODS = [*Counter.compiled.methods, *Everything.compiled.methods, *Auction.compiled.methods]


def called(contract: Plain, name: str, *arguments: object, **said: Any) -> tuple[CompiledMethod, Situation]:
    """A call as it would be made, before anybody looks at it."""
    method = contract.compiled.method(name)
    return method, contract.situation(method, bound_arguments(method, arguments, {}), **said)


def refused_by_the_circuit(method: CompiledMethod, inputs: Inputs) -> bool:
    """No witness for the inputs is found by solving, nor by solving as if every rule were kept."""
    try:
        witness = method.circuit.solve(inputs)
    except CircuitError:
        cells = method.circuit.start(inputs, strict=False).cells
        return bool(method.circuit.violated(cells))
    return bool(method.circuit.violated(witness.cells))


def test_a_private_argument_that_nothing_depends_on_is_refused(tmp_path: Path) -> None:
    text = "from compute.dsl import *\n@contract\nclass C(Contract):\n    n = Register(u64)\n    @method\n"
    for parameter in ("extra: Private[u64]", "extra: Private[Field]", "extra: Private[Array[u8, 2]]"):
        body = f"    def act(self, {parameter}) -> None:\n        self.n += 1\n"
        with pytest.raises(errors.UnusedArgument, match="extra"):
            load(tmp_path, text + body)
    body = "    def act(self, extra: Private[Array[u8, 2]]) -> None:\n        self.n += reveal(extra[0])\n"
    with pytest.raises(errors.UnusedArgument, match=r"extra\[1\]"):
        load(tmp_path, text + body)
    body = "    def act(self, extra: Private[u64]) -> None:\n        unused = extra + 1\n        self.n += 1\n"
    load(tmp_path, text + body)  # a range of extra + 1 depends on it


@pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.contract.name}.{method.name}")
def test_every_public_input_is_bound_and_every_output_tied(method: CompiledMethod) -> None:
    """Each public cell stands in a constraint, ctx and unused arguments too; Builder.build ties outputs once."""
    used = {cell for row in method.circuit.constraints.rows() for side in row for cell, _ in side}
    assert set(range(1, method.circuit.public_count + 1)) <= used


def test_no_public_input_of_a_call_can_be_another_one() -> None:
    contract = Counter.plain(owner=bytes(32))
    method, situation = called(contract, "increment", 5)
    witness = method.circuit.solve(circuit_inputs(method, situation, CTX))
    assert witness.public == signals(method, situation, execute(method, situation), CTX)
    for cell in range(1, method.circuit.public_count + 1):
        altered = list(witness.cells)
        altered[cell] = (altered[cell] + 1) % R
        assert method.circuit.violated(altered), cell


OVERFLOWS: list[tuple[str, dict[str, int], dict[str, int]]] = [
    ("amount at the end of its type", {"count": 2**64 - 1}, {"amount": 1}),
    ("amount beyond its type", {"count": 0}, {"amount": 2**32}),
    ("an amount that is -1 in the field", {"count": 5}, {"amount": R - 1}),
    ("an amount that wraps around the field", {"count": 5}, {"amount": R - 5}),
    ("a register beyond its type", {"count": 2**64}, {"amount": 1}),
    ("a register that is -1 in the field", {"count": R - 1}, {"amount": 1}),
    ("the other register at its end", {"count": 0, "calls": 2**32 - 1}, {"amount": 1}),
]


@pytest.mark.parametrize(("registers", "arguments"), [case[1:] for case in OVERFLOWS], ids=[c[0] for c in OVERFLOWS])
def test_nothing_wraps(registers: dict[str, int], arguments: dict[str, int]) -> None:
    contract = Counter.plain(owner=bytes(32))
    method, situation = called(contract, "increment", 1)
    inputs = dict(circuit_inputs(method, situation))
    for name, number in registers.items():
        inputs["register.count.values" if name == "count" else f"register.{name}.before"] = (number,)
    inputs |= {f"argument.{name}": (number,) for name, number in arguments.items()}
    assert refused_by_the_circuit(method, inputs)


def calls_that_must_fail() -> Iterator[tuple[str, type[Exception], Callable[[], object]]]:
    def everything(**registers: object) -> Plain:
        return Everything.plain(**registers)

    yield "underflow", OutOfRange, lambda: everything().structs({"x": -32768, "y": -32768}, True)
    yield "an index at the end", OutsideArray, lambda: everything().arrays(5, 1, [1, 2, 3])
    yield "an index far beyond", OutsideArray, lambda: everything().arrays(255, 1, [1, 2, 3])
    yield "a division by zero", DividedByZero, lambda: everything(wide=1).wide_numbers(1, 0, 1)
    yield "a product that wraps", OutOfRange, lambda: everything(wide=2**127).wide_numbers(2**127, 1, 1)
    yield (
        "-(-2**15)",
        OutOfRange,
        lambda: everything(path=[{"x": -(2**15), "y": 0}, {"x": 0, "y": 0}]).structs({"x": 1, "y": 1}, False),
    )
    yield "a number that is no u8", ArgumentRefused, lambda: everything().arrays(0, 256, [1, 2, 3])
    yield "a negative number", ArgumentRefused, lambda: everything().arrays(0, -1, [1, 2, 3])
    yield "a number of another kind", ArgumentRefused, lambda: everything().arrays(0, 1.0, [1, 2, 3])
    yield "True for a number", ArgumentRefused, lambda: everything().arrays(0, True, [1, 2, 3])
    yield "1 for True", ArgumentRefused, lambda: everything().structs({"x": 1, "y": 1}, 1)
    yield "an array of another length", ArgumentRefused, lambda: everything().arrays(0, 1, [1, 2])
    yield "a struct of other parts", ArgumentRefused, lambda: everything().structs({"x": 1, "z": 1}, True)
    yield "r for a field element", ArgumentRefused, lambda: everything(wide=1).wide_numbers(1, 1, R)
    yield "a register's first value", ArgumentRefused, lambda: everything(wide=2**128)


CALLS = list(calls_that_must_fail())


@pytest.mark.parametrize(("error", "call"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS])
def test_a_wrong_call_is_refused(error: type[Exception], call: Callable[[], object]) -> None:
    """In plain execution, and, where the numbers get so far, by the circuit: `Plain` raises Disagreement else."""
    with pytest.raises(error):
        call()


def test_refusals_do_not_show_secrets() -> None:
    contract = Counter.plain(owner=bytes(32))
    with pytest.raises(ArgumentRefused) as refused:
        contract.increment(2**32 + 987654321)
    assert "987654321" not in str(refused.value) and "987654321" not in str(refused.value.fields)
    method = Counter.compiled.method("increment")
    with pytest.raises(ArgumentRefused):
        argument_numbers(method, {"amount": 2**40})
    situation = contract.situation(method, {"amount": 77})
    assert "77" not in repr(situation).replace(str(situation.contract), "")


def test_unranged_numbers_are_never_compared(tmp_path: Path) -> None:
    text = (
        "from compute.dsl import *\n@contract\nclass C(Contract):\n    n = Register(Field)\n    @method\n"
        "    def act(self, x: Private[Field]) -> None:\n        require(x {sign} self.n)\n"
    )
    for sign in ("<", "<=", ">", ">="):
        with pytest.raises(errors.TypesDiffer, match="no order"):
            load(tmp_path, text.replace("{sign}", sign))
    load(tmp_path, text.replace("{sign}", "=="))


def test_nobody_is_paid_nothing() -> None:
    """Address 0, as in a register that was never set; an amount of 0 moves nothing, and may go there."""
    winner = b"w" * 32
    with pytest.raises(PaidToNobody):
        Auction.plain(price=70).settle(winner, bytes(32), False, sender=winner)
    Auction.plain(price=0).settle(winner, bytes(32), False, sender=winner)


@pytest.mark.parametrize("seller", [(0, 0, 0), (1, 0, 0), (1, 0, 1), (1, 0, R - 1), (1, 2, 3)])
def test_no_note_is_made_for_what_is_no_key(seller: tuple[int, int, int]) -> None:
    """An Owner that was never set is off the curve; points of small order would open to everybody."""
    auction = Auction.plain(seller=dict(zip(("authority", "key_x", "key_y"), seller, strict=True)), closes=9)
    with pytest.raises(OwnerRefused):
        auction.place(5)
    method, situation = auction.record[-1]
    assert refused_by_the_circuit(method, circuit_inputs(method, situation, CTX))


def test_two_writes_of_equal_values_share_nothing() -> None:
    """Fresh blindings: commitments, nonces and ciphertexts of one value at one version differ."""
    contract = Counter.plain(owner=bytes(32))
    steps = []
    for _ in range(2):
        method, situation = called(contract, "increment", 5)
        steps.append(next(step for step in execute(method, situation).steps if step.declared.name == "count"))
    first, second = (((*step.after, step.nonce, *step.ciphertext)) for step in steps)
    assert not set(first) & set(second)


def test_a_missing_range_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above bite: without ranges of arguments the circuit takes what it must refuse."""
    from compute.dsl import circuit

    monkeypatch.setattr(circuit, "ranged", lambda wires, leaf, wire: wire.bounded(leaf.low, leaf.high or R - 1))
    compiled = Counter.compiled.method("increment")
    built = circuit.build(compiled.contract, compiled.declaration, compiled.shape)
    weak = CompiledMethod(compiled.contract, compiled.declaration, compiled.shape, built)
    _, situation = called(Counter.plain(owner=bytes(32)), "increment", 1)
    inputs = {**circuit_inputs(weak, situation), "argument.amount": (2**32,)}
    assert not refused_by_the_circuit(weak, inputs)


def test_a_builder_refuses_a_public_input_in_no_constraint() -> None:
    cs = Builder()
    cs.public("loose")
    with pytest.raises(CircuitError, match="no constraint"):
        cs.build()
