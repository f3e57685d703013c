"""Notes on the chain: what blocks append is the whole tree, roots grow old, nullifiers never, objects are apart."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.codec import encode
from chain.state.overlay import Overlay
from chain.state.proofs import ExistenceProof, NonExistenceProof, verify_membership, verify_non_membership
from chain.state.store import MemoryStore
from chain.state.tree import Tree
from chain.state.tree_view import TreeView
from chain.state.view import StateView
from chain.types.scalars import FieldElement, Height, ObjectId, Uint
from contracts.notes import state
from contracts.notes.errors import (
    BadEphemeral,
    DuplicateNullifier,
    NoteSpent,
    NoteTreeFull,
    RootTooOld,
    UnknownRoot,
    WrongCiphertextLength,
)
from contracts.notes.output import Point
from crypto.babyjubjub import IDENTITY, SUBORDER
from crypto.note_tree import path_root, tree_path, tree_root
from tests.support.shielded_pool import ephemeral, output

POOL, OTHER = ObjectId(b"\x01" * 32), ObjectId(b"\x02" * 32)
NULLIFIER = FieldElement(99)


def empty() -> Overlay:
    return Overlay(StateView(MemoryStore(), Height(0)))


def make(overlay: Overlay, object_: ObjectId, height: int, *commitments: int) -> None:
    """One action's outputs, in a block of their own or of several."""
    state.append(overlay, object_, ephemeral(), tuple(output(number) for number in commitments), Height(height))


def block(overlay: Overlay, height: int, *commitments: int, object_: ObjectId = POOL) -> FieldElement:
    """A block in which an object makes these notes; its root afterwards."""
    make(overlay, object_, height, *commitments)
    state.grow(overlay, Height(height))
    return state.tree_of(overlay, object_).root


# Trees

numbers = st.integers(1, 2**64)
actions = st.tuples(st.sampled_from([POOL, OTHER]), st.lists(numbers, min_size=1, max_size=4))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(actions, max_size=3), max_size=4))
def test_what_blocks_append_is_the_whole_tree_of_each_object(blocks: list[list[tuple[ObjectId, list[int]]]]) -> None:
    overlay, leaves = empty(), {POOL: list[int](), OTHER: list[int]()}
    for height, done in enumerate(blocks, start=1):
        for object_, commitments in done:
            make(overlay, object_, height, *commitments)
            leaves[object_] += commitments
        grown = state.grow(overlay, Height(height))
        assert [object_ for object_, _ in grown] == list(dict.fromkeys(object_ for object_, _ in done))
        for object_, made in leaves.items():
            tree = state.tree_of(overlay, object_)
            assert (tree.size, tree.root) == (len(made), tree_root(made))
            assert state.root_at(overlay, object_, Height(height)) == (tree.root if tree.height == height else None)


def test_outputs_are_numbered_over_the_chain_and_placed_in_their_objects_tree() -> None:
    overlay = empty()
    make(overlay, POOL, 7, 11, 12)
    make(overlay, OTHER, 7, 21)
    make(overlay, POOL, 7, 13)
    state.grow(overlay, Height(7))
    make(overlay, OTHER, 8, 22)
    found = [state.find_output(overlay, number) for number in range(6)]
    assert [(r.object, r.position, r.height, r.output.commitment) for r in found if r] == [
        (POOL, 0, 7, 11),
        (POOL, 1, 7, 12),
        (OTHER, 0, 7, 21),
        (POOL, 2, 7, 13),
        (OTHER, 1, 8, 22),
    ]
    assert found[5] is None
    assert state.counts(overlay) == state.Counts(Uint(5), Uint(0), Uint(4))


def test_a_note_is_in_the_tree_only_when_its_block_has_ended() -> None:
    overlay = empty()
    before = block(overlay, 1, 11)
    make(overlay, POOL, 2, 12)
    assert state.tree_of(overlay, POOL).root == before
    state.grow(overlay, Height(2))
    after = state.tree_of(overlay, POOL)
    assert after.root != before and (after.size, after.changes, after.height) == (2, 2, 2)
    assert path_root(12, 1, tree_path([11, 12], 1)) == after.root


