"""Canonical msgpack: one value, one encoding; anything else is refused.

A wire struct is a frozen dataclass decorated with `@wire`; it stands as an array led by its version, then its fields in
order. Field types are the scalars of `chain/types/scalars.py`, other structs, `tuple[T, ...]`, `T | None`, and open
unions (`Tagged` bases such as Action and Event), which stand as [tag, version, fields...] and are decoded through a
registry that the caller hands in. Canonical form is enforced in two steps: the msgpack value must encode again to the
very same bytes, and every field must have exactly the declared type, range and length.
"""

import dataclasses
import operator
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Protocol, TypeVar

import msgpack

from chain.errors import CodecError, NotCanonical, NotMsgpack, OversizeBytes, UnknownTag, WrongShape
from chain.types.scalars import SCALARS, Scalar

T = TypeVar("T")
MAX_BYTES: Final = 2 * 2**20
MAX_DEPTH: Final = 16

Plain = Any  # int, str, bytes, bool, None or a list of these: what msgpack carries
_ATOMS: Final = frozenset((int, str, bytes, bool, type(None)))
_TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} levels"
Registry = Mapping[int, type]  # tag -> struct class, for one open union
Unions = Mapping[type, Registry]
ToPlain = Callable[[Any], Plain]
FromPlain = Callable[[Plain, Unions], Any]
FromJson = Callable[[Any, Unions, str], Any]
NO_UNIONS: Final[Unions] = {}


class Tagged(Protocol):
    """A struct of an open union: its tag is unique within the union and stays for ever."""

    tag: ClassVar[int]


class _Misfit(Exception):
    """Something does not fit its definition. Where that is, is put together on the way out: fitting costs nothing."""

    def __init__(self, error: Callable[[str], CodecError]) -> None:
        self.error = error
        self.path: list[str] = []

    def at(self, where: str) -> CodecError:
        return self.error(".".join([where, *reversed(self.path)]))


def _misfit(expected: str, got: Plain) -> _Misfit:
    return _Misfit(lambda where: WrongShape(where, expected, _describe(got)))


@dataclasses.dataclass(frozen=True, slots=True)
class _Converter:
    to_plain: ToPlain
    from_plain: FromPlain
    to_json: Callable[[Any], object]
    from_json: FromJson


@dataclasses.dataclass(frozen=True, slots=True)
class _Struct:
    version: int
    names: tuple[str, ...]
    fields: tuple[_Converter, ...]
    values: Callable[[Any], tuple[Any, ...]]  # of the fields, in order
    to_plain: tuple[ToPlain, ...]
    from_plain: tuple[tuple[str, FromPlain], ...]


_structs: dict[type, _Struct] = {}
_unions: set[type] = set()


def wire(version: int = 1) -> Callable[[type[T]], type[T]]:
    """Class decorator: registers a dataclass as a wire struct of the given version."""

    def register(cls: type[T]) -> type[T]:
        hints = typing.get_type_hints(cls)
        names = tuple(f.name for f in dataclasses.fields(cls))  # type: ignore[arg-type]
        fields = tuple(_converter(hints[name]) for name in names)
        _structs[cls] = _Struct(
            version,
            names,
            fields,
            _values_of(names),
            tuple(field.to_plain for field in fields),
            tuple((name, field.from_plain) for name, field in zip(names, fields, strict=True)),
        )
        return cls

    return register


def _values_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def open_union(cls: type[T]) -> type[T]:
    """Class decorator: fields annotated with this class hold any of its tagged, wire-decorated subclasses."""
    _unions.add(cls)
    return cls


def wire_types() -> tuple[type, ...]:
    """Every wire struct that was defined so far, in order of definition."""
    return tuple(_structs)


def open_unions() -> frozenset[type]:
    """The bases of all open unions that were defined so far."""
    return frozenset(_unions)


def encode(value: object) -> bytes:
    """The canonical bytes of a wire struct, or of a plain value made of ints, strings, bytes, None and lists."""
    return _pack(_to_plain_struct(value) if type(value) in _structs else value)


def decode(
    cls: type[T], data: bytes, *, limit: int = MAX_BYTES, unions: Unions = NO_UNIONS, what: str | None = None
) -> T:
    """The struct of class `cls` that `data` encodes. Raises a CodecError for anything but its canonical encoding.

    `what` names the thing in errors, for a class whose own name says nothing to users.
    """
    plain = decode_plain(data, limit=limit)
    try:
        return typing.cast(T, _from_plain_struct(cls, plain, unions))
    except _Misfit as misfit:
        raise misfit.at(what or cls.__name__) from None


def decode_plain(data: bytes, *, limit: int = MAX_BYTES) -> Plain:
    """The plain value of canonical msgpack bytes: size first, then depth, then re-encode and compare."""
    if len(data) > limit:
        raise OversizeBytes(len(data), limit)
    try:
        plain = msgpack.unpackb(data, raw=False, use_list=True, strict_map_key=True, ext_hook=_refuse_ext)
    except (RecursionError, msgpack.exceptions.StackError):
        raise NotMsgpack(_TOO_DEEP) from None
    except (ValueError, TypeError, msgpack.exceptions.UnpackException) as error:
        raise NotMsgpack(str(error) or type(error).__name__) from None
    if type(plain) is list:
        _check_items(plain, MAX_DEPTH)
    elif type(plain) not in _ATOMS:
        raise _foreign(plain)
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


def _foreign(value: object) -> NotMsgpack:
    """Maps, floats, timestamps: msgpack has them, this wire format does not."""
    name = "map" if isinstance(value, dict) else type(value).__name__
    return NotMsgpack(f"a {name} has no place in it")


