"""A shielded transfer's two statements: what the plain function says is what the circuit enforces."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.shielded import circuit as circuits
from compute.shielded import transfer
from compute.shielded.transfer import Pay, Private, Public, Spend
from contracts.shielded.statement import TRANSFER_SIZE
from crypto import babyjubjub, note_tree, notes
from crypto.babyjubjub import IDENTITY, SUBORDER, Point
from crypto.field import SCALAR_FIELD
from crypto.note_tree import DEPTH
from crypto.r1cs.circuit import Circuit, Inputs
from tests.support import shielded_notes as scene

R = SCALAR_FIELD
small = cache(lambda: circuits.constrain(scene.DEPTH))
elements = st.integers(0, R - 1) | st.sampled_from((0, 1, R - 1))
values = st.integers(0, 2**64 - 1) | st.sampled_from((0, 1, 2**63, 2**64 - 1))


def solved(circuit: Circuit, inputs: Inputs) -> tuple[int, ...] | None:
    """The public signals that the circuit computes, None if they come with no witness, whatever the solver thinks."""
    witness = circuit.start(inputs, strict=False).witness()
    return None if circuit.violated(witness.cells) else witness.public


def broken(public: Public, private: Private, pinned: Mapping[int, int] | None = None) -> list[int]:
    """The constraints that fail where a forger gives these inputs and fixes these cells."""
    solving = small().start(circuits.circuit_inputs(public, private), pinned, strict=False)
    return small().violated(solving.cells)


def agree(public: Public, private: Private, depth: int = scene.DEPTH, circuit: Circuit | None = None) -> bool:
    """Whether the statement holds; both ways to say it must agree on that, and on all signals."""
    holds = transfer.check(public, private, depth)
    computed = solved(circuit or small(), circuits.circuit_inputs(public, private))
    assert (computed == public.signals()) == holds
    return holds


@st.composite
def transfers(draw: st.DrawFn) -> tuple[Public, Private]:
    """Balanced more often than not; inputs of value zero; sums that overflow; any keys, randomness and memos."""
    spent = (draw(values), draw(st.just(0) | values))
    total = sum(spent)
    leaving = draw(st.just(0) | st.integers(0, min(total, 2**63)))
    first = draw(st.integers(0, min(total - leaving, 2**64 - 1)))
    second = total - leaving - first
    entering = max(0, second - (2**64 - 1)) if draw(st.booleans()) else draw(st.just(0) | values)
    second = (second + entering) % R if draw(st.booleans()) else draw(values)
    public, private = scene.statement(
        spent, (first, min(second, 2**65)), entering, leaving, draw(elements), number=draw(st.integers(0, 2**250 - 1))
    )
    pays = tuple(replace(each, memo=(draw(elements), draw(elements)), rcm=draw(elements)) for each in private.pays)
    return scene.proven_of(public, private, pays=pays)


@settings(max_examples=10, deadline=None)
@given(transfers(), elements)
def test_a_transfer_is_proven_exactly_when_it_holds(made: tuple[Public, Private], ctx: int) -> None:
    public, private = made
    agree(replace(public, ctx=ctx), private)


PUBLIC, PRIVATE = scene.statement((100, 50), (30, 110), leaving=10)
honest_cells = cache(lambda: small().solve(circuits.circuit_inputs(PUBLIC, PRIVATE)).cells)
FIRST, SECOND = PRIVATE.spends


def other_spend(index: int = 0, **changes: int | Point) -> tuple[Spend, ...]:
    return tuple(replace(each, **changes) if i == index else each for i, each in enumerate(PRIVATE.spends))  # type: ignore[arg-type]


def other_pay(index: int = 0, **changes: object) -> tuple[Pay, ...]:
    return tuple(replace(each, **changes) if i == index else each for i, each in enumerate(PRIVATE.pays))  # type: ignore[arg-type]


HONEST: dict[str, tuple[Public, Private]] = {
    "two notes become two and a payment": (PUBLIC, PRIVATE),
    "money enters": scene.statement((0, 0), (2**63 - 1, 0), entering=2**63 - 1),
    "nothing enters or leaves": scene.statement((1, 2), (3, 0)),
    "everything leaves": scene.statement((2**64 - 1, 0), (2**64 - 1 - 2**62, 0), leaving=2**62),
    "the greatest values": scene.statement((2**64 - 1, 2**64 - 1), (2**64 - 1, 2**64 - 1)),
    "the native asset": scene.statement((5, 6), (5, 6), asset=0),
    "nothing at all": scene.statement((0, 0), (0, 0)),
    "a note to oneself": scene.proven_of(PUBLIC, PRIVATE, pays=other_pay(key=FIRST.key, authority=1)),
}


@pytest.mark.parametrize("what", HONEST)
def test_an_honest_transfer_is_true_in_both(what: str) -> None:
    assert agree(*HONEST[what])


FALSE: dict[str, tuple[Public, Private]] = {
    "more comes out than went in": scene.statement((100, 50), (30, 111), leaving=10),
    "less comes out than went in": scene.statement((100, 50), (30, 109), leaving=10),
    "a negative output makes money of nothing": scene.statement((100, 0), (R - 1, 101)),
    "outputs that add up to the field's order": scene.statement((0, 0), ((R + 1) // 2, (R - 1) // 2)),
    "an output above 64 bits": scene.statement((2**64 - 1, 1), (2**64, 0)),
    "an input above 64 bits": scene.statement((2**64, 0), (2**63, 2**63)),
    "a negative input": scene.proven_of(*scene.statement((R - 1, 3), (1, 1))),
    "a note that is not in the tree": (replace(PUBLIC, root=PUBLIC.root + 1), PRIVATE),
    "somebody else's note": scene.proven_of(PUBLIC, PRIVATE, spending_key=scene.RECEIVER),
    "a note at another place": scene.proven_of(PUBLIC, PRIVATE, spends=other_spend(position=FIRST.position ^ 1)),
    "a note in another pool": (replace(PUBLIC, pool=PUBLIC.pool + 1), PRIVATE),
    "a note of another asset": scene.proven_of(PUBLIC, PRIVATE, asset=scene.ASSET + 1),
    "a note of more value than it has": scene.proven_of(
        PUBLIC, PRIVATE, spends=other_spend(value=101), pays=other_pay(value=31)
    ),
    "another diversifier": scene.proven_of(PUBLIC, PRIVATE, spends=other_spend(diversifier=6)),
    "another asset is told than moves": (replace(PUBLIC, asset=scene.ASSET + 1), PRIVATE),
    "no asset is told": (replace(PUBLIC, asset=0), PRIVATE),
    "an ephemeral secret of 1 modulo the order": scene.proven_of(
        PUBLIC, PRIVATE, ephemeral=(2 * SUBORDER + 1 - 2**251 - 1) // 2
    ),
}


@pytest.mark.parametrize("what", FALSE)
def test_a_false_transfer_is_false_in_both(what: str) -> None:
    assert not agree(*FALSE[what])


def test_the_asset_is_private_where_nothing_enters_or_leaves() -> None:
    public, private = HONEST["nothing enters or leaves"]
    assert public.asset == 0 != private.asset
    assert agree(replace(public, asset=5), private)


@pytest.mark.parametrize("position", range(1, 22))
def test_no_public_input_can_be_another_one(position: int) -> None:
    def changed(signals: Sequence[int], place: int) -> list[int]:
        return [(value + (i == place)) % R for i, value in enumerate(signals)]

    assert not transfer.check(Public.of(changed(PUBLIC.signals(), position)), PRIVATE, scene.DEPTH)
    assert small().violated(changed(honest_cells(), 1 + position)) != []


def test_ctx_is_free_in_the_statement_and_bound_by_the_proof() -> None:
    assert transfer.check(replace(PUBLIC, ctx=1), PRIVATE, scene.DEPTH)
    assert any(cell == 1 for row in small().constraints.rows() for terms in row for cell, _ in terms)


# Forged witnesses: what a prover could try who writes his own solver.


def cells_of(gadget: str) -> list[range]:
    return [step.cells for step in small().steps if step.gadget == gadget]


def test_a_ciphertext_for_another_key_than_the_owners_has_no_witness() -> None:
    """S of somebody else's key in place of the owner's: then the multiplication is false, or the owner is."""
    secret = notes.ephemeral_secret(PRIVATE.ephemeral)
    thief = babyjubjub.multiply(secret, FIRST.key)
    _, first, second = cells_of("to_edwards")
    for shared in (first, second):
        assert broken(PUBLIC, PRIVATE, dict(zip(shared, thief, strict=True))) != []
    pays = other_pay(key=FIRST.key)
    sealed = scene.proven_of(PUBLIC, PRIVATE, pays=pays)[0].outputs[0]
    assert sealed.commitment != PUBLIC.outputs[0].commitment
    stolen = replace(PUBLIC, outputs=(replace(PUBLIC.outputs[0], ciphertext=sealed.ciphertext), PUBLIC.outputs[1]))
    assert not transfer.check(stolen, PRIVATE, scene.DEPTH)
    assert not agree(stolen, replace(PRIVATE, pays=pays))


@pytest.mark.parametrize("key", [IDENTITY, Point(0, R - 1), Point(1, 1)])
def test_a_key_outside_the_subgroup_cannot_be_paid(key: Point) -> None:
    pays = other_pay(key=key)
    assert not transfer.check(PUBLIC, replace(PRIVATE, pays=pays), scene.DEPTH)
    assert broken(PUBLIC, replace(PRIVATE, pays=pays)) != []


def test_e_cannot_be_another_for_the_shared_points_than_for_its_own() -> None:
    other = scene.proven_of(PUBLIC, PRIVATE, ephemeral=PRIVATE.ephemeral + 1)[0]
    told, first, second = cells_of("to_edwards")
    assert other.ephemeral != PUBLIC.ephemeral
    mixed = replace(PUBLIC, ephemeral=other.ephemeral)
    assert not transfer.check(mixed, PRIVATE, scene.DEPTH)
    honest = honest_cells()
    moved = small().solve(circuits.circuit_inputs(PUBLIC, replace(PRIVATE, ephemeral=PRIVATE.ephemeral + 1))).cells
    for cells in (told, first, second):
        assert [honest[cell] for cell in cells] != [moved[cell] for cell in cells]
        assert broken(PUBLIC, PRIVATE, {cell: moved[cell] for cell in cells}) != []


def test_digits_that_are_no_bits_have_no_witness() -> None:
    number = small().inputs["ephemeral number"].cells.start
    (bits,) = (c for c in cells_of("to_bits") if len(c) == notes.EPHEMERAL_BITS - 1)
    assert bits.start == number + 1
    for cell, value in ((bits[0], 2), (bits[100], R - 1), (bits[-1], 3)):
        assert broken(PUBLIC, PRIVATE, {cell: value}) != []


def test_a_note_of_no_value_cannot_name_another_notes_nullifier() -> None:
    """The forger's own note of value zero needs no place in the tree, but its nullifier is of his own key."""
    victim = scene.statement((9, 0), (9, 0))[0].nullifiers[0]
    public, private = scene.statement((100, 0), (90, 10))
    aimed = replace(public, nullifiers=(public.nullifiers[0], victim))
    assert not agree(aimed, private)
    (nullifiers,) = small().outputs["nullifiers"][1:]
    assert broken(public, private, {nullifiers: victim}) != []


