"""Stretches of the tree with their proofs: all of it, in pieces of any size, and every way to leave something out."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from chain.codec import decode, encode
from chain.state.errors import InvalidProof
from chain.state.merkle import EMPTY_ROOT, path_of
from chain.state.ranges import FIRST_PATH, Entry, Neighbour, Range, Sibling, verify_range
from chain.state.tree_view import TreeView
from chain.types.scalars import Blob, Hash, Uint
from tests.support.make_tree_vectors import entries, tree_of


@pytest.fixture(scope="module")
def view() -> TreeView:
    return tree_of(entries(300))[0]


@pytest.fixture(scope="module")
def middle(view: TreeView) -> tuple[bytes, Range]:
    start = bytes([0x55]) + bytes(31)
    return start, view.range(start, 600)


def walk(view: TreeView, max_bytes: int) -> list[Entry]:
    found: list[Entry] = []
    start: bytes | None = FIRST_PATH
    while start is not None:
        part = view.range(start, max_bytes)
        verify_range(view.root.hash, start, part)
        found += part.entries
        start = part.until
    return found


@pytest.mark.parametrize("size", [1, 40, 500, 5_000, 10**9])
def test_pieces_of_any_size_give_the_whole_state(view: TreeView, size: int) -> None:
    expected = [(leaf.key, leaf.value) for leaf in view.leaves()]
    assert [(entry.key, entry.value) for entry in walk(view, size)] == expected


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 40])
def test_small_trees_prove_themselves_from_anywhere(count: int) -> None:
    view = tree_of(entries(count))[0]
    assert len(walk(view, 1)) == count
    rng = Random(count)
    for start in (FIRST_PATH, b"\xff" * 32, *(rng.randbytes(32) for _ in range(20))):
        part = view.range(start, 100)
        verify_range(view.root.hash, start, decode(Range, encode(part)))
        assert all(path_of(entry.key) >= start for entry in part.entries)


def test_nothing_after_the_last_leaf_is_proven_too(view: TreeView) -> None:
    part = view.range(b"\xff" * 32, 100)
    assert part.entries == ()
    assert part.until is None
    verify_range(view.root.hash, b"\xff" * 32, part)


def test_it_says_nothing_of_another_root(view: TreeView, middle: tuple[bytes, Range]) -> None:
    start, part = middle
    for root in (EMPTY_ROOT, bytes([view.root.hash[0] ^ 1]) + view.root.hash[1:]):
        with pytest.raises(InvalidProof):
            verify_range(root, start, part)


def drop(place: int) -> Callable[[Range], Range]:
    return lambda part: replace(part, entries=part.entries[:place] + part.entries[place + 1 :])


def as_neighbour(entry: Entry) -> Neighbour:
    from hashlib import sha256

    return Neighbour(Hash(path_of(entry.key)), Hash(sha256(entry.value).digest()))


BENT: dict[str, Callable[[Range], Range]] = {
    "the first entry is left out": drop(0),
    "one in the middle is left out": drop(3),
    "the last is left out": lambda part: drop(len(part.entries) - 1)(part),
    "all are left out": lambda part: replace(part, entries=()),
    "a value is another": lambda part: replace(
        part, entries=(replace(part.entries[0], value=Blob(b"x")), *part.entries[1:])
    ),
    "a value is empty": lambda part: replace(
        part, entries=(replace(part.entries[0], value=Blob(b"")), *part.entries[1:])
    ),
    "a key is another": lambda part: replace(
        part, entries=(replace(part.entries[0], key=Blob(b"x")), *part.entries[1:])
    ),
    "two entries change places": lambda part: replace(
        part, entries=(part.entries[1], part.entries[0], *part.entries[2:])
    ),
    "an entry stands twice": lambda part: replace(part, entries=(part.entries[0], *part.entries)),
    "an entry is added": lambda part: replace(part, entries=(*part.entries, Entry(Blob(b"more"), Blob(b"x")))),
    "the leaf before is hidden": lambda part: replace(part, before=None),
    "the leaf before and all left of it are hidden": lambda part: replace(part, before=None, left=()),
    "the leaf after is hidden": lambda part: replace(part, after=None),
    "the leaf after and all right of it are hidden": lambda part: replace(part, after=None, right=()),
    "an entry passes as the leaf before": lambda part: replace(
        part, before=as_neighbour(part.entries[0]), entries=part.entries[1:]
    ),
    "an entry passes as the leaf after": lambda part: replace(
        part, after=as_neighbour(part.entries[-1]), entries=part.entries[:-1]
    ),
    "a sibling is missing": lambda part: replace(part, left=part.left[1:]),
    "a sibling is another": lambda part: replace(
        part, right=(replace(part.right[0], hash=Hash(bytes(32))), *part.right[1:])
    ),
    "siblings change sides": lambda part: replace(part, left=part.right, right=part.left),
    "siblings go upwards": lambda part: replace(part, left=part.left[::-1]),
    "a sibling is too deep": lambda part: replace(part, left=(*part.left, Sibling(Uint(256), Hash(bytes(32))))),
    "a sibling is added": lambda part: replace(part, left=(*part.left, Sibling(Uint(250), Hash(bytes(32))))),
}


@pytest.mark.parametrize("how", BENT)
def test_a_bent_range_is_refused(view: TreeView, middle: tuple[bytes, Range], how: str) -> None:
    start, part = middle
    verify_range(view.root.hash, start, part)
    assert len(part.entries) > 5
    assert part.left and part.right
    with pytest.raises(InvalidProof):
        verify_range(view.root.hash, start, BENT[how](part))


def test_a_range_that_begins_later_does_not_pass_for_one_that_begins_earlier(view: TreeView) -> None:
    """A liar who skips entries between what was asked for and what it sends."""
    start = bytes([0x55]) + bytes(31)
    paths = [path_of(entry.key) for entry in view.range(start, 10_000).entries]
    later = view.range(paths[2], 600)
    verify_range(view.root.hash, paths[2], later)
    with pytest.raises(InvalidProof):
        verify_range(view.root.hash, start, later)


def test_entries_hidden_behind_a_sibling_of_a_false_depth_are_missed_by_nobody(view: TreeView) -> None:
    """Depths are not hashed. Whoever hides the leaves next to `start` must show the leaf before."""
    start = FIRST_PATH
    whole = view.range(start, 600)
    skipped = view.range(path_of(whole.entries[4].key), 600)
    for depth in range(256):
        for left in (skipped.left, tuple(replace(one, depth=Uint(depth)) for one in skipped.left[-1:])):
            with pytest.raises(InvalidProof):
                verify_range(view.root.hash, start, replace(skipped, left=left))
            with pytest.raises(InvalidProof):
                verify_range(view.root.hash, start, replace(skipped, before=None, left=left))


def test_a_range_of_an_empty_tree_proves_nothing_of_a_full_one(view: TreeView) -> None:
    empty = Range(None, (), None, (), ())
    verify_range(EMPTY_ROOT, FIRST_PATH, empty)
    with pytest.raises(InvalidProof):
        verify_range(view.root.hash, FIRST_PATH, empty)
    with pytest.raises(InvalidProof):
        verify_range(EMPTY_ROOT, FIRST_PATH, replace(empty, left=(Sibling(Uint(0), Hash(bytes(32))),)))


def test_hashes_alone_do_not_show_that_nothing_was_left_out(view: TreeView) -> None:
    """They lead to the root: what hangs off the way to the first entry is all there, and so are the skipped leaves."""
    paths = [path_of(entry.key) for entry in view.range(FIRST_PATH, 10_000).entries]
    part = view.range(paths[4], 600)
    first, last = path_of(part.entries[0].key), path_of(part.entries[-1].key)
    skipping = replace(part, before=None, left=view._off_the_way(first, left=True))
    with pytest.raises(InvalidProof, match="left of it"):
        verify_range(view.root.hash, FIRST_PATH, skipping)
    ending = replace(part, after=None, right=view._off_the_way(last, left=False))
    with pytest.raises(InvalidProof, match="right of it"):
        verify_range(view.root.hash, paths[4], ending)
