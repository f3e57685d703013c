"""Membership, signatures and models in methods: right, the same in both forms, and not to be fooled."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.dsl import Array, Bool, Field, Member, PublicKey, Signature, i64, is_signed, select, u8, wires
from compute.dsl.errors import BadDeclaration, TypesDiffer, UnknownType
from compute.dsl.membership import MemberTree, TooManyMembers
from compute.dsl.model import Model
from compute.dsl.refusals import ArgumentRefused
from compute.dsl.values import Value
from crypto import babyjubjub, domains, eddsa
from crypto.babyjubjub import Point
from crypto.field import SCALAR_FIELD
from crypto.poseidon import poseidon
from crypto.r1cs.audit import audit
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.errors import CircuitError
from crypto.r1cs.gadgets.bits import assert_interval
from tests.support.language import on_integers, on_wires
from tests.support.small_models import COMMITTED_MODEL, SMALL
from tests.unit.compute.test_counter_audit import cheap_hash
from tests.unit.crypto import test_eddsa as vectors


class Both:
    """One operation in both forms, over inputs of these types."""

    def __init__(self, operation: Any, *kinds: type[Value]) -> None:
        self.plain = on_integers(operation, kinds)
        self._leaves = [leaf for kind in kinds for leaf in kind.leaves()]
        self._gadget = on_wires(operation, kinds)
        self.circuit = self._circuit()

    def _circuit(self) -> Circuit:
        scratch = Builder()
        count = len(self._gadget(scratch, self._inputs(scratch)))
        cs = Builder()
        outputs = cs.output_array("out", count)
        for output, wire in zip(outputs, self._gadget(cs, self._inputs(cs)), strict=True):
            cs.define(output, wire)
        return cs.build()

    def _inputs(self, cs: Builder) -> Any:
        cells = cs.private_array("in", len(self._leaves))
        return [
            cell if leaf.high is None else assert_interval(cs, cell, leaf.low, leaf.high)
            for cell, leaf in zip(cells, self._leaves, strict=True)
        ]

    def __call__(self, *numbers: int) -> tuple[int, ...] | None:
        """What plain execution says, after the circuit said the same."""
        expected = self.plain(*numbers)
        assert self.solved(numbers) == (None if expected is None else tuple(n % SCALAR_FIELD for n in expected))
        return expected

    def solved(self, numbers: Sequence[int]) -> tuple[int, ...] | None:
        try:
            witness = self.circuit.solve({"in": [number % SCALAR_FIELD for number in numbers]})
        except CircuitError:
            return None
        return None if self.circuit.violated(witness.cells) else witness.public


LEAVES = [poseidon([secret]) for secret in range(1, 8)]
TREE = MemberTree(LEAVES, 2)
MEMBER = Both(lambda leaf, member, root: member.proves(leaf, root), Field, Member[2], Field)


def numbers_of(member: dict[str, object]) -> tuple[int, ...]:
    return Member[2].lowered(member, "member")


@pytest.mark.parametrize("place", range(len(LEAVES)))
def test_every_member_proves_that_it_is_listed(place: int) -> None:
    path = numbers_of(TREE.member(place))
    assert MEMBER(LEAVES[place], *path, TREE.root) == (1,)
    assert MEMBER(LEAVES[place - 1], *path, TREE.root) == (0,)
    assert MEMBER(LEAVES[place], *path, TREE.root + 1) == (0,)


def test_another_place_is_none() -> None:
    """Nor is one that has the right bits and others above: a place has one name."""
    member = TREE.member(3)
    for place in (2, 7, 3 + 16, 3 + 2**31):
        assert MEMBER(LEAVES[3], *numbers_of({**member, "place": place}), TREE.root) == (0,)


ROOT = Both(lambda leaf, member: member.root(leaf), Field, Member[2])


def test_the_root_of_a_place_is_that_of_its_one_number() -> None:
    """A contract that keeps places in its own way, to count each once, must not be given a second number for one."""
    member = TREE.member(3)
    assert ROOT(LEAVES[3], *numbers_of(member)) == (TREE.root,)
    for beyond in (3 + 4**2, 3 + 2**31, 2**32 - 1):
        assert ROOT(LEAVES[3], *numbers_of({**member, "place": beyond})) is None


def test_an_empty_place_is_nobodys() -> None:
    """Nobody's account is 0 to proofs, as empty places are."""
    (_, x, y), upper = TREE.member(6)["path"]  # type: ignore[misc]
    empty = {"place": 7, "path": [[LEAVES[4], LEAVES[5], LEAVES[6]], upper]}
    assert (x, y) == (LEAVES[5], 0)
    path = numbers_of(empty)
    assert on_integers(lambda leaf, member: member.root(leaf), (Field, Member[2]))(0, *path) == (TREE.root,)
    assert MEMBER(0, *path, TREE.root) == (0,)


