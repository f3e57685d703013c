"""More seeded bugs beside their twins: layers of models, hashes, curves, commitments, public signals."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from crypto import babyjubjub, domains
from crypto.field import SCALAR_FIELD
from crypto.poseidon import poseidon as hash_of
from crypto.poseidon_parameters import parameters
from crypto.r1cs.audit import AuditSubject
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets.babyjubjub import PointWire, add, double, multiply_base
from crypto.r1cs.gadgets.bits import assert_range, to_bits
from crypto.r1cs.gadgets.dense import dense
from crypto.r1cs.gadgets.poseidon import _entry_rows, _exit_rows, _mixed, _weighted, poseidon
from crypto.r1cs.wire import Wire, as_wire, linear

P = SCALAR_FIELD
WEIGHTS = ((3, -2), (5, 7))
KERNEL = ((1, 2), (3, 4))
Reference = Callable[[Inputs], tuple[int, ...] | None]


@dataclass(frozen=True)
class Statement:
    """A bug in a whole statement: `build(True)` has it, `build(False)` has not."""

    by: str
    name: str
    build: Callable[[bool], Circuit]
    cases: tuple[Inputs, ...]
    reference: Reference | None = None
    salts: tuple[str, ...] = ()
    counts: Mapping[str, int] | None = None
    sample: int | None = field(default=8)

    def __str__(self) -> str:
        return self.name

    def subject(self, wrong: bool) -> AuditSubject:
        circuit = self.build(wrong)
        return AuditSubject(circuit, self.cases, self.reference, self.name, self.salts, counts=self.counts)


def ignored_ctx(wrong: bool) -> Circuit:
    cs = Builder()
    ctx, out = cs.public("ctx"), cs.output("out")
    x = cs.private("x")
    if wrong:
        cs.constrain(ctx, 0, 0)
    else:
        cs.bind(ctx)
    cs.define(out, cs.mul(x, x))
    return cs.build()


def output_tied_to_a_copy(wrong: bool) -> Circuit:
    cs = Builder()
    out, x = cs.output("out"), cs.private("x")
    square = cs.mul(x, x)
    (copy,) = cs.hint("copy", lambda v: v, [square], 1)
    cs.define(out, copy)
    if not wrong:
        cs.assert_equal(copy, square)
    return cs.build()


def swapped_outputs(wrong: bool) -> Circuit:
    cs = Builder()
    lower, upper = cs.output("lower"), cs.output("upper")
    bits = to_bits(cs, cs.private("x"), 4)
    halves = bits[0] + 2 * bits[1], bits[2] + 2 * bits[3]
    for output, half in zip((upper, lower) if wrong else (lower, upper), halves, strict=True):
        cs.define(output, half)
    return cs.build()


def dense_layer(wrong: bool) -> Circuit:
    """Every output a weighted sum of both inputs; the bug reads the first input twice."""
    cs = Builder()
    outs = cs.output_array("out", 2)
    x = [assert_range(cs, wire, 3) for wire in cs.private_array("x", 2)]
    for output, value in zip(outs, dense(WEIGHTS, [x[0], x[0]] if wrong else x, (0, 1)), strict=True):
        cs.define(output, value)
    return cs.build()


def convolution(wrong: bool) -> Circuit:
    """A 2x2 kernel over a 2x3 image; the bug has rows and columns of the kernel exchanged."""
    cs = Builder()
    outs = cs.output_array("out", 2)
    x = [assert_range(cs, wire, 3) for wire in cs.private_array("x", 6)]
    for column, output in enumerate(outs):
        taps = [(KERNEL[j][i] if wrong else KERNEL[i][j], x[3 * i + column + j]) for i in (0, 1) for j in (0, 1)]
        cs.define(output, linear(taps))
    return cs.build()


def commitment(wrong: bool) -> Circuit:
    """Hash of salt and value; the bug forgets the salt, and only squares it."""
    cs = Builder()
    out = cs.output("commitment")
    salt, x = cs.private("salt"), cs.private("x")
    if wrong:
        cs.bind(salt)
    cs.define(out, poseidon(cs, [0 if wrong else salt, x], domains.INPUT))
    return cs.build()


def encryption(wrong: bool) -> Circuit:
    """Two values under a pad each; the bug forgets to count."""
    cs = Builder()
    outs = cs.output_array("ct", 2)
    salt, x = cs.private("salt"), cs.private_array("x", 2)
    for i, (output, value) in enumerate(zip(outs, x, strict=True)):
        cs.define(output, value + poseidon(cs, [salt, 0 if wrong else i], domains.OUTPUT))
    return cs.build()


def hashed(wrong: bool) -> Circuit:
    """Poseidon of two elements, written out; the bug leaves out a full round."""
    cs = Builder()
    out, x = cs.output("out"), cs.private_array("x", 2)
    chosen = parameters(3)

    def box(wire: Wire, constant: int) -> Wire:
        square = cs.mul(wire + constant, wire + constant)
        return cs.mul(cs.mul(square, square), wire + constant)

    state = [box(lane, constant) for lane, constant in zip([as_wire(0), *x], chosen.first[0], strict=True)]
    for constants in chosen.first[1:]:
        state = [box(lane, c) for lane, c in zip(_mixed(chosen.matrix, state), constants, strict=True)]
    for constant, row in zip(chosen.scalars, _entry_rows(3), strict=True):
        state = [*state, box(_weighted(row, state), constant)]
    lanes = [_weighted(row, state) for row in _exit_rows(3)]
    for constants in chosen.last[1 if wrong else 0 :]:
        lanes = _mixed(chosen.matrix, [box(lane, c) for lane, c in zip(lanes, constants, strict=True)])
    cs.define(out, lanes[0])
    return cs.build()


def power(wrong: bool) -> Circuit:
    """x**5, the S-box of Poseidon; in the bug nothing ties the fourth power to the square."""
    cs = Builder()
    out, x = cs.output("out"), cs.private("x")
    square = cs.mul(x, x)
    (fourth,) = cs.hint("fourth", lambda v: (v[0] * v[0],), [square], 1)
    if not wrong:
        cs.constrain(square, square, fourth)
    cs.define(out, cs.mul(fourth, x))
    return cs.build()


def curve_point(wrong: bool) -> Circuit:
    """scalar * base, for two bits, highest first; the bug does not double in between."""
    cs = Builder()
    outs = cs.output_array("point", 2)
    low, high = to_bits(cs, cs.private("scalar"), 2)
    upper: PointWire = multiply_base(cs, [high])
    point = add(cs, upper if wrong else double(cs, upper), multiply_base(cs, [low]))
    cs.define(outs[0], point.x)
    cs.define(outs[1], point.y)
    return cs.build()


def product_check(wrong: bool) -> Circuit:
    """y = W x is hinted; the bug checks one combination of the rows, with a factor that the circuit fixes."""
    cs = Builder()
    outs, x = cs.output_array("y", 2), cs.private_array("x", 2)
    rows = [linear(zip(row, x, strict=True)) for row in WEIGHTS]
    hints = cs.hint("product", lambda v: v, rows, 2)
    if wrong:
        cs.assert_equal(hints[0] + 1234567 * hints[1], rows[0] + 1234567 * rows[1])
    else:
        for hint, row in zip(hints, rows, strict=True):
            cs.assert_equal(hint, row)
    for output, hint in zip(outs, hints, strict=True):
        cs.define(output, hint)
    return cs.build()


def lost_constraint(wrong: bool) -> Circuit:
    """A range of four bits where five are meant: sound in itself, but not the circuit that was agreed on."""
    cs = Builder()
    out, x = cs.output("out"), cs.private("x")
    with cs.scope("range"):
        to_bits(cs, x, 4 if wrong else 5)
    cs.define(out, 3 * x)
    return cs.build()


def numbers(inputs: Inputs) -> Iterator[int]:
    for value in inputs.values():
        yield from [value] if isinstance(value, int) else value


def dense_reference(inputs: Inputs) -> tuple[int, ...]:
    a, b = numbers(inputs)
    return (3 * a - 2 * b, 5 * a + 7 * b + 1)


def convolution_reference(inputs: Inputs) -> tuple[int, ...]:
    x = list(numbers(inputs))
    return tuple(sum(KERNEL[i][j] * x[3 * i + c + j] for i in (0, 1) for j in (0, 1)) for c in (0, 1))


def halves_reference(inputs: Inputs) -> tuple[int, ...]:
    (x,) = numbers(inputs)
    return (x & 3, x >> 2)


def hash_reference(inputs: Inputs) -> tuple[int, ...]:
    return (hash_of(list(numbers(inputs))),)


def curve_reference(inputs: Inputs) -> tuple[int, ...]:
    (scalar,) = numbers(inputs)
    point = babyjubjub.multiply(scalar, babyjubjub.BASE8)
    return (point.x, point.y)


STATEMENTS = [
    Statement("mutation", "ignored ctx", ignored_ctx, ({"ctx": 7, "x": 5},), sample=None),
    Statement("jacobian", "output tied to a copy", output_tied_to_a_copy, ({"x": 5},), sample=None),
    Statement("jacobian", "S-box with a free power", power, ({"x": 5},), sample=None),
    Statement("jacobian", "challenge fixed at compile time", product_check, ({"x": (3, 5)},), sample=None),
    Statement("differential", "swapped outputs", swapped_outputs, ({"x": 0b0111},), halves_reference, sample=None),
    Statement("differential", "duplicated weight index", dense_layer, ({"x": (3, 5)},), dense_reference, sample=None),
    Statement("differential", "transposed kernel", convolution, ({"x": (1, 2, 3, 4, 5, 6)},), convolution_reference),
    Statement(
        "differential", "skipped round", hashed, ({"x": (1, 2)},), lambda i: (hash_of(list(numbers(i))),), sample=2
    ),
    Statement("differential", "missing doubling", curve_point, ({"scalar": 2}, {"scalar": 3}), curve_reference),
    Statement("hiding", "unsalted commitment", commitment, ({"salt": 9, "x": 5},), salts=("salt",), sample=2),
    Statement("hiding", "reused pad", encryption, ({"salt": 9, "x": (5, 6)},), salts=("salt",), sample=2),
    Statement("counts", "lost constraint", lost_constraint, ({"x": 5},), counts={"range": 5, "": 1}),
]
