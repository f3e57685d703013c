"""The language's operations as gadgets under test: what they compute of typed inputs, on integers and on wires."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from compute.dsl.integers import Integers, plain
from compute.dsl.machine import running
from compute.dsl.refusals import CallRefused
from compute.dsl.sized import Integer
from compute.dsl.values import Value
from compute.dsl.wires import Wires
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire, as_wire
from tests.support.gadget import FIELD, Gadget, Range

Operation = Callable[..., Any]  # values of the language in; a value, several, or None out


class u2(Integer, bits=2):
    """0..3: narrow, so that audits see every value."""

    __slots__ = ()


class u3(Integer, bits=3):
    """0..7."""

    __slots__ = ()


class u4(Integer, bits=4):
    """0..15."""

    __slots__ = ()


class i3(Integer, bits=3, signed=True):
    """-4..3."""

    __slots__ = ()


def numbers_of(result: Any) -> list[Any]:
    """The numbers of what an operation returned."""
    if result is None:
        return []
    if isinstance(result, Value):
        return list(result.numbers())
    return [number for part in result for number in part.numbers()]


def values_of(kinds: Sequence[type[Value]], numbers: Iterable[Any]) -> list[Value]:
    each = iter(numbers)
    return [kind.of(each) for kind in kinds]


def on_wires(operation: Operation, kinds: Sequence[type[Value]]) -> Callable[[Builder, list[Wire]], Sequence[Wire]]:
    """The operation as a gadget of wires that are in their types' ranges."""

    def build(cs: Builder, wires: list[Wire]) -> Sequence[Wire]:
        with running(Wires(cs)):
            return [as_wire(number) for number in numbers_of(operation(*values_of(kinds, wires)))]

    return build


def on_integers(operation: Operation, kinds: Sequence[type[Value]]) -> Callable[..., tuple[int, ...] | None]:
    """The operation as a reference: its numbers, None where it refuses."""

    def compute(*numbers: int) -> tuple[int, ...] | None:
        try:
            with running(Integers()):
                return tuple(plain(number) for number in numbers_of(operation(*values_of(kinds, numbers))))
        except CallRefused:
            return None

    return compute


def ranges(kinds: Sequence[type[Value]]) -> tuple[Range, ...]:
    leaves = [leaf for kind in kinds for leaf in kind.leaves()]
    return tuple(FIELD if leaf.high is None else (leaf.low, leaf.high) for leaf in leaves)


def operation(
    name: str,
    run: Operation,
    kinds: Sequence[type[Value]],
    constraints: int,
    audited: Sequence[tuple[int, ...]],
    loose: int = 0,
) -> Gadget:
    """An operation whose plain execution is the reference of its circuit."""
    return Gadget(
        name, on_wires(run, kinds), ranges(kinds), on_integers(run, kinds), constraints, tuple(audited), loose
    )


P = SCALAR_FIELD
