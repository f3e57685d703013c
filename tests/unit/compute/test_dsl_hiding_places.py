"""What the source of a method does not show: lists behind generators, code behind decorators, attributes that last."""

from pathlib import Path

import pytest

from compute.dsl import errors
from tests.unit.compute.test_dsl_refusals import HEAD, USE, load

UNSEEN = [
    ("g = (box.append(a - c) for _ in range(1))", "u64(len(list(g)))", "generator"),
    ("z = zip([box], [box])", "u64(len([one.append(a - c) for one, _ in z]))", "zip"),
    ("z = enumerate([box])", "u64(len([one.append(a - c) for _, one in z]))", "enumerate"),
    ("z = reversed([box])", "u64(len([one.append(a - c) for one in z]))", "list_reverseiterator"),
    ("z = zip([box], [box])", "f()", "zip"),
]


@pytest.mark.parametrize(("made", "used", "kind"), UNSEEN)
def test_a_lambda_of_select_uses_nothing_from_outside_that_hides_lists(
    tmp_path: Path, made: str, used: str, kind: str
) -> None:
    indented = "        f = lambda: u64(len([one.append(a - c) for one, _ in z]))\n" if used == "f()" else ""
    body = f"        box = []\n        {made}\n{indented}        x = select(flag, lambda: {used}, a)\n"
    with pytest.raises(errors.BranchEffect, match=f"uses a {kind} from outside") as caught:
        load(tmp_path, f"{HEAD}{body}        {USE}\n")
    assert "select(flag" in caught.value.source and "list or tuple" in caught.value.instead


def test_what_a_lambda_makes_itself_it_may_use(tmp_path: Path) -> None:
    body = "x = select(flag, lambda: sum([one * two for one, two in zip([a, c], [c, a])]), a)"
    load(tmp_path, f"{HEAD}        {body}\n        {USE}\n")


DECORATED = """\
from functools import wraps

def memo(function):
    kept = {}
    @wraps(function)
    def inner(x):
        KEEP
        return function(x)
    return inner

def lenient(function):
    @wraps(function)
    def inner(x):
        try:
            return function(x)
        except Exception:
            return x
    return inner

def posing(function):
    def inner(x):
        while True:
            return x
    inner.__module__ = "compute.dsl.operations"
    return inner

def twice(function):
    @wraps(function)
    def inner(x):
        return function(function(x))
    return inner

@AROUND
def wrapped(x):
    return x + 1

"""


@pytest.mark.parametrize(
    ("around", "keep", "rule", "where"),
    [
        ("memo", "kept.get(x)", errors.NameRefused, "kept.get(x)"),
        ("lenient", "", errors.StatementRefused, "try:"),
        ("posing", "", errors.StatementRefused, "while True:"),
    ],
)
def test_what_runs_is_checked_behind_a_decorator_too(
    tmp_path: Path, around: str, keep: str, rule: type[errors.ContractRefused], where: str
) -> None:
    head = DECORATED.replace("AROUND", around).replace("KEEP", keep) + HEAD
    with pytest.raises(rule) as caught:
        load(tmp_path, f"{head}        x = wrapped(a)\n        {USE}\n")
    assert caught.value.source == where
    head = head.replace(f"@{around}", "@twice")
    load(tmp_path, f"{head}        x = wrapped(a)\n        {USE}\n")


@pytest.mark.parametrize(
    ("kept", "line", "rule"),
    [
        ("doubled.kept = []", "doubled.kept.append(a)", errors.NameRefused),
        ("doubled.kept = ([],)", "x = doubled(a)", errors.NameRefused),
        ("class Box(Struct):\n    left: u64\n    kept = []", "x = a", errors.BadDeclaration),
        ("class Number(int):\n    kept = []\nNUMBER = Number(1)", "NUMBER.kept.append(a)", errors.NameRefused),
    ],
)
def test_no_attribute_keeps_what_a_call_leaves(
    tmp_path: Path, kept: str, line: str, rule: type[errors.ContractRefused]
) -> None:
    text = HEAD.replace("@contract\n", f"{kept}\n\n@contract\n")
    with pytest.raises(rule, match=r"lasts from call to call|from outside"):
        load(tmp_path, f"{text}        {line}\n        {USE}\n")
