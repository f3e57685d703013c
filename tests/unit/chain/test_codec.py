"""One value, one encoding: what encodes decodes to itself, and every other byte string is refused by its own rule."""

from dataclasses import dataclass

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.codec import MAX_DEPTH, decode, decode_plain, encode, wire
from chain.errors import CodecError, NotCanonical, NotMsgpack, OversizeBytes, UnknownTag, WrongShape
from chain.types.scalars import (
    MAX_UINT,
    SCALARS,
    FieldElement,
    Height,
    Name,
    Uint,
)
from crypto.field import SCALAR_FIELD
from tests.support.wire_examples import (
    EXAMPLE,
    UNIONS,
    Inner,
    Outer,
    Square,
    outers,
    plain_example,
)

# Round trips


@given(outers)
def test_what_encodes_decodes_to_itself(value: Outer) -> None:
    data = encode(value)
    assert decode(Outer, data, unions=UNIONS) == value
    assert encode(decode(Outer, data, unions=UNIONS)) == data


@given(outers, outers)
def test_different_values_have_different_encodings(left: Outer, right: Outer) -> None:
    assert (left == right) is (encode(left) == encode(right))


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_are_the_one_encoding(data: bytes) -> None:
    try:
        plain = decode_plain(data)
    except CodecError:
        return
    assert encode(plain) == data


@given(st.data())
def test_a_changed_byte_is_refused_or_means_something_else(data: st.DataObject) -> None:
    good = bytearray(encode(EXAMPLE))
    place = data.draw(st.integers(0, len(good) - 1))
    good[place] ^= data.draw(st.integers(1, 255))
    try:
        value = decode(Outer, bytes(good), unions=UNIONS)
    except CodecError:
        return
    assert value != EXAMPLE
    assert encode(value) == bytes(good)


def test_a_struct_is_an_array_led_by_its_version() -> None:
    assert encode(Inner(Height(5), Name("a"))) == bytes.fromhex("9301" + "05" + "a161")
    assert encode(Square(Uint(300))) == bytes.fromhex("9201" + "cd012c")


def test_a_member_of_a_union_stands_behind_its_tag() -> None:
    shape = plain_example()[10]
    assert shape == [2, 3, 5, [1, 3, "ü"]]


# Refusals of bytes


@pytest.mark.parametrize(
    "hexadecimal",
    [
        "cc05",  # 5 as uint8
        "cd0005",  # 5 as uint16
        "ce00000005",  # 5 as uint32
        "cf0000000000000005",  # 5 as uint64
        "d005",  # 5 as int8
        "d1ffff",  # -1 as int16
        "c5000101",  # one byte as bin16
        "d90161",  # "a" as str8
        "da000161",  # "a" as str16
        "dc000101",  # [1] as array16
        "dd0000000101",  # [1] as array32
        "92cc0101",  # [1, 1] with a wide first
    ],
)
def test_longer_encodings_than_needed_are_refused(hexadecimal: str) -> None:
    with pytest.raises(NotCanonical):
        decode_plain(bytes.fromhex(hexadecimal))


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": 1},
        [{"a": 1}],
        [1, [2, {}]],
        1.5,
        [0.0],
        float("nan"),
        msgpack.Timestamp(1, 0),
        [msgpack.Timestamp(1, 0)],
        msgpack.ExtType(5, b"x"),
        [msgpack.ExtType(5, b"x")],
    ],
    ids=repr,
)
def test_maps_floats_and_extensions_have_no_place(value: object) -> None:
    with pytest.raises(NotMsgpack):
        decode_plain(msgpack.packb(value))


def test_a_map_with_a_key_twice_is_refused() -> None:
    with pytest.raises(NotMsgpack):
        decode_plain(bytes.fromhex("82a16101a16102"))


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x92\x01", b"\xc4\x05ab", b"\xa1\xff", b"\xa3\xed\xa0\x80"])
def test_truncated_or_malformed_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(NotMsgpack):
        decode_plain(data)


def test_trailing_bytes_are_refused() -> None:
    with pytest.raises(NotMsgpack):
        decode(Inner, encode(Inner(Height(1), None)) + b"\x00")


def nested(depth: int) -> bytes:
    return b"\x91" * depth + b"\x00"


