"""What an error code means, from the classes themselves."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Final

from crypto.errors import ClusterError

ROOMS: Final = (
    "crypto",
    "p2p",
    "chain",
    "contracts",
    "client",
    "node",
)  # compute's errors never reach a receipt or RPC


def rule_name(code: int) -> str:
    """The name of the rule with a code; "an unknown rule" when no room has it."""
    rule = find_rule(code)
    return "an unknown rule" if rule is None else rule.__name__


def find_rule(code: int) -> type[ClusterError] | None:
    """The class of a code."""
    for room in ROOMS:
        _import_errors(room)
    return next((error for error in _below(ClusterError) if error.code == code), None)


def _import_errors(room: str) -> None:
    """Import every module of a room, as errors stand beside their rules."""
    package = importlib.import_module(room)
    for module in pkgutil.walk_packages(package.__path__, room + "."):
        if not module.name.startswith("node.cli") and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _below(error: type[ClusterError]) -> Iterator[type[ClusterError]]:
    for child in error.__subclasses__():
        yield child
        yield from _below(child)
