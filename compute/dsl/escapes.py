"""A lambda of `select` leaves nothing behind but its result: what it put into a list outside of it would be there
whichever branch is taken, and would have been refused by nobody where it is not.

A body can change lists, besides values of the language, which look after themselves (composites.py). Those that a
lambda can reach are its own variables from outside, and what these lead to. What cannot be looked into, as a generator
or zip(), may lead to a list, so it is refused.
"""

from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, CellType, FunctionType, MethodDescriptorType, MethodType, ModuleType, NoneType
from typing import Final, TypeVar

from compute.dsl.errors import BranchEffect
from compute.dsl.place import calling_place

T = TypeVar("T")
LANGUAGE: Final = "compute.dsl"
LEADING_NOWHERE: Final = (int, bool, str, bytes, float, complex, range, slice, NoneType)
_NAMED: Final = (type, ModuleType, MethodDescriptorType)  # what a body may name of them was checked in its source


def leaving_lists_alone(branch: Callable[[], T]) -> T:
    """What the branch gives.

    Raises BranchEffect if a list outside of it is another one afterwards, or if it reaches what hides lists.
    """
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
    """What it leads to. Raises BranchEffect where that cannot be seen."""
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
        case MethodType():
            yield from (each.__self__, each.__func__)
        case BuiltinFunctionType():
            yield each.__self__
        case _ if type(each) not in LEADING_NOWHERE and not isinstance(each, _NAMED) and not _of_language(each):
            raise BranchEffect(
                calling_place(),
                f"a lambda of select() uses a {type(each).__name__} from outside: through it, a list could be changed.",
                "Make a list or tuple of it before, or make it in the lambda.",
            )


def _of_language(each: object) -> bool:
    """Whether it looks after itself: a value, a model, the running contract."""
    return any(base.__module__.startswith(LANGUAGE) for base in type(each).__mro__)
