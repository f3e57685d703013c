"""Whatever operators, stakers, absentees and double signers do: stake is conserved, and nobody's share is diluted.

A random sequence of all staking actions, valid and not, with tips, absences and evidence. After every block all books
are added up, one by one, in fractions of a nano-CLU.
"""

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chain.execution import accounts
from chain.execution.action import Action
from chain.types.receipt import OK
from chain.types.scalars import Amount, Height, Name, Uint, ValidatorId
from contracts.staking import delegations, state
from contracts.staking.actions import EditValidator, Unjail
from contracts.staking.delegation_actions import Delegate, Release, Unbond, Withdraw
from contracts.staking.epochs import next_powers
from contracts.staking.events import DoubleSignerPunished
from contracts.staking.pools import EMPTY, NOTHING, SCALE, Fraction, Pool
from tests.support.small_chain import CLU, account, operator
from tests.support.stake_chain import StakeChain, double_vote, validator_id

indexes = st.sampled_from([0, 0, 1, 2, 9])
people = st.sampled_from([1, 2, operator(0), operator(1)])
amounts = st.one_of(st.integers(0, 3), st.integers(1, 200 * CLU), st.just(10 * CLU), st.integers(1, 10**4))
HOLDERS = (1, 2, 3, 5, 8, operator(0), operator(1), operator(2))


class Stakes(RuleBasedStateMachine):
    """Blocks of one transaction; the model is what was burnt, and what each share was worth."""

    @initialize(bps=st.sampled_from([500, 500, 1, 3_333, 10_000]))
    def start(self, bps: int) -> None:
        self.chain = StakeChain(powers=(30, 40, 50), slash_bps=Uint(bps))
        self.worth: dict[ValidatorId, Pool] = {}

    def act(self, person: int, *actions: Action, tip: int = 0) -> None:
        chain, supply = self.chain, self.chain.supply()
        receipt, *_ = chain.block(chain.transaction(person, *actions, tip=tip))
        burnt = receipt.fee - tip
        punished = [event for event in chain.closing_events if isinstance(event, DoubleSignerPunished)]
        burnt += sum(event.burnt + event.burnt_unbonding for event in punished)
        assert chain.supply() == supply - burnt
        self.no_share_is_diluted({event.validator for event in punished})
        assert receipt.code == OK or receipt.events == ()

    def no_share_is_diluted(self, punished: set[ValidatorId]) -> None:
        """Tokens a share never fall but by a slash, whoever comes and goes."""
        for validator in state.validators(self.chain.view):
            pool, before = state.read_stake(self.chain.view, validator).pool, self.worth.get(validator, EMPTY)
            if before.shares and pool.shares and validator not in punished:
                assert pool.tokens * before.shares >= before.tokens * pool.shares
            assert pool.tokens <= pool.shares
            self.worth[validator] = pool

    @rule(index=indexes, person=people, amount=amounts)
    def delegate(self, index: int, person: int, amount: int) -> None:
        self.act(person, Delegate(validator_id(index), Amount(amount)))

    @rule(index=indexes, person=people, amount=amounts, all_of_it=st.booleans())
    def unbond(self, index: int, person: int, amount: int, all_of_it: bool) -> None:
        wanted = self.chain.staked(index, person) if all_of_it else amount
        before = self.chain.staked(index, person) + sum(self.on_its_way(index, person))
        self.act(person, Unbond(validator_id(index), Amount(wanted)))
        after = self.chain.staked(index, person) + sum(self.on_its_way(index, person))
        assert before - 1 <= after <= before or self.chain.closing_events

    def on_its_way(self, index: int, person: int) -> list[int]:
        view, validator = self.chain.view, validator_id(index)
        entries = delegations.unbondings(view, validator, account(person))
        return [delegations.unbonding_worth(view, validator, entry) for entry in entries]

    @rule(index=indexes, person=people)
    def take(self, index: int, person: int) -> None:
        self.act(person, Withdraw(validator_id(index)))
        self.act(person, Release(validator_id(index)))

    @rule(index=indexes, tip=st.sampled_from([0, 1, 7, 1_000_003]))
    def propose(self, index: int, tip: int) -> None:
        if state.find_validator(self.chain.view, validator_id(index)) is None:
            return
        before, self.chain.proposer = self.chain.proposer, validator_id(index)
        self.act(8, Delegate(validator_id(0), Amount(1)), tip=tip)
        self.chain.proposer = before

    @rule(clu=st.sampled_from([9, 10, 60]))
    def bond(self, clu: int) -> None:
        self.act(3, self.chain.bond_of(9, 3, clu))

    @rule(index=indexes, bps=st.sampled_from([0, 1_000, 9_999, 10_000, 10_001]))
    def edit(self, index: int, bps: int) -> None:
        self.act(operator(index) if index < 3 else 3, EditValidator(validator_id(index), Name("name"), Uint(bps)))

    @rule(index=indexes, back=st.sampled_from([0, 1, 2, 8, 30]), in_block=st.booleans())
    def sign_twice(self, index: int, back: int, in_block: bool) -> None:
        at = max(self.chain.height - back, 1)
        if not in_block:
            self.act(5, self.chain.report(index, at))
            return
        record = state.find_validator(self.chain.view, validator_id(index))
        if record is not None and record.tombstoned_at is None:
            self.chain.evidence = (double_vote(index, at),)
            self.act(5, Delegate(validator_id(0), Amount(1)))

    @rule(index=indexes)
    def unjail(self, index: int) -> None:
        self.act(operator(index) if index < 3 else 3, Unjail(validator_id(index)))

    @rule(away=st.sets(indexes, max_size=2), heights=st.integers(1, 6))
    def wait(self, away: set[int], heights: int) -> None:
        self.chain.absent = away
        for _ in range(heights):
            self.act(8, Delegate(validator_id(0), Amount(1)))
        self.chain.absent = set()

    @invariant()
    def all_books_add_up(self) -> None:
        if not hasattr(self, "chain"):
            return
        chain, view = self.chain, self.chain.view
        assert chain.money() == chain.supply()
        bonded = unbonding = scaled = 0
        for validator in state.validators(view):
            stake = state.read_stake(view, validator)
            held = [delegations.find_delegation(view, validator, account(person)) for person in HOLDERS]
            known = [record for record in held if record is not None]
            assert sum(record.shares for record in known) == stake.pool.shares
            bonded += stake.pool.tokens
            scaled += stake.carry.scaled + sum(stake.owed(record.shares, record.since) for record in known)
            unbonding += self.add_up_unbonding(validator)
        assert bonded == accounts.holding(view, state.BONDED)
        assert unbonding == accounts.holding(view, state.UNBONDING_STAKE)
        assert scaled == accounts.holding(view, state.REWARDS) * SCALE

    def add_up_unbonding(self, validator: ValidatorId) -> int:
        view = self.chain.view
        pools = dict(delegations.unbonding_pools(view, validator, Height(0)))
        shares = dict.fromkeys(pools, 0)
        for person in HOLDERS:
            for entry in delegations.unbondings(view, validator, account(person)):
                shares[entry.backs_until] += entry.shares
        assert shares == {backed: pool.shares for backed, pool in pools.items()}
        return sum(pool.tokens for pool in pools.values())

    @invariant()
    def ranks_are_right_and_somebody_votes(self) -> None:
        if not hasattr(self, "chain"):
            return
        chain, view = self.chain, self.chain.view
        listed = dict(state.ranked(view))
        for validator in state.validators(view):
            tokens = state.read_stake(view, validator).pool.tokens
            ranked = state.read_validator(view, validator).may_be_chosen and tokens > 0
            assert listed.pop(validator, 0) == (tokens if ranked else 0)
        assert listed == {}
        assert chain.powers() and all(power > 0 for power in chain.powers().values())


