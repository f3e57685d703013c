"""Proofs of presence and absence: golden ones, and every way to bend one is refused."""

import copy
import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from chain.state.errors import InvalidProof
from chain.state.merkle import EMPTY_ROOT, path_of
from chain.state.proofs import (
    ExistenceProof,
    NonExistenceProof,
    Step,
    proof_from_json,
    proof_to_json,
    verify_membership,
    verify_non_membership,
)
from chain.state.tree_view import TreeView
from tests.support.make_tree_vectors import FILE, entries, tree_of, vectors

KEY, VALUE, ABSENT = b"key-0", b"value-0", b"absent"
GOLDEN: list[dict[str, Any]] = json.loads(FILE.read_text())


@pytest.fixture(scope="module")
def view() -> TreeView:
    return tree_of(entries(300))[0]


@pytest.fixture(scope="module")
def root(view: TreeView) -> bytes:
    return view.root.hash


@pytest.fixture(scope="module")
def present(view: TreeView) -> ExistenceProof:
    proof = view.prove(KEY)
    assert isinstance(proof, ExistenceProof)
    return proof


@pytest.fixture(scope="module")
def absent(view: TreeView) -> NonExistenceProof:
    proof = view.prove(ABSENT)
    assert isinstance(proof, NonExistenceProof)
    return proof


def test_roots_and_proofs_are_the_golden_ones() -> None:
    assert vectors() == GOLDEN


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['size']} entries")
def test_golden_proofs_verify(case: dict[str, Any]) -> None:
    root, content = bytes.fromhex(case["root"]), entries(case["size"])
    for name, data in case["proofs"].items():
        key, proof = name.encode(), proof_from_json(data)
        if isinstance(proof, ExistenceProof):
            verify_membership(root, key, content[key], proof)
        else:
            assert key not in content
            verify_non_membership(root, key, proof)


def test_a_proof_has_about_as_many_steps_as_the_logarithm_of_the_entries(present: ExistenceProof) -> None:
    assert 6 <= len(present.steps) <= 16


def refuse_membership(root: bytes, key: bytes, value: bytes, proof: ExistenceProof, reason: str) -> None:
    with pytest.raises(InvalidProof, match=reason):
        verify_membership(root, key, value, proof)


def test_a_proof_shows_its_own_key_value_and_root_only(root: bytes, present: ExistenceProof) -> None:
    verify_membership(root, KEY, VALUE, present)
    refuse_membership(root, b"key-1", VALUE, present, "another key")
    refuse_membership(root, KEY, b"value-1", present, "another value")
    refuse_membership(bytes(32), KEY, VALUE, present, "leads to root")
    refuse_membership(root, b"key-1", VALUE, replace(present, path=path_of(b"key-1")), "leads to root")
    refuse_membership(root, KEY, b"more", replace(present, value=b"more"), "leads to root")


def test_no_altered_missing_turned_or_added_step_passes(root: bytes, present: ExistenceProof) -> None:
    steps = present.steps
    for at, step in enumerate(steps):
        flipped = bytes((step.sibling[0] ^ 1,)) + step.sibling[1:]
        turned = Step(step.sibling, not step.sibling_is_left)
        for other in ((Step(flipped, step.sibling_is_left),), (turned,), (), (step, step)):
            bent = replace(present, steps=(*steps[:at], *other, *steps[at + 1 :]))
            refuse_membership(root, KEY, VALUE, bent, "leads to root")


def test_an_inner_node_does_not_pass_for_a_leaf(root: bytes, present: ExistenceProof) -> None:
    for short in (31, 33, 0, 64):
        bent = replace(present, steps=(Step(bytes(short), True), *present.steps))
        refuse_membership(root, KEY, VALUE, bent, "not 32 bytes")
    refuse_membership(root, KEY, b"", replace(present, value=b""), "empty value")
    long = replace(present, steps=present.steps * 40)
    refuse_membership(root, KEY, VALUE, long, "no tree is deeper")


def refuse_absence(root: bytes, key: bytes, proof: NonExistenceProof, reason: str) -> None:
    with pytest.raises(InvalidProof, match=reason):
        verify_non_membership(root, key, proof)


