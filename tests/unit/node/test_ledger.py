"""The ledger over a real database: what is done before a prevote, what is kept of it, what becomes final."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chain.codec import decode, encode
from chain.execution import accounts
from chain.execution.action import GROTH16, Claim
from chain.execution.block import TooMuchWork
from chain.execution.header import WrongHeader
from chain.execution.verifier import FalseEvidence
from chain.types.scalars import Amount, Blob, Hash, Height, Nonce, TxHash, WorkUnits
from chain.types.sync import FinalBlock, encode_final
from chain.types.transaction import Transaction
from chain.types.vote import Commit
from contracts.token.actions import Transfer
from node.ledger import Ledger
from node.verifier import NodeVerifier
from tests.support.driver_scene import DriverScene
from tests.support.sealed_chain import with_body, with_header
from tests.support.small_chain import SmallChain, account


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[DriverScene]:
    made = DriverScene(tmp_path, None)
    yield made
    made.close()


def pay(scene: DriverScene, person: int, nonce: int = 0, amount: int = 5) -> Transaction:
    envelope = SmallChain().envelope(person, Transfer(account(9), Amount(amount)), nonce=Nonce(nonce))
    own = replace(envelope, chain_id=scene.genesis.chain_id, genesis_hash=scene.genesis.hash())
    return SmallChain().sign(person, own)


# Before the prevote


def test_a_judged_block_is_executed_once_and_becomes_final_as_it_was_judged(scene: DriverScene) -> None:
    ledger = scene.ledger
    body = scene.block(0, pay(scene, 1), pay(scene, 2))
    applied = ledger.judge(body.block)
    assert ledger.judge(body.block) is applied
    assert ledger.tip.height == 0  # judging moves nothing
    news = ledger.commit(scene.final(body))
    assert (ledger.tip, ledger.view.height) == (applied.tip, 1)
    assert [transaction.sender for transaction in news.transactions] == [account(1), account(2)]
    assert [receipt.code for receipt in news.receipts] == [0, 0, 0]
    assert accounts.read_account(ledger.view, account(9)).balance == 10
    assert ledger.database.find_transaction(news.transactions[1].hash) == (1, 1)


def test_what_the_pool_has_decoded_is_not_decoded_again(scene: DriverScene, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = pay(scene, 1)
    scene.mempool.add(payment, WorkUnits(600), Nonce(0))
    body = scene.block(0, payment)
    monkeypatch.setattr(Transaction, "decode", lambda *_: pytest.fail("decoded"))
    applied = scene.ledger.judge(body.block)
    assert applied.transactions[0] is payment
    assert scene.ledger.commit(scene.final(body)).transactions[0] is payment


class Watching(NodeVerifier):
    """Notes what is asked of it."""

    asked: list[str]

    def warm(self, claims: object) -> None:
        self.asked.append("warm")

    def require_signature(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        self.asked.append("signature")
        super().require_signature(public_key, message, signature)


@pytest.fixture
def watched(scene: DriverScene) -> tuple[Ledger, list[str]]:
    watching = Watching(lambda _vk_id: b"", scene.pool, scene.pool)
    watching.asked = []
    return Ledger(scene.database, scene.ledger.chain, watching), watching.asked


def test_a_header_that_does_not_fit_costs_no_signature_and_no_proof(
    scene: DriverScene, watched: tuple[Ledger, list[str]]
) -> None:
    ledger, asked = watched
    bent = with_header(scene.block(0, pay(scene, 1)).block, state_root=Hash(bytes(32)))
    with pytest.raises(WrongHeader):
        ledger.judge(bent)
    assert asked == []


def test_a_block_over_its_work_costs_no_signature_and_no_proof(
    scene: DriverScene, watched: tuple[Ledger, list[str]]
) -> None:
    ledger, asked = watched
    one = pay(scene, 1)
    many = tuple(Blob(one.raw) for _ in range(800))
    with pytest.raises(TooMuchWork):
        ledger.judge(with_body(scene.block(0, one).block, transactions=many))
    assert asked == []


def test_every_proof_of_a_block_is_verified_here_before_the_block_is_valid(
    scene: DriverScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but this node's own verifier makes a block valid: the proposer's word counts for nothing."""
    looked_at: list[Claim] = []
    true = {2}

    def verify(_self: NodeVerifier, claim: Claim) -> None:
        looked_at.append(claim)
        if claim.inputs[0] not in true:
            raise FalseEvidence(claim, "it does not hold.")

    def claims(self: Transfer, _envelope: object, _index: int) -> Sequence[Claim]:
        return (Claim(GROTH16, bytes(32), (self.amount,), bytes(128)),)

    monkeypatch.setattr(Transfer, "claims", claims)
    monkeypatch.setattr(NodeVerifier, "_verify", lambda _self, _claim: None)
    good, bad = scene.block(0, pay(scene, 1, amount=2)), scene.block(0, pay(scene, 1, amount=3))
    monkeypatch.setattr(NodeVerifier, "_verify", verify)
    scene.ledger._applied.clear()
    scene.verifier._claims._entries.clear()
    scene.ledger.judge(good.block)
    assert [claim.inputs for claim in looked_at] == [(2,)]
    with pytest.raises(FalseEvidence):
        scene.ledger.judge(bad.block)
    assert [claim.inputs for claim in looked_at] == [(2,), (3,)]
    scene.ledger._applied.clear()
    scene.ledger.judge(good.block)  # remembered: verified by this very node
    assert len(looked_at) == 2
    with pytest.raises(FalseEvidence):  # what failed is not remembered
        scene.ledger.judge(bad.block)
    assert len(looked_at) == 3


# Final blocks for others


def test_a_final_block_is_put_together_without_decoding_it(scene: DriverScene) -> None:
    body = scene.block(0, pay(scene, 1))
    final = scene.final(body)
    scene.ledger.judge(body.block)
    scene.ledger.commit(final)
    encoded = scene.ledger.final_block(Height(1))
    assert encoded is not None
    assert encoded == encode(final) == encode_final(encode(final.block), encode(final.commit))
    assert decode(FinalBlock, encoded) == final
    assert scene.ledger.final_block(Height(0)) is None
    assert scene.ledger.final_block(Height(2)) is None


def test_the_tip_survives_reopening(scene: DriverScene) -> None:
    body = scene.block(0, pay(scene, 1))
    final = scene.final(body)
    scene.ledger.judge(body.block)
    scene.ledger.commit(final)
    again = Ledger(scene.database, scene.ledger.chain, scene.verifier)
    assert again.tip == scene.ledger.tip
    assert again.last_commit == final.commit
    assert again.params == scene.ledger.params


def test_the_first_block_builds_on_a_commit_without_signatures(scene: DriverScene) -> None:
    assert scene.ledger.last_commit == Commit(Height(0), 0, scene.ledger.tip.block_id, ())  # type: ignore[arg-type]
    assert scene.ledger.database.find_transaction(TxHash(bytes(32))) is None