def test_a_block_without_notes_changes_nothing() -> None:
    overlay = empty()
    block(overlay, 1, 11)
    before = overlay.changes()
    assert state.grow(overlay, Height(2)) == ()
    assert overlay.changes() == before


def test_complete_subtrees_have_their_roots_in_state() -> None:
    overlay, leaves = empty(), list(range(1, 601))
    block(overlay, 1, *leaves[:255])
    assert state.subtree_root(overlay, POOL, 0) is None
    block(overlay, 2, *leaves[255:600])
    for number in (0, 1):
        assert state.subtree_root(overlay, POOL, number) == tree_root(leaves[256 * number : 256 * number + 256], 4)
    assert state.subtree_root(overlay, POOL, 2) is None
    assert state.subtree_root(overlay, OTHER, 0) is None


# Roots


def test_a_root_is_known_until_1024_changes_later() -> None:
    overlay = empty()
    root = block(overlay, 1, 11)
    tree = state.tree_of(overlay, POOL)
    for changes, known in ((1, True), (1_024, True), (1_025, False)):
        overlay.put(state.TREE.key(POOL), encode(replace(tree, changes=Uint(changes))))
        if known:
            state.require_root(overlay, POOL, root)
            continue
        with pytest.raises(RootTooOld) as old:
            state.require_root(overlay, POOL, root)
        assert (old.value.object, old.value.root, old.value.age, old.value.limit) == (POOL, root, 1_024, 1_024)


def test_old_roots_are_refused_after_real_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "ROOTS_KEPT", 3)
    overlay = empty()
    roots = [state.EMPTY_ROOT, *(block(overlay, height, height) for height in range(1, 6))]
    for root in roots[-3:]:
        state.require_root(overlay, POOL, root)
    for root in roots[:-3]:
        with pytest.raises(RootTooOld):
            state.require_root(overlay, POOL, root)


def test_blocks_that_do_not_change_an_objects_tree_do_not_age_its_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "ROOTS_KEPT", 2)
    overlay = empty()
    root = block(overlay, 1, 11)
    for height in range(2, 6):
        block(overlay, height, height, object_=OTHER)
    state.require_root(overlay, POOL, root)


def test_the_empty_root_is_that_of_an_object_without_notes() -> None:
    overlay = empty()
    state.require_root(overlay, POOL, state.EMPTY_ROOT)
    block(overlay, 1, 11)
    state.require_root(overlay, POOL, state.EMPTY_ROOT)


def test_a_forged_root_is_refused() -> None:
    overlay = empty()
    root = block(overlay, 1, 11)
    with pytest.raises(UnknownRoot) as unknown:
        state.require_root(overlay, POOL, FieldElement(root + 1))
    assert (unknown.value.object, unknown.value.root) == (POOL, root + 1)


def test_a_contract_cannot_make_a_note_of_a_pool() -> None:
    """Its circuit may publish any commitment; what comes of it is a root of its own, which the pool does not know."""
    overlay = empty()
    forged = block(overlay, 1, 4242, object_=OTHER)
    state.require_root(overlay, OTHER, forged)
    with pytest.raises(UnknownRoot):
        state.require_root(overlay, POOL, forged)


# Nullifiers


def test_a_nullifier_is_spent_once_and_for_ever() -> None:
    overlay = empty()
    state.require_unspent(overlay, POOL, (NULLIFIER,))
    state.spend(overlay, POOL, (NULLIFIER,), Height(3))
    for height in (4, 5_000_000):
        state.grow(overlay, Height(height))
        with pytest.raises(NoteSpent) as spent:
            state.require_unspent(overlay, POOL, (FieldElement(1), NULLIFIER))
        assert (spent.value.object, spent.value.nullifier) == (POOL, NULLIFIER)
    assert state.find_spent(overlay, 0) == state.SpentRecord(POOL, NULLIFIER, Height(3))
    assert state.find_spent(overlay, 1) is None


