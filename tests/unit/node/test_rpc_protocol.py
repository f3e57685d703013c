"""JSON-RPC 2.0 without a network: what a dispatcher answers, and that no request keeps others from their turn."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import ClusterError
from node.devnet.errors import SnapshotExists
from node.rpc.errors import BatchTooLarge, InvalidParams, NotFound
from node.rpc.method import AddressBytes, Count, Declared, Flag, Hex32, HexBytes, Json, MethodTable, Text, in_place
from node.rpc.protocol import Dispatcher, failure, unobserved


class Refused(ClusterError):
    """Made for this test."""

    code = 7999

    def __init__(self) -> None:
        super().__init__("refused.")
        self.data, self.large, self.small, self.who = b"\x01\x02", 2**60, 7, object


NOTHING = Text("nothing")


async def echo(value: Text = NOTHING) -> Json:
    """Says it again.

    More that nobody needs to read.
    """
    return value


def add(left: Count, right: Count | None = None) -> Json:
    """Adds, in a thread."""
    return left + (right or 0)


async def refuse() -> Json:
    """Refuses."""
    raise Refused


async def fail() -> Json:
    """Has a fault."""
    raise KeyError("secret")


def all_kinds(a: HexBytes, b: Hex32, c: AddressBytes, d: Count, e: Text, f: Flag) -> Json:
    """Takes one of each."""
    return None


async def hang() -> Json:
    """Never answers."""
    await asyncio.Event().wait()
    return None


async def give_up() -> Json:
    """Waited for something of its own, in vain."""
    raise TimeoutError


METHODS: dict[str, Declared] = {
    "echo": echo, "add": add, "refuse": refuse, "fail": fail, "all": all_kinds, "hang": hang, "give_up": give_up,
}  # fmt: skip


def dispatcher(reading: Any = in_place, seconds: float = 60, observe: Any = unobserved) -> Dispatcher:
    return Dispatcher(MethodTable(METHODS, reading), 10, seconds, reading, observe)


async def ask(request: object, **settings: Any) -> Any:
    answer = await dispatcher(**settings).answer(json.dumps(request).encode())
    return None if answer is None else json.loads(answer)


def call(method: str, params: object = (), id_: object = 1) -> dict[str, object]:
    return {"jsonrpc": "2.0", "method": method, "params": params, "id": id_}


async def test_a_call_that_takes_too_long_is_given_up_and_a_batch_has_its_time_as_a_whole() -> None:
    late, too_late, answered = await ask([call("hang"), call("add", [1, 2]), call("nothing")], seconds=0.02)
    for response in (late, too_late):
        assert response["error"]["data"] == {"name": "RequestTooSlow", "code": 7208, "seconds": "0.02"}
    assert answered["error"]["data"]["name"] == "MethodNotFound"


async def test_a_methods_own_timeout_is_a_fault_and_no_slow_request() -> None:
    assert (await ask(call("give_up")))["error"]["code"] == -32603


async def test_every_call_is_observed_and_invented_names_are_one() -> None:
    seen: list[tuple[str, str]] = []
    calls = [call("add", [1, 2]), call("refuse"), call("fail"), call("hang"), call("invented"), "no request"]
    await ask(calls, seconds=0.05, observe=lambda name, outcome, seconds: seen.append((name, outcome)))
    assert seen == [("add", "ok"), ("refuse", "refused"), ("fail", "failed"), ("hang", "late"), ("unknown", "refused")]


async def test_parameters_go_by_place_and_by_name() -> None:
    assert (await ask(call("add", [1, 2])))["result"] == 3
    assert (await ask(call("add", {"right": 2, "left": 1})))["result"] == 3
    assert (await ask(call("add", [1, None])))["result"] == 1
    assert (await ask(call("echo", {})))["result"] == "nothing"


async def test_a_typed_error_goes_out_with_its_code_its_name_and_its_values() -> None:
    error = (await ask(call("refuse")))["error"]
    assert error["code"] == 7999
    assert error["message"] == "refused."
    assert error["data"] == {
        "name": "Refused",
        "code": 7999,
        "data": "0x0102",
        "large": str(2**60),
        "small": 7,
        "who": str(object),
    }


async def test_a_fault_of_the_node_shows_nothing_of_itself() -> None:
    answer = await ask(call("fail"))
    assert answer["error"]["code"] == -32603
    assert "secret" not in json.dumps(answer)


async def test_notifications_are_done_and_not_answered_even_when_they_fail() -> None:
    for method in ("echo", "refuse", "fail", "none"):
        assert await ask({"jsonrpc": "2.0", "method": method}) is None


async def test_a_plain_function_is_run_where_reading_is_done() -> None:
    ran: list[Any] = []

    async def reading(work: Any, *args: Any, **kwargs: Any) -> Any:
        ran.append(work)
        return work(*args, **kwargs)

    await ask(call("add", [1]), reading=reading)
    await ask(call("echo"), reading=reading)
    assert ran == [add]


async def test_a_large_body_is_parsed_where_reading_is_done() -> None:
    ran: list[Any] = []

    async def reading(work: Any, *args: Any, **kwargs: Any) -> Any:
        ran.append(work.__name__)
        return work(*args, **kwargs)

    answer = await ask(call("echo", ["x" * 100_000]), reading=reading)
    assert answer["error"]["data"]["got"] == "a string of 100000 characters"
    assert ran == ["parse"]


async def test_others_get_their_turn_between_the_requests_of_a_batch() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    watching = asyncio.create_task(other())
    await ask([call("echo") for _ in range(10)])
    watching.cancel()
    assert turns >= 9


async def test_a_batch_beyond_the_limit_is_refused_as_a_whole() -> None:
    answer = await ask([call("echo")] * 11)
    assert answer["error"]["data"]["name"] == BatchTooLarge.__name__
    assert answer["id"] is None


async def test_a_million_small_arrays_are_refused_before_they_are_made() -> None:
    answer = json.loads(await dispatcher().answer("[" + "[]," * 300_000 + "[]]") or b"")
    assert answer["error"]["code"] == -32700
    assert "arrays and objects" in answer["error"]["message"]


@given(st.text(max_size=300))
async def test_any_text_is_answered_with_json(text: str) -> None:
    answer = await dispatcher().answer(text)
    assert answer is None or json.loads(answer)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, json_values, st.sampled_from(sorted(METHODS)))
async def test_any_json_is_answered_with_an_answer(params: Any, id_: Any, method: str) -> None:
    answer = await dispatcher().answer(json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": id_}))
    assert answer is not None
    parsed = json.loads(answer)
    assert ("result" in parsed) != ("error" in parsed)
    assert parsed["jsonrpc"] == "2.0"
    if method != "fail" and "error" in parsed:
        assert parsed["error"]["code"] != -32603, "no parameters are a fault of the node"


@given(json_values)
async def test_any_json_at_all_is_answered(request: Any) -> None:
    answer = await dispatcher().answer(json.dumps(request))
    assert answer is None or json.loads(answer)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (1.0, "1.0"),
        ([1] * 1_000_000, "an array of 1000000"),
        ({"a": 1}, "an object with 1 keys"),
        ("x" * 10_000, "a string of 10000 characters"),
        (10**400, "a number of 401 digits"),
    ],
)
def test_what_came_instead_is_shown_in_few_words(value: object, shown: str) -> None:
    method = MethodTable(METHODS).find("add")
    with pytest.raises(InvalidParams) as refused:
        method.bind({"left": value})
    assert refused.value.got == shown


def test_an_unknown_method_is_answered_with_the_most_similar() -> None:
    with pytest.raises(ClusterError, match="did you mean echo"):
        MethodTable(METHODS).find("ecko")
    with pytest.raises(ClusterError, match=r"rpc\.discover"):
        MethodTable(METHODS).find("zzz")


def test_a_table_with_others_replaces_only_those() -> None:
    table = MethodTable(METHODS)
    other = table.with_others({"echo": refuse})
    assert other.find("echo").summary == "Refuses."
    assert other.find("add") is table.find("add")
    assert table.find("echo").summary == "Says it again."


def test_a_field_called_name_does_not_hide_the_rules() -> None:
    data = failure(1, SnapshotExists("before"))["error"]["data"]  # type: ignore[index]
    assert (data["name"], data["code"]) == (SnapshotExists.__name__, SnapshotExists.code)


def test_the_error_object_of_an_error_without_values() -> None:
    assert failure(5, NotFound("block", "7"))["error"]["data"] == {  # type: ignore[index]
        "name": "NotFound",
        "code": 7210,
        "what": "block",
        "key": "7",
    }
