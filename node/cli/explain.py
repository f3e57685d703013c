"""What an error means, by its code or name, from the classes themselves."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Final

from crypto.errors import ClusterError

ROOMS: Final = {1: "crypto", 2: "p2p", 3: "chain", 4: "contracts", 5: "client", 6: "compute", 7: "node"}  # by thousands


def rule_name(code: int) -> str:
    """The name of the rule with a code; "an unknown rule" when there is none."""
    rule = find_rule(code)
    return "an unknown rule" if rule is None else rule.__name__


def find_rule(code: int) -> type[ClusterError] | None:
    """The class of a code; None when there is none, or when it is in an extra that is not installed."""
    room = ROOMS.get(code // 1000)
    if room is None:
        return None
    _import(room)
    return next((error for error in _below(ClusterError) if error.code == code), None)


def rules_named(name: str) -> list[type[ClusterError]]:
    """The classes of a name, which several rooms may use, by their codes; capitals do not matter."""
    for room in ROOMS.values():
        _import(room)
    found = {error.code: error for error in _below(ClusterError) if error.__name__.lower() == name.lower()}
    return [found[code] for code in sorted(found)]


def _import(room: str) -> None:
    """All modules of a room but those of extras that are not installed."""
    for module in pkgutil.walk_packages(importlib.import_module(room).__path__, room + "."):
        try:
            importlib.import_module(module.name)
        except ImportError:
            continue


def _below(error: type[ClusterError]) -> Iterator[type[ClusterError]]:
    for child in error.__subclasses__():
        yield child
        yield from _below(child)
