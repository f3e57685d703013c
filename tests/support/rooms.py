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
    for path in paths(*rooms):
        yield path, tree(path)


def paths(*rooms: str) -> list[str]:
    """From the repository's root to each module of these rooms, in order."""
    found = [path.relative_to(ROOT) for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    fetched = ("node_modules", ".atheris")  # by make test-peers and make fuzz
    return [path.as_posix() for path in found if not set(fetched) & set(path.parts)]


@cache
def tree(path: str) -> ast.Module:
    """The syntax of a module, by its path from the repository's root."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), path)


def import_all(*rooms: str) -> list[ModuleType]:
    """Import every module of these rooms, by default of all; one that cannot be imported fails the test that asks."""
    names = [
        info.name
        for room in rooms or ROOMS
        for info in pkgutil.walk_packages([str(ROOT / room)], room + ".")
        if not info.name.endswith("__main__")
    ]
    return [importlib.import_module(name) for name in names]
