"""The examples of the JSON-RPC 2.0 specification (section 7), one by one, against methods that do what they show."""

import json
from typing import Any

import pytest

from node.rpc.method import Count, Declared, Json, MethodTable, in_place
from node.rpc.protocol import Dispatcher


def subtract(minuend: Count, subtrahend: Count) -> Json:
    """Takes away."""
    return minuend - subtrahend


def add_three(first: Count, second: Count, third: Count) -> Json:
    """Adds."""
    return first + second + third


def update(a: Count, b: Count, c: Count, d: Count, e: Count) -> Json:
    """Hears of five numbers."""
    return None


def hello(number: Count) -> Json:
    """Hears of one number."""
    return None


def get_data() -> Json:
    """Two things."""
    return ["hello", 5]


METHODS: dict[str, Declared] = {
    "subtract": subtract,
    "sum": add_three,
    "update": update,
    "notify_hello": hello,
    "notify_sum": add_three,
    "get_data": get_data,
}


async def answer(body: str) -> Any:
    said = await Dispatcher(MethodTable(METHODS, in_place), 10, 10).answer(body.encode())
    return None if said is None else _bare(json.loads(said))


def _bare(value: Any) -> Any:
    """Without the sentence and the data that ours carry: the specification leaves them to the server."""
    if isinstance(value, list):
        return [_bare(each) for each in value]
    if "error" in value:
        return {**value, "error": value["error"]["code"]}
    return value


def result(value: Any, id_: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "result": value, "id": id_}


def error(code: int, id_: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "error": code, "id": id_}


CASES: dict[str, tuple[str, Any]] = {
    "by place": ('{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}', result(19, 1)),
    "by name": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
        result(19, 3),
    ),
    "by name, other order": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
        result(19, 4),
    ),
    "notification": ('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', None),
    "notification of what is not there": ('{"jsonrpc": "2.0", "method": "foobar"}', None),
    "method not found": ('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', error(-32601, "1")),
    "no JSON": ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', error(-32700)),
    "no request": ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', error(-32600)),
    "batch that is no JSON": (
        '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"',
        error(-32700),
    ),
    "empty batch": ("[]", error(-32600)),
    "batch of one that is none": ("[1]", [error(-32600)]),
    "batch of three that are none": ("[1,2,3]", [error(-32600)] * 3),
    "batch": (
        """[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
            {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
            {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
            {"foo": "boo"},
            {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
            {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]""",
        [result(7, "1"), result(19, "2"), error(-32600), error(-32601, "5"), result(["hello", 5], "9")],
    ),
    "batch of notifications": (
        """[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
            {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]""",
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_an_example_is_answered_as_the_specification_shows(name: str) -> None:
    body, expected = CASES[name]
    assert await answer(body) == expected
