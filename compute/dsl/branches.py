"""Python wants to decide by a private value: which construct it was, and what to write instead."""

import ast
import linecache
from itertools import islice
from types import FrameType
from typing import Final

from compute.dsl.errors import PrivateBranch
from compute.dsl.place import NOWHERE, calling_frame, place_of

_VALUE: Final = "a value that is known only to a call"
_INSTEAD: Final = {
    "if": ("`if` decides by {}.", "Write select(condition, one, other); both are computed, one is taken."),
    "a conditional expression": ("`x if c else y` decides by {}.", "Write select(c, x, y)."),
    "and": ("`and` looks into {}.", "Write a & b, with each comparison in parentheses."),
    "or": ("`or` looks into {}.", "Write a | b, with each comparison in parentheses."),
    "not": ("`not` looks into {}.", "Write ~a."),
    "a chained comparison": ("a < b < c looks into {}.", "Write (a < b) & (b < c)."),
    "a condition of a comprehension": ("`if` in a comprehension decides by {}.", "Take all, with select() for each."),
    "min": ("min() decides by {}.", "Write minimum(a, b)."),
    "max": ("max() decides by {}.", "Write maximum(a, b)."),
    "sorted": ("sorted() decides by {}.", "Exchange neighbours with select(); the number of steps is fixed."),
    "all": ("all() looks into {}.", "Combine with &."),
    "any": ("any() looks into {}.", "Combine with |."),
    "bool": ("bool() looks into {}.", "Compare, as in x != 0: that is a Bool."),
    "": ("Python decides here by {}.", "Write select(condition, one, other), and & | ~ for and, or, not."),
}


def private_branch() -> PrivateBranch:
    """The error for the line that runs now."""
    frame = calling_frame()
    if frame is None:
        what, instead = _INSTEAD[""]
        return PrivateBranch(NOWHERE, what.format(_VALUE), instead)
    what, instead = _INSTEAD[_construct(frame)]
    return PrivateBranch(place_of(frame.f_code.co_filename, frame.f_lineno), what.format(_VALUE), instead)


def _construct(frame: FrameType) -> str:
    """What of _INSTEAD the running instruction belongs to."""
    positions = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), None)
    if positions is None or None in positions:
        return ""
    start, end, column, last = positions
    source = "".join(linecache.getlines(frame.f_code.co_filename))
    found = ""
    for node in ast.walk(ast.parse(source)):  # outer nodes come first, so the innermost fitting one stays
        for child, name in _deciding(node):
            here = (child.lineno, child.end_lineno, child.col_offset, child.end_col_offset)
            if here == (start, end, column, last):
                found = name
    return found


def _deciding(node: ast.AST) -> list[tuple[ast.expr, str]]:
    """The expressions that a node decides by, and what to call it."""
    match node:
        case ast.If(test=test):
            return [(test, "if")]
        case ast.IfExp(test=test):
            return [(node, "a conditional expression"), (test, "a conditional expression")]
        case ast.BoolOp(op=ast.And(), values=values):
            return [(node, "and"), *((value, "and") for value in values)]
        case ast.BoolOp(values=values):
            return [(node, "or"), *((value, "or") for value in values)]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return [(node, "not"), (operand, "not")]
        case ast.Compare(ops=[_, _, *_]):
            return [(node, "a chained comparison")]
        case ast.comprehension(ifs=conditions):
            return [(test, "a condition of a comprehension") for test in conditions]
        case ast.Call(func=ast.Name(id=name)) if name in _INSTEAD:
            return [(node, name)]
        case _:
            return []
