"""The tree's stored form: pages encode canonically, damage is found, batches are refused that make no sense."""

import pytest

from chain.state.errors import DuplicateChange, StaleUpdate, TreeCorrupt, VersionNotNewer
from chain.state.keys import Key
from chain.state.merkle import EMPTY_ROOT
from chain.state.page_cache import PAGE_BYTES, PageCache
from chain.state.pages import EMPTY_PAGE, decode_leaf, decode_page, encode_leaf, extend_prefix, page_key
from chain.state.tree import Tree, decode_root
from chain.state.tree_view import TreeView
from tests.support.make_tree_vectors import entries, tree_of

LEAF = (b"\x11" * 32, 5, b"\x22" * 32)
BELOW = (b"\x33" * 32, 2**40, None)


def test_a_page_comes_back_from_its_record() -> None:
    page = EMPTY_PAGE.replace([(0, LEAF), (7, BELOW), (15, BELOW)])
    again = decode_page(page.encode())
    assert [again.slot(index) for index in range(16)] == [page.slot(index) for index in range(16)]
    assert again.hash == page.hash
    assert again.encode() == page.encode()
    assert len(page.encode()) == 5 + 3 * 40 + 32


def test_emptying_a_page_again_leaves_nothing_behind() -> None:
    page = EMPTY_PAGE.replace([(3, LEAF), (4, BELOW)]).replace([(3, (b"", 0, None)), (4, (b"", 0, None))])
    assert page.hash == b""
    assert page.encode() == EMPTY_PAGE.encode()


def test_a_leaf_alone_in_its_page_belongs_above() -> None:
    assert EMPTY_PAGE.replace([(9, LEAF)]).sole_leaf() == LEAF
    assert EMPTY_PAGE.replace([(9, BELOW)]).sole_leaf() is None
    assert EMPTY_PAGE.replace([(9, LEAF), (2, LEAF)]).sole_leaf() is None
    assert EMPTY_PAGE.sole_leaf() == (b"", 0, None)


@pytest.mark.parametrize(
    "record",
    [b"", b"\x01\0\x01\0", b"\x02\0\0\0\0", b"\x01\0\0\0\x01", EMPTY_PAGE.replace([(1, LEAF)]).encode()[:-1]],
)
def test_a_malformed_page_record_is_refused(record: bytes) -> None:
    with pytest.raises(ValueError, match=r"truncated|format|length"):
        decode_page(record)


def test_a_leaf_record_holds_key_and_value() -> None:
    assert decode_leaf(encode_leaf(b"key", b"value")) == (b"key", b"value")
    with pytest.raises(ValueError, match="truncated"):
        decode_leaf(b"\0\x04key")


def test_a_root_record_holds_hash_and_page_version() -> None:
    view, _ = tree_of(entries(3))
    assert decode_root(0, view.root.encode()) == view.root
    with pytest.raises(ValueError, match="root record"):
        decode_root(0, b"short")


def test_page_keys_of_a_version_differ_by_depth_and_nibbles() -> None:
    path = bytes.fromhex("a1b2") + bytes(30)
    keys = [page_key(1, depth, path) for depth in range(5)]
    assert [key[9:].hex() for key in keys] == ["00", "01a0", "02a1", "03a1b0", "04a1b2"]
    assert extend_prefix(extend_prefix(extend_prefix(b"", 0, 0xA), 1, 1), 2, 0xB) == bytes.fromhex("a1b0")


@pytest.mark.parametrize("kind", [b"p", b"v"])
def test_every_missing_or_altered_node_is_found(kind: bytes) -> None:
    view, nodes = tree_of(entries(40))
    wanted = [key for key in nodes if key[8:9] == kind]
    assert wanted
    for key in wanted:
        for damaged in (None, nodes[key][:-1], _flipped(nodes[key], 3), _flipped(nodes[key], 7)):
            lacking = {**nodes, key: damaged} if damaged is not None else {k: v for k, v in nodes.items() if k != key}
            with pytest.raises(TreeCorrupt) as found:
                list(TreeView(lacking.get, view.root).leaves())
            assert found.value.node == key


def test_an_update_does_not_build_on_a_damaged_page() -> None:
    view, nodes = tree_of(entries(40))
    top = page_key(0, 0, b"")
    nodes[top] = _flipped(nodes[top], 6)
    with pytest.raises(TreeCorrupt, match="hashes to"):
        Tree(nodes.get, view.root).update(1, [(Key(b"key-1"), b"new")])


def _flipped(record: bytes, at: int) -> bytes:
    return record[:at] + bytes((record[at] ^ 1,)) + record[at + 1 :]


def test_versions_only_rise() -> None:
    view, nodes = tree_of(entries(2))
    tree = Tree(nodes.get, view.root)
    with pytest.raises(VersionNotNewer):
        tree.update(0, [])
    assert tree.update(5, []).root.hash == view.root.hash


def test_a_key_changes_once_in_a_batch() -> None:
    with pytest.raises(DuplicateChange) as refused:
        Tree({}.get).update(0, [(Key(b"a"), b"1"), (Key(b"b"), b"1"), (Key(b"a"), None)])
    assert refused.value.key == b"a"


def test_an_update_computed_on_another_head_is_not_adopted() -> None:
    tree = Tree({}.get)
    first, second = tree.update(0, [(Key(b"a"), b"1")]), tree.update(0, [(Key(b"a"), b"2")])
    tree.adopt(first)
    with pytest.raises(StaleUpdate):
        tree.adopt(second)
    assert tree.root == first.root


def test_changes_that_change_nothing_write_nothing() -> None:
    view, nodes = tree_of(entries(50))
    update = Tree(nodes.get, view.root).update(1, [(Key(b"key-7"), b"value-7"), (Key(b"nowhere"), None)])
    assert list(update.puts()) == []
    assert update.stale == []
    assert (update.root.hash, update.root.page_version) == (view.root.hash, 0)


def test_a_changed_entry_rewrites_its_own_pages_only() -> None:
    view, nodes = tree_of(entries(300))
    update = Tree(nodes.get, view.root).update(1, [(Key(b"key-7"), b"new")])
    assert len(list(update.puts())) == len(update.stale) <= 5
    assert sorted(key[8:] for key, _ in update.puts()) == sorted(key[8:] for key in update.stale)


def test_the_tree_can_become_empty_and_grow_again() -> None:
    view, nodes = tree_of(entries(20))
    tree = Tree(nodes.get, view.root)
    emptied = tree.update(1, [(Key(key), None) for key in entries(20)])
    assert emptied.root.hash == EMPTY_ROOT
    assert list(emptied.puts()) == []
    assert sorted(emptied.stale) == sorted(nodes)
    tree.adopt(emptied)
    assert list(TreeView(nodes.get, tree.root).leaves()) == []
    assert tree.update(2, [(Key(b"key-0"), b"value-0")]).root.hash == tree_of(entries(1))[0].root.hash


def test_the_page_cache_is_bounded_and_keeps_what_is_used() -> None:
    cache = PageCache(8 * PAGE_BYTES)
    page = EMPTY_PAGE.replace([(1, LEAF)])
    cache.put(b"hot", page)
    for number in range(100):
        cache.put(b"%d" % number, page)
        assert cache.get(b"hot") is page
    assert sum(cache.get(b"%d" % number) is not None for number in range(100)) <= 8
    cache.drop(b"hot")
    assert cache.get(b"hot") is None
