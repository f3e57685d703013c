"""A wallet's copy of a note tree against the whole tree: the same root and paths, with or without a node's help."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.notes import tree
from client.notes.errors import WitnessMissing
from client.notes.tree import SUBTREE, SUBTREE_HEIGHT, WalletTree
from crypto.note_tree import empty_root, path_root, tree_path, tree_root

LEAVES = [1000 + number for number in range(3 * SUBTREE + 7)]


@pytest.fixture(scope="module")
def subtrees() -> dict[int, int]:
    return {
        number: tree_root(LEAVES[number * SUBTREE : (number + 1) * SUBTREE], SUBTREE_HEIGHT)
        for number in range(len(LEAVES) // SUBTREE)
    }


def test_an_empty_copy_has_the_empty_root() -> None:
    assert WalletTree().root() == empty_root(16)
    assert WalletTree().size == 0


@pytest.mark.parametrize("size", [1, 5, SUBTREE - 1, SUBTREE, SUBTREE + 1, 3 * SUBTREE + 7])
def test_root_and_paths_are_the_whole_trees(size: int, subtrees: dict[int, int]) -> None:
    own = [0, size // 2, size - 1]
    copy = WalletTree()
    for start in range(0, size, 100):  # in pages, as a scan appends them
        copy.append(LEAVES[start : min(start + 100, size)], own, subtrees)
    assert copy.size == size
    root = copy.root()
    for position in own:
        assert path_root(LEAVES[position], position, copy.witness(position)) == root
    if size <= SUBTREE + 1:
        assert root == tree_root(LEAVES[:size])
        assert copy.witness(own[1]) == tree_path(LEAVES[:size], own[1])


def test_a_copy_needs_no_node(subtrees: dict[int, int]) -> None:
    alone, helped = WalletTree(), WalletTree()
    alone.append(LEAVES[: SUBTREE + 3], (), {})
    helped.append(LEAVES[: SUBTREE + 3], (), subtrees)
    assert alone.rows == helped.rows and alone.root() == helped.root()


@given(st.integers(0, 300))
@settings(max_examples=10, deadline=None)
def test_the_upper_levels_fill_like_the_whole_tree(count: int) -> None:
    """Above the subtrees only the roots matter: any numbers stand for them."""
    copy = WalletTree()
    for number in range(count):
        copy.append([0] * SUBTREE, (), {number: 7 + number})
    assert copy.size == count * SUBTREE
    copy.append([5], (), {})
    assert path_root(5, count * SUBTREE, copy.witness(count * SUBTREE)) == copy.root()


def test_a_false_subtree_root_shows_as_another_root(subtrees: dict[int, int]) -> None:
    copy = WalletTree()
    copy.append(LEAVES[: SUBTREE + 1], [SUBTREE], {0: 12345})
    assert copy.root() != tree_root(LEAVES[: SUBTREE + 1])


def test_what_is_forgotten_or_was_never_ones_own_has_no_witness(subtrees: dict[int, int]) -> None:
    copy = WalletTree()
    copy.append(LEAVES, [3, SUBTREE + 3], subtrees)
    assert sorted(copy.kept) == [0, 1]
    copy.forget([SUBTREE + 3])
    for position in (3, 2 * SUBTREE + 3, len(LEAVES)):
        with pytest.raises(WitnessMissing) as refused:
            copy.witness(position)
        assert refused.value.position == position
    assert copy.witness(SUBTREE + 3) and copy.witness(len(LEAVES) - 1)


def test_subtrees_are_of_the_size_that_nodes_serve() -> None:
    assert tree.SUBTREE == 256
