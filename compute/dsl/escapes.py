"""A lambda of `select` leaves nothing behind but its result: what it put into a list outside of it would be there
whichever branch is taken, and would have been refused by nobody where it is not.

A body can change lists, besides values of the language, which look after themselves (composites.py). Those that a
lambda can reach are its own variables from outside, and what these lead to.
"""

from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, CellType, FunctionType, MethodType
from typing import TypeVar

from compute.dsl.errors import BranchEffect
from compute.dsl.place import calling_place

T = TypeVar("T")


def leaving_lists_alone(branch: Callable[[], T]) -> T:
    """What the branch gives. Raises BranchEffect if a list outside of it is another one afterwards."""
    before = [(each, list(each)) for each in _lists(branch)]
    result = branch()
    for each, items in before:
        if len(each) != len(items) or any(now is not then for now, then in zip(each, items, strict=True)):
            raise BranchEffect(
                calling_place(),
                "a list is changed in a lambda of select(): it would be changed whichever is taken.",
                "Return the new value from the lambda, and put what select() gives into the list.",
            )
    return result


def _lists(reach: object) -> list[list[object]]:
    """All lists that running `reach` could change."""
    found: list[list[object]] = []
    seen: set[int] = set()
    waiting = [reach]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, list):
            found.append(each)
        waiting += _held(each)
    return found


def _held(each: object) -> Iterator[object]:
    match each:
        case list() | tuple():
            yield from each
        case FunctionType():
            yield from (cell for cell in each.__closure__ or ())
            yield from each.__defaults__ or ()
            yield from (each.__kwdefaults__ or {}).values()
        case CellType():
            try:
                yield each.cell_contents
            except ValueError:  # assigned only later: nothing is in it that could be changed
                return
        case MethodType() | BuiltinFunctionType():
            yield each.__self__