def _check_items(plain: list[Plain], left: int) -> None:
    if left == 0:
        raise NotMsgpack(_TOO_DEEP)
    for item in plain:
        if type(item) is list:
            _check_items(item, left - 1)
        elif type(item) not in _ATOMS:
            raise _foreign(item)


def _to_plain_struct(value: object) -> list[Plain]:
    struct = _structs[type(value)]
    pairs = zip(struct.to_plain, struct.values(value), strict=True)
    return [struct.version, *[to_plain(item) for to_plain, item in pairs]]


def _from_plain_struct(cls: type, plain: Plain, unions: Unions) -> object:
    struct = _structs[cls]
    if type(plain) is not list or len(plain) != len(struct.names) + 1:
        raise _misfit(f"an array of {len(struct.names) + 1}", plain)
    version = plain[0]
    if type(version) is not int or version != struct.version:
        expected = f"version {struct.version}"
        raise _Misfit(lambda where: WrongShape(where, expected, f"{version!r:.40}"))
    values, at = [], 0
    try:
        for _, from_plain in struct.from_plain:
            at += 1
            values.append(from_plain(plain[at], unions))
    except _Misfit as misfit:
        misfit.path.append(struct.names[at - 1])
        raise
    return cls(*values)


def _describe(plain: Plain) -> str:
    if plain is None:
        return "nothing"
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
            lambda plain, unions: _from_plain_struct(hint, plain, unions),
            to_json,
            lambda value, unions, where: _from_json_struct(hint, value, unions, where),
        )
    raise TypeError(f"{hint!r} has no wire form")  # a mistake in a definition, seen at import


def _scalar(rule: Scalar, name: str) -> _Converter:
    if rule.field:
        return _field_element(rule)
    low, high = rule.low, rule.high
    base: type[Any] = rule.base
    sized = base is not int and base is not bool
    bounds = " or ".join(map(str, rule.lengths)) if rule.lengths else f"{low}..{high}"
    measure = f"{'length' if sized else 'value'} {bounds}"
    lengths = frozenset(rule.lengths or ((low,) if low == high else ()))

    def int_from_plain(plain: Plain, _unions: Unions) -> object:
        if type(plain) is base and low <= plain <= high:
            return plain
        raise _misfit(f"{name} ({base.__name__}, {measure})", plain)

    def fixed_from_plain(plain: Plain, _unions: Unions) -> object:
        if type(plain) is base and len(plain) in lengths:
            return plain
        raise _misfit(f"{name} ({base.__name__}, {measure})", plain)

    def sized_from_plain(plain: Plain, _unions: Unions) -> object:
        if type(plain) is base and low <= len(plain) <= high:
            return plain
        raise _misfit(f"{name} ({base.__name__}, {measure})", plain)

    from_plain = int_from_plain if not sized else fixed_from_plain if lengths else sized_from_plain

    def to_plain(value: Any) -> Plain:
        try:
            return from_plain(value, NO_UNIONS)
        except _Misfit:
            raise WrongShape(name, f"{base.__name__}, {measure}", _describe(value)) from None

    def from_json(value: object, unions: Unions, where: str) -> object:
        try:
            return from_plain(rule.from_json(value, where), unions)
        except _Misfit as misfit:
            raise misfit.at(where) from None

    return _Converter(to_plain, from_plain, rule.to_json, from_json)


def _field_element(rule: Scalar) -> _Converter:
    canonical = "a canonical field element below the field order r"

    def from_plain(plain: Plain, _unions: Unions) -> int:
        if type(plain) is not bytes or len(plain) != 32:
            raise _misfit("a field element of 32 bytes", plain)
        value = int.from_bytes(plain, "big")
        if value > rule.high:
            raise _Misfit(lambda where: WrongShape(where, canonical, f"{value}"))
        return value

    def to_plain(value: Any) -> bytes:
        if type(value) is not int or not 0 <= value <= rule.high:
            raise WrongShape("FieldElement", canonical, _describe(value))
        return value.to_bytes(32, "big")

    def from_json(value: object, _unions: Unions, where: str) -> object:
        number = rule.from_json(value, where)
        to_plain(number)
        return number

    return _Converter(to_plain, from_plain, rule.to_json, from_json)


def _sequence(item: _Converter) -> _Converter:
    read, write = item.from_plain, item.to_plain

    def from_plain(plain: Plain, unions: Unions) -> object:
        if type(plain) is not list:
            raise _misfit("an array", plain)
        return tuple([read(x, unions) for x in plain])

    def from_json(value: object, unions: Unions, where: str) -> object:
        if type(value) is not list:
            raise WrongShape(where, "an array", _describe(value))
        return tuple([item.from_json(x, unions, where) for x in value])

    return _Converter(
        lambda value: [write(x) for x in value],
        from_plain,
        lambda value: [item.to_json(x) for x in value],
        from_json,
    )


def _optional(item: _Converter) -> _Converter:
    return _Converter(
        lambda value: None if value is None else item.to_plain(value),
        lambda plain, unions: None if plain is None else item.from_plain(plain, unions),
        lambda value: None if value is None else item.to_json(value),
        lambda value, unions, where: None if value is None else item.from_json(value, unions, where),
    )


def _union(base: type) -> _Converter:
    def to_plain(value: Any) -> Plain:
        return [value.tag, *_to_plain_struct(value)]

    def from_plain(plain: Plain, unions: Unions) -> object:
        if type(plain) is not list or not plain or type(plain[0]) is not int:
            raise _misfit(f"a tagged {base.__name__}", plain)
        tag = plain[0]
        cls = unions.get(base, {}).get(tag)
        if cls is None:
            raise _Misfit(lambda where: UnknownTag(where, tag))
        try:
            return _from_plain_struct(cls, plain[1:], unions)
        except _Misfit as misfit:
            raise misfit.at(cls.__name__) from None

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
