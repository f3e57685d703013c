"""Whoever pays, in whatever order: of every asset there is what there was, no nullifier works twice, all nodes agree.

Random transactions, valid and not, paid by accounts and by proofs, go through a pool into blocks. One node builds each
block, another only applies it; after every block both are compared, and all money is counted one by one.
"""

from contextlib import suppress

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chain.execution.action import Action
from chain.execution.fees import transaction_work
from chain.mempool import Mempool, MempoolError
from chain.proposer import Proposer, build_block
from chain.types.receipt import OK
from chain.types.scalars import NATIVE, Amount, AssetId, Name, Nonce, Timestamp, Uint
from chain.types.transaction import Transaction
from contracts.token.actions import Transfer
from contracts.token.asset_actions import CreateAsset, SendAsset
from node.executor import spent_in
from node.hub import BlockFinal
from tests.support.purse import Fill, Make, Purse, spend
from tests.support.sealed_chain import SealedChain, validator_id
from tests.support.small_chain import CLU, account

KEYS = range(50, 54)  # sign once, or again and again
people = st.integers(1, 4)
payees = st.one_of(people, st.sampled_from(KEYS))
nullifiers = st.lists(st.integers(1, 40), min_size=1, max_size=3)
offers = st.sampled_from([CLU, 3 * CLU])
spoilt = st.sampled_from([{}, {}, {}, {}, {}, {"offer": 1}, {"offer": 10**15}, {"root": 78}, {"paid": 10**6}])
amounts = st.sampled_from([0, 1, 7, 500, 2_000, 10**6])
small = st.integers(1, 9)
tips = st.integers(0, 1_000)
places = st.integers(0, 3)  # of an asset among those that there are
seconds = st.sampled_from(["nothing", "nothing", "make", "fail", "spend", "pay on", "pay on"])


