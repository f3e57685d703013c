"""The language's two forms say the same: whatever expression of it is built, circuit and plain execution agree.

Expressions are drawn as trees of operations over typed inputs. Both forms get the same tree and the same numbers; they
must give the same result, or both refuse.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from compute.dsl import Bool, Field, i8, maximum, minimum, require, select, u8, u16, u128
from compute.dsl.agreement import run
from compute.dsl.compiled import CompiledMethod
from compute.dsl.errors import ContractRefused
from compute.dsl.execution import Found, Situation
from compute.dsl.refusals import ArgumentRefused, CallRefused
from compute.dsl.values import Leaf, Value
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.errors import CircuitError, RangeError
from crypto.r1cs.gadgets.bits import assert_interval
from crypto.r1cs.wire import Wire
from tests.support.dsl_contracts import Auction, Counter, Everything
from tests.support.language import on_integers, on_wires, u3

INPUTS: tuple[type[Value], ...] = (u3, u8, i8, u16, u128, Bool, Field)


@dataclass(frozen=True)
class Tree:
    """An expression: what it is called, and how it is worked out from the inputs."""

    text: str
    run: Callable[[dict[type[Value], Any]], Any]

    def __repr__(self) -> str:
        return self.text


def leaf(kind: type[Value]) -> Tree:
    return Tree(kind.type_name, lambda inputs: inputs[kind])


def binary(sign: str, operation: Callable[[Any, Any], Any], left: Tree, right: Tree) -> Tree:
    return Tree(f"({left} {sign} {right})", lambda inputs: operation(left.run(inputs), right.run(inputs)))


ARITHMETIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "min": minimum,
    "max": maximum,
}
ORDER = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b}
LOGIC = {"&": lambda a, b: a & b, "|": lambda a, b: a | b, "^": lambda a, b: a ^ b}
UNSIGNED = st.sampled_from([leaf(u3), leaf(u8), leaf(u16), leaf(u128)])
CONSTANTS = st.sampled_from([Tree(str(n), lambda inputs, n=n: u8(n)) for n in (0, 1, 2, 7, 255)])


def extended(numbers: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    signs = st.sampled_from(sorted(ARITHMETIC))
    plain = st.builds(lambda sign, a, b: binary(sign, ARITHMETIC[sign], a, b), signs, numbers, numbers)
    return plain | st.builds(chosen, conditions(numbers), numbers, numbers) | st.builds(lazily, numbers, numbers)


def chosen(condition: Tree, one: Tree, zero: Tree) -> Tree:
    text = f"select({condition}, {one}, {zero})"
    return Tree(text, lambda inputs: select(condition.run(inputs), one.run(inputs), zero.run(inputs)))


def lazily(left: Tree, right: Tree) -> Tree:
    def run(inputs: dict[type[Value], Any]) -> Any:
        a, b = left.run(inputs), right.run(inputs)
        return select(a > b, lambda: (a - b) // b, lambda: b - a)

    return Tree(f"select({left} > {right}, lambda, lambda)", run)


def conditions(numbers: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    signs = st.sampled_from(sorted(ORDER))
    compared = st.builds(lambda sign, a, b: binary(sign, ORDER[sign], a, b), signs, numbers, numbers)
    either, logic = compared | st.just(leaf(Bool)), st.sampled_from(sorted(LOGIC))
    return either | st.builds(lambda sign, a, b: binary(sign, LOGIC[sign], a, b), logic, either, either.map(negated))


def negated(tree: Tree) -> Tree:
    return Tree(f"~{tree}", lambda inputs: ~tree.run(inputs))


NUMBERS = st.recursive(UNSIGNED | CONSTANTS, extended, max_leaves=5)


def result_of(tree: Tree, condition: Tree) -> Callable[..., Any]:
    """The expression's number, its condition, and a required condition on them."""

    def run(*values: Any) -> tuple[Value, ...]:
        inputs = dict(zip(INPUTS, values, strict=True))
        number, holds = tree.run(inputs), condition.run(inputs)
        require((number != 5) | holds)
        signed = i8(select(holds, 1, u8(2))) * inputs[i8]
        return number, holds, Field(number) * inputs[Field], signed

    return run


def built(operation: Callable[..., Any]) -> Circuit | None:
    """The operation as a circuit whose outputs are its results; None where its constants alone break a rule."""
    try:
        count = len(wired(Builder(), operation))
    except (ContractRefused, CallRefused, RangeError):
        return None
    cs = Builder()
    outputs = cs.output_array("out", count)
    for output, wire in zip(outputs, wired(cs, operation), strict=True):
        cs.define(output, wire)
    return cs.build()


