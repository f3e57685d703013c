"""JSON schemas of wire structs, as `chain.codec.to_json` shows them: what the OpenRPC document says of results."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, Final

from chain.execution.action import Action, Event
from chain.execution.decision import Decision
from chain.types.scalars import SCALARS, Scalar
from crypto.address import ACCOUNT_HRP, VALIDATOR_HRP

Schema = Mapping[str, Any]

COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
NUMBER: Final[Schema] = {"type": "number"}
TEXT: Final[Schema] = {"type": "string"}
FLAG: Final[Schema] = {"type": "boolean"}
DECIMAL: Final[Schema] = {"type": "string", "pattern": "^(0|[1-9][0-9]*)$"}
HEX: Final[Schema] = {"type": "string", "pattern": "^0x([0-9a-f]{2})*$"}
HEX32: Final[Schema] = {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}
ANY_OBJECT: Final[Schema] = {"type": "object"}
TAGGED: Final[Schema] = {"type": "object", "required": ["type"], "properties": {"type": TEXT}}


def members(**properties: Schema) -> Schema:
    """An object with exactly these members."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def listed(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def nullable(schema: Schema) -> Schema:
    return {"oneOf": [schema, {"type": "null"}]}


def one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def schema_of(cls: type, **more: Schema) -> Schema:
    """The schema of a wire struct's JSON form, with further members beside its own."""
    hints = typing.get_type_hints(cls)
    own = {field.name: _of(hints[field.name]) for field in dataclasses.fields(cls)}
    return members(**own, **more)


def _of(hint: Any) -> Schema:
    if hint in SCALARS:
        return _of_scalar(SCALARS[hint])
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return listed(_of(arguments[0]))
    if origin in (types.UnionType, typing.Union):
        return nullable(_of(next(item for item in arguments if item is not type(None))))
    return TAGGED if hint in (Action, Event, Decision) else schema_of(hint)


def _of_scalar(scalar: Scalar) -> Schema:
    if scalar.base is bool:
        return FLAG
    if scalar.json == "decimal":
        return DECIMAL
    if scalar.json == "number":
        return {"type": "integer", "minimum": scalar.low, "maximum": scalar.high}
    if scalar.json == "text":
        return {"type": "string", "minLength": scalar.low, "maxLength": scalar.high}
    if scalar.json == "hex":
        return {"type": "string", "pattern": f"^0x[0-9a-f]{{{2 * scalar.low}}}$"} if scalar.low == scalar.high else HEX
    prefix = ACCOUNT_HRP if scalar.json == "account" else VALIDATOR_HRP
    return {"type": "string", "pattern": f"^{prefix}1[0-9a-z]{{58}}$"}
