"""Canonical msgpack: one value, one encoding; anything else is refused.

A wire struct is a frozen dataclass decorated with `@wire`; it stands as an array led by its version, then its fields in
order. Field types are the scalars of `chain/types/scalars.py`, other structs, `tuple[T, ...]`, `T | None`, and open
unions (`Tagged` bases such as Action and Event), which stand as [tag, version, fields...] and are decoded through a
registry that the caller hands in. Canonical form is enforced in two steps: the msgpack value must encode again to the
very same bytes, and every field must have exactly the declared type, range and length.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Protocol, TypeVar

import msgpack

from chain.errors import NotCanonical, NotMsgpack, OversizeBytes, UnknownTag, WrongShape
from chain.types.scalars import SCALARS, Scalar

T = TypeVar("T")
MAX_BYTES: Final = 2 * 2**20
MAX_DEPTH: Final = 16

Plain = Any  # int, str, bytes, bool, None or a list of these: what msgpack carries
_ATOMS: Final = frozenset((int, str, bytes, bool, type(None)))
_FOREIGN: Final = "a {} has no place in it"  # maps, floats, timestamps
Registry = Mapping[int, type]  # tag -> struct class, for one open union
Unions = Mapping[type, Registry]
ToPlain = Callable[[Any], Plain]
FromPlain = Callable[[Plain, Unions, str], Any]
NO_UNIONS: Final[Unions] = {}


class Tagged(Protocol):
    """A struct of an open union: its tag is unique within the union and stays for ever."""

    tag: ClassVar[int]


@dataclasses.dataclass(frozen=True, slots=True)
class _Converter:
    to_plain: ToPlain
    from_plain: FromPlain
    to_json: Callable[[Any], object]
    from_json: FromPlain


@dataclasses.dataclass(frozen=True, slots=True)
class _Struct:
    version: int
    names: tuple[str, ...]
    fields: tuple[_Converter, ...]


_structs: dict[type, _Struct] = {}
_unions: set[type] = set()


def wire(version: int = 1) -> Callable[[type[T]], type[T]]:
    """Class decorator: registers a dataclass as a wire struct of the given version."""

    def register(cls: type[T]) -> type[T]:
        hints = typing.get_type_hints(cls)
        names = tuple(f.name for f in dataclasses.fields(cls))  # type: ignore[arg-type]
        _structs[cls] = _Struct(version, names, tuple(_converter(hints[name]) for name in names))
        return cls

    return register


def open_union(cls: type[T]) -> type[T]:
    """Class decorator: fields annotated with this class hold any of its tagged, wire-decorated subclasses."""
    _unions.add(cls)
    return cls


def encode(value: object) -> bytes:
    """The canonical bytes of a wire struct, or of a plain value made of ints, strings, bytes, None and lists."""
    return _pack(_to_plain_struct(value) if type(value) in _structs else value)


def decode(cls: type[T], data: bytes, *, limit: int = MAX_BYTES, unions: Unions = NO_UNIONS) -> T:
    """The struct of class `cls` that `data` encodes. Raises a CodecError for anything but its canonical encoding."""
    return typing.cast(T, _from_plain_struct(cls, decode_plain(data, limit=limit), unions, cls.__name__))


def decode_plain(data: bytes, *, limit: int = MAX_BYTES) -> Plain:
    """The plain value of canonical msgpack bytes: size first, then depth, then re-encode and compare."""
    if len(data) > limit:
        raise OversizeBytes(len(data), limit)
    try:
        plain = msgpack.unpackb(data, raw=False, use_list=True, strict_map_key=True, ext_hook=_refuse_ext)
    except (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException) as error:
        raise NotMsgpack(str(error) or type(error).__name__) from None
    if type(plain) is list:
        _check_items(plain, MAX_DEPTH)
    elif type(plain) not in _ATOMS:
        raise NotMsgpack(_FOREIGN.format(type(plain).__name__))
    try:
        same = _pack(plain) == data
    except (ValueError, TypeError, OverflowError) as error:
        raise NotMsgpack(str(error)) from None
    if not same:
        raise NotCanonical
    return plain


def to_json(value: object) -> dict[str, object]:
    """A wire struct as a JSON object: field names, bytes 0x-hex, amounts decimal strings."""
    struct = _structs[type(value)]
    pairs = zip(struct.names, struct.fields, strict=True)
    return {name: field.to_json(getattr(value, name)) for name, field in pairs}


def from_json(cls: type[T], value: object, *, unions: Unions = NO_UNIONS) -> T:
    """The struct that `to_json` showed as `value`. Raises WrongShape, UnknownTag or an address's own error."""
    return typing.cast(T, _from_json_struct(cls, value, unions, cls.__name__))


