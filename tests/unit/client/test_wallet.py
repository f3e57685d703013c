"""The wallet against a real chain of one validator."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.execution.fees import base_cost, transaction_work
from chain.params import DEVNET
from chain.types.scalars import AccountId, Amount, ChainId, Hash
from chain.types.transaction import Transaction
from client.errors import RpcFailed, TransactionExpired, TransactionFailed, TransactionOutdated, TransactionOvertaken
from client.provider import provider_encryption_key, registration
from client.results import chain_status
from client.rpc import Call, RpcClient
from client.wallet import BASE_FEE_ROOM, NOT_FOUND, ChainIdentity, Signing, Wallet, require_success, wait_committed
from contracts.application import build_application
from contracts.token.actions import Transfer
from crypto.keys import SecretKey, verify
from tests.support.one_node import OneNode, one_node

IDENTITY = ChainIdentity(ChainId("test"), Hash(b"\x01" * 32), Hash(bytes(32)))
CLU = 10**9


def pay(node: OneNode, name: str, amount: int) -> Transfer:
    return Transfer(AccountId(node.secret(name).public), Amount(amount))


def test_signing_needs_no_node() -> None:
    signing = Signing(SecretKey(b"\x07" * 32), IDENTITY)
    transaction = signing.sign([Transfer(AccountId(b"\1" * 32), Amount(1))], nonce=4, expiry_height=9, fee_limit=70)
    assert verify(signing.account, transaction.envelope.signing_bytes(), transaction.signature)
    again = Transaction.decode(transaction.raw, build_application().unions)
    assert again.envelope == transaction.envelope and again.hash == transaction.hash
    assert again.envelope.chain_id == "test" and again.envelope.genesis_hash == b"\x01" * 32


@pytest.mark.parametrize("actions", [1, 2, 3, 5, 16])
def test_the_fee_limit_covers_the_signed_transaction(actions: int) -> None:
    signing = Signing(SecretKey(b"\x07" * 32), IDENTITY)
    transfers = [Transfer(AccountId(bytes([index]) * 32), Amount(10**18)) for index in range(actions)]
    envelope = signing.envelope(transfers, nonce=2**40, expiry_height=2**40, fee_limit=0, tip=11)
    limit = signing.fee_limit(envelope, DEVNET, Amount(100))
    signed = signing.sign_envelope(replace(envelope, fee_limit=limit))
    exact = base_cost(transaction_work(signed, DEVNET), Amount(100))
    assert BASE_FEE_ROOM * exact + 11 <= limit <= BASE_FEE_ROOM * (exact + 100 * DEVNET.prices.bytes_bucket) + 11


async def test_many_transfers_under_way_at_once(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node, RpcClient(node.url) as rpc:
        wallet = await Wallet.open(node.secret("account0"), rpc)
        outcomes = await asyncio.gather(*[wallet.submit([pay(node, "account1", CLU)]) for _ in range(8)])
        assert len({outcome.hash for outcome in outcomes}) == 8
        assert all(outcome.events[0]["type"] == "token.transferred" for outcome in outcomes)
        other = await Wallet.open(node.secret("account1"), rpc)
        assert await other.balance() == 10_008 * CLU


async def test_a_refused_transaction_leaves_no_gap_behind(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node, RpcClient(node.url) as rpc:
        wallet = await Wallet.open(node.secret("account0"), rpc)
        await wallet.submit([pay(node, "account1", 1)], wait="admitted")
        with pytest.raises(RpcFailed) as refused:
            await wallet.submit([pay(node, "account1", 10**6 * CLU)])
        assert refused.value.name == "InsufficientBalance"
        assert (await wallet.submit([pay(node, "account1", 1)])).height is not None


async def test_a_rule_that_fails_in_the_block_is_an_error_with_the_receipt(tmp_path: Path) -> None:
    """Both spend the same money: admission looks at committed state only, the block decides."""
    async with one_node(tmp_path) as node, RpcClient(node.url) as rpc:
        wallet = await Wallet.open(node.secret("account0"), rpc)
        half = pay(node, "account1", 6_000 * CLU)
        outcomes = await asyncio.gather(wallet.submit([half]), wallet.submit([half]), return_exceptions=True)
        failed = [outcome for outcome in outcomes if isinstance(outcome, TransactionFailed)]
        assert len(failed) == 1
        assert failed[0].rule == 3021 and int(failed[0].receipt["fee"]) > 0


async def test_an_expired_transaction_is_told_as_such(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node, RpcClient(node.url) as rpc:
        wallet = await Wallet.open(node.secret("account0"), rpc)
        status = await chain_status(rpc)
        never_sent = wallet.sign([pay(node, "account1", 1)], 0, status.height + 1, 10**9)
        with pytest.raises(TransactionExpired):
            await wait_committed(rpc, never_sent)


class Receipts(RpcClient):
    """A node that answers these about receipts, one after another; the last one for ever."""

    def __init__(self, *answers: object) -> None:
        super().__init__("memory://receipts")
        self.answers = list(answers)

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        receipt = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [{"height": 7, "fork_id": "0x" + IDENTITY.fork_id.hex()}, receipt]


async def overtaken(height: int) -> bool:
    return height == 7


async def test_what_was_overtaken_is_told_unless_it_was_itself_what_moved_state() -> None:
    transaction = Signing(SecretKey(b"\x07" * 32), IDENTITY).sign([], nonce=0, expiry_height=9, fee_limit=1)
    missing = RpcFailed(1, "not found", {"name": NOT_FOUND})
    with pytest.raises(TransactionOvertaken):
        await wait_committed(Receipts(missing), transaction, overtaken)
    came = {"height": 7, "index": 0, "receipt": {"code": 0, "fee": "1", "work": 2, "events": []}}
    outcome = await wait_committed(Receipts(missing, came), transaction, overtaken)
    assert outcome.height == 7  # it came into block 7 between the two looks


async def test_what_was_signed_before_an_upgrade_is_told_as_outdated_unless_it_came_in_time() -> None:
    before = replace(IDENTITY, fork_id=Hash(b"\x01" * 32))
    transaction = Signing(SecretKey(b"\x07" * 32), before).sign([], nonce=0, expiry_height=9, fee_limit=1)
    missing = RpcFailed(1, "not found", {"name": NOT_FOUND})
    with pytest.raises(TransactionOutdated):
        await wait_committed(Receipts(missing), transaction)
    came = {"height": 7, "index": 0, "receipt": {"code": 0, "fee": "1", "work": 2, "events": []}}
    assert (await wait_committed(Receipts(missing, came), transaction)).height == 7


async def test_a_provider_seals_to_a_key_of_its_account(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node, RpcClient(node.url) as rpc:
        secret = node.secret("provider")
        wallet = await Wallet.open(secret, rpc)
        await wallet.submit([registration(secret, Amount(20 * CLU), Amount(1))])
        record = await rpc.call("provider_get", address=wallet.address)
        assert record["encryption_key"] == "0x" + provider_encryption_key(secret).public.hex()
        assert record["bond_amount"] == str(20 * CLU)


def test_a_receipt_without_fault_is_an_outcome() -> None:
    receipt = {"code": 0, "fee": "1", "work": 2, "events": []}
    flat = {"hash": "0x00", "height": 3, "index": 1, **receipt}
    nested = {"height": 3, "index": 1, "receipt": receipt}
    for shown in (flat, nested):
        outcome = require_success("0x00", shown)
        assert (outcome.height, outcome.index, outcome.events) == (3, 1, [])
    with pytest.raises(TransactionFailed):
        require_success("0x00", {**flat, "code": 3021})
