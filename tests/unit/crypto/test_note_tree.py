"""Appending to the note tree in batches is building it whole, and a path proves one leaf at one place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import domains
from crypto.field import SCALAR_FIELD
from crypto.note_errors import DamagedFrontier, NoteTreeFull, PositionOutOfRange, WrongPathLength
from crypto.note_tree import (
    ARITY,
    DEPTH,
    Frontier,
    empty_frontier,
    empty_root,
    node,
    path_root,
    tree_path,
    tree_root,
)
from crypto.poseidon import poseidon

SMALL = 3
EMPTY_ROOT = 0x1BA1029CE9A1D842D5885CA4B2FFC9BB87382A8D0FEC2D9F09CB5E4B55CDC12F
ONE_TWO_THREE = 0x18D615B00F7BEB1982C7927EAC8984C75E892660F0AE912B74145D7C29D7923B

elements = st.integers(1, SCALAR_FIELD - 1)


def test_the_tree_is_as_it_was_fixed() -> None:
    assert empty_root(DEPTH) == EMPTY_ROOT
    assert tree_root([1, 2, 3]) == ONE_TWO_THREE
    assert node([1, 2, 3, 4]) == poseidon([1, 2, 3, 4], domains.NOTE_TREE)


def test_a_tree_without_notes_is_empty_at_every_height() -> None:
    assert empty_frontier().root() == empty_root(DEPTH) == tree_root([])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(elements, max_size=9), max_size=6))
def test_appending_in_batches_is_building_the_whole_tree(batches: list[list[int]]) -> None:
    frontier, leaves = empty_frontier(SMALL), list[int]()
    for batch in batches:
        leaves += batch
        frontier = frontier.append(batch).frontier
        assert frontier.size == len(leaves)
        assert frontier.root() == tree_root(leaves, SMALL)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 20), st.integers(0, 20))
def test_a_batch_completes_exactly_the_nodes_of_its_leaves(before: int, more: int) -> None:
    leaves = list(range(1, before + more + 1))
    complete = empty_frontier(SMALL).append(leaves[:before]).frontier.append(leaves[before:]).complete
    expected = {
        (height, index)
        for height in range(SMALL)
        for index in range(before // ARITY**height, (before + more) // ARITY**height)
    }
    assert {(height, index) for height, index, _ in complete} == expected
    for height, index, value in complete:
        size = ARITY**height
        assert value == tree_root(leaves[index * size : (index + 1) * size], height)


def test_depth_sixteen_appends_like_any_other() -> None:
    leaves = [7 * i + 1 for i in range(40)]
    frontier = empty_frontier().append(leaves[:17]).frontier.append(leaves[17:]).frontier
    assert frontier.root() == tree_root(leaves)


@settings(max_examples=15, deadline=None)
@given(st.lists(elements, min_size=1, max_size=40), st.data())
def test_a_path_leads_to_the_root_from_its_own_leaf_and_place_only(leaves: list[int], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(leaves) - 1))
    path, root = tree_path(leaves, position, SMALL), tree_root(leaves, SMALL)
    assert path_root(leaves[position], position, path, SMALL) == root
    assert path_root((leaves[position] + 1) % SCALAR_FIELD, position, path, SMALL) != root
    other = data.draw(st.integers(0, ARITY**SMALL - 1).filter(lambda p: p != position))
    if path_root(leaves[position], other, path, SMALL) == root:  # equal children: the same leaf stands there too
        assert other < len(leaves) and leaves[other] == leaves[position]


def test_a_full_tree_takes_no_more() -> None:
    almost = empty_frontier(1).append([1, 2, 3]).frontier
    with pytest.raises(NoteTreeFull) as full:
        almost.append([4])
    assert (full.value.size, full.value.more, full.value.capacity) == (3, 1, 3)
    assert almost.append([]).frontier == almost


@pytest.mark.parametrize(
    ("size", "levels"),
    [(2, ((1,), (), ())), (1, ((1,), (2,), ())), (64, ((), (), ())), (-1, ((), (), ())), (1, ((1,), ()))],
)
def test_a_frontier_of_another_shape_than_its_size_is_refused(size: int, levels: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(DamagedFrontier):
        Frontier(size, levels, SMALL)


def test_a_path_of_the_wrong_size_is_refused() -> None:
    path = tree_path([1, 2, 3], 1, SMALL)
    with pytest.raises(WrongPathLength):
        path_root(2, 1, path[:-1], SMALL)
    with pytest.raises(WrongPathLength):
        path_root(2, 1, [(1, 2), *path[1:]], SMALL)
    with pytest.raises(PositionOutOfRange):
        path_root(2, 64, path, SMALL)
    with pytest.raises(PositionOutOfRange):
        tree_path([1, 2, 3], 3, SMALL)
