"""Notes of contracts: spent once, against a root of the contract's own tree; inboxes are counted, and folded."""

from dataclasses import replace

import pytest

from chain.codec import encode
from chain.execution.fee_source import RepeatedUnique
from chain.execution.verifier import FalseEvidence
from chain.types.receipt import OK
from chain.types.scalars import FieldElement, ObjectId, Uint
from contracts.confidential.call import Call
from contracts.confidential.errors import StaleCount, WrongLength, WrongParts
from contracts.confidential.events import Called, Posted, RegisterWritten
from contracts.confidential.specs import INBOX, PUBLIC
from contracts.notes import state as notes
from contracts.notes.errors import (
    BadEphemeral,
    DuplicateNullifier,
    NoteSpent,
    RootTooOld,
    UnknownRoot,
    WrongCiphertextLength,
)
from contracts.notes.output import Point
from tests.support.contract_calls import method, outputs, register
from tests.support.contract_chain import ALICE, BOB, ContractChain
from tests.support.shielded_pool import output

SUM, CLOSED = 0, 1
REGISTERS = (register("sum", PUBLIC, INBOX), register("closed", PUBLIC))
METHODS = (
    method("post", REGISTERS, outputs=outputs(2, inbox=SUM)),
    method("post_two", REGISTERS, outputs=(*outputs(2, inbox=SUM), *outputs(3))),
    method("fold", REGISTERS, nullifiers=Uint(2), writes=(Uint(SUM),)),
    method("close", REGISTERS, counts=(Uint(SUM),), reads=(Uint(SUM),), writes=(Uint(CLOSED),)),
    method("pass_on", REGISTERS, nullifiers=Uint(1), outputs=outputs(2)),
)


@pytest.fixture
def chain() -> ContractChain:
    return ContractChain(REGISTERS, METHODS)


def posted(chain: ContractChain, person: int = ALICE, count: int = 1) -> None:
    """So many notes posted, all in one block."""
    transactions = []
    for number in range(count):
        call = chain.call("post")
        envelope = chain.envelope(person, call, nonce=chain.nonce(person) + number)
        transactions.append(chain.sign(person, chain.proven(envelope)))
    assert [receipt.code for receipt in chain.block(*transactions)] == [OK] * count


def test_many_post_in_one_block_and_nobody_waits(chain: ContractChain) -> None:
    calls = {person: chain.call("post") for person in (ALICE, BOB, 5, 6)}
    signed = [chain.sign(p, chain.proven(chain.envelope(p, call))) for p, call in calls.items()]
    receipts = chain.block(*signed)
    assert [receipt.code for receipt in receipts] == [OK] * 4
    assert [receipt.events[-1] for receipt in receipts] == [
        Posted(chain.contract, Uint(SUM), Uint(number)) for number in range(1, 5)
    ]
    tree = notes.tree_of(chain.view, chain.contract)
    assert tree.size == 4
    found = [notes.find_output(chain.view, number) for number in range(4)]
    assert [record.output.commitment for record in found if record] == [
        call.outputs[0].commitment for call in calls.values()
    ]


def test_folding_spends_notes_and_writes_the_inbox(chain: ContractChain) -> None:
    posted(chain, count=2)
    fold = chain.call("fold")
    receipt = chain.send(BOB, fold)
    assert receipt.events == (
        Called(chain.contract, fold.method, Uint(0), ()),
        RegisterWritten(chain.contract, Uint(SUM), Uint(1)),
    )
    assert all(notes.is_spent(chain.view, chain.contract, nullifier) for nullifier in fold.nullifiers)
    assert chain.call("close").counts == (2,)  # what was posted stays counted


def test_only_outputs_to_the_inbox_count(chain: ContractChain) -> None:
    assert chain.send(ALICE, chain.call("post_two")).code == OK
    assert chain.call("close").counts == (1,)
    assert notes.tree_of(chain.view, chain.contract).size == 2


def test_a_note_is_spent_once(chain: ContractChain) -> None:
    posted(chain, count=2)
    fold = chain.call("fold")
    assert chain.send(ALICE, fold).code == OK
    for spent in fold.nullifiers:
        again = chain.call("pass_on", nullifiers=(spent,))
        with pytest.raises(NoteSpent) as refused:
            chain.check(BOB, again)
        assert refused.value.nullifier == spent
        assert chain.send(BOB, again).code == NoteSpent.code
    assert notes.counts(chain.view).nullifiers == 2


def test_a_note_is_not_spent_twice_in_one_call_or_one_transaction(chain: ContractChain) -> None:
    posted(chain, count=2)
    twice = FieldElement(77)
    with pytest.raises(DuplicateNullifier):
        chain.check(ALICE, chain.call("fold", nullifiers=(twice, twice)))
    pair = (chain.call("pass_on", nullifiers=(twice,)), chain.call("pass_on", nullifiers=(twice,)))
    with pytest.raises(RepeatedUnique):
        chain.send(ALICE, *pair)
    assert not notes.is_spent(chain.view, chain.contract, twice)
    assert chain.send(ALICE, pair[0]).code == OK


def test_two_spend_one_note_in_one_block_and_the_first_wins(chain: ContractChain) -> None:
    posted(chain)
    one = FieldElement(77)
    signed = [
        chain.sign(person, chain.proven(chain.envelope(person, chain.call("pass_on", nullifiers=(one,)))))
        for person in (ALICE, BOB)
    ]
    assert [receipt.code for receipt in chain.block(*signed)] == [OK, NoteSpent.code]


