"""The source and the modules of every room, for tests that hold over the whole repository."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

ROOMS = ("crypto", "chain", "contracts", "client", "compute", "p2p", "node")
ROOT = Path(__file__).parents[2]


def sources(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    """(path from the repository's root, syntax tree) of each module of these rooms, in order of path."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "node_modules" in path.parts:  # what make test-peers fetched
                continue
            yield path.relative_to(ROOT).as_posix(), _tree(path)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def import_all() -> list[ModuleType]:
    """Import every module of every room; one that cannot be imported fails the test that asks."""
    names = [
        info.name
        for room in ROOMS
        for info in pkgutil.walk_packages([str(ROOT / room)], room + ".")
        if not info.name.endswith("__main__")
    ]
    return [importlib.import_module(name) for name in names]
