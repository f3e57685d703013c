"""The circuit builder: collects cells, constraints and the witness program, and freezes them into a Circuit.

Source of the shape: rank-1 constraint systems as circom writes them, A * B = C with cell 0 = 1 and the public cells
next. Constraints go into flat arrays as they are made (8 bytes a term); coefficients are interned. A circuit has many
more rows a * (a - 1) = 0 than others, so these are made many at a time (`assert_bits`).
"""

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from crypto.field import SCALAR_FIELD
from crypto.r1cs.circuit import Circuit, Input
from crypto.r1cs.constraints import Constraints, Interned, Matrix
from crypto.r1cs.errors import (
    Bound,
    NameTaken,
    NotAnOutput,
    OutputNotDefinedOnce,
    PublicAfterPrivate,
    RangeError,
    UnusedPublic,
)
from crypto.r1cs.program import Hint, Linear, Step
from crypto.r1cs.wire import Wire, as_wire, product_bound

Value = Wire | int

_BIT: Final = (0, 1)
_FLAT_KEPT: Final = 4  # a wire of more terms is kept flat, because it is often used again in the next rows
_SEARCHED: Final = 1 << 16  # terms at a time


class Builder:
    """Builds one circuit. Gadgets are functions that take a builder and wires and return wires.

    Cells are numbered as circom does: 0 is one, then the public signals in the order of their declaration, then the
    rest. A hint's cells carry no bound until a gadget has proven one.
    """

    def __init__(self) -> None:
        self._matrices = (Matrix(), Matrix(), Matrix())
        self._interned = Interned()
        self._kept: tuple[Wire, array[int], array[int]] = (Wire({}), array("I"), array("I"))
        self._scopes: list[str] = []
        self._scope = 0
        self._scope_of = array("I")
        self._names: dict[str, int] = {"": 0}
        self._bits = bytearray(b"\x01")  # proven width of each cell, 254 if unknown
        self._public = 1
        self._inputs: dict[str, Input] = {}
        self._outputs: dict[str, range] = {}
        self._defined: dict[int, int] = {}
        self._steps: list[Step] = []
        self._phase = 0

    # Signals

    def public(self, name: str, phase: int = 0) -> Wire:
        """A public input, given to the solver by name. Any field element. Raises PublicAfterPrivate, NameTaken."""
        return self.public_array(name, 1, phase)[0]

    def public_array(self, name: str, count: int, phase: int = 0) -> list[Wire]:
        """`count` public inputs under one name. A challenge is a public input of a later phase: see `next_phase`."""
        cells = self._public_cells(name, count)
        self._inputs[name] = Input(cells, 0, phase)
        return [Wire({cell: 1}) for cell in cells]

    def output(self, name: str) -> Wire:
        """A public signal that the solver computes; tie it to its value with `define`."""
        return self.output_array(name, 1)[0]

    def output_array(self, name: str, count: int) -> list[Wire]:
        """`count` public signals under one name, each to be tied to its value with `define`."""
        cells = self._public_cells(name, count)
        self._outputs[name] = cells
        self._defined.update(dict.fromkeys(cells, 0))
        return [Wire({cell: 1}) for cell in cells]

    def private(self, name: str, offset: int = 0) -> Wire:
        """A private input. Unproven: range it before use as a number. See `private_array` for the offset."""
        return self.private_array(name, 1, offset)[0]

    def private_array(self, name: str, count: int, offset: int = 0) -> list[Wire]:
        """`count` private inputs. Cells store value - offset, which keeps signed inputs small and cheap to prove."""
        cells = self._named_cells(name, count)
        self._inputs[name] = Input(cells, offset, self._phase)
        return [Wire({cell: 1}, offset) for cell in cells]

    def define(self, output: Wire, value: Value) -> None:
        """Ties an output to its value: one constraint. Raises NotAnOutput, OutputNotDefinedOnce."""
        cell = next(iter(output.terms), 0)
        if cell not in self._defined or output.terms != {cell: 1}:
            raise NotAnOutput
        self._defined[cell] += 1
        if self._defined[cell] != 1:
            raise OutputNotDefinedOnce(cell, self._defined[cell])
        wire = as_wire(value)
        self._add_step("output", lambda values: values, [wire], (None,), range(cell, cell + 1))
        self.assert_equal(wire, output)

    # Constraints

    def constrain(self, a: Value, b: Value, c: Value) -> None:
        """a * b = c."""
        for matrix, value in zip(self._matrices, (a, b, c), strict=True):
            self._emit(matrix, value)
        self._scope_of.append(self._scope)

    def assert_bit(self, a: Wire) -> Wire:
        """a * (a - 1) = 0: one constraint. The same wire, bounded to 0..1; for gadgets."""
        left, right, nothing = self._matrices
        cells, coefficients = self._flat(a)
        left.append(cells, coefficients)
        less_one = a.constant - 1
        rest = 1 if a.constant else 0
        if less_one % SCALAR_FIELD:
            right.append(array("I", (0,)), array("I", (self._interned[less_one],)), cells[rest:], coefficients[rest:])
        else:
            right.append(cells[rest:], coefficients[rest:])
        nothing.append()
        self._scope_of.append(self._scope)
        return self.proven(a, 0, 1)

    def assert_bits(self, cells: range) -> list[Wire]:
        """cell * (cell - 1) = 0 for each: one constraint a cell. Their wires, bounded to 0..1; for gadgets."""
        count = len(cells)
        one, less_one = self._interned[1], self._interned[-1]
        left, right, nothing = self._matrices
        left.append_each(array("I", cells), array("I", (one,)) * count, 1)
        pairs = array("I", bytes(8 * count))
        pairs[1::2] = array("I", cells)
        right.append_each(pairs, array("I", (less_one, one)) * count, 2)
        nothing.append_each(array("I"), array("I"), 0, count)
        self._scope_of.extend(array("I", (self._scope,)) * count)
        self._bits[cells.start : cells.stop] = b"\x01" * count
        return [Wire({cell: 1}, 0, _BIT) for cell in cells]

    def assert_equal(self, a: Value, b: Value) -> None:
        """a = b: one constraint. Raises RangeError when both are constants that differ: nothing could satisfy it."""
        difference = as_wire(a) - as_wire(b)
        if difference.is_constant:
            if difference.constant % SCALAR_FIELD:
                raise RangeError("assert_equal", difference.bound, (0, 0))
            return
        self.constrain(difference, 1, 0)

    def mul(self, a: Value, b: Value) -> Wire:
        """a * b: one constraint, none if either is constant. The cell holds the product less its lower bound."""
        left, right = as_wire(a), as_wire(b)
        if left.is_constant:
            return right * left.constant
        if right.is_constant:
            return left * right.constant
        bound = product_bound(left.bound, right.bound)
        low = bound[0] if bound else 0
        (cell,) = self.hint("product", lambda v: (v[0] * v[1] - low,), [left, right], 1)
        product = cell + low
        self.constrain(left, right, product)
        return self.proven(product, *bound) if bound else product

    def proven(self, wire: Wire, lo: int, hi: int) -> Wire:
        """Records a bound that constraints just made imply; for gadgets. Also notes the cell's width, for cost."""
        if len(wire.terms) == 1:
            ((cell, coefficient),) = wire.terms.items()
            if coefficient == 1 and lo >= wire.constant:
                self._bits[cell] = min(self._bits[cell], max(1, (hi - wire.constant).bit_length()))
        return wire.bounded(lo, hi)

    def bind(self, wire: Wire) -> None:
        """Ties a public signal that nothing else uses, such as ctx, to the proof: wire squared, one constraint."""
        self.mul(wire, wire)

    # The witness program

    def hint(
        self,
        gadget: str,
        function: Hint,
        inputs: Sequence[Value],
        count: int,
        domain: Sequence[Bound | None] | None = None,
    ) -> list[Wire]:
        """`count` new cells that the solver fills with function(values of inputs), reduced into the field.

        Nothing constrains them: the gadget must. An input outside its `domain` makes the solver raise ValueRefused.
        Values of bounded inputs arrive as integers in their bound, others as 0..r-1.
        """
        return [Wire({cell: 1}) for cell in self.hint_cells(gadget, function, inputs, count, domain)]

    def hint_cells(
        self,
        gadget: str,
        function: Hint,
        inputs: Sequence[Value],
        count: int,
        domain: Sequence[Bound | None] | None = None,
    ) -> range:
        """The cells of `hint` by number, for `assert_bits`."""
        cells = self._cells(count)
        wires = [as_wire(value) for value in inputs]
        self._add_step(gadget, function, wires, domain or (None,) * len(wires), cells)
        return cells

    def next_phase(self) -> None:
        """What is hinted from here on is solved only after the next phase's inputs (challenges) are known."""
        self._phase += 1

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Constraints made inside are counted, and named in errors, under `name`; scopes nest with '/'."""
        outer = self._scope
        self._scopes.append(name)
        self._scope = self._names.setdefault("/".join(self._scopes), len(self._names))
        try:
            yield
        finally:
            self._scopes.pop()
            self._scope = outer

    def build(self) -> Circuit:
        """The finished circuit. Raises OutputNotDefinedOnce, UnusedPublic."""
        unused = self._unused_public()
        if unused:
            raise UnusedPublic(min(unused))
        for cell, definitions in self._defined.items():
            if definitions != 1:
                raise OutputNotDefinedOnce(cell, definitions)
        coefficients = tuple(self._interned.values_in_order)
        constraints = Constraints(*self._matrices, coefficients, self._scope_of, tuple(self._names))
        return Circuit(
            constraints,
            bytes(self._bits),
            self._public - 1,
            dict(self._inputs),
            dict(self._outputs),
            tuple(self._steps),
        )

    @property
    def constraint_count(self) -> int:
        return len(self._scope_of)

    def _cells(self, count: int) -> range:
        start = len(self._bits)
        self._bits.extend(b"\xfe" * count)
        return range(start, start + count)

    def _named_cells(self, name: str, count: int) -> range:
        if name in self._inputs or name in self._outputs:
            raise NameTaken(name)
        return self._cells(count)

    def _public_cells(self, name: str, count: int) -> range:
        if len(self._bits) != self._public:
            raise PublicAfterPrivate(name)
        self._public += count
        return self._named_cells(name, count)

    def _add_step(
        self, gadget: str, function: Hint, inputs: Sequence[Wire], domain: Sequence[Bound | None], cells: range
    ) -> None:
        ready = tuple(map(Linear, inputs))
        self._steps.append(Step(gadget, self._phase, self.constraint_count, ready, tuple(domain), function, cells))

    def _emit(self, matrix: Matrix, value: Value) -> None:
        if isinstance(value, int):
            if value % SCALAR_FIELD:
                matrix.append(array("I", (0,)), array("I", (self._interned[value],)))
            else:
                matrix.append()
        else:
            matrix.append(*self._flat(value))

    def _flat(self, wire: Wire) -> "tuple[array[int], array[int]]":
        """The wire's cells, ascending, and its interned coefficients."""
        if self._kept[0] is wire:
            return self._kept[1:]
        terms, interned = wire.terms, self._interned
        order = sorted(terms)
        cells, coefficients = array("I", order), array("I", map(interned.__getitem__, map(terms.__getitem__, order)))
        if wire.constant:
            cells.insert(0, 0)
            coefficients.insert(0, interned[wire.constant])
        if len(cells) > _FLAT_KEPT:
            self._kept = (wire, cells, coefficients)
        return cells, coefficients

    def _unused_public(self) -> set[int]:
        """The public cells in no constraint. They stand near the start or the end, so the search goes from both."""
        unused = set(range(1, self._public))
        for matrix in self._matrices:
            size = len(matrix.cells)
            for start in sorted(range(0, size, _SEARCHED), key=lambda start: min(start, size - start)):
                if not unused:
                    return unused
                unused.difference_update(matrix.cells[start : start + _SEARCHED])
        return unused
