"""Values of contracts as people write them: 5, true, cluster1..., native, [1, 2], {"x": 1}, note:3."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chain.types.scalars import NATIVE
from node.cli.errors import BadArgument
from node.cli.keyring import account_of
from node.cli.passphrases import ask, passphrase_from
from node.cli.recipients import private_address_of

if TYPE_CHECKING:
    from compute.dsl.compiled import CompiledMethod
    from compute.dsl.declaration import Parameter
    from compute.dsl.values import Value

NOTE: Final = "note:"
ASK: Final = "?"
FILE: Final = "@"
_NATIVE: Final = "native"


def read_value(kind: "type[Value]", text: str, argument: str) -> object:
    """The value of a type that a text means; ranges are the language's to judge. Raises BadArgument."""
    from compute.dsl.composites import Composite
    from compute.dsl.notes import Owner
    from compute.dsl.scalars import Address

    if issubclass(kind, Owner):
        return private_address_of(text, argument)
    if issubclass(kind, Address):
        return account_of(text, argument)
    if issubclass(kind, Composite):
        return _of_json(kind, _json(text, argument), argument)
    return _scalar(kind, text, argument)


def _of_json(kind: "type[Value]", given: Any, argument: str) -> object:
    """A list or an object of JSON, as deep as the type."""
    from compute.dsl.composites import Array, Struct
    from compute.dsl.notes import Owner

    if issubclass(kind, Owner):
        return private_address_of(given, argument) if isinstance(given, str) else given
    if issubclass(kind, Array) and isinstance(given, list):
        return [_of_json(kind.entry, item, f"{argument}[{place}]") for place, item in enumerate(given)]
    if issubclass(kind, Struct) and isinstance(given, dict):
        parts = kind.parts
        return {
            name: _of_json(parts[name], part, f"{argument}.{name}") if name in parts else part
            for name, part in given.items()
        }
    return read_value(kind, given, argument) if isinstance(given, str) else given


def _scalar(kind: "type[Value]", text: str, argument: str) -> object:
    from compute.dsl.scalars import Asset, Bool

    if issubclass(kind, Bool):
        if text not in ("true", "false"):
            raise BadArgument(argument, "true or false", text)
        return text == "true"
    if issubclass(kind, Asset):
        return NATIVE if text == _NATIVE else _hex(text, argument)
    try:
        return int(text, 0)
    except ValueError:
        raise BadArgument(argument, f"a {kind.type_name}, a whole number", text) from None


UNSHOWN: Final = "another text, which is not shown"


def read_arguments(method: "CompiledMethod", texts: Sequence[str]) -> dict[str, object]:
    """A call's arguments by name; a note that is spent stays its text, `note:NUMBER`. Raises BadArgument."""
    parameters = method.declaration.parameters
    if len(texts) != len(parameters):
        expected = " ".join(map(_shape, parameters)) or "no arguments"
        raise BadArgument(f"arguments of {method.name}", expected, " ".join(texts))
    found: dict[str, object] = {}
    for parameter, text in zip(parameters, texts, strict=True):
        given = _typed(parameter.name, text)
        try:
            found[parameter.name] = given if parameter.spent else read_value(parameter.kind, given, parameter.name)
        except BadArgument as refused:
            if parameter.public or given == text:
                raise
            raise BadArgument(refused.argument, refused.expected, UNSHOWN) from None  # it was kept off the screen
    return found


def in_the_open(method: "CompiledMethod", texts: Sequence[str]) -> list[str]:
    """Private arguments that stand in the command line itself, where the shell's history and `ps` show them."""
    pairs = zip(method.declaration.parameters, texts, strict=True)
    return [
        each.name for each, text in pairs if not (each.public or each.spent or text == ASK or text.startswith(FILE))
    ]


def _typed(name: str, text: str) -> str:
    """What stands for a value: itself, the answer to `?`, the first line of @FILE. Raises NoTerminal, OSError."""
    if text == ASK:
        return ask(f"{name}: ")
    return (passphrase_from(Path(text[1:])) or "") if text.startswith(FILE) else text


def _shape(parameter: "Parameter") -> str:
    return f"{parameter.name}:{NOTE + 'NUMBER' if parameter.spent else parameter.kind.type_name}"


def named_value(argument: str, text: str) -> tuple[str, str]:
    """name=value. Raises BadArgument."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadArgument(argument, "name=value", text)
    return name, value


def note_number(text: str, argument: str) -> int:
    """The position that `note:NUMBER` names. Raises BadArgument."""
    number = text.removeprefix(NOTE)
    if not text.startswith(NOTE) or not number.isdecimal():
        raise BadArgument(argument, f"{NOTE}NUMBER of `contract read`", text)
    return int(number)


def shown(value: object) -> Any:
    """A value as text and JSON have it: bytes in 0x-hex."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {name: shown(part) for name, part in value.items()}
    return value


def in_words(contents: Any) -> str:
    """What is in a note as people read it: `amount 5, word 3`."""
    if isinstance(contents, dict):
        return ", ".join(f"{name} {part}" for name, part in contents.items())
    return str(contents)


def _json(text: str, argument: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise BadArgument(argument, "JSON, a list or an object", text) from None


def _hex(text: str, argument: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise BadArgument(argument, f"{_NATIVE}, or 0x and hex digits", text) from None