class AssetsAndProofs(RuleBasedStateMachine):
    """`chain` builds blocks, `follower` applies them."""

    @initialize()
    def start(self) -> None:
        self.chain = SealedChain(components=(Purse(),))
        self.follower = SealedChain(components=(Purse(),))
        self.pool = Mempool()
        self.assets = [NATIVE]
        self.issued: dict[AssetId, int] = {}
        self.used: set[bytes] = set()
        for person in (1, 2):
            self.by_account(person, 5, CreateAsset(Name("gold"), Uint(0), Amount(1_000)))
        self.by_account(3, 0, Fill(Amount(20 * CLU), NATIVE))
        self.block()
        for asset in self.assets[1:]:
            self.by_account(1, 0, Fill(Amount(100), asset))
        self.block()

    def asset(self, place: int) -> AssetId:
        return self.assets[place % len(self.assets)]

    def wait(self, transaction: Transaction, committed: Nonce) -> None:
        """Into the pool, unless it would be refused at the door for a nullifier that is used."""
        if self.used & set(transaction.envelope.uniques):
            return
        with suppress(MempoolError):
            self.pool.add(transaction, transaction_work(transaction, self.chain.params), committed)

    def by_account(self, person: int, tip: int, *actions: Action) -> None:
        committed = self.chain.nonce(person)
        nonce = self.pool.next_nonce(account(person), committed)
        self.wait(self.chain.transaction(person, *actions, tip=tip, nonce=nonce, fee_limit=Amount(CLU)), committed)

    @rule(person=people, payee=payees, amount=amounts, place=places, tip=tips)
    def send(self, person: int, payee: int, amount: int, place: int, tip: int) -> None:
        asset, recipient = self.asset(place), account(payee)
        native = Transfer(recipient, Amount(amount))
        self.by_account(person, tip, native if asset == NATIVE else SendAsset(asset, recipient, Amount(amount)))

    @rule(person=people, supply=st.sampled_from([0, 5, 10**9]))
    def create(self, person: int, supply: int) -> None:
        self.by_account(person, 1, CreateAsset(Name("silver"), Uint(3), Amount(supply)))

    @rule(person=people, amount=amounts, place=places)
    def fill(self, person: int, amount: int, place: int) -> None:
        self.by_account(person, 0, Fill(Amount(amount), self.asset(place)))

    @rule(person=people, which=nullifiers, paid=small, place=places, payee=payees, tip=tips)
    def spend_by_account(self, person: int, which: list[int], paid: int, place: int, payee: int, tip: int) -> None:
        self.by_account(person, tip, spend(*which, paid=paid, asset=self.asset(place), recipient=account(payee)))

    @rule(
        block=st.booleans(),
        key=st.sampled_from(KEYS),
        which=nullifiers,
        offer=offers,
        paid=small,
        place=places,
        tip=tips,
        second=seconds,
        changes=spoilt,
    )
    def spend_by_proof(
        self,
        block: bool,
        key: int,
        which: list[int],
        offer: int,
        paid: int,
        place: int,
        tip: int,
        second: str,
        changes: dict[str, int],
    ) -> None:
        asset, own = self.asset(place), {"offer": offer, "paid": paid, "root": 77} | changes
        first = spend(*which, asset=asset, recipient=account(key), **own)
        amount, payee = Amount(own["paid"]), account(4)
        others: dict[str, tuple[Action, ...]] = {
            "nothing": (),
            "make": (Make(),),
            "fail": (Transfer(payee, Amount(0)),),
            "spend": (spend(1 + which[0] % 40),),
            "pay on": (Transfer(payee, amount) if asset == NATIVE else SendAsset(asset, payee, amount),),
        }
        self.wait(self.chain.proof_paid(key, first, *others[second], tip=tip), Nonce(0))
        if block:
            self.block()

    @rule()
    def block(self) -> None:
        chain, candidates = self.chain, list(self.pool.candidates())
        supply = chain.supply()
        time, proposer = Timestamp(chain.tip.time + 1), Proposer(validator_id(0), *chain.beacon())
        built = build_block(
            candidates, chain.tip, chain.view, chain.chain, chain.verifier, proposer, time, chain.last_commit
        )
        result = self.follower.append(built.block)
        chain.append(built.block)
        assert result.receipts == built.result.receipts
        for hash_ in built.refused:
            self.pool.remove(hash_)
        included = [Transaction.decode(raw, chain.chain.application.unions) for raw in built.block.transactions]
        tip = chain.tip.block_id
        self._note(included, BlockFinal(built.block, tip, chain.last_commit, tuple(included), result.receipts))
        burnt = sum(
            receipt.fee - each.envelope.tip for each, receipt in zip(included, result.receipts[:-1], strict=True)
        )
        assert chain.supply() == supply - burnt

    def _note(self, included: list[Transaction], news: BlockFinal) -> None:
        nonces, used = spent_in(news)
        assert len(set(used)) == len(used) and not self.used & set(used)
        self.used |= set(used)
        self.pool.after_block(sorted(nonces.items()), self.chain.height, used)
        for transaction, receipt in zip(included, news.receipts[:-1], strict=True):
            assert receipt.code == OK or not transaction.envelope.proof_paid
            for index, action in enumerate(transaction.envelope.actions):
                if receipt.code == OK and isinstance(action, CreateAsset):
                    asset = AssetId(transaction.envelope.object_id(index))
                    self.assets.append(asset)
                    self.issued[asset] = action.supply

    @invariant()
    def nodes_agree(self) -> None:
        if hasattr(self, "chain"):
            assert self.chain.tip == self.follower.tip

    @invariant()
    def of_every_asset_there_is_what_there_was(self) -> None:
        if not hasattr(self, "chain"):
            return
        for asset in self.assets:
            assert self.chain.money(asset) == self.chain.supply(asset)
        assert {asset: self.chain.supply(asset) for asset in self.issued} == self.issued

    @invariant()
    def nothing_waits_for_what_is_used(self) -> None:
        if hasattr(self, "chain"):
            assert not self.used & set(self.pool._by_unique)

    @invariant()
    def no_key_that_signs_once_is_counted(self) -> None:
        if hasattr(self, "chain"):
            assert all(self.chain.nonce(key) == 0 for key in KEYS)


AssetsAndProofs.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestAssetsAndProofs = AssetsAndProofs.TestCase
