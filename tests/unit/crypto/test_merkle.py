"""Merkle lists: RFC 6962's shape, proofs that bind item, place and size."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import domains
from crypto.domains import Tag
from crypto.merkle import MerkleProof, MerkleProofInvalid, NoSuchLeaf, merkle_root, prove_membership, verify_membership

LISTS = st.lists(st.binary(max_size=40), max_size=40)


def tagged(tag: Tag, data: bytes) -> bytes:
    return sha256(bytes([len(tag)]) + tag + data).digest()


def top(items: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as its recursion stands there."""
    if not items:
        return b""
    if len(items) == 1:
        return tagged(domains.MERKLE_LEAF, items[0])
    split = 1
    while split * 2 < len(items):
        split *= 2
    return tagged(domains.MERKLE_NODE, top(items[:split]) + top(items[split:]))


def root(items: list[bytes]) -> bytes:
    return tagged(domains.MERKLE_ROOT, len(items).to_bytes(8, "big") + top(items))


@given(items=LISTS)
def test_the_root_is_that_of_the_rfcs_recursion(items: list[bytes]) -> None:
    assert merkle_root(items) == root(items)


@given(items=LISTS.filter(bool), data=st.data())
def test_every_leaf_is_provable_in_its_place(items: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(items) - 1))
    proof = prove_membership(items, index)
    assert len(proof.path) <= (len(items) - 1).bit_length()
    verify_membership(merkle_root(items), items[index], proof)


@given(items=st.lists(st.binary(max_size=40), min_size=1, max_size=40, unique=True), data=st.data())
def test_no_proof_holds_for_another_item_place_size_or_path(items: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(items) - 1))
    proof, commitment = prove_membership(items, index), merkle_root(items)
    path = proof.path
    wrong = [
        MerkleProof(index, proof.size, (*path, bytes(32))),
        MerkleProof(index, proof.size + 1, path),
        MerkleProof(index, max(proof.size - 1, 0), path),
        *(MerkleProof(other, proof.size, path) for other in range(-1, len(items) + 1) if other != index),
        *(MerkleProof(index, proof.size, path[:i] + path[i + 1 :]) for i in range(len(path))),
        *(MerkleProof(index, proof.size, (*path[:i], bytes(32), *path[i + 1 :])) for i in range(len(path))),
        *(MerkleProof(index, proof.size, (*path[:i], path[i][:31], *path[i + 1 :])) for i in range(len(path))),
    ]
    for candidate in wrong:
        with pytest.raises(MerkleProofInvalid):
            verify_membership(commitment, items[index], candidate)
    with pytest.raises(MerkleProofInvalid):
        verify_membership(commitment, items[index] + b"\x00", proof)
    with pytest.raises(MerkleProofInvalid):
        verify_membership(bytes(32), items[index], proof)


def test_a_place_cannot_be_passed_off_by_claiming_another_size() -> None:
    """Under RFC 6962 alone, leaf 2 of 3 and leaf 1 of 2 share a path; here the root covers the size."""
    items = [b"a", b"b", b"c"]
    path = prove_membership(items, 2).path
    with pytest.raises(MerkleProofInvalid):
        verify_membership(merkle_root(items), b"c", MerkleProof(1, 2, path))


def test_an_inner_node_is_no_leaf_and_a_lone_leaf_no_root() -> None:
    left, right = tagged(domains.MERKLE_LEAF, b"a"), tagged(domains.MERKLE_LEAF, b"b")
    assert merkle_root([left + right]) != merkle_root([b"a", b"b"])
    assert merkle_root([b"a"]) != left


def test_lists_that_differ_have_roots_that_differ() -> None:
    lists = [[], [b""], [b"", b""], [b"a"], [b"a", b"a"], [b"a", b"a", b"a"], [b"aa"], [b"a", b"b"], [b"b", b"a"]]
    assert len({merkle_root(items) for items in lists}) == len(lists)


def test_leaves_that_are_not_there_have_no_proof() -> None:
    for items, index in [([], 0), ([b"a"], 1), ([b"a"], -1)]:
        with pytest.raises(NoSuchLeaf) as refused:
            prove_membership(items, index)
        assert refused.value.fields == {"index": index, "size": len(items)}


def test_an_absurd_size_is_refused_before_any_work() -> None:
    with pytest.raises(MerkleProofInvalid, match="cannot be"):
        verify_membership(bytes(32), b"", MerkleProof(0, 2**64, ()))
