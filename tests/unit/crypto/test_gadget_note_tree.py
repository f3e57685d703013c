"""Membership in the tree of notes: equal to the native tree at every place, and a leaf has no place but its own."""

from collections.abc import Sequence

import pytest

from crypto import note_tree
from crypto.field import SCALAR_FIELD
from crypto.note_errors import WrongPathLength
from crypto.poseidon import poseidon as native_poseidon
from crypto.r1cs.audit import audit, differential
from crypto.r1cs.audit.cross import cross_verified
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.errors import RangeError
from crypto.r1cs.gadgets import note_tree as gadgets
from crypto.r1cs.gadgets.bits import to_bits
from crypto.r1cs.wire import Wire, as_wire, linear

LEAVES = [7, 0, SCALAR_FIELD - 1, 5, 9, 2, 3, 8, 6, 1, 4]


def membership(depth: int) -> tuple[Circuit, int]:
    """The root of a private leaf, place and path, and what that costs without the bits of the place."""
    cs = Builder()
    out, leaf, place = cs.output("root"), cs.private("leaf"), cs.private("position")
    path = [cs.private_array(f"level {level}", 3) for level in range(depth)]
    bits = to_bits(cs, place, 2 * depth)
    before = cs.constraint_count
    root = gadgets.path_root(cs, leaf, bits, path)
    cost = cs.constraint_count - before
    cs.define(out, root)
    return cs.build(), cost


def given(position: int, depth: int, leaves: Sequence[int] = LEAVES) -> Inputs:
    path = note_tree.tree_path(leaves, position, depth)
    return {"leaf": leaves[position], "position": position} | {
        f"level {level}": list(siblings) for level, siblings in enumerate(path)
    }


def root_of(inputs: Inputs) -> tuple[int, ...] | None:
    leaf, position = inputs["leaf"], inputs["position"]
    path = [row for name, row in inputs.items() if name.startswith("level") and not isinstance(row, int)]
    if not isinstance(leaf, int) or not isinstance(position, int) or position >= 4 ** len(path):
        return None
    return (note_tree.path_root(leaf, position, path, len(path)),)


@pytest.mark.parametrize(("depth", "cost"), [(1, 301), (2, 602), (16, 4816)])
def test_membership_costs_what_it_says(depth: int, cost: int) -> None:
    assert membership(depth)[1] == cost


def test_every_place_leads_to_the_root() -> None:
    circuit, _ = membership(2)
    cases = [given(position, 2) for position in range(len(LEAVES))]
    root = note_tree.tree_root(LEAVES, 2)
    assert differential(circuit, cases, lambda inputs: (root,)) == []


def test_the_tree_of_the_chain_has_this_root() -> None:
    """At its real depth, by the frontier that validators keep."""
    root = note_tree.empty_frontier().append(LEAVES).frontier.root()
    circuit, _ = membership(note_tree.DEPTH)
    witness = circuit.solve(given(6, note_tree.DEPTH))
    circuit.check(witness)
    assert witness.public == (root,)


def test_a_leaf_leads_to_another_root_from_every_other_place() -> None:
    circuit, _ = membership(2)
    honest = given(6, 2)
    roots = {circuit.solve({**honest, "position": position}).public for position in range(16)}
    assert len(roots) == 16


def test_a_place_outside_the_tree_has_no_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gadgets, "poseidon", cheap_hash)
    honest = given(6, 2)
    cases: list[Inputs] = [{**honest, "position": position} for position in (16, 22, SCALAR_FIELD - 1)]
    assert differential(membership(2)[0], cases, root_of) == []


def test_membership_cannot_be_forged(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it but the hash, which has its own audit and stands here as a few multiplications."""
    monkeypatch.setattr(gadgets, "poseidon", cheap_hash)
    cases = [given(position, 2) for position in (0, 6, 11 - 1)] + [given(15, 2, range(1, 17))]
    assert audit(membership(2)[0], cases).findings == ()


def test_a_sample_of_membership_with_the_real_hash_cannot_be_forged() -> None:
    assert audit(membership(1)[0], [given(2, 1, LEAVES[:4])], 8).findings == ()


def cheap_hash(cs: Builder, inputs: Sequence[Value], tag: int = 0) -> Wire:
    mixed = linear(((weight, as_wire(value)) for weight, value in enumerate(inputs, start=2)), tag)
    return cs.mul(cs.mul(mixed, mixed), mixed)


@pytest.mark.slow
def test_a_proof_of_membership_verifies_elsewhere() -> None:
    circuit, _ = membership(1)
    witness = circuit.solve(given(3, 1, LEAVES[:4]))
    assert witness.public == (native_poseidon(LEAVES[:4], note_tree.domains.NOTE_TREE),)
    assert cross_verified(circuit, witness) is None


def test_a_path_of_another_shape_and_bits_that_are_none_are_refused() -> None:
    cs = Builder()
    leaf, row = cs.private("leaf"), cs.private_array("row", 3)
    bits = to_bits(cs, cs.private("position"), 4)
    for position, path in ((bits, [row]), (bits[:3], [row]), (bits[:2], [row[:2]]), (bits[:2], [[*row, leaf]])):
        with pytest.raises(WrongPathLength):
            gadgets.path_root(cs, leaf, position, path)
    with pytest.raises(RangeError):
        gadgets.path_root(cs, leaf, cs.private_array("no bits", 2), [row])