Stakes.TestCase.settings = settings(max_examples=8, stateful_step_count=25, deadline=None)
TestStakes = Stakes.TestCase

tokens = st.integers(1, 2**60)
pools = st.builds(lambda held, more: Pool(Amount(held), Uint(held + held * more // 100)), tokens, st.integers(0, 100))


@given(pools, tokens)
def test_joining_and_leaving_at_once_never_gains(pool: Pool, amount: int) -> None:
    joined, shares = pool.joined(Amount(amount))
    left, back = joined.left(shares)
    assert amount - 1 <= back <= amount
    assert shares >= amount
    assert left.shares == pool.shares and left.tokens >= pool.tokens


@given(pools, st.data())
def test_exactly_what_is_asked_for_is_to_be_had(pool: Pool, data: st.DataObject) -> None:
    wanted = Amount(data.draw(st.integers(1, pool.tokens)))
    assert pool.left(pool.shares_worth(wanted))[1] == wanted


@given(pools, st.integers(1, 10_000), st.data())
def test_a_slash_takes_at_most_one_unit_more_than_its_share(pool: Pool, bps: int, data: st.DataObject) -> None:
    shares = Uint(data.draw(st.integers(0, pool.shares)))
    slashed, lost = pool.slashed(Uint(bps))
    assert 0 <= 10_000 * lost - pool.tokens * bps < 10_000
    assert slashed.tokens + lost == pool.tokens
    exact = shares * pool.tokens * (10_000 - bps)  # in 1 / (shares * 10,000)
    kept = slashed.worth(shares) * pool.shares * 10_000
    assert exact - 2 * pool.shares * 10_000 < kept <= exact


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(1, 10**20)), max_size=6), st.integers(1, 10**18))
def test_rewards_are_conserved_to_the_fraction(steps: list[tuple[int, int]], shares: int) -> None:
    stake, given_ = NOTHING, 0
    stake = type(stake)(Pool(Amount(shares), Uint(shares)), stake.per_share, stake.carry)
    for reward, _ in steps:
        stake, given_ = stake.rewarded(Amount(reward)), given_ + reward
    assert stake.owed(Uint(shares), Fraction.of(0)) + stake.carry.scaled == given_ * SCALE
    settled, paid = stake.settled(stake.owed(Uint(shares), Fraction.of(0)))
    assert settled.carry.scaled == (given_ - paid) * SCALE


powers = st.dictionaries(st.integers(0, 9).map(lambda place: ValidatorId(bytes([place]) * 32)), st.integers(1, 10**9))


@settings(max_examples=60)
@given(powers.filter(bool), powers)
def test_whoever_stays_has_a_quorum_of_the_next_set(
    present: dict[ValidatorId, int], wanted: dict[ValidatorId, int]
) -> None:
    following = next_powers(present, tuple(wanted.items()))
    assert following and all(power > 0 for power in following.values())
    stayed = sum(min(power, following.get(key, 0)) for key, power in present.items())
    assert 3 * stayed > 2 * sum(following.values())
    assert all(power <= max(wanted.get(key, 0), present.get(key, 0)) for key, power in following.items())


@settings(max_examples=30)
@given(powers.filter(bool), powers.filter(lambda wanted: any(power >= 3 for power in wanted.values())))
def test_the_wanted_set_is_reached(present: dict[ValidatorId, int], wanted: dict[ValidatorId, int]) -> None:
    wanted = {key: power for key, power in wanted.items() if power >= 3}
    for _ in range(60):
        present = next_powers(present, tuple(wanted.items()))
    assert present == wanted or sum(present.values()) <= 2
