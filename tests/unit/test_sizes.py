"""A file tells one thing and stays under 400 lines, a function under 40: what grows past that holds two subjects."""

import ast
from collections.abc import Iterator

from tests.support.rooms import ROOMS, ROOT, paths

FILE_LINES = 400
FUNCTION_LINES = 40
EVERYWHERE = (*ROOMS, "benchmarks", "examples", "tests")
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, Function]]:
    """No tree is kept: those of all tests would make each garbage collection after this one slow."""
    for path in paths(*EVERYWHERE):
        for node in statements(ast.parse((ROOT / path).read_text(encoding="utf-8"), path)):
            if isinstance(node, Function):
                yield path, node


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Every statement under a node, those inside others too. Expressions, which hold none, are not gone through."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        for inner in getattr(node, name, ()):
            if isinstance(inner, ast.stmt):
                yield inner
            yield from statements(inner)


def length(function: Function) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def test_no_file_is_long() -> None:
    lines = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in paths(*EVERYWHERE)}
    assert {path: count for path, count in lines.items() if count > FILE_LINES} == {}


def test_no_function_is_long() -> None:
    assert {f"{path}: {node.name}": length(node) for path, node in functions() if length(node) > FUNCTION_LINES} == {}


def test_a_long_function_is_found_wherever_it_stands() -> None:
    for before in (
        "class C:\n class D:",
        "def g():",
        "if x: pass\nelse:",
        "for x in y: pass\nelse:",
        "try: pass\nexcept E:",
        "try: pass\nfinally:",
        "with x:",
        "match x:\n case 1:",
    ):
        tree = ast.parse(f"{before}\n  async def f():\n   def inner(): pass")
        found = [node.name for node in statements(tree) if isinstance(node, Function)]
        assert found[-2:] == ["f", "inner"], before


def test_no_module_is_named_for_nothing() -> None:
    assert [path for path in paths(*EVERYWHERE) if FORBIDDEN_NAMES & set(path[:-3].split("/"))] == []
