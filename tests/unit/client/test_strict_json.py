"""JSON from strangers: bounded nesting, whatever the interpreter's recursion limit."""

import sys
from collections.abc import Iterator

import pytest

from client.strict_json import MAX_DEPTH, parse


@pytest.fixture
def generous_limit() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("generous_limit")
@pytest.mark.parametrize(
    "text", ["[" * 500_000, '{"a":' * 500_000, "[" * 500_000 + "]" * 500_000, '["\\"", ' * 200_000]
)
def test_deep_nesting_is_refused_before_it_is_parsed(text: str) -> None:
    with pytest.raises(ValueError, match="nested deeper"):
        parse(text)


def test_brackets_in_strings_do_not_nest() -> None:
    text = '["' + "[{" * 1000 + '\\"[", "' + "]" * 5 + '"]'
    assert parse(text) == ["[{" * 1000 + '"[', "]" * 5]


def test_the_bound_is_exact() -> None:
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(ValueError, match="nested deeper"):
        parse("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_many_shallow_brackets_are_fine() -> None:
    assert parse("[" + "[]," * 5000 + "[]]") == [[]] * 5001


def test_a_string_without_an_end_is_gone_through_once() -> None:
    """It took hours to look for brackets inside it, quadratic in its escaped quotes."""
    for end in ("", "\\"):
        with pytest.raises(ValueError):
            parse("[" + "[]," * MAX_DEPTH + '"' + '\\"' * 300_000 + end)


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '[{"b": {"c": 1, "d": 2, "c": 1}}]', "1e999", "[-1e400]"])
def test_what_parsers_disagree_about_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"twice|too large"):
        parse(text)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", "", "{", '{"a":}', "[1,]"])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)