def wired(cs: Builder, operation: Callable[..., Any]) -> Sequence[Wire]:
    wires = []
    for kind in INPUTS:
        (only,) = kind.leaves()
        wire = cs.private(kind.type_name, offset=only.low)
        wires.append(wire if only.high is None else assert_interval(cs, wire, only.low, only.high))
    return on_wires(operation, INPUTS)(cs, wires)


def numbers_for(kind: type[Value]) -> st.SearchStrategy[int]:
    (only,) = kind.leaves()
    if only.high is None:
        return st.integers(0, SCALAR_FIELD - 1) | st.sampled_from((0, 1, SCALAR_FIELD - 1))
    ends = st.sampled_from((only.low, only.low + 1, only.high - 1, only.high, 0, 1))
    return ends | st.integers(only.low, only.high) | st.integers(0, min(9, only.high))


@settings(max_examples=80)
@given(NUMBERS, conditions(NUMBERS), st.lists(st.tuples(*map(numbers_for, INPUTS)), min_size=4, max_size=4))
def test_any_expression_is_the_same_in_a_circuit(tree: Tree, condition: Tree, rows: list[tuple[int, ...]]) -> None:
    operation = result_of(tree, condition)
    circuit = built(operation)
    assume(circuit is not None)
    plain = on_integers(operation, INPUTS)
    for row in rows:
        expected = plain(*row)
        found = solved(circuit, {kind.type_name: number for kind, number in zip(INPUTS, row, strict=True)})
        assert found == (None if expected is None else tuple(number % SCALAR_FIELD for number in expected))


def solved(circuit: Circuit | None, inputs: Inputs) -> tuple[int, ...] | None:
    """The outputs, None if there is no witness."""
    assert circuit is not None
    try:
        witness = circuit.solve(inputs)
    except CircuitError:
        return None
    return None if circuit.violated(witness.cells) else witness.public


def leaves_of(leaves: Sequence[Leaf]) -> st.SearchStrategy[tuple[int, ...]]:
    """Numbers of a type, now and then one that is none of its."""
    return st.tuples(*map(one_of, leaves))


def one_of(only: Leaf) -> st.SearchStrategy[int]:
    if only.high is None:
        return st.integers(0, SCALAR_FIELD - 1)
    inside = st.integers(only.low, only.high) | st.sampled_from((only.low, only.high, 0, 1)) | st.integers(0, 20)
    outside = st.just(min(only.high + 1, SCALAR_FIELD - 1))
    return st.sampled_from([inside] * 30 + [outside]).flatmap(lambda chosen: chosen)


def situations(method: CompiledMethod) -> st.SearchStrategy[Situation]:
    """Calls of a method in any state, right and wrong ones."""
    shape, heights = method.shape, st.integers(0, 2**63 - 1)
    registers = {
        each.name: st.builds(Found, st.integers(0, 2**62), leaves_of(each.leaves), st.integers(0, SCALAR_FIELD - 1))
        for each in method.contract.registers
    }
    return st.builds(
        Situation,
        contract=st.integers(0, 2**248 - 1),
        registers=st.fixed_dictionaries(registers),
        arguments=st.fixed_dictionaries({p.name: leaves_of(p.leaves) for p in method.declaration.parameters}),
        epoch=st.integers(1, 2**62),
        data_key=st.integers(0, SCALAR_FIELD - 1),
        blindings=st.fixed_dictionaries({each.name: st.integers(0, SCALAR_FIELD - 1) for each in shape.writes}),
        caller=st.integers(0, 3),
        period=st.tuples(heights | st.integers(0, 30), heights | st.integers(0, 30)),
        posted=st.fixed_dictionaries({each.name: st.integers(0, 5) for each in shape.counts}),
    )


METHODS = [*Counter.compiled.methods, *Everything.compiled.methods, Auction.compiled.method("close")]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.contract.name}.{method.name}")
@settings(max_examples=25)
@given(st.data())
def test_any_call_is_the_same_in_its_circuit(method: CompiledMethod, data: st.DataObject) -> None:
    """Both accept with the same public inputs, or both refuse: `run` raises Disagreement else."""
    situation = data.draw(situations(method))
    with suppress(CallRefused, ArgumentRefused):
        run(method, situation)