def test_absence_needs_the_neighbours_themselves(view: TreeView, root: bytes, absent: NonExistenceProof) -> None:
    verify_non_membership(root, ABSENT, absent)
    leaves = list(view.leaves())
    at = next(index for index, leaf in enumerate(leaves) if leaf.path > path_of(ABSENT))
    further = [view.prove(leaves[index].key) for index in (at - 2, at + 1)]
    left, right = (proof for proof in further if isinstance(proof, ExistenceProof))
    refuse_absence(root, ABSENT, replace(absent, left=left), "stands between|do not part")
    refuse_absence(root, ABSENT, replace(absent, right=right), "stands between|do not part")
    refuse_absence(root, ABSENT, replace(absent, left=None), "stands between")
    refuse_absence(root, ABSENT, replace(absent, right=None), "stands between")
    refuse_absence(root, ABSENT, replace(absent, left=None, right=None), "not empty")
    refuse_absence(root, ABSENT, replace(absent, left=absent.right), "does not stand left")
    refuse_absence(root, ABSENT, replace(absent, right=absent.left), "does not stand right")
    refuse_absence(root, b"other", absent, "another key")
    refuse_absence(bytes(32), ABSENT, absent, "leads to root")


def test_nobody_proves_a_present_key_absent(view: TreeView, root: bytes, present: ExistenceProof) -> None:
    leaves = list(view.leaves())
    proofs = [view.prove(leaf.key) for leaf in leaves]
    chosen = [proof for proof in proofs if isinstance(proof, ExistenceProof)]
    at = next(index for index, proof in enumerate(chosen) if proof.path == present.path)
    around: list[ExistenceProof | None] = [None, *chosen[max(0, at - 2) : at + 3]]
    for left in around:
        for right in around:
            with pytest.raises(InvalidProof):
                verify_non_membership(root, KEY, NonExistenceProof(present.path, left, right))


def test_no_gap_of_the_tree_covers_a_present_key(view: TreeView, root: bytes) -> None:
    proofs = [proof for leaf in view.leaves() if isinstance(proof := view.prove(leaf.key), ExistenceProof)]
    for left, right in pairwise(proofs):
        with pytest.raises(InvalidProof, match="does not stand"):
            verify_non_membership(root, KEY, NonExistenceProof(path_of(KEY), left, right))


def test_the_empty_tree_holds_nothing_and_only_it_needs_no_neighbour() -> None:
    proof = NonExistenceProof(path_of(KEY), None, None)
    verify_non_membership(EMPTY_ROOT, KEY, proof)
    refuse_absence(b"\1" * 32, KEY, proof, "not empty")


def test_one_neighbour_suffices_at_either_end_of_the_tree() -> None:
    view, _ = tree_of({KEY: VALUE})
    sides = set()
    for number in range(20):
        key = b"try-%d" % number
        proof = view.prove(key)
        assert isinstance(proof, NonExistenceProof)
        sides.add((proof.left is None, proof.right is None))
        verify_non_membership(view.root.hash, key, proof)
    assert sides == {(True, False), (False, True)}


def bent(proof: ExistenceProof | NonExistenceProof, *path: str | int, to: object) -> object:
    data: Any = copy.deepcopy(proof_to_json(proof))
    at = data
    for step in path[:-1]:
        at = at[step]
    if to is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return data


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("exist",), None),
        (("exist",), ["key"]),
        (("more",), {}),
        (("exist", "key"), ...),
        (("exist", "key"), 7),
        (("exist", "key"), "aa"),
        (("exist", "key"), "0xzz"),
        (("exist", "key"), "0xAA"),
        (("exist", "key"), "0xa a"),
        (("exist", "more"), "0x"),
        (("exist", "leaf", "hash"), "SHA512"),
        (("exist", "leaf", "prehash_key"), "SHA256"),
        (("exist", "leaf", "prefix"), "0x01"),
        (("exist", "path"), {}),
        (("exist", "path"), [{}] * 257),
        (("exist", "path", 0, "hash"), "NO_HASH"),
        (("exist", "path", 0, "prefix"), "0x"),
        (("exist", "path", 0, "prefix"), "0x00" + "11" * 32),
        (("exist", "path", 0, "prefix"), "0x01" + "11" * 31),
        (("exist", "path", 0, "prefix"), "0x01" + "11" * 16),
        (("exist", "path", 0, "more"), 1),
    ],
)
def test_json_of_another_shape_is_refused(present: ExistenceProof, path: tuple[str | int, ...], to: object) -> None:
    with pytest.raises(InvalidProof):
        proof_from_json(bent(present, *path, to=to))


@pytest.mark.parametrize(
    ("path", "to"), [(("nonexist", "key"), ...), (("nonexist", "more"), 1), (("nonexist", "left"), None)]
)
def test_json_of_absence_in_another_shape_is_refused(
    absent: NonExistenceProof, path: tuple[str, ...], to: object
) -> None:
    with pytest.raises(InvalidProof):
        proof_from_json(bent(absent, *path, to=to))
    with pytest.raises(InvalidProof):
        proof_from_json([])
