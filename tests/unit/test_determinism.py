"""Chain and contracts compute the same on every machine: nothing in their source can make them differ.

The rules are those of tests/support/determinism.py; the second half of this file shows that each of them bites.
"""

import ast
from collections.abc import Callable

import pytest

from tests.support.determinism import OUTSIDE_WORLD, Sets, floating_point, forbidden_imports, unstable_calls
from tests.support.rooms import sources

DETERMINISTIC = ("chain", "contracts")

# crypto touches no files, but for the memory file through which a native library takes its input; and draws nothing,
# but for the secrets of a development setup and the factors of a ceremony's check, which no validator runs
CRYPTO_EXCEPTIONS = {
    "crypto/groth16/native.py": frozenset(("os", "tempfile")),
    "crypto/groth16/chance.py": frozenset(("secrets",)),
}

# where state is made, the views of dicts that outlive a function are not gone through either, but for these
MAKES_STATE = ("chain/execution/", "chain/state/", "contracts/")
ORDER_DOES_NOT_SHOW = {
    ("chain/state/overlay.py", "self._writes.items()"),  # written into another overlay, which is sorted when read
}


@pytest.mark.parametrize("rule", [forbidden_imports, floating_point, unstable_calls])
def test_chain_and_contracts_keep_the_rule(rule: Callable[[ast.Module], list[str]]) -> None:
    assert {path: found for path, tree in sources(*DETERMINISTIC) if (found := rule(tree))} == {}


def test_no_order_of_sets_shows_in_chain_and_contracts() -> None:
    modules = dict(sources(*DETERMINISTIC))
    sets = Sets(modules.values())
    assert {path: found for path, tree in modules.items() if (found := sets.order_shown(tree))} == {}


def test_no_order_of_lasting_dicts_shows_where_state_is_made() -> None:
    modules = dict(sources(*DETERMINISTIC))
    sets = Sets(modules.values())
    shown = {
        (path, line)
        for path, tree in modules.items()
        if path.startswith(MAKES_STATE)
        for line in sets.order_shown(tree, dict_views=True)
        if not any(path == allowed and view in line for allowed, view in ORDER_DOES_NOT_SHOW)
    }
    assert shown == set()


def test_every_exception_is_still_needed() -> None:
    modules = dict(sources(*DETERMINISTIC, "crypto"))
    sets = Sets(modules.values())
    for path, view in sorted(ORDER_DOES_NOT_SHOW):
        assert any(view in line for line in sets.order_shown(modules[path], dict_views=True)), path
    for path, names in CRYPTO_EXCEPTIONS.items():
        assert forbidden_imports(modules[path], names), path


def test_crypto_knows_no_clock_no_network_no_randomness_and_no_files() -> None:
    found = {
        path: lines
        for path, tree in sources("crypto")
        if (lines := forbidden_imports(tree, OUTSIDE_WORLD - CRYPTO_EXCEPTIONS.get(path, frozenset())))
    }
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import os.path",
        "from datetime import datetime",
        "from asyncio import sleep",
        "def f():\n    import random",
        "if x:\n    from socket import socket",
    ],
)
def test_a_forbidden_import_is_caught(source: str) -> None:
    assert len(forbidden_imports(ast.parse(source))) == 1


def test_ordinary_imports_pass() -> None:
    assert forbidden_imports(ast.parse("from chain import amount\nfrom .time import x\nimport timeit")) == []


@pytest.mark.parametrize(
    "source",
    [
        "x = 0.5",
        "x = 1e3",
        "x = 1j",
        "x = a / b",
        "x /= 2",
        "x = float(y)",
        "def f(x: float) -> None: ...",
        "import math",
        "from math import sqrt",
        "import numpy as np",
        "from statistics import mean",
    ],
)
def test_floating_point_is_caught(source: str) -> None:
    assert len(floating_point(ast.parse(source))) == 1


def test_integer_arithmetic_passes() -> None:
    assert floating_point(ast.parse("from math import isqrt\nx = a // b % 7 + isqrt(2 ** 9)\ny = '1.5'")) == []


@pytest.mark.parametrize("source", ["x = hash(y)", "x = {id(y): 1}", "with open(p) as f: ..."])
def test_an_unstable_call_is_caught(source: str) -> None:
    assert len(unstable_calls(ast.parse(source))) == 1


def test_a_method_or_field_named_hash_passes() -> None:
    assert unstable_calls(ast.parse("x = block.hash()\nclass C:\n    hash: bytes\n    id: int")) == []


SHOWS_ORDER = [
    "for x in {a, b}: ...",
    "for x in set(y): ...",
    "for x in frozenset(y) | z: ...",
    "for x in a.keys() - b: ...",
    "for x in a.union(b): ...",
    "x = [y for y in {z for z in w}]",
    "x = {y: 1 for y in set(z)}",
    "x = list(set(y))",
    "x = tuple(a if b else {c})",
    "x = b''.join(set(y))",
    "x = next(iter({a, b}))",
    "x = [*{a, b}]",
    "a, b = {c, d}",
    "def f():\n    yield from {a, b}",
    "def f():\n    seen = set()\n    for x in seen: ...",
    "def f(seen: set[int]):\n    return [x for x in seen]",
    "def f(seen: frozenset[int] | None):\n    for x in seen: ...",
    "class C:\n    seen: frozenset[int]\n    def f(self):\n        return tuple(self.seen)",
    "class C:\n    def __init__(self):\n        self.seen: set[int] = set()\n        x = [*self.seen]",
    "def f() -> set[int]: ...\nfor x in f(): ...",
    "x = sorted({a, b}, key=len)",
    "x = min((y for y in set(z)), key=len)",
]


@pytest.mark.parametrize("source", SHOWS_ORDER)
def test_going_through_a_set_is_caught(source: str) -> None:
    tree = ast.parse(source)
    assert Sets([tree]).order_shown(tree)


HIDES_ORDER = [
    "for x in sorted({a, b}): ...",
    "x = sum(y for y in set(z))",
    "x = len(set(y)) == max({a, b})",
    "x = any(y > 1 for y in {a, b})",
    "x = {y for y in {a, b}}",
    "x = a in {b, c} or {d} <= set(e)",
    "x = sorted({*a, *set(b)}, reverse=True)",
    "x = max({a, b}, default=0)",
    "for x in [a, b]: ...",
    "def f():\n    seen = set()\n    seen.add(x)\ndef g(seen: list[int]):\n    for x in seen: ...",
]


@pytest.mark.parametrize("source", HIDES_ORDER)
def test_what_does_not_show_a_sets_order_passes(source: str) -> None:
    tree = ast.parse(source)
    assert Sets([tree]).order_shown(tree) == []


@pytest.mark.parametrize(
    "source",
    ["for k, v in self.cache.items(): ...", "x = list(d.values())", "def f(d):\n    return [k for k in d.keys()]"],
)
def test_going_through_a_lasting_dict_is_caught_where_it_is_asked_for(source: str) -> None:
    tree = ast.parse(source)
    assert len(Sets([tree]).order_shown(tree, dict_views=True)) == 1
    assert Sets([tree]).order_shown(tree) == []


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    d = {'a': 1}\n    for k, v in d.items(): ...",
        "def f(rows):\n    d = {k: v for k, v in rows}\n    return [*d.values()]",
        "for k, v in sorted(self.cache.items()): ...",
        "x = sum(d.values())",
    ],
)
def test_a_dict_that_the_function_made_or_sorts_passes(source: str) -> None:
    tree = ast.parse(source)
    assert Sets([tree]).order_shown(tree, dict_views=True) == []
