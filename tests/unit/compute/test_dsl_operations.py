"""Every operation of the language: the circuit equals plain execution, cannot be forged, and costs what it says.

Tests 1 to 5 of zkml.md at small widths; what holds for 3 bits is built by the same code for 128.
"""

import pytest

from compute.dsl import Array, Bool, Field, Struct, maximum, minimum, require, select
from tests.support.gadget import Gadget, agrees_with_its_reference, cannot_be_forged, costs_what_it_says
from tests.support.language import P, i3, operation, u2, u3, u4


class Pair(Struct):
    left: u2
    right: Bool


Row = Array[u2, 3]
U, S, B, F = (u3, u3), (i3, i3), (Bool, Bool), (Field, Field)


def put(row, place, item):  # type: ignore[no-untyped-def]
    row[place] = item
    return row


def swap(pair):  # type: ignore[no-untyped-def]
    pair.right = ~pair.right
    return pair


OPERATIONS = [
    operation("u + u", lambda a, b: a + b, U, 3, [(0, 0), (3, 4), (7, 0)]),
    operation("u + u in a wider type", lambda a, b: u4(a) + b, U, 0, [(7, 7)]),
    operation("u + wider u", lambda a, b: a + b, (u2, u3), 3, [(0, 0), (3, 4)]),
    operation("u - u", lambda a, b: a - b, U, 3, [(0, 0), (7, 3), (7, 7)]),
    operation("constant - u", lambda a: 5 - a, (u3,), 3, [(0,), (5,)]),
    operation("u * u", lambda a, b: a * b, U, 4, [(0, 7), (7, 1), (2, 3)]),
    operation("u * u in a wider type", lambda a, b: u4(a) * b, (u2, u2), 1, [(0, 3), (3, 3)]),
    operation("u * constant", lambda a: a * 2, (u3,), 3, [(0,), (3,)]),
    operation("u ** 3", lambda a: u4(a) ** 3, (u2,), 6, [(0,), (1,), (2,)]),
    operation("u << 1", lambda a: a << 1, (u3,), 3, [(0,), (3,)]),
    operation("u >> 1", lambda a: a >> 1, (u3,), 3, [(0,), (7,)]),
    operation("i + i", lambda a, b: a + b, S, 3, [(-4, 3), (-2, -2), (3, 0)]),
    operation("i - i", lambda a, b: a - b, S, 3, [(-4, 0), (3, 3), (0, -3)]),
    operation("i * i", lambda a, b: a * b, S, 4, [(-4, 1), (0, -4), (-1, -3)]),
    operation("-i", lambda a: -a, (i3,), 3, [(-3,), (0,), (3,)]),
    operation("u // constant", lambda a: a // 3, (u3,), 6, [(0,), (2,), (7,)]),
    operation("u % constant", lambda a: a % 3, (u3,), 6, [(0,), (2,), (7,)]),
    operation("i // constant", lambda a: divmod(a, 3), (i3,), 6, [(-4,), (-1,), (3,)]),
    operation("i // negative constant", lambda a: divmod(a, -3), (i3,), 6, [(-4,), (-1,), (3,)]),
    operation("i // -1", lambda a: a // -1, (i3,), 7, [(-3,), (0,), (3,)]),
    operation("u // u", lambda a, b: divmod(a, b), U, 10, [(0, 1), (7, 2), (7, 7), (3, 5)]),
    operation("constant // u", lambda b: divmod(5, b), (u3,), 10, [(1,), (2,), (7,)]),
    operation("u == u", lambda a, b: a == b, U, 2, [(3, 3), (3, 4)], loose=1),
    operation("u != constant", lambda a: a != 3, (u3,), 2, [(3,), (4,)], loose=1),
    operation("u < u", lambda a, b: a < b, U, 4, [(0, 7), (4, 4), (7, 0)]),
    operation("u <= u", lambda a, b: a <= b, U, 4, [(0, 7), (4, 4), (7, 0)]),
    operation("u > narrower u", lambda a, b: a > b, (u3, u2), 4, [(0, 3), (3, 3), (7, 0)]),
    operation("u >= constant", lambda a: a >= 3, (u3,), 4, [(2,), (3,), (7,)]),
    operation("i < i", lambda a, b: a < b, S, 4, [(-4, 3), (-1, -1), (3, -4)]),
    operation("F + F", lambda a, b: a + b, F, 0, [(1, P - 1)]),
    operation("F - F", lambda a, b: a - b, F, 0, [(1, 2)]),
    operation("F * F", lambda a, b: a * b, F, 1, [(0, 5), (P - 1, 7)]),
    operation("F.inverse()", lambda a: a.inverse(), (Field,), 1, [(1,), (7,)]),
    operation("F == F", lambda a, b: a == b, F, 2, [(3, 3), (3, 4)], loose=1),
    operation("-F", lambda a: -a, (Field,), 0, [(1,)]),
    operation("b & b", lambda a, b: a & b, B, 1, [(0, 1), (1, 1)]),
    operation("b | b", lambda a, b: a | b, B, 1, [(0, 1), (0, 0)]),
    operation("b ^ b", lambda a, b: a ^ b, B, 1, [(0, 1), (1, 1)]),
    operation("~b", lambda a: ~a, (Bool,), 0, [(0,), (1,)]),
    operation("b == b", lambda a, b: a == b, B, 2, [(0, 1), (1, 1)], loose=1),
    operation("u3(wider)", lambda a: u3(a), (u4,), 3, [(0,), (7,)]),
    operation("u3(F)", lambda a: u3(a), (Field,), 3, [(0,), (7,)]),
    operation("i3(F)", lambda a: i3(a), (Field,), 3, [(0,), (3,), (P - 4,)]),
    operation("i3(u)", lambda a: i3(a), (u3,), 3, [(0,), (3,)]),
    operation("u3(i)", lambda a: u3(a), (i3,), 3, [(0,), (3,)]),
    operation("u3(b)", lambda a: u3(a), (Bool,), 0, [(1,)]),
    operation("Field(i)", lambda a: Field(a) * 1, (i3,), 0, [(-4,)]),
    operation("bits", lambda a: a.bits(), (u3,), 3, [(0,), (5,)]),
    operation("minimum", lambda a, b: minimum(a, b), U, 5, [(0, 7), (3, 3), (7, 0)]),
    operation("maximum of three", lambda a, b: maximum(a, b, 3), U, 10, [(0, 7), (3, 3), (1, 0)]),
    operation("select", lambda c, a, b: select(c, a, b), (Bool, u3, u3), 1, [(0, 7, 0), (1, 3, 3)]),
    operation("select of a constant", lambda c, a: select(c, a, 2), (Bool, u3), 1, [(0, 7), (1, 3)]),
    operation("select of a struct", lambda c, a, b: select(c, a, b), (Bool, Pair, Pair), 2, [(0, 3, 1, 2, 0)]),
    operation(
        "select of lambdas", lambda a, b: select(a > b, lambda: a - b, lambda: b - a), U, 13, [(7, 0), (0, 7), (4, 4)]
    ),
    operation("select of a quotient", lambda a, b: select(b == 0, lambda: 0, lambda: a // b), (u3, u2),
              12, [(7, 0), (7, 2)], loose=1),
    operation("select of a lambda that requires", lambda c, a: select(c, lambda: checked(a), 0), (Bool, u2),
              7, [(0, 3), (0, 0), (1, 1)], loose=1),
    operation("require ==", lambda a, b: require(a == b), U, 1, [(0, 0), (7, 7)]),
    operation("require !=", lambda a, b: require(a != b), U, 1, [(0, 1), (7, 6)]),
    operation("require != where a bound misses zero", lambda a: require(Field(a) != P - 1), (i3,), 1, [(0,), (-2,)]),
    operation("require ~ ==, the same", lambda a: require(~(Field(a) == P - 1)), (i3,), 1, [(0,), (-2,)]),
    operation("require of a negative", lambda a: require(-Field(a) != P - 5), (u3,), 1, [(4,), (6,)]),
    operation("require of a sum beyond", lambda a: require(Field(a) + (P - 1) != 0), (u3,), 1, [(0,), (2,)]),
    operation("require <", lambda a, b: require(a < b), U, 3, [(0, 1), (6, 7), (0, 7)]),
    operation("require <=", lambda a, b: require(a <= b), U, 3, [(0, 0), (7, 7), (0, 7)]),
    operation("require >= constant", lambda a: require(a >= 3), (i3,), 3, [(3,)]),
    operation("require &", lambda a, b: require((a != 1) & (b <= 3)), U, 4, [(0, 0), (7, 3)]),
    operation("require |", lambda a, b: require((a == 1) | (b == 3)), U, 6, [(1, 0), (7, 3), (1, 3)], loose=2),
    operation("require ~", lambda a, b: require(~(a & b)), B, 2, [(0, 0), (0, 1), (1, 0)]),
    operation("struct ==", lambda a, b: a == b, (Pair, Pair), 5, [(1, 0, 1, 0), (1, 0, 1, 1), (2, 0, 1, 1)], loose=2),
    operation("row[private]", lambda row, place: row[place], (Row, u2), 6, [(1, 2, 3, 0), (3, 2, 1, 2)]),
    operation("row[private] of two", lambda row, place: row[place], (Array[u2, 2], u2), 2, [(1, 2, 0), (1, 2, 1)]),
    operation("row[private] = x", put, (Row, u2, u2), 8, [(1, 2, 3, 0, 3), (3, 2, 1, 2, 0)]),
    operation("row[private] = x of one", put, (Array[u2, 1], u2, u2), 1, [(1, 0, 3)]),
    operation("row == row", lambda a, b: a == b, (Row, Row), 8,
              [(1, 2, 3, 1, 2, 3), (1, 2, 3, 1, 2, 0), (1, 2, 3, 0, 2, 3), (1, 2, 3, 1, 0, 3)], loose=3),
    operation("part = x", swap, (Pair,), 0, [(2, 1)]),
]  # fmt: skip


def checked(a):  # type: ignore[no-untyped-def]
    require(a != 0)
    return a + 2


@pytest.mark.parametrize("gadget", OPERATIONS, ids=str)
def test_the_circuit_equals_plain_execution(gadget: Gadget) -> None:
    agrees_with_its_reference(gadget)


@pytest.mark.parametrize("gadget", OPERATIONS, ids=str)
def test_the_circuit_cannot_be_forged(gadget: Gadget) -> None:
    cannot_be_forged(gadget)


@pytest.mark.parametrize("gadget", OPERATIONS, ids=str)
def test_the_circuit_costs_what_it_says(gadget: Gadget) -> None:
    costs_what_it_says(gadget)
