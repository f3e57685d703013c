"""Nothing is left from one call to the next but registers: what a body could reach outside of it is as it was.

Direct names are refused from the source (syntax.py). A function, a type or a value that a body gives another name to,
puts into a tuple or hands on is not seen there, so what can be reached is looked at before and after all methods ran.
"""

from collections.abc import Iterable
from types import ModuleType

from compute.dsl.errors import NameRefused
from compute.dsl.place import Place
from compute.dsl.values import Value

State = tuple[tuple[str, object], ...]


class Lasting:
    """What there was of things of the file, by name, when this was made."""

    def __init__(self, reached: Iterable[tuple[str, object]]) -> None:
        flat = [each for name, thing in reached for each in _flat(name, thing)]
        self._before = [(name, thing, _state(thing)) for name, thing in {id(each[1]): each for each in flat}.values()]

    def require_unchanged(self, place: Place) -> None:
        """Raises NameRefused. place: of the contract, or the method that ran."""
        for name, thing, before in self._before:
            now = dict(_state(thing))
            changed = [key for key, held in before if now.pop(key, None) is not held] + list(now)
            if changed:
                raise NameRefused(
                    place,
                    f"a method changes {name} ({', '.join(changed)}), which is outside of it.",
                    "Keep what lasts in a Register or Sealed field, and what does not in a local name.",
                )


def _flat(name: str, thing: object) -> Iterable[tuple[str, object]]:
    if isinstance(thing, tuple):
        for each in thing:
            yield from _flat(name, each)
    else:
        yield name, thing


def _state(thing: object) -> State:
    """What an attribute more, or another one, would change."""
    if isinstance(thing, Value):
        return tuple((f"number {place}", number) for place, number in enumerate(thing.numbers()))
    if isinstance(thing, ModuleType):  # what a body may name of one was reached by itself
        return ()
    return tuple(getattr(thing, "__dict__", {}).items())  # of types, functions and objects such as a Model
