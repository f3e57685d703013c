"""The tree against a recursive reference that knows no pages, versions or history."""

from hashlib import sha256
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.state.keys import Key
from chain.state.merkle import EMPTY_ROOT
from chain.state.pages import page_key
from chain.state.proofs import (
    ExistenceProof,
    NonExistenceProof,
    proof_from_json,
    proof_to_json,
    verify_membership,
    verify_non_membership,
)
from chain.state.tree import Tree, TreeRoot
from chain.state.tree_view import TreeView

Content = dict[bytes, bytes]
keys = st.integers(0, 40).map(lambda n: b"key-%d" % n)
values = st.binary(min_size=1, max_size=3)
batches = st.lists(st.dictionaries(keys, st.none() | values, max_size=20), min_size=1, max_size=8)


def reference_root(content: Content) -> bytes:
    leaves = sorted((sha256(key).digest(), value) for key, value in content.items())
    return _reference([(path, sha256(b"\0" + path + sha256(value).digest()).digest()) for path, value in leaves], 0)


def _reference(leaves: list[tuple[bytes, bytes]], bit: int) -> bytes:
    if len(leaves) < 2:
        return leaves[0][1] if leaves else EMPTY_ROOT
    left = [leaf for leaf in leaves if not leaf[0][bit // 8] >> (7 - bit % 8) & 1]
    right = leaves[len(left) :]
    if not left or not right:
        return _reference(leaves, bit + 1)
    return sha256(b"\1" + _reference(left, bit + 1) + _reference(right, bit + 1)).digest()


class Kept:
    """A tree whose records lie in a dict."""

    def __init__(self, cache_bytes: int = 10**6) -> None:
        self.nodes: dict[bytes, bytes] = {}
        self.roots: dict[int, TreeRoot] = {}
        self.stale: dict[int, list[bytes]] = {}
        self.tree = Tree(self.nodes.get, cache_bytes=cache_bytes)

    def commit(self, changes: dict[bytes, bytes | None]) -> bytes:
        update = self.tree.update(self.tree.root.version + 1, [(Key(key), value) for key, value in changes.items()])
        self.nodes.update(update.puts())
        self.tree.adopt(update)
        self.roots[update.root.version] = update.root
        self.stale[update.root.version] = update.stale
        return update.root.hash

    def at(self, version: int) -> TreeView:
        return TreeView(self.nodes.get, self.roots[version])

    def prune(self, below: int) -> None:
        """Forget all versions under `below`."""
        for version in range(below + 1):
            for node in self.stale.pop(version, []):
                del self.nodes[node]


def apply(content: Content, changes: dict[bytes, bytes | None]) -> None:
    for key, value in changes.items():
        if value is None:
            content.pop(key, None)
        else:
            content[key] = value


@given(batches, st.sampled_from([0, 10**6]))
def test_every_version_has_the_root_of_its_content_whatever_its_history(
    history: list[dict[bytes, bytes | None]], cache_bytes: int
) -> None:
    kept, content = Kept(cache_bytes), Content()
    for changes in history:
        apply(content, changes)
        assert kept.commit(changes) == reference_root(content)


@given(batches)
def test_old_versions_read_as_they_were_until_pruned_and_nothing_is_left_over(
    history: list[dict[bytes, bytes | None]],
) -> None:
    kept, content, contents = Kept(), Content(), []
    for changes in history:
        apply(content, changes)
        kept.commit(changes)
        contents.append(dict(content))
    last = len(contents) - 1
    for oldest in range(len(contents)):
        kept.prune(oldest)
        for version in range(oldest, len(contents)):
            leaves = list(kept.at(version).leaves())
            assert {leaf.key: leaf.value for leaf in leaves} == contents[version]
            assert leaves == sorted(leaves, key=lambda leaf: leaf.path)
    # Pruned up to the newest, only what the newest reads is stored: one record a leaf, and each page once.
    assert sum(node[8:9] == b"v" for node in kept.nodes) == len(contents[last])
    fresh = Kept()
    fresh.commit(dict(contents[last]))
    assert sorted(node[8:] for node in kept.nodes) == sorted(node[8:] for node in fresh.nodes)


@given(batches)
def test_each_key_is_proven_present_or_absent_and_not_both(history: list[dict[bytes, bytes | None]]) -> None:
    kept, content = Kept(), Content()
    for changes in history:
        apply(content, changes)
        kept.commit(changes)
    view = kept.at(len(history) - 1)
    for number in range(50):
        key = b"key-%d" % number
        proof = proof_from_json(proof_to_json(view.prove(key)))
        assert proof == view.prove(key)
        if key in content:
            assert isinstance(proof, ExistenceProof)
            verify_membership(view.root.hash, key, content[key], proof)
            assert view.get(key) == content[key]
        else:
            assert isinstance(proof, NonExistenceProof)
            verify_non_membership(view.root.hash, key, proof)
            assert view.get(key) is None


def test_an_update_that_is_not_adopted_leaves_no_trace() -> None:
    kept = Kept()
    kept.commit({b"a": b"1", b"b": b"2"})
    before = dict(kept.nodes)
    dropped = kept.tree.update(1, [(Key(b"a"), None), (Key(b"c"), b"3")])
    again = kept.tree.update(1, [(Key(b"c"), b"4")])
    assert kept.nodes == before
    assert dropped.root.hash == reference_root({b"b": b"2", b"c": b"3"})
    assert again.root.hash == reference_root({b"a": b"1", b"b": b"2", b"c": b"4"})


@settings(max_examples=10)
@given(st.integers(0, 2**32))
def test_a_thousand_keys_in_any_order_and_grouping_give_one_root(seed: int) -> None:
    random = Random(seed)
    content = {random.randbytes(8): random.randbytes(4) for _ in range(1000)}
    kept = Kept()
    entries = list(content.items())
    random.shuffle(entries)
    while entries:
        size = random.randrange(1, 300)
        kept.commit(dict(entries[:size]))
        del entries[:size]
    doomed = random.sample(sorted(content), 700)
    kept.commit(dict.fromkeys(doomed))
    for key in doomed:
        del content[key]
    assert kept.tree.root.hash == reference_root(content)


def test_paths_that_share_many_nibbles_are_parted_and_joined_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # Grinding such keys for SHA-256 is out of reach here, so paths are forged to be the keys, padded.
    monkeypatch.setattr("chain.state.tree.sha256", lambda key: _Padded(key))
    kept = Kept()
    kept.commit({b"\xaa" * 31: b"1", b"\xaa" * 31 + b"\x01": b"2"})
    assert sum(node[8:9] == b"p" for node in kept.nodes) == 64
    kept.commit({b"\xaa" * 31: None})
    root = kept.tree.root
    assert kept.nodes[page_key(root.version, 0, b"")]
    kept.prune(1)
    assert len(kept.nodes) == 2


class _Padded:
    def __init__(self, key: bytes) -> None:
        self.key = key

    def digest(self) -> bytes:
        return self.key.ljust(32, b"\0")