def _from_json_struct(cls: type, value: object, unions: Unions, where: str) -> object:
    struct = _structs[cls]
    if type(value) is not dict or set(value) != set(struct.names):
        raise WrongShape(where, f"an object with the keys {', '.join(struct.names)}", _describe(value))
    return cls(
        *[
            field.from_json(value[name], unions, f"{where}.{name}")
            for name, field in zip(struct.names, struct.fields, strict=True)
        ]
    )


def _pack(plain: Plain) -> bytes:
    packed: bytes = msgpack.packb(plain, use_bin_type=True)
    return packed


def _refuse_ext(code: int, _data: bytes) -> object:
    raise NotMsgpack(f"extension type {code}")


def _check_items(plain: list[Plain], left: int) -> None:
    if left == 0:
        raise NotMsgpack(f"nested deeper than {MAX_DEPTH} levels")
    for item in plain:
        if type(item) is list:
            _check_items(item, left - 1)
        elif type(item) not in _ATOMS:
            raise NotMsgpack(_FOREIGN.format(type(item).__name__))


def _to_plain_struct(value: object) -> list[Plain]:
    struct = _structs[type(value)]
    plain: list[Plain] = [struct.version]
    for name, field in zip(struct.names, struct.fields, strict=True):
        plain.append(field.to_plain(getattr(value, name)))
    return plain


def _from_plain_struct(cls: type, plain: Plain, unions: Unions, where: str) -> object:
    struct = _structs[cls]
    if type(plain) is not list or len(plain) != len(struct.fields) + 1:
        raise WrongShape(where, f"an array of {len(struct.fields) + 1}", _describe(plain))
    if type(plain[0]) is not int or plain[0] != struct.version:
        raise WrongShape(where, f"version {struct.version}", f"{plain[0]!r:.40}")
    return cls(
        *[
            field.from_plain(item, unions, f"{where}.{name}")
            for item, name, field in zip(plain[1:], struct.names, struct.fields, strict=True)
        ]
    )


def _describe(plain: Plain) -> str:
    if type(plain) in (list, bytes, str):
        return f"{type(plain).__name__} of {len(plain)}"
    return f"{type(plain).__name__} {plain!r:.40}"


def _converter(hint: Any) -> _Converter:
    if hint in SCALARS:
        return _scalar(SCALARS[hint], getattr(hint, "__name__", str(hint)))
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        return _sequence(_converter(args[0]))
    if origin in (types.UnionType, typing.Union) and len(args) == 2 and type(None) in args:
        return _optional(_converter(args[0] if args[1] is type(None) else args[1]))
    if hint in _unions:
        return _union(hint)
    if hint in _structs:
        return _Converter(
            _to_plain_struct,
            lambda plain, unions, where: _from_plain_struct(hint, plain, unions, where),
            to_json,
            lambda value, unions, where: _from_json_struct(hint, value, unions, where),
        )
    raise TypeError(f"{hint!r} has no wire form")  # a mistake in a definition, seen at import


