"""Whatever enters and leaves pools, whoever pays: no asset is made or lost, no note is spent twice, nothing crashes.

A random sequence of transfers, valid and not, whose proofs are all believed: so what holds here holds whatever a forged
key proves. After every block everything is counted one by one.
"""

from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chain.errors import InvalidTransaction
from chain.execution import accounts
from chain.types.receipt import OK
from chain.types.scalars import MAX_UINT, NATIVE, Amount, FieldElement, ObjectId
from contracts.notes import state as notes
from contracts.shielded import state
from contracts.shielded.actions import Transfer
from crypto.note_tree import tree_root
from tests.support.shielded_pool import ALICE, PoolChain
from tests.support.small_chain import CLU, FUNDS

ONE_TIME = 77
people = st.integers(1, 4)
amounts = st.one_of(
    st.just(0), st.integers(1, 50), st.integers(1, 2 * FUNDS), st.sampled_from([FUNDS, MAX_UINT, MAX_UINT - 1])
)
some = st.integers(0, 50) | amounts
golden = st.sampled_from([False, False, True])
fees = st.sampled_from([CLU, CLU, 2 * CLU, 1])


class Pools(RuleBasedStateMachine):
    """Two pools; people with native money, one with all the gold there is."""

    @initialize()
    def begin(self) -> None:
        self.chain = PoolChain()
        self.pools = (self.chain.pool, self.chain.opened())
        self.gold = self.chain.issued(ALICE, MAX_UINT)
        self.spent: list[tuple[ObjectId, FieldElement]] = []
        self.made: dict[ObjectId, list[FieldElement]] = {pool: [] for pool in self.pools}
        filled = [self.chain.transfer(10 * CLU, pool=pool) for pool in self.pools]
        assert self.chain.do(ALICE, *filled).code == OK
        self.applied(*filled)

    def transfer(self, data: st.DataObject, taken: int, paid: int, golden: bool) -> Transfer:
        pool = data.draw(st.sampled_from(self.pools))
        root = data.draw(st.sampled_from([notes.EMPTY_ROOT, notes.tree_of(self.chain.view, pool).root]))
        action = self.chain.transfer(taken, paid, data.draw(people), self.gold if golden else NATIVE, pool, root=root)
        if self.spent and data.draw(st.integers(0, 3)) == 0:
            _, again = data.draw(st.sampled_from(self.spent))
            action = replace(action, nullifiers=(again, action.nullifiers[1]))
        return action

    def applied(self, *actions: Transfer) -> None:
        for action in actions:
            self.spent += [(action.pool, nullifier) for nullifier in action.nullifiers]
            self.made[action.pool] += [output.commitment for output in action.outputs]

    @rule(data=st.data(), person=people, taken=amounts, paid=amounts, golden=golden)
    def paid_by_an_account(self, data: st.DataObject, person: int, taken: int, paid: int, golden: bool) -> None:
        first = self.transfer(data, taken, paid, golden)
        actions = (first, self.transfer(data, paid, taken, golden)) if data.draw(st.booleans()) else (first,)
        try:
            receipt = self.chain.do(person, *actions)
        except InvalidTransaction:  # the same nullifier in both
            return
        if receipt.code == OK:
            self.applied(*actions)

    @rule(data=st.data(), paid=some, taken=st.sampled_from([0, 0, 0, 5]), golden=golden, fee=fees)
    def paid_by_a_proof(self, data: st.DataObject, paid: int, taken: int, golden: bool, fee: int) -> None:
        action = replace(self.transfer(data, taken, paid, golden), fee=Amount(fee)).padded()
        try:
            (receipt,) = self.chain.block(self.chain.proof_paid(ONE_TIME, action))
        except InvalidTransaction:
            return
        assert (receipt.code, receipt.fee) == (OK, fee)
        self.applied(action)

    @invariant()
    def no_asset_is_made_or_lost(self) -> None:
        for asset in (NATIVE, self.gold):
            assert self.chain.money(asset) == self.chain.supply(asset)
        assert self.chain.supply(self.gold) == MAX_UINT

    @invariant()
    def what_entered_and_did_not_leave_is_there(self) -> None:
        for pool in self.pools:
            for asset in (NATIVE, self.gold):
                flow = state.totals_of(self.chain.view, pool, asset)
                assert flow.entered - flow.left == accounts.holding(self.chain.view, pool, asset) >= 0

    @invariant()
    def every_note_is_spent_once_and_stands_in_its_tree(self) -> None:
        assert len(set(self.spent)) == len(self.spent) == notes.counts(self.chain.view).nullifiers
        for pool, leaves in self.made.items():
            tree = notes.tree_of(self.chain.view, pool)
            assert (tree.size, tree.root) == (len(leaves), tree_root(leaves))


Pools.TestCase.settings = settings(
    max_examples=6, stateful_step_count=8, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestPools = Pools.TestCase
