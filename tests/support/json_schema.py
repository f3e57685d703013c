"""As much of JSON Schema as the OpenRPC document uses; an unknown keyword is an error: nothing passes unseen."""

import re
from collections.abc import Iterator
from typing import Any

_TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) is bool,
    "null": lambda value: value is None,
}
_KNOWN = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "oneOf",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
}


def faults(schema: dict[str, Any], value: Any, where: str = "result") -> Iterator[str]:
    """What does not fit, each with its place."""
    assert not set(schema) - _KNOWN, set(schema) - _KNOWN
    if "oneOf" in schema:
        fitting = [option for option in schema["oneOf"] if not list(faults(option, value, where))]
        if len(fitting) != 1:
            yield f"{where}: {len(fitting)} of the alternatives fit"
        return
    if not _TYPES[schema["type"]](value):
        yield f"{where}: {value!r:.60} is no {schema['type']}"
        return
    yield from _bounds(schema, value, where)
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from faults(schema.get("items", {"type": "object"}), item, f"{where}[{place}]")
    if isinstance(value, dict):
        yield from _members(schema, value, where)


def _bounds(schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r:.80} does not match {schema['pattern']}"
    size = len(value) if isinstance(value, str) else value
    if ("minimum" in schema and size < schema["minimum"]) or ("minLength" in schema and size < schema["minLength"]):
        yield f"{where}: {value!r:.60} is too small"
    if ("maximum" in schema and size > schema["maximum"]) or ("maxLength" in schema and size > schema["maxLength"]):
        yield f"{where}: {value!r:.60} is too large"


def _members(schema: dict[str, Any], value: dict[str, Any], where: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{where}.{name} is missing"
    for name, item in value.items():
        if name in properties:
            yield from faults(properties[name], item, f"{where}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{where}.{name} is not described"