def _scalar(rule: Scalar, name: str) -> _Converter:
    if rule.field:
        return _field_element(rule)
    low, high, lengths = rule.low, rule.high, rule.lengths
    base: type[Any] = rule.base
    sized = base is not int and base is not bool
    measure = "length" if sized else "value"
    bounds = " or ".join(map(str, lengths)) if lengths else f"{low}..{high}"

    def check(value: Any) -> bool:
        if type(value) is not base:
            return False
        size = len(value) if sized else value
        return bool(low <= size <= high and (not lengths or size in lengths))

    def from_plain(plain: Plain, _unions: Unions, where: str) -> object:
        if not check(plain):
            raise WrongShape(where, f"{name} ({base.__name__}, {measure} {bounds})", _describe(plain))
        return plain

    def to_plain(value: Any) -> Plain:
        if not check(value):
            raise WrongShape(name, f"{base.__name__}, {measure} {bounds}", _describe(value))
        return value

    def from_json(value: object, unions: Unions, where: str) -> object:
        return from_plain(rule.from_json(value, where), unions, where)

    return _Converter(to_plain, from_plain, rule.to_json, from_json)


def _field_element(rule: Scalar) -> _Converter:
    def from_plain(plain: Plain, _unions: Unions, where: str) -> int:
        if type(plain) is not bytes or len(plain) != 32:
            raise WrongShape(where, "a field element of 32 bytes", _describe(plain))
        value = int.from_bytes(plain, "big")
        if value > rule.high:
            raise WrongShape(where, "a canonical field element below the field order r", f"{value}")
        return value

    def to_plain(value: Any) -> bytes:
        if type(value) is not int or not 0 <= value <= rule.high:
            raise WrongShape("FieldElement", "a canonical field element below the field order r", _describe(value))
        return value.to_bytes(32, "big")

    def from_json(value: object, _unions: Unions, where: str) -> object:
        number = rule.from_json(value, where)
        to_plain(number)
        return number

    return _Converter(to_plain, from_plain, rule.to_json, from_json)


def _sequence(item: _Converter) -> _Converter:
    def from_plain(plain: Plain, unions: Unions, where: str) -> object:
        if type(plain) is not list:
            raise WrongShape(where, "an array", _describe(plain))
        return tuple([item.from_plain(x, unions, where) for x in plain])

    def from_json(value: object, unions: Unions, where: str) -> object:
        if type(value) is not list:
            raise WrongShape(where, "an array", _describe(value))
        return tuple([item.from_json(x, unions, where) for x in value])

    return _Converter(
        lambda value: [item.to_plain(x) for x in value],
        from_plain,
        lambda value: [item.to_json(x) for x in value],
        from_json,
    )


def _optional(item: _Converter) -> _Converter:
    return _Converter(
        lambda value: None if value is None else item.to_plain(value),
        lambda plain, unions, where: None if plain is None else item.from_plain(plain, unions, where),
        lambda value: None if value is None else item.to_json(value),
        lambda value, unions, where: None if value is None else item.from_json(value, unions, where),
    )


def _union(base: type) -> _Converter:
    def to_plain(value: Any) -> Plain:
        return [value.tag, *_to_plain_struct(value)]

    def from_plain(plain: Plain, unions: Unions, where: str) -> object:
        if type(plain) is not list or not plain or type(plain[0]) is not int:
            raise WrongShape(where, f"a tagged {base.__name__}", _describe(plain))
        cls = unions.get(base, {}).get(plain[0])
        if cls is None:
            raise UnknownTag(where, plain[0])
        return _from_plain_struct(cls, plain[1:], unions, cls.__name__)

    def union_json(value: Any) -> object:
        return {"type": value.name, **to_json(value)}

    def from_json(value: object, unions: Unions, where: str) -> object:
        name = value.get("type") if type(value) is dict else None
        for cls in unions.get(base, {}).values():
            if cls.name == name:  # type: ignore[attr-defined]
                rest = {key: item for key, item in typing.cast(dict[str, object], value).items() if key != "type"}
                return _from_json_struct(cls, rest, unions, cls.__name__)
        raise WrongShape(where, f"an object whose type names a known {base.__name__}", f"type {name!r:.60}")

    return _Converter(to_plain, from_plain, union_json, from_json)
