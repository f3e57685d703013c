"""A contract read by its ABI alone: the same values as its class gives, and no trust in what an ABI says."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.confidential.reader import Opening
from compute.dsl.abi import abi_bytes
from compute.dsl.abi_reading import AbiReader, AbiUnusable
from compute.dsl.elements import packed, reduced
from crypto.field import SCALAR_FIELD
from tests.support.dsl_contracts import Auction

amounts = st.integers(0, 2**64 - 1)
STANDING = [["best", "u64"], ["second", "u64"], ["winner", "Address"], ["folded", "u32"]]
ABI: dict[str, Any] = {
    "abi": 1,
    "name": "Auction",
    "registers": [
        {"name": "standing", "sealed": True, "type": "Standing"},
        {"name": "price", "sealed": False, "type": "u64"},
        {"name": "row", "sealed": False, "type": {"array": "i8", "length": 3}},
        {"name": "frozen", "sealed": True, "type": "Bool"},
    ],
    "notes": [{"name": "Bid", "kind": 1, "type": "Bid"}],
    "methods": [],
    "types": {"Standing": STANDING, "Bid": [["amount", "u64"], ["bidder", "Address"]]},
}


def reader(**changes: Any) -> AbiReader:
    return AbiReader(json.dumps({**ABI, **changes}).encode())


def opening(*values: int) -> Opening:
    return Opening(1, values, 0)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, SCALAR_FIELD - 1), st.integers(0, 2**32 - 1)
)
def test_a_sealed_struct_reads_as_its_class_packs_it(best: int, second: int, winner: int, folded: int) -> None:
    kind = Auction.compiled.declaration.registers[0].kind
    elements = packed(kind.leaves(), (best, second, winner, folded))
    found = reader().register("standing", opening(*(int(each) for each in elements)))  # type: ignore[arg-type]
    assert found == {"best": best, "second": second, "winner": winner, "folded": folded}


def test_public_registers_arrays_and_signs() -> None:
    assert reader().register("price", opening(70)) == 70
    assert reader().register("row", opening(*reduced((-1, 0, 127)))) == [-1, 0, 127]
    assert reader().register("frozen", opening(1)) is True


def test_notes_are_read_by_their_kind() -> None:
    assert reader().note(1, (5, 7)) == ("Bid", {"amount": 5, "bidder": 7})
    with pytest.raises(AbiUnusable):
        reader().note(2, (5, 7))


@pytest.mark.parametrize("abi", [b"", b"{", b"[]", b"1", b"\xff", b"[" * 10_000, b'{"abi": 1}', b'{"abi": 2}'])
def test_other_bytes_are_no_abi(abi: bytes) -> None:
    with pytest.raises(AbiUnusable):
        AbiReader(abi)


def nested(levels: int) -> Any:
    kind: Any = "u8"
    for _ in range(levels):
        kind = {"array": kind, "length": 8}
    return kind


BAD_TYPES: list[Any] = [
    None,
    5,
    "Unknown",
    [],
    {"array": "u8", "length": 0},
    {"array": "u8", "length": 2**60},
    {"array": "u8", "length": "3"},
    {"length": 3},
    nested(5),  # 32,768 numbers
    nested(100),
]


@pytest.mark.parametrize("kind", BAD_TYPES, ids=range(len(BAD_TYPES)))
def test_types_that_are_none_or_too_large_are_refused(kind: Any) -> None:
    registers = [{"name": "price", "sealed": True, "type": kind}]
    with pytest.raises(AbiUnusable):
        reader(registers=registers).register("price", opening(1))


def test_types_that_contain_themselves_are_refused() -> None:
    types = {"Standing": [["again", "Standing"], ["more", "Standing"]]}
    with pytest.raises(AbiUnusable):
        reader(types=types).register("standing", opening(1, 2, 3))


def test_another_number_of_elements_than_the_chains_is_refused() -> None:
    for name, values in (("standing", (1,)), ("price", (1, 2)), ("row", (1, 2))):
        with pytest.raises(AbiUnusable):
            reader().register(name, opening(*values))
    with pytest.raises(AbiUnusable, match="nothing"):
        reader().register("nothing", opening(1))


def test_a_classes_own_abi_is_read_as_its_class() -> None:
    found = AbiReader(abi_bytes(Auction.compiled))
    declared = Auction.compiled.declaration.registers[0]
    elements = tuple(int(each) for each in packed(declared.leaves, (9, 8, 7, 6)))  # type: ignore[arg-type]
    assert found.register("standing", opening(*elements)) == declared.kind.lifted(iter((9, 8, 7, 6)))
    assert found.note(1, (5, 7)) == ("Bid", {"amount": 5, "bidder": 7})
