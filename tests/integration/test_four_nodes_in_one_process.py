"""Four real nodes on loopback, in one event loop: what happens at one is final at all, whatever befalls a few."""

import asyncio
import shutil
from pathlib import Path

import pytest

from chain.execution.accounts import read_account
from chain.execution.verifier import FalseEvidence
from chain.types.scalars import AccountId, Amount
from client.errors import RpcFailed
from client.wallet import Wallet
from contracts.token.actions import Transfer
from node.instruments import Instruments
from node.sync_schedule import BATCH
from tests.support.four_nodes import NODES, FourNodes
from tests.support.open_task import locked_task, prepare, proven


@pytest.fixture
async def four(tmp_path: Path):
    async with FourNodes(tmp_path).running() as nodes:
        await nodes.reach(1)
        yield nodes


async def pay(wallet: Wallet, payee: AccountId, amount: int, nonce: int) -> str:
    """Submit a transfer with this nonce; its hash once it is admitted."""
    envelope = await wallet.prepare([Transfer(payee, Amount(amount))], nonce=nonce)
    answer = await wallet.rpc.call("tx_submit", transaction=wallet.sign_envelope(envelope).raw)
    return str(answer["hash"])


async def test_a_transfer_at_one_node_is_final_at_all_and_their_roots_agree(four: FourNodes) -> None:
    async with four.wallet("account0", 0) as wallet:
        before = await four.balance("account1", 3)
        outcome = await wallet.submit([Transfer(four.account("account1"), Amount(123))])
    assert outcome.height is not None
    await four.reach(outcome.height + 1)
    for index in range(NODES):
        assert await four.balance("account1", index) == before + 123
        receipt = await four.ask(index, "chain_getReceipt", hash=outcome.hash)
        assert (receipt["height"], receipt["code"]) == (outcome.height, 0)
    four.agreed_root(outcome.height)


async def test_every_validator_proposes_and_signs(four: FourNodes) -> None:
    await four.reach(9)
    blocks = [await four.ask(0, "chain_getBlock", height=height) for height in range(2, 9)]
    validators = {app.node.signer.public_key for app in four.apps.values() if app.node.signer}
    assert len({block["header"]["proposer"] for block in blocks}) == len(validators)
    assert all(len(block["last_commit"]["signatures"]) >= 3 for block in blocks)


async def test_the_same_nonce_to_two_recipients_at_two_nodes_lands_exactly_once(four: FourNodes) -> None:
    async with four.wallet("account0", 0) as one, four.wallet("account0", 1) as other:
        hashes = await asyncio.gather(
            pay(one, four.account("account1"), 1_000, nonce=0),
            pay(other, four.account("account2"), 2_000, nonce=0),
            return_exceptions=True,
        )
        submitted = [hash_ for hash_ in hashes if isinstance(hash_, str)]
        assert submitted
        account = four.account("account0")
        await four.until(lambda: all(_nonce(four, index, account) == 1 for index in four.apps))
        await four.reach(four.height(0) + 2)
        found = [await _receipt(four, 0, hash_) for hash_ in submitted]
    assert len([receipt for receipt in found if receipt is not None]) == 1
    funded = int(four.accounts["account1"].balance) + int(four.accounts["account2"].balance)
    gained = await four.balance("account1", 2) + await four.balance("account2", 2) - funded
    assert gained in (1_000, 2_000)
    four.agreed_root(four.height(0) - 1)


@pytest.mark.slow
async def test_a_node_put_back_to_a_snapshot_catches_up_and_signs_on(four: FourNodes, tmp_path: Path) -> None:
    """As docs/operators.md tells it: the database goes back, what the validator has signed does not."""
    app = four.apps[0]
    database, home = app.node.ledger.database, four.network.home(four.network.members[0])
    copied = await app.node.executor.in_upkeep(database.copy, tmp_path / "copy", app.node.executor.is_closing)
    await four.reach(copied + 4)
    await four.stop(0)
    shutil.rmtree(home.database)
    shutil.copytree(tmp_path / "copy", home.database)
    again = await four.start(0)
    head = four.height(1)
    await four.reach(head + 3)
    four.agreed_root(head + 1)
    assert again.node.signer is not None
    await four.until(lambda: again.node.signer.last_position[0] > head)