def test_depth_is_limited() -> None:
    decode_plain(nested(MAX_DEPTH))
    with pytest.raises(NotMsgpack, match=f"deeper than {MAX_DEPTH}"):
        decode_plain(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize("depth", [500, 1_000, 100_000])
def test_a_tower_of_brackets_is_refused_without_harm(depth: int) -> None:
    with pytest.raises(NotMsgpack):
        decode_plain(nested(depth))
    with pytest.raises(NotMsgpack):
        decode_plain(b"\x81\xa1a" * depth + b"\x00")


def test_size_is_limited_before_anything_is_parsed() -> None:
    with pytest.raises(OversizeBytes) as refused:
        decode_plain(b"\xc1" * 101, limit=100)
    assert (refused.value.size, refused.value.limit) == (101, 100)
    assert decode_plain(encode(b"x" * 98), limit=100) == b"x" * 98


def test_a_length_that_promises_more_than_there_is_costs_nothing() -> None:
    for header in (b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff"):
        with pytest.raises(NotMsgpack):
            decode_plain(header)


# Refusals of fields

AMOUNT, ROUND, ELEMENT, HASH, TARGET, BLOB, FLAG, INNER, MANY, SHAPE, MAYBE = range(1, 12)

WRONG = [
    (0, 2, "version 1"),
    (0, True, "version 1"),
    (0, "1", "version 1"),
    (AMOUNT, -1, "Outer.amount"),
    (AMOUNT, 2**63, "Outer.amount"),
    (AMOUNT, 2**64 - 1, "Outer.amount"),
    (AMOUNT, True, "Outer.amount"),
    (AMOUNT, "7", "Outer.amount"),
    (AMOUNT, b"\x07", "Outer.amount"),
    (AMOUNT, None, "Outer.amount"),
    (AMOUNT, [7], "Outer.amount"),
    (ROUND, -2, "Outer.round"),
    (ROUND, 2**31, "Outer.round"),
    (ELEMENT, 5, "a field element of 32 bytes"),
    (ELEMENT, bytes(31), "a field element of 32 bytes"),
    (ELEMENT, bytes(33), "a field element of 32 bytes"),
    (ELEMENT, SCALAR_FIELD.to_bytes(32, "big"), "below the field order"),
    (ELEMENT, (SCALAR_FIELD + 1).to_bytes(32, "big"), "below the field order"),
    (ELEMENT, b"\xff" * 32, "below the field order"),
    (HASH, bytes(31), "Outer.hash"),
    (HASH, bytes(33), "Outer.hash"),
    (HASH, "x" * 32, "Outer.hash"),
    (TARGET, bytes(16), "length 0 or 32"),
    (BLOB, bytes(2**20 + 1), "Outer.blob"),
    (BLOB, "", "Outer.blob"),
    (FLAG, 1, "Outer.flag"),
    (FLAG, 0, "Outer.flag"),
    (FLAG, None, "Outer.flag"),
    (INNER, [1, 1], "Outer.inner"),
    (INNER, [1, 1, None, None], "Outer.inner"),
    (INNER, [1, 1, ""], "Outer.inner.memo"),
    (INNER, [1, 1, "x" * 65], "Outer.inner.memo"),
    (INNER, [1, 1, b"bytes"], "Outer.inner.memo"),
    (INNER, None, "Outer.inner"),
    (MANY, None, "an array"),
    (MANY, b"", "an array"),
    (MANY, [None], "Outer.many"),
    (SHAPE, [], "a tagged Shape"),
    (SHAPE, ["square", 1, 5], "a tagged Shape"),
    (SHAPE, [True, 1, 5], "a tagged Shape"),
    (SHAPE, [1, 2, 5], "version 1"),
    (SHAPE, [1, 1, 5, 5], "Square"),
    (SHAPE, None, "a tagged Shape"),
    (MAYBE, bytes(31), "Outer.maybe"),
    (MAYBE, False, "Outer.maybe"),
]


@pytest.mark.parametrize(("place", "value", "message"), WRONG)
def test_a_field_of_another_shape_is_refused(place: int, value: object, message: str) -> None:
    plain = plain_example()
    plain[place] = value
    with pytest.raises(WrongShape, match=message.replace(".", r"\.")):
        decode(Outer, encode(plain), unions=UNIONS)


def test_an_unknown_tag_says_so() -> None:
    plain = plain_example()
    plain[SHAPE] = [9, 1, 5]
    with pytest.raises(UnknownTag) as refused:
        decode(Outer, encode(plain), unions=UNIONS)
    assert refused.value.tag == 9
    with pytest.raises(UnknownTag):
        decode(Outer, encode(EXAMPLE))  # no registry handed in


def test_too_few_and_too_many_fields_are_refused() -> None:
    plain = plain_example()
    for other in (plain[:-1], [*plain, None], [], 5, "text", b"bytes", None):
        with pytest.raises(WrongShape):
            decode(Outer, encode(other), unions=UNIONS)


@pytest.mark.parametrize(
    "broken",
    [
        Inner(Height(-1), None),
        Inner(Height(2**63), None),
        Inner(True, None),  # type: ignore[arg-type]
        Inner(Height(1), Name("")),
        Inner(1.0, None),  # type: ignore[arg-type]
    ],
)
def test_what_would_not_decode_does_not_encode(broken: Inner) -> None:
    with pytest.raises(WrongShape):
        encode(broken)


@pytest.mark.parametrize("element", [SCALAR_FIELD, SCALAR_FIELD + 1, 2**256, -1, True])
def test_a_field_element_that_is_none_does_not_encode(element: int) -> None:
    @wire()
    @dataclass(frozen=True, slots=True)
    class Holder:
        element: FieldElement

    with pytest.raises(WrongShape, match="canonical field element"):
        encode(Holder(FieldElement(element)))


def test_a_field_without_a_wire_form_is_seen_at_definition() -> None:
    @dataclass(frozen=True, slots=True)
    class Wrong:
        value: float

    with pytest.raises(TypeError, match="no wire form"):
        wire()(Wrong)


def test_every_scalar_has_bounds_that_its_wire_form_can_hold() -> None:
    for rule in SCALARS.values():
        assert rule.low <= rule.high
        if rule.base is int and not rule.field:
            assert -(2**63) <= rule.low <= rule.high <= MAX_UINT
