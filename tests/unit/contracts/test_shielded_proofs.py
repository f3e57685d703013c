"""Real Groth16 verification of transfers: a proof moves these notes in this pool on this chain for this sender, once.

The proofs are simulated with the key's trapdoor: they verify for exactly the inputs that they were made for. What the
circuit itself proves is tested in tests/unit/compute.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.execution.verifier import BadSignature, FalseEvidence
from chain.types.receipt import OK
from chain.types.scalars import (
    NATIVE,
    NOBODY,
    Amount,
    AssetId,
    ChainId,
    EncryptionKeyBytes,
    FieldElement,
    Hash,
    NoteTag,
    OutgoingSeal,
)
from chain.types.transaction import Envelope
from contracts.notes import state as notes
from contracts.notes.output import NoteOutput
from contracts.registry.state import key_bytes
from contracts.shielded.actions import Transfer
from tests.support.direct_verifier import DirectVerifier
from tests.support.shielded_pool import ALICE, BOB, HINT, PoolChain, ephemeral, output, prove
from tests.support.small_chain import account

ONE_TIME = 77
FEE = 10**9
Change = Callable[[Transfer], Transfer]


def verifying() -> PoolChain:
    """With money in the pool, and a verifier that believes nothing."""
    chain = PoolChain()
    assert chain.do(ALICE, chain.transfer(taken=5 * FEE)).code == OK
    chain.verifier = DirectVerifier(lambda vk_id: key_bytes(chain.view, vk_id))
    return chain


@pytest.fixture
def chain() -> PoolChain:
    return verifying()


@pytest.fixture(scope="module")
def standing() -> PoolChain:
    """Shared by tests whose blocks are refused."""
    return verifying()


@pytest.fixture(scope="module")
def proven(standing: PoolChain) -> Transfer:
    """What the next block of `standing` would take."""
    return standing.proven(ALICE, standing.transfer(taken=1, paid=2))


def test_a_proven_transfer_passes(chain: PoolChain) -> None:
    assert chain.do(ALICE, chain.proven(ALICE, chain.transfer(taken=1, paid=2))).code == OK


def test_an_unproven_transfer_makes_its_block_invalid(standing: PoolChain) -> None:
    with pytest.raises(FalseEvidence):
        standing.do(ALICE, standing.transfer())


def first_output(action: Transfer, **changes: object) -> Transfer:
    """With another first output."""
    changed: NoteOutput = replace(action.outputs[0], **changes)  # type: ignore[arg-type]
    return replace(action, outputs=(changed, action.outputs[1]))


CHANGES: dict[str, Change] = {
    "a nullifier": lambda t: replace(t, nullifiers=(FieldElement(7), t.nullifiers[1])),
    "the nullifiers' order": lambda t: replace(t, nullifiers=t.nullifiers[::-1]),
    "the root": lambda t: replace(t, root=notes.EMPTY_ROOT),
    "the one-time point": lambda t: replace(t, ephemeral=ephemeral(6)),
    "a commitment": lambda t: first_output(t, commitment=FieldElement(7)),
    "a ciphertext": lambda t: first_output(t, ciphertext=output(9).ciphertext),
    "the outputs' order": lambda t: replace(t, outputs=t.outputs[::-1]),
    "a hint's point": lambda t: first_output(t, hint=replace(HINT, ephemeral=EncryptionKeyBytes(b"\x01" * 32))),
    "a hint's tag": lambda t: first_output(t, hint=replace(HINT, tag=NoteTag(b"\x01\x02"))),
    "the sender's seal": lambda t: first_output(t, hint=replace(HINT, outgoing=OutgoingSeal(b"\x01" * 160))),
    "what enters": lambda t: replace(t, taken=Amount(0)).padded(),
    "what leaves": lambda t: replace(t, paid=Amount(3)).padded(),
    "the recipient": lambda t: replace(t, recipient=account(5)),
    "nothing in the open": lambda t: replace(t, taken=Amount(0), paid=Amount(0), recipient=NOBODY).padded(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_proof_is_about_every_part_of_its_transfer(standing: PoolChain, proven: Transfer, change: Change) -> None:
    changed = change(proven)
    assert changed != proven
    with pytest.raises(FalseEvidence):
        standing.do(ALICE, changed)
    standing.execute(standing.transaction(ALICE, proven))


def test_a_proof_of_one_asset_moves_no_other(standing: PoolChain) -> None:
    """The asset that enters is public input: a proof about something worthless does not bring native money."""
    worthless = standing.transfer(paid=2, asset=AssetId(b"\x07" * 32))
    proven = replace(prove(worthless, standing.envelope(ALICE, worthless)), asset=NATIVE)
    with pytest.raises(FalseEvidence):
        standing.do(ALICE, proven)


def test_a_proof_is_of_one_pool(chain: PoolChain) -> None:
    """Both pools have the same key, root and notes."""
    other = chain.opened()
    proven = chain.proven(ALICE, chain.transfer(root=notes.EMPTY_ROOT))
    with pytest.raises(FalseEvidence):
        chain.do(ALICE, replace(proven, pool=other))
    assert chain.do(ALICE, proven).code == OK


def test_a_proof_is_its_senders(standing: PoolChain, proven: Transfer) -> None:
    with pytest.raises(FalseEvidence):
        standing.do(BOB, proven)


@pytest.mark.parametrize(
    "elsewhere",
    [{"chain_id": ChainId("other-1")}, {"genesis_hash": Hash(bytes(32))}, {"fork_id": Hash(b"\x01" * 32)}],
    ids=lambda change: next(iter(change)),
)
def test_a_proof_is_of_one_chain_genesis_and_fork(standing: PoolChain, elsewhere: dict[str, object]) -> None:
    action = standing.transfer(paid=2)
    there: Envelope = replace(standing.envelope(ALICE, action), **elsewhere)  # type: ignore[arg-type]
    with pytest.raises(FalseEvidence):
        standing.do(ALICE, prove(action, there))


def test_a_proof_is_bound_to_the_other_actions_that_carry_one(standing: PoolChain) -> None:
    """Neither half of a transaction can be sent alone: an exchange is both or nothing."""
    one, two = standing.transfer(), standing.transfer(paid=2)
    together = standing.envelope(ALICE, one, two)
    claims = [action.claims(together, index)[0] for index, action in enumerate((one, two))]
    alone = [standing.envelope(ALICE, action) for action in (one, two)]
    assert claims[0].inputs[0] != one.claims(alone[0], 0)[0].inputs[0]
    assert claims[1].inputs[0] != two.claims(alone[1], 0)[0].inputs[0]
    with pytest.raises(FalseEvidence):
        standing.do(ALICE, prove(two, together))


def test_the_split_of_fee_and_payment_is_proven_with_the_transfer(chain: PoolChain) -> None:
    """Their sum alone is public input; who copies a transfer may not make it pay him out of the fee."""
    honest = chain.transfer(paid=2, fee=Amount(FEE))

    def sent(action: Transfer) -> Envelope:
        return chain.proof_paid(ONE_TIME, action).envelope

    proven = prove(honest, sent(honest))
    greedy = replace(proven, paid=Amount(FEE // 2 + 2), fee=Amount(FEE // 2)).padded()
    assert greedy.claims(sent(honest), 0)[0].inputs[1:] == proven.claims(sent(honest), 0)[0].inputs[1:]
    with pytest.raises(FalseEvidence):
        chain.block(chain.sign(ONE_TIME, sent(greedy)))
    (receipt,) = chain.block(chain.sign(ONE_TIME, sent(proven)))
    assert (receipt.code, receipt.fee) == (OK, FEE)


def test_a_copied_transfer_does_not_pay_another_signer(chain: PoolChain) -> None:
    action = chain.transfer(paid=2, fee=Amount(FEE))

    proven = prove(action, chain.proof_paid(ONE_TIME, action).envelope)
    with pytest.raises(FalseEvidence):
        chain.block(chain.proof_paid(78, proven))
    with pytest.raises(BadSignature):
        chain.block(chain.sign(78, chain.proof_paid(ONE_TIME, proven).envelope))


def test_a_second_proof_of_the_same_transfer_is_no_second_transfer(chain: PoolChain) -> None:
    """Proofs are malleable and can be made anew; nullifiers are what counts."""
    action = chain.transfer(paid=2)
    first = prove(action, chain.envelope(ALICE, action), seed=1)
    assert chain.do(ALICE, first).code == OK
    second = prove(action, chain.envelope(ALICE, action), seed=2)
    assert second.proof != first.proof
    assert chain.do(ALICE, second).code != OK