def _nonce(four: FourNodes, index: int, account: AccountId) -> int:
    return read_account(four.apps[index].node.ledger.view, account).nonce


async def _receipt(four: FourNodes, index: int, hash_: str) -> object | None:
    try:
        return await four.ask(index, "chain_getReceipt", hash=hash_)
    except RpcFailed as failed:
        assert failed.name == "NotFound"
        return None


async def test_a_node_that_was_away_for_a_moment_is_brought_up_to_date_by_repeats(four: FourNodes) -> None:
    await four.stop(2)
    head = four.height(0)
    await four.reach(head + 1)
    await four.start(2)
    await four.reach(head + 4)
    four.agreed_root(head + 3)
    assert all(four.alive(index) for index in range(NODES))


@pytest.mark.slow
async def test_a_node_that_was_away_for_many_blocks_catches_up_and_votes_again(four: FourNodes) -> None:
    await four.stop(1)
    async with four.wallet("account3", 0) as wallet:
        await wallet.submit([Transfer(four.account("account4"), Amount(55))])
        head = four.height(0)
        await four.reach(head + BATCH + 4)
    app = await four.start(1)
    await four.reach(four.height(0), 1)
    assert await four.balance("account4", 1) == await four.balance("account4", 0)
    key = app.node.signer.public_key if app.node.signer else None
    await four.until(lambda: key in {entry.validator for entry in four.apps[0].node.ledger.last_commit.signatures})
    four.agreed_root(four.height(1) - 1)


async def test_nodes_stopped_all_at_once_go_on_where_they_were(four: FourNodes) -> None:
    await four.reach(3)
    for index in range(NODES):
        await four.stop(index)
    for index in range(NODES):
        await four.start(index)
    await four.reach(max(four.height(index) for index in range(NODES)) + 3)
    four.agreed_root(4)


async def test_a_proof_is_verified_by_every_validator_itself(four: FourNodes) -> None:
    """Not only by the node that admitted it: each runs the pairing before its prevote."""
    async with four.wallet("account0", 0) as owner, four.wallet("account1", 0) as provider:
        await prepare(owner, provider)
        task = await locked_task(owner, provider)
        envelope = proven(await provider.prepare([task.action]))
        outcome = await provider.submit_signed(provider.sign_envelope(envelope))
    assert outcome.height is not None
    await four.reach(outcome.height)
    assert [app.node.verifier.verified_proofs for app in four.apps.values()] == [1] * NODES


async def test_a_byzantine_proposers_forged_proof_is_refused_by_all_others_and_the_chain_goes_on(
    four: FourNodes,
) -> None:
    liar = 3
    async with four.wallet("account0", 0) as owner, four.wallet("account1", 0) as provider:
        await prepare(owner, provider)
        task = await locked_task(owner, provider)
        envelope = await provider.prepare([task.action])
        forged = provider.sign_envelope(proven(envelope, wrong=True))
        with pytest.raises(RpcFailed) as refused:
            await provider.submit_signed(forged)
        assert refused.value.rule == FalseEvidence.code
        await four.stop(liar)
        app = await four.start(liar, Instruments(credulous=True))
        await four.reach(four.height(0), liar)
        await four.ask(liar, "tx_submit", transaction="0x" + forged.raw.hex())
        assert app.node.signer is not None
        name = app.node.signer.public_key
        await four.until(lambda: all(_refused(four, index, name) for index in range(NODES) if index != liar))
        height = max(refusal.height for refusal in four.apps[0].node.executor.refusals)
        await four.reach(height + 3)
        status = await four.ask(0, "consensus_status")
        assert {entry["code"] for entry in status["refused_blocks"]} == {FalseEvidence.code}
        block = await four.ask(0, "chain_getBlock", height=height)
        assert forged.hash.hex() not in str(block["transactions"])
        assert block["commit"]["round"] > 0
        four.agreed_root(height)
        honest = provider.sign_envelope(proven(await provider.prepare([task.action])))
        assert (await provider.submit_signed(honest)).height


def _refused(four: FourNodes, index: int, proposer: bytes) -> bool:
    return any(refusal.proposer == proposer for refusal in four.apps[index].node.executor.refusals)
