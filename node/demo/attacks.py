"""Act 5: attacks, each valid in everything but one thing, each stopped by its own error."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from chain.codec import from_json
from chain.types.scalars import AccountId, Amount, Blob, FieldElement
from chain.types.transaction import Transaction
from client.provider import registration
from client.subscription import subscribe
from client.wallet import Wallet
from compute.zkml.prover import prove_result
from contracts.application import build_application
from contracts.registry.actions import RegisterKey
from contracts.tasks.actions import Lock, Settle
from contracts.tasks.state import Task
from contracts.token.actions import Transfer
from crypto.address import decode_address
from crypto.field import SCALAR_FIELD
from crypto.groth16.encoding import compress_key, decompress_key
from node.demo.byzantine import ByzantineAct
from node.demo.counter import OWNER, CounterAct
from node.demo.field_order import with_field_order_added
from node.demo.market import MarketAct, Posted
from node.demo.stage import Stage
from node.devnet.files import CLU

RIVAL: Final = "account4"  # a second provider, honest in itself
COPIER: Final = "account5"  # a third one: bonded, may settle, and would rather copy than compute
BOND: Final = Amount(20 * CLU)
PRICE: Final = Amount(CLU // 100)
FALSE_EVIDENCE: Final = "FalseEvidence"
SPENDER: Final = "account6"


class AttackAct:
    """All of them, one after the other."""

    def __init__(self, stage: Stage, market: MarketAct, counter: CounterAct) -> None:
        self._stage, self._market, self._counter = stage, market, counter
        self._rival: Wallet
        self._copier: Wallet

    async def play(self) -> None:
        """Run the act."""
        stage = self._stage
        stage.say("5. Attacks")
        self._rival, self._copier = await stage.wallet(RIVAL), await stage.wallet(COPIER, node=2)
        for name, wallet in ((RIVAL, self._rival), (COPIER, self._copier)):
            await stage.submit(wallet, [registration(stage.secret(name), BOND, PRICE)])
        patient, hasty = await self._tasks()
        settle = await self._wrong_output(patient)
        await self._field_order(settle)
        await self._forgeable_key()
        await self._two_recipients()
        forgery = await self._rival.prepare([_wrong(settle)])
        await ByzantineAct(stage, self._rival.sign_envelope(forgery)).play()
        await self._replay(settle)
        await self._copied(hasty)

    async def _tasks(self) -> tuple[Posted, Posted]:
        """Two tasks for both new providers, locked by the rival: one with time, one whose lock runs out soon."""
        providers = (self._rival.address, self._copier.address)
        patient = await self._market.post_one(providers, lock_heights=200)
        hasty = await self._market.post_one(providers, lock_heights=4)
        await self._stage.submit(self._rival, [Lock(patient.task), Lock(hasty.task)])
        return patient, hasty

    async def _settlement(self, posted: Posted) -> Settle:
        """The rival's honest result, proven."""
        task = await self._task(posted)
        return await asyncio.to_thread(prove_result, posted.prover, self._rival, task, posted.secret)

    async def _task(self, posted: Posted) -> Task:
        answer = await self._rival.rpc.call("task_get", id=posted.task)
        shown = {name: value for name, value in answer.items() if name not in ("phase", "input")}
        return from_json(Task, shown)

    async def _wrong_output(self, posted: Posted) -> Settle:
        settle = await self._settlement(posted)
        await self._expect("a proof for a wrong output", self._rival, [_wrong(settle)], FALSE_EVIDENCE)
        return settle

    async def _replay(self, settle: Settle) -> None:
        """The task is settled with the honest proof; then the same proof comes again."""
        await self._stage.submit(self._rival, [settle])
        await self._expect("a replayed proof", self._rival, [settle], "TaskNotInState")

    async def _copied(self, posted: Posted) -> None:
        """The lock has run out, so anybody bonded may settle. The copier takes the rival's proof from the mempool."""
        stage, task = self._stage, await self._task(posted)
        await stage.reach(task.terms.lock_deadline)
        settle = await self._settlement(posted)
        honest = self._rival.sign_envelope(await self._rival.prepare([settle]))
        overheard = asyncio.create_task(self._overhear(honest))
        await asyncio.sleep(0.5)  # the subscription is up
        await stage.reach(await stage.height() + 1)
        submitted = asyncio.create_task(stage.submit_transaction(self._rival.rpc, honest))
        raw = await overheard
        copied = [action for action in raw.envelope.actions if isinstance(action, Settle)]
        await self._expect("somebody else's proof copied from the mempool", self._copier, copied, FALSE_EVIDENCE)
        outcome = await submitted
        paid = any(event["type"] == "tasks.settled" for event in outcome.events)
        stage.check("the proof's maker is paid for it", paid, f"height {outcome.height}")

    async def _overhear(self, wanted: Transaction) -> Transaction:
        """What the copier hears of a transaction that waits at another validator."""
        unions = build_application().unions
        async for news in subscribe(self._stage.network.rpc_urls[2], "transactions"):
            if news.data["status"] == "admitted" and news.data["hash"] == "0x" + wanted.hash.hex():
                return Transaction.decode(bytes.fromhex(news.data["raw"][2:]), unions)
        raise ConnectionError("the subscription ended")

    async def _field_order(self, settle: Settle) -> None:
        """x + r in place of x, for every field element of a settlement and of a confidential call."""
        stage = self._stage
        honest = self._rival.sign_envelope(await self._rival.prepare([settle]))
        aliases = [*with_field_order_added(honest, stage.secret(RIVAL))]
        for call in self._counter.calls:
            aliases += with_field_order_added(call, stage.secret(OWNER))
        names = set()
        for _, raw in aliases:
            failed = await stage.refusal(stage.rpcs[0].call("tx_submit", transaction=raw))
            names.add("admitted" if failed is None else failed.name)
        seen = f"{len(aliases)} elements, {', '.join(sorted(names))}"
        stage.check("the field order added to any field element", names == {"WrongShape"} and len(aliases) > 0, seen)

    async def _forgeable_key(self) -> None:
        """A verifying key with gamma = delta, under which anything can be proven."""
        key = decompress_key(self._market.compressed_key())
        forged = RegisterKey(Blob(compress_key(replace(key, gamma=key.delta))), None)
        await self._expect("a verifying key with gamma = delta", self._rival, [forged], "ForgeableKey")

    async def _two_recipients(self) -> None:
        """The same nonce to two recipients, sent to two validators at once: exactly one lands."""
        stage = self._stage
        spender = await stage.wallet(SPENDER)
        payees = [decode_address(stage.accounts[name].address) for name in ("account7", "account8")]
        envelope = await spender.prepare([Transfer(AccountId(payees[0]), Amount(CLU))])
        other = replace(envelope, actions=(Transfer(AccountId(payees[1]), Amount(CLU)),))
        pair = [spender.sign_envelope(envelope), spender.sign_envelope(other)]
        attempts = (
            stage.refusal(stage.rpcs[node].call("tx_submit", transaction=transaction.raw))
            for node, transaction in zip((0, 1), pair, strict=True)
        )
        await asyncio.gather(*attempts)
        await stage.reach(await stage.height() + 3)
        landed = [await self._landed(transaction) for transaction in pair]
        stage.check("one nonce to two recipients at two validators: exactly one lands", sum(landed) == 1, landed)

    async def _landed(self, transaction: Transaction) -> bool:
        failed = await self._stage.refusal(self._stage.rpcs[0].call("chain_getReceipt", hash=bytes(transaction.hash)))
        return failed is None

    async def _expect(self, attack: str, wallet: Wallet, actions: Sequence[Settle | RegisterKey], error: str) -> None:
        """Submit signed actions and note whether they are refused with the expected error, or let through."""
        transaction = wallet.sign_envelope(await wallet.prepare(actions))
        failed = await self._stage.refusal(wallet.rpc.call("tx_submit", transaction=transaction.raw))
        got = "it was admitted" if failed is None else f"error {failed.rule} {failed.name}"
        self._stage.check(attack, failed is not None and failed.name == error, got)


def _wrong(settle: Settle) -> Settle:
    """The same proof for an output that is off by one."""
    first, *rest = settle.outputs
    return replace(settle, outputs=(FieldElement((first + 1) % SCALAR_FIELD), *rest))
