"""A file tells one thing and stays under 400 lines, a function under 40: what grows past that holds two subjects."""

import ast
from collections.abc import Iterator

from tests.support.rooms import ROOMS, ROOT, paths, sources

FILE_LINES = 400
FUNCTION_LINES = 40
EVERYWHERE = (*ROOMS, "benchmarks", "examples", "tests")
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, Function]]:
    for path, tree in sources(*EVERYWHERE):
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield path, node


def length(function: Function) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def test_no_file_is_long() -> None:
    lines = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in paths(*EVERYWHERE)}
    assert {path: count for path, count in lines.items() if count > FILE_LINES} == {}


def test_no_function_is_long() -> None:
    assert {f"{path}: {node.name}": length(node) for path, node in functions() if length(node) > FUNCTION_LINES} == {}


def test_no_module_is_named_for_nothing() -> None:
    assert [path for path in paths(*EVERYWHERE) if FORBIDDEN_NAMES & set(path[:-3].split("/"))] == []
