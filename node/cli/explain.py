"""What an error code means, from the classes themselves."""

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
    for module in pkgutil.walk_packages(importlib.import_module(room).__path__, room + "."):
        try:
            importlib.import_module(module.name)
        except ImportError:
            continue
    return next((error for error in _below(ClusterError) if error.code == code), None)


def _below(error: type[ClusterError]) -> Iterator[type[ClusterError]]:
    for child in error.__subclasses__():
        yield child
        yield from _below(child)
