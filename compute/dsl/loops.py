"""How often a loop over range() runs, where its source says so: each turn is constraints, and there is a limit."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Final

MOST_TURNS: Final = 1 << 16
_LARGEST: Final = 1 << 64  # beyond, a number is only known to be large

_OPERATIONS: Final[dict[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}


def turns(node: ast.AST, names: Mapping[str, object]) -> int:
    """The turns of a call of range(); 0 for anything else, and where an argument is not known from the source alone."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"):
        return 0
    bounds = [_number(argument, names) for argument in node.args]
    known = [each for each in bounds if each is not None]
    if len(known) != len(bounds) or not 1 <= len(known) <= 3 or 0 in known[2:]:
        return 0
    start, stop, step = (0, known[0], 1) if len(known) == 1 else (*known, 1)[:3]
    return max(0, -(-(stop - start) // step))


def _number(node: ast.expr, names: Mapping[str, object]) -> int | None:
    match node:
        case ast.Constant(value=int(value)):
            return _within(value)
        case ast.Name(id=name):
            held = names.get(name)
            return _within(held) if isinstance(held, int) else None
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            positive = _number(operand, names)
            return None if positive is None else -positive
        case ast.BinOp(left=left, op=op, right=right):
            return _result(op, _number(left, names), _number(right, names))
    return None


def _result(op: ast.operator, left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return None
    if type(op) in _OPERATIONS:
        return _within(_OPERATIONS[type(op)](left, right))
    if isinstance(op, ast.Pow) and right >= 0:
        return _within(left**right) if right <= 64 or abs(left) <= 1 else _LARGEST
    if isinstance(op, ast.LShift) and right >= 0:
        return _within(left << min(right, 64))
    return None


def _within(value: int) -> int:
    return max(-_LARGEST, min(_LARGEST, value))
