"""How every RPC method is declared: one function with a typed signature. Checks and OpenRPC come from it.

Parameters are annotated with the types below; each knows how it reads JSON and how the OpenRPC document shows it. A
method that is a plain function reads committed data, and maybe a lot: it runs in a thread, away from consensus.
"""

import difflib
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NewType, get_type_hints

from crypto.address import VALIDATOR_HRP, decode_address
from crypto.errors import ClusterError
from node.rpc.errors import InvalidParams, MethodNotFound, OnlyOnOperatorSocket

HexBytes = NewType("HexBytes", bytes)  # any even number of hex digits
Hex32 = NewType("Hex32", bytes)
AddressBytes = NewType("AddressBytes", bytes)
ValidatorBytes = NewType("ValidatorBytes", bytes)
Count = NewType("Count", int)  # 0 .. 2**63 - 1
Text = NewType("Text", str)  # at most 256 characters
Flag = NewType("Flag", bool)

_HEX: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
Json = object
Handler = Callable[..., Awaitable[Json]]
Declared = Callable[..., Awaitable[Json] | Json]  # async, or plain and then run by a Reading
Reading = Callable[..., Awaitable[Json]]  # (work, *arguments, **arguments) -> what the work returned


async def in_place(work: Callable[..., Json], *args: object, **kwargs: object) -> Json:
    """A Reading without threads, for small tables."""
    return work(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class Kind:
    """A parameter type: its JSON schema and how a value is read."""

    expected: str
    schema: Mapping[str, object]
    read: Callable[[object], object]


def _hex(length: int | None) -> Callable[[object], object]:
    def read(value: object) -> object:
        if not isinstance(value, str) or not _HEX.fullmatch(value):
            raise ValueError
        data = bytes.fromhex(value[2:])
        if length is not None and len(data) != length:
            raise ValueError
        return data

    return read


def _address(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError
    return decode_address(value)


def _validator(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError
    return decode_address(value, VALIDATOR_HRP)


def _count(value: object) -> object:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError
    return value


def _text(value: object) -> object:
    if not isinstance(value, str) or len(value) > 256:
        raise ValueError
    value.encode()  # half of a surrogate pair is no text: UnicodeEncodeError is a ValueError
    return value


def _flag(value: object) -> object:
    if type(value) is not bool:
        raise ValueError
    return value


KINDS: Final[dict[object, Kind]] = {
    HexBytes: Kind("0x-hex", {"type": "string", "pattern": "^0x([0-9a-fA-F]{2})*$"}, _hex(None)),
    Hex32: Kind("0x-hex of 32 bytes", {"type": "string", "pattern": "^0x[0-9a-fA-F]{64}$"}, _hex(32)),
    AddressBytes: Kind("an address cluster1…", {"type": "string", "pattern": "^cluster1[0-9a-z]{58}$"}, _address),
    ValidatorBytes: Kind(
        "a validator clustervaloper1…", {"type": "string", "pattern": "^clustervaloper1[0-9a-z]{58}$"}, _validator
    ),
    Count: Kind("an integer 0..2^63-1", {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, _count),
    Text: Kind("a string of at most 256 characters", {"type": "string", "maxLength": 256}, _text),
    Flag: Kind("true or false", {"type": "boolean"}, _flag),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a method; `default` is inspect.Parameter.empty for a required one."""

    name: str
    kind: Kind
    default: object

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Method:
    """A method under its public name."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    handler: Handler

    def bind(self, params: object) -> dict[str, object]:
        """Arguments from JSON-RPC params, by position or by name. Raises InvalidParams."""
        given = self._by_name(params)
        unknown = given.keys() - {parameter.name for parameter in self.parameters}
        if unknown:
            known = ", ".join(parameter.name for parameter in self.parameters) or "none"
            raise InvalidParams(min(unknown), f"one of {known}", "an unknown name")
        return {
            parameter.name: _read(parameter, given[parameter.name]) if parameter.name in given else _default(parameter)
            for parameter in self.parameters
        }

    def _by_name(self, params: object) -> dict[str, object]:
        if isinstance(params, dict):
            return params
        if not isinstance(params, list):
            raise InvalidParams("params", "an array or an object", type(params).__name__)
        if len(params) > len(self.parameters):
            raise InvalidParams("params", f"at most {len(self.parameters)} values", f"{len(params)}")
        return {parameter.name: value for parameter, value in zip(self.parameters, params, strict=False)}

    def openrpc(self, result: Mapping[str, object]) -> dict[str, object]:
        """The method's entry in the OpenRPC document; `result` is the schema of what it answers."""
        return {
            "name": self.name,
            "summary": self.summary,
            "paramStructure": "either",
            "params": [
                {"name": item.name, "required": item.required, "schema": dict(item.kind.schema)}
                for item in self.parameters
            ],
            "result": {"name": "result", "schema": result},
        }


def _read(parameter: Parameter, value: object) -> object:
    if value is None and not parameter.required and parameter.default is None:
        return None
    try:
        return parameter.kind.read(value)
    except ValueError as error:
        raise InvalidParams(parameter.name, parameter.kind.expected, _describe(value)) from error
    except ClusterError as error:
        raise InvalidParams(parameter.name, parameter.kind.expected, str(error)) from error


def _describe(value: object) -> str:
    """What came instead, in few words whatever its size."""
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, dict):
        return f"an object with {len(value)} keys"
    shown = json.dumps(value)
    if len(shown) <= 80:
        return shown
    return f"a string of {len(value)} characters" if isinstance(value, str) else f"a number of {len(shown)} digits"


def _default(parameter: Parameter) -> object:
    if parameter.required:
        raise InvalidParams(parameter.name, parameter.kind.expected, "nothing")
    return parameter.default


def declare(name: str, declared: Declared, reading: Reading) -> Method:
    """The method of a bound function: its docstring's first line and its annotated parameters."""
    hints: dict[str, Any] = get_type_hints(declared)
    parameters = tuple(
        Parameter(item.name, KINDS[_without_none(hints[item.name])], item.default)
        for item in inspect.signature(declared).parameters.values()
    )
    handler = declared if inspect.iscoroutinefunction(declared) else partial(reading, declared)
    return Method(name, (inspect.getdoc(declared) or "").split("\n", 1)[0], parameters, handler)


def _without_none(hint: Any) -> Any:
    arguments = [item for item in getattr(hint, "__args__", ()) if item is not type(None)]
    return arguments[0] if arguments else hint


class MethodTable:
    """All methods of a server by name; `elsewhere` are those that the operator's socket alone answers."""

    def __init__(
        self, methods: Mapping[str, Declared], reading: Reading = in_place, elsewhere: frozenset[str] = frozenset()
    ) -> None:
        self._reading, self._elsewhere = reading, elsewhere
        self._methods = {name: declare(name, declared, reading) for name, declared in methods.items()}

    def with_others(self, methods: Mapping[str, Declared]) -> "MethodTable":
        """The same table with some methods replaced or added."""
        table = MethodTable(methods, self._reading, self._elsewhere)
        table._methods = self._methods | table._methods
        return table

    def find(self, name: str) -> Method:
        """Raises MethodNotFound, with the most similar name, or OnlyOnOperatorSocket."""
        method = self._methods.get(name)
        if method is None and name in self._elsewhere:
            raise OnlyOnOperatorSocket(name)
        if method is None:
            similar = difflib.get_close_matches(name[:80], self._methods, 1)
            raise MethodNotFound(name, similar[0] if similar else None)
        return method

    def openrpc(self, version: str, results: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
        """The OpenRPC 1.3 document of this server; `results` holds the schema of every method's answer."""
        return {
            "openrpc": "1.3.2",
            "info": {
                "title": "Cluster JSON-RPC",
                "version": version,
                "description": "POST at /, WebSocket at /ws; subscribe and unsubscribe work over WebSocket only.",
            },
            "methods": [self._methods[name].openrpc(results[name]) for name in sorted(self._methods)],
        }