def test_a_contract_cannot_spoil_a_note_of_a_pool() -> None:
    """Its circuit may publish any nullifier, also one that it saw in somebody's transaction."""
    overlay = empty()
    state.spend(overlay, OTHER, (NULLIFIER,), Height(3))
    state.require_unspent(overlay, POOL, (NULLIFIER,))
    assert state.unique(POOL, NULLIFIER) != state.unique(OTHER, NULLIFIER)


def test_one_action_spends_a_note_once() -> None:
    with pytest.raises(DuplicateNullifier) as twice:
        state.require_unspent(empty(), POOL, (NULLIFIER, FieldElement(1), NULLIFIER))
    assert twice.value.nullifier == NULLIFIER


def test_a_unique_is_32_bytes_of_object_and_nullifier() -> None:
    uniques = {state.unique(object_, FieldElement(n)) for object_ in (POOL, OTHER) for n in (1, 2)}
    assert len(uniques) == 4 and all(len(unique) == 32 for unique in uniques)


# Outputs


def test_outputs_of_the_right_shape_pass() -> None:
    state.require_outputs(empty(), POOL, ephemeral(), (output(1), output(2, elements=3)), (5, 3))


@pytest.mark.parametrize("elements", [4, 6])
def test_a_ciphertext_has_its_size(elements: int) -> None:
    with pytest.raises(WrongCiphertextLength) as wrong:
        state.require_outputs(empty(), POOL, ephemeral(), (output(1), output(2, elements)), (5, 5))
    assert (wrong.value.output, wrong.value.expected, wrong.value.got) == (1, 5, elements)


@pytest.mark.parametrize("point", [IDENTITY, (1, 1)])
def test_the_one_time_point_is_on_the_curve_and_not_the_identity(point: tuple[int, int]) -> None:
    x, y = FieldElement(point[0]), FieldElement(point[1])
    with pytest.raises(BadEphemeral) as bad:
        state.require_outputs(empty(), POOL, Point(x, y), (output(1),), (5,))
    assert (bad.value.x, bad.value.y) == (x, y)


def test_a_multiple_of_the_groups_order_is_no_secret() -> None:
    with pytest.raises(BadEphemeral):
        state.require_outputs(empty(), POOL, ephemeral(SUBORDER), (output(1),), (5,))


def test_a_full_tree_takes_no_more() -> None:
    overlay = empty()
    overlay.put(state.SIZE.key(POOL), encode(state.Count(Uint(state.CAPACITY - 1))))
    state.require_outputs(overlay, POOL, ephemeral(), (output(1),), (5,))
    with pytest.raises(NoteTreeFull) as full:
        state.require_outputs(overlay, POOL, ephemeral(), (output(1), output(2)), (5, 5))
    assert (full.value.size, full.value.more, full.value.capacity) == (4**16 - 2, 2, 4**16 - 1)


# Proofs about notes, for who trusts no node


def test_roots_outputs_and_nullifiers_are_provable() -> None:
    overlay = empty()
    root = block(overlay, 7, 11)
    state.spend(overlay, POOL, (NULLIFIER,), Height(7))
    nodes: dict[bytes, bytes] = {}
    update = Tree(nodes.get).update(7, overlay.changes())
    nodes.update(update.puts())
    view = TreeView(nodes.get, update.root)
    key = state.root_key(POOL, Height(7))
    proof = view.prove(key)
    assert isinstance(proof, ExistenceProof)
    verify_membership(update.root.hash, key, root.to_bytes(32, "big"), proof)
    unspent = state.nullifier_key(POOL, FieldElement(1))
    absent = view.prove(unspent)
    assert isinstance(absent, NonExistenceProof)
    verify_non_membership(update.root.hash, unspent, absent)
    assert isinstance(view.prove(state.nullifier_key(POOL, NULLIFIER)), ExistenceProof)
    assert isinstance(view.prove(state.output_key(0)), ExistenceProof)