def test_a_note_of_value_needs_its_place_and_one_without_does_not() -> None:
    public, private = scene.statement((100, 0), (90, 10))
    assert private.spends[1].path == ((0, 0, 0),) * scene.DEPTH
    assert agree(public, private)
    for number, each in enumerate(PRIVATE.spends):
        moved = replace(each, path=((7, 7, 7), *each.path[1:]))
        spends = tuple(moved if i == number else other for i, other in enumerate(PRIVATE.spends))
        assert not agree(*scene.proven_of(PUBLIC, PRIVATE, spends=spends))


def test_one_note_spent_twice_shows_one_nullifier_twice() -> None:
    """True as a statement: that a nullifier counts once is the chain's rule, and within one action as well."""
    public, private = scene.proven_of(PUBLIC, PRIVATE, spends=(FIRST, FIRST), pays=other_pay(value=80))
    assert agree(public, private)
    assert len(set(public.nullifiers)) == 1


def test_two_places_of_one_commitment_have_two_nullifiers() -> None:
    """Else one who makes a note twice could make its owner lose the second."""
    private = replace(PRIVATE, spends=(FIRST, replace(FIRST, value=0)))
    made = transfer.commitment(scene.POOL, FIRST, private)
    leaves = [made, 5, 6, made]
    places = [replace(FIRST, position=at, path=note_tree.tree_path(leaves, at, scene.DEPTH)) for at in (0, 3)]
    private = replace(private, spends=tuple(places), pays=other_pay(value=80))
    public = transfer.compute(scene.POOL, note_tree.tree_root(leaves, scene.DEPTH), 0, 10, private)
    assert agree(public, private)
    assert len(set(public.nullifiers)) == 2