def test_a_nullifier_is_a_transactions_unique(chain: ContractChain) -> None:
    """By which the memory pool keeps one transaction of those that spend the same note."""
    call, other = chain.call("fold"), chain.deployed()
    assert call.uniques() == tuple(notes.unique(chain.contract, nullifier) for nullifier in call.nullifiers)
    assert not set(replace(call, contract=other).uniques()) & set(call.uniques())
    assert chain.call("post").uniques() == ()


def test_a_forged_root_is_refused(chain: ContractChain) -> None:
    posted(chain)
    with pytest.raises(UnknownRoot) as refused:
        chain.check(ALICE, chain.call("fold", root=FieldElement(12345)))
    assert refused.value.root == 12345


def test_a_root_of_another_contracts_tree_is_refused(chain: ContractChain) -> None:
    """Whose circuit may lie: what it puts into its tree is worth nothing elsewhere."""
    posted(chain)
    root = notes.tree_of(chain.view, chain.contract).root
    other = chain.deployed()
    with pytest.raises(UnknownRoot):
        chain.check(ALICE, chain.call("fold", other, root=root))
    chain.check(ALICE, chain.call("fold", root=root))


def test_a_root_is_accepted_for_1024_changes_and_then_too_old(chain: ContractChain) -> None:
    posted(chain)
    early = chain.call("fold")
    tree = notes.tree_of(chain.view, chain.contract)
    for age, rule in ((notes.ROOTS_KEPT - 1, None), (notes.ROOTS_KEPT, RootTooOld)):
        changed = replace(tree, changes=Uint(tree.changes + age), root=FieldElement(1))
        chain.store.apply([(notes.TREE.key(chain.contract), encode(changed))])
        if rule is None:
            chain.check(ALICE, early)
        else:
            with pytest.raises(rule):
                chain.check(ALICE, early)


def test_a_count_that_is_not_the_inboxs_is_stale(chain: ContractChain) -> None:
    posted(chain, count=2)
    close = chain.call("close")
    for wrong in (0, 1, 3):
        with pytest.raises(StaleCount) as refused:
            chain.check(ALICE, chain.call("close", counts=(Uint(wrong),)))
        assert (refused.value.posted, refused.value.proven) == (2, wrong)
    posted(chain, BOB)
    assert chain.send(ALICE, close).code == StaleCount.code
    assert chain.send(ALICE, chain.call("close")).code == OK


def test_a_post_and_a_close_in_one_transaction_are_counted_in_order(chain: ContractChain) -> None:
    post = chain.call("post")
    assert chain.send(ALICE, post, chain.call("close")).code == StaleCount.code
    assert chain.send(ALICE, post, chain.call("close", counts=(Uint(1),))).code == OK


def test_an_output_that_breaks_a_rule_is_refused(chain: ContractChain) -> None:
    call = chain.call("post")
    cases: list[tuple[Call, type[Exception]]] = [
        (chain.call("post", ephemeral=Point(FieldElement(0), FieldElement(1))), BadEphemeral),  # the identity
        (chain.call("post", ephemeral=Point(FieldElement(1), FieldElement(1))), BadEphemeral),  # off the curve
        (replace(call, outputs=()), WrongLength),
        (replace(call, outputs=call.outputs * 2), WrongLength),
        (replace(call, ephemeral=None), WrongParts),
        (replace(call, root=FieldElement(1)), WrongParts),
        (replace(call, nullifiers=(FieldElement(1),)), WrongLength),
    ]
    for bad, rule in cases:
        with pytest.raises(rule):
            chain.check(ALICE, bad)


def test_a_ciphertext_has_its_outputs_length_also_when_the_sizes_add_up(chain: ContractChain) -> None:
    """Three elements and two, where the method has two and three: the call is as long as it should be."""
    call = chain.call("post_two")
    swapped = (output(1, 3), output(2, 2))
    with pytest.raises(WrongCiphertextLength):
        chain.check(ALICE, replace(call, outputs=swapped))


def test_a_call_that_spends_names_a_root(chain: ContractChain) -> None:
    call = chain.call("fold")
    for bad, rule in ((replace(call, root=None), WrongParts), (replace(call, nullifiers=()), WrongLength)):
        with pytest.raises(rule):
            chain.check(ALICE, bad)


def test_outputs_and_nullifiers_are_bound_by_the_proof(chain: ContractChain) -> None:
    posted(chain)
    envelope = chain.proven(chain.envelope(ALICE, chain.call("pass_on")))
    (call,) = envelope.actions
    assert isinstance(call, Call)
    (made,) = call.outputs
    hint = replace(made.hint, tag=b"zz")
    other = FieldElement(5)
    forged: list[Call] = [
        replace(call, nullifiers=(other,)),
        replace(call, outputs=(replace(made, commitment=other),)),
        replace(call, outputs=(replace(made, ciphertext=(other, other)),)),
        replace(call, outputs=(replace(made, hint=hint),)),
    ]
    for bad in forged:
        with pytest.raises(FalseEvidence):
            chain.submit(ALICE, replace(envelope, actions=(bad,)))
    assert chain.submit(ALICE, envelope).code == OK


def test_a_contract_spoils_no_note_of_another(chain: ContractChain) -> None:
    posted(chain)
    nullifier = FieldElement(9)
    other: ObjectId = chain.deployed()
    assert chain.send(BOB, chain.call("pass_on", other, nullifiers=(nullifier,))).code == OK
    assert chain.send(ALICE, chain.call("pass_on", nullifiers=(nullifier,))).code == OK