def test_an_inner_node_is_no_member() -> None:
    first = poseidon(LEAVES[:4], domains.MEMBER_TREE)
    shallow = Both(lambda leaf, member, root: member.proves(leaf, root), Field, Member[1], Field)
    path = [[poseidon([*LEAVES[4:], 0], domains.MEMBER_TREE), *[poseidon([0] * 4, domains.MEMBER_TREE)] * 2]]
    numbers = Member[1].lowered({"place": 0, "path": path}, "member")
    assert shallow(first, *numbers, TREE.root) == (1,)  # in a tree of depth 1 it is one
    assert MEMBER(first, *numbers_of(TREE.member(0)), TREE.root) == (0,)


def test_a_tree_is_what_its_leaves_say() -> None:
    assert MemberTree([], 2).root == MemberTree([0], 2).root == MemberTree([0] * 16, 2).root
    assert len({MemberTree(LEAVES[:count], 2).root for count in range(8)}) == 8
    with pytest.raises(TooManyMembers):
        MemberTree([1] * 5, 1)
    for place in (-1, 7):
        with pytest.raises(IndexError):
            TREE.member(place)
    with pytest.raises(UnknownType):
        Member[0]
    with pytest.raises(ArgumentRefused):
        Member[3].lowered(TREE.member(0), "member")


def test_the_joints_of_membership_cannot_be_forged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "poseidon", cheap_hash)
    circuit = Both(lambda leaf, member: member.root(leaf), Field, Member[1]).circuit
    cases = [{"in": (7, place, 1, 2, 3)} for place in (0, 1, 2, 3)]
    audit(circuit, cases, sample=40).require_sound()


SIGNED = Both(is_signed, Field, PublicKey, Signature)


def test_signatures_are_checked_as_circomlib_does() -> None:
    def said(key: Point, message: int, signature: eddsa.EddsaSignature) -> tuple[int, ...] | None:
        return SIGNED(message, *PublicKey.lowered(key, "key"), *Signature.lowered(signature, "signature"))

    assert said(vectors.KEY, vectors.MESSAGE, vectors.SIGNATURE) == (1,)
    for name in ("another message", "the scalar's other name", "a key off the curve", "a key of small order"):
        assert said(*vectors.REFUSED[name]) == (0,)
    secret = 777
    assert said(babyjubjub.public_key(secret), 5, eddsa.sign(secret, 5)) == (1,)


MODEL = Model(SMALL)
Row = Array[u8, MODEL.features]  # type: ignore[name-defined]
OUTPUTS = Both(lambda row: MODEL(row), Row)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 15), min_size=3, max_size=3))
def test_a_model_says_in_a_method_what_its_integers_say(row: list[int]) -> None:
    assert OUTPUTS(*row) == tuple(SMALL.model.logits(row))


def test_a_feature_beyond_its_encoding_refuses_the_call() -> None:
    assert OUTPUTS(0, 0, 15) is not None
    for row in ((16, 0, 0), (0, 255, 0)):
        assert OUTPUTS(*row) is None


def test_a_model_in_a_branch_refuses_only_where_it_is_taken() -> None:
    branch = Both(lambda c, row: select(c, lambda: MODEL(row)[0], lambda: i64(7)), Bool, Row)
    assert branch(0, 255, 0, 0) == (7,)
    assert branch(1, 255, 0, 0) is None
    assert branch(1, 1, 2, 3) == (SMALL.model.logits([1, 2, 3])[0],)


def test_what_is_no_model_or_no_row_is_refused() -> None:
    with pytest.raises(UnknownType, match="committed"):
        Model(COMMITTED_MODEL)
    for wrong, error in (
        ([1, 2, 3], TypesDiffer),
        (Array[u8, 2]([1, 2]), BadDeclaration),
        (Row([1, 2, 3])[0], TypesDiffer),
    ):
        with pytest.raises(error):
            MODEL(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypesDiffer):
        MODEL(Array[i64, 3]([1, 2, 3]))
    with pytest.raises(TypesDiffer):
        MODEL(Array[Field, 3]([1, 2, 3]))