def test_the_memo_is_free_and_bound() -> None:
    other, private = scene.proven_of(PUBLIC, PRIVATE, pays=other_pay(memo=(R - 1, 7)))
    assert agree(other, private)
    assert other.outputs[0].commitment == PUBLIC.outputs[0].commitment
    assert other.outputs[0].ciphertext[:3] == PUBLIC.outputs[0].ciphertext[:3]
    assert not agree(other, PRIVATE)
    assert not agree(PUBLIC, private)


def test_the_receiver_reads_what_he_was_paid_and_the_sender_what_he_keeps() -> None:
    secret = notes.address_secret(scene.RECEIVER_IVK, 8)
    output = PUBLIC.outputs[0]
    row = notes.decrypt(notes.receiver_shared(secret, PUBLIC.ephemeral), output.commitment, output.ciphertext)
    asset, value, rcm, *memo = row
    assert (asset, value, memo) == (scene.ASSET, 30, list(PRIVATE.pays[0].memo))
    owner = notes.owner(*scene.address(scene.RECEIVER, scene.RECEIVER_IVK, 8))
    assert notes.note_commitment(scene.POOL, asset, value, owner, rcm) == output.commitment


# The real circuit


def test_the_circuit_has_the_public_inputs_that_the_chain_builds() -> None:
    assert small().public_count == TRANSFER_SIZE == len(PUBLIC.signals())
    assert Public.of(PUBLIC.signals()) == PUBLIC


def test_the_circuit_of_the_chain_says_the_same_at_its_golden_cost() -> None:
    real = circuits.constrain()
    assert real.cost_by_scope() == scene.GOLDEN
    assert sum(scene.GOLDEN.values()) == 18174 <= 21000
    assert agree(*scene.statement((100, 50), (30, 110), leaving=10, depth=DEPTH), DEPTH, real)
    assert not agree(*scene.statement((100, 50), (30, 110), leaving=9, depth=DEPTH), DEPTH, real)


def test_secrets_are_not_shown() -> None:
    shown = repr(PRIVATE)
    for secret in (scene.SENDER, PRIVATE.ephemeral, FIRST.key.x, PRIVATE.pays[0].key.x, PRIVATE.pays[0].authority):
        assert str(secret) not in shown
