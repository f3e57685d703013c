"""Whatever people do, in whatever order: money is conserved, tasks end once and hold nothing, and nothing ever crashes.

A random sequence of all actions, valid and not, at random heights. After every block the money is counted one by one.
"""

from collections import Counter
from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chain.execution.accounts import holding
from chain.execution.action import Action
from chain.types.receipt import OK
from chain.types.scalars import Amount, FieldElement, Hash, Height, Name, ObjectId, Text, Uint
from contracts.governance import state as governance
from contracts.governance.actions import Vote
from contracts.registry.actions import PublishModel, RegisterKey
from contracts.registry.ceremony_actions import (
    AttestCeremony,
    BondAttester,
    Ceremony,
    ReleaseAttester,
    UnbondAttester,
    WithdrawAttestation,
)
from contracts.registry.ceremony_state import attestations, attesters
from contracts.registry.decisions import FreezeKey
from contracts.registry.state import dissolving_keys, require_program
from contracts.tasks import state
from contracts.tasks.actions import Lock, Open
from contracts.tasks.events import LockForfeited, TaskDissolved, TaskExpired, TaskSettled
from contracts.tasks.provider_actions import AddBond, RegisterProvider, UpdateProvider, WithdrawBond
from contracts.tasks.provider_state import providers
from contracts.tasks.state import PROOF, require_task
from contracts.token.actions import Transfer
from tests.support.programs import BOND, compressed_key, encryption_key, program_of, registered_program, vk_id
from tests.support.small_chain import FUNDS, account, operator
from tests.support.task_chain import OWNER, TaskChain
from tests.support.votes import proposal_of

people = st.integers(1, 7)  # 3, 4 and 5 are providers at first
workers = st.sampled_from([3, 3, 3, 4, 4, 5, 6])
ages = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 7])
CEREMONY = Ceremony(Hash(bytes(32)), Hash(bytes(32)), Hash(bytes(32)))
ATTEST = AttestCeremony(vk_id(3, 9), CEREMONY)
amounts = st.one_of(st.integers(0, 3), st.integers(0, 2 * FUNDS), st.just(BOND))
everything_else = st.one_of(
    st.builds(lambda payee, amount: Transfer(account(payee), Amount(amount)), people, amounts),
    st.builds(
        lambda bond, key: RegisterProvider(Amount(bond), encryption_key(key), Amount(1), (PROOF,)), amounts, people
    ),
    st.builds(lambda key: UpdateProvider(encryption_key(key), Amount(2), (PROOF,)), people),
    st.builds(lambda amount: AddBond(Amount(amount)), amounts),
    st.builds(lambda amount: WithdrawBond(Amount(amount)), amounts),
    st.builds(lambda amount: BondAttester(Amount(amount)), amounts),
    st.sampled_from([UnbondAttester(), ReleaseAttester(), ATTEST, WithdrawAttestation(ATTEST.vk_id)]),
)
terms = st.fixed_dictionaries(
    {
        "unbound": st.sampled_from([False, False, True]),
        "start": st.integers(0, 1_000),
        "rise": st.integers(0, 1_000),
        "ramp": st.integers(-3, 4),
        "lock": st.integers(1, 6),
        "more": st.integers(1, 4),
    }
)
spoilt = st.one_of(
    st.just({}),
    st.just({}),
    st.sampled_from(
        [
            {"recipients": 0},
            {"recipients": 1},
            {"input": 0},
            {"price": 0},
            {"lock": 5},
            {"lock": -1},
            {"collateral": -1},
        ]
    ),
)
ENDINGS = (TaskSettled, TaskExpired, TaskDissolved)


class Money(RuleBasedStateMachine):
    """Blocks of one to three transactions; the model is only what was burnt and how tasks ended."""

    def result(self, task: ObjectId, wrong: bool) -> Action:
        """A result by the action that the task's program takes, or by the wrong one."""
        unbound = require_task(self.chain.view, task).terms.program == self.unbound
        return self.chain.unbound_result(task) if unbound is not wrong else self.chain.result(task)

    @initialize(cap=st.integers(1, 3), royalty=st.sampled_from([0, 33, 10_000]), burn=st.sampled_from([0, 100, 10_000]))
    def start(self, cap: int, royalty: int, burn: int) -> None:
        self.chain = TaskChain(
            powers=(10, 10, 10),
            royalty_bps=royalty,
            max_expiries_per_block=Uint(cap),
            settlement_burn_bps=Uint(burn),
            max_locks_per_provider=Uint(2),
            min_attester_bond=Amount(BOND),
            attester_unbonding=Uint(2),
        )
        self.unbound = registered_program(self.chain, OWNER, bound=False, seed=2)
        assert self.chain.do(OWNER, RegisterKey(compressed_key(3, 9), CEREMONY)).code == OK
        self.key = require_program(self.chain.view, self.chain.program).vk_id
        self.tasks: list[ObjectId] = []
        self.ended: Counter[ObjectId] = Counter()
        self.waiting: list[tuple[int, Action]] = []

    def act(self, person: int, *actions: Action) -> None:
        """One block of what waits and this transaction; whatever fails changes only fee and nonce."""
        planned = [*((who, (action,)) for who, action in self.waiting), (person, actions)]
        self.waiting = []
        chain, nonces = self.chain, Counter[int]()
        transactions = []
        for who, what in planned:
            nonce = chain.nonce(who) + nonces[who]
            transactions.append(chain.transaction(who, *what, tip=5, nonce=nonce))
            nonces[who] += 1
        supply = chain.supply()
        receipts = chain.block(*transactions)
        happened = [event for receipt in receipts for event in receipt.events] + list(chain.closing_events)
        burnt = sum(receipt.fee - 5 for receipt in receipts)
        for event in happened:
            if isinstance(event, TaskSettled | LockForfeited):
                burnt += event.burnt
            if isinstance(event, ENDINGS):
                self.ended[event.task] += 1
        assert chain.supply() == supply - burnt
        for (who, actions_), receipt in zip(planned, receipts, strict=True):
            assert receipt.code == OK or receipt.events == ()
            if receipt.code == OK and any(type(action).name == "tasks.open" for action in actions_):
                self.tasks.append(receipt.events[0].task)  # type: ignore[attr-defined]
            assert chain.nonce(who) >= 1

    def task(self, age: int) -> ObjectId:
        """One of the newest tasks."""
        return self.tasks[-1 - age % len(self.tasks)] if self.tasks else ObjectId(bytes(32))

    def offer(
        self, unbound: bool, start: int, rise: int, ramp: int, lock: int, more: int, spoilt: dict[str, int]
    ) -> Open:
        """An offer of random terms, in heights after the next one; `spoilt` fields are what they should not be."""
        height = self.chain.height + 1
        recipients = spoilt.get("recipients", 3)
        return self.chain.offer(
            *((3, 4, 5)[:recipients] if recipients else (1,)),
            program=self.unbound if unbound else self.chain.program,
            input_commitment=FieldElement(spoilt.get("input", len(self.tasks))),
            price_start=Amount(start),
            price_end=Amount(start + rise + spoilt.get("price", 1)),
            ramp_end=Height(max(0, height + min(ramp, lock))),
            lock_deadline=Height(height + lock + spoilt.get("lock", 0)),
            deadline=Height(height + lock + more),
            collateral=Amount(10**6 + spoilt.get("collateral", 0)),
        )

    @rule(person=people, terms=terms, spoilt=spoilt)
    def open(self, person: int, terms: dict[str, int], spoilt: dict[str, int]) -> None:
        self.act(person, self.offer(**terms, spoilt=spoilt))

    @rule(
        terms=terms,
        locker=st.sampled_from([3, 4]),
        then=st.sampled_from(["nothing", "settle", "rescue", "freeze", "thaw"]),
    )
    def open_and_lock(self, terms: dict[str, int], locker: int, then: str) -> None:
        """The usual way of a task, in the middle of everything else."""
        self.act(6, self.offer(**terms, spoilt={}))
        self.act(locker, Lock(self.task(0)))
        if not self.tasks:
            return  # the key is frozen, or a provider is gone
        if then == "settle":
            self.act(locker, self.result(self.task(0), wrong=False))
        elif then == "rescue":
            self.wait(terms["lock"])
            self.act(5, self.result(self.task(0), wrong=False))
        elif then in ("freeze", "thaw"):
            self.vote(then == "freeze", 3)

    @precondition(lambda self: self.tasks)
    @rule(person=workers, age=ages)
    def lock(self, person: int, age: int) -> None:
        self.act(person, Lock(self.task(age)))

    @precondition(lambda self: self.tasks)
    @rule(person=workers, age=ages, wrong=st.sampled_from([False, False, False, True]))
    def settle(self, person: int, age: int, wrong: bool) -> None:
        self.act(person, self.result(self.task(age), wrong))

    @precondition(lambda self: self.tasks)
    @rule(age=ages)
    def settle_as_locker(self, age: int) -> None:
        """One of the tasks that can still be settled, if there is one."""
        view, height = self.chain.view, Height(self.chain.height + 1)
        ripe = [task for task in self.tasks if require_task(view, task).phase(height) == state.LOCKED] or self.tasks
        task = ripe[-1 - age % len(ripe)]
        lock = require_task(view, task).lock
        locker = 3 if lock is None or lock.provider == account(3) else 4
        self.act(locker, self.result(task, wrong=False))

    @precondition(lambda self: self.tasks)
    @rule(person=st.sampled_from([3, 4]), age=ages)
    def lock_and_settle_at_once(self, person: int, age: int) -> None:
        task = self.task(age)
        settle = replace(self.chain.result(task), lock_epoch=Uint(1))
        self.act(person, Lock(task), settle, Transfer(account(1), Amount(1)))

    @rule(frozen=st.booleans(), voters=st.sampled_from([1, 2, 3, 3, 4]))
    def vote(self, frozen: bool, voters: int) -> None:
        """Proposed, and voted on in the same block by as many as wait for it, and by somebody who may not."""
        others = [operator(1), operator(2), 1][: voters - 1]
        propose = proposal_of(self.chain, FreezeKey(self.key, frozen), 2)
        yes = Vote(Uint(governance.count(self.chain.view) + 1), True)
        for person, action in [(operator(0), propose), *((other, yes) for other in others[:-1])][: voters - 1]:
            self.waiting.append((person, action))
        self.act(*((others[-1], yes) if others else (operator(0), propose)))

    @rule(person=people, action=everything_else)
    def do_something_else(self, person: int, action: Action) -> None:
        self.act(person, action)

    @rule(person=people, action=everything_else)
    def hold_back(self, person: int, action: Action) -> None:
        """A transaction that waits for the next block, to stand in it before another one."""
        if len(self.waiting) < 2:
            self.waiting.append((person, action))

    @rule(person=people, seed=st.integers(1, 3))
    def register(self, person: int, seed: int) -> None:
        program = program_of(1, seed=seed)
        model = PublishModel(Name(f"m{seed}"), Name("1"), program.program, Text(""))
        self.act(person, RegisterKey(compressed_key(4, seed), None), program, model)

    @rule(heights=st.integers(1, 4))
    def wait(self, heights: int) -> None:
        for _ in range(heights):
            self.act(1, Transfer(account(2), Amount(1)))

    @invariant()
    def money_is_conserved(self) -> None:
        if hasattr(self, "chain"):
            assert self.chain.money() == self.chain.supply()

    @invariant()
    def every_attester_has_its_bond(self) -> None:
        if not hasattr(self, "chain"):
            return
        view = self.chain.view
        for attester in attesters(view):
            assert holding(view, attester.bond) >= BOND
        counted = {attester.account for attester in attesters(view) if attester.release_at is None}
        assert {entry.attester for entry in attestations(view, ATTEST.vk_id)} <= counted

    @invariant()
    def every_task_is_alive_or_ended_once(self) -> None:
        if not hasattr(self, "chain"):
            return
        view = self.chain.view
        live = [task for task in self.tasks if require_task(view, task).state in state.LIVE]
        for task in self.tasks:
            record, held = require_task(view, task), holding(view, task)
            collateral = record.terms.collateral if record.state == state.LOCKED else 0
            alive = record.state in state.LIVE
            assert self.ended[task] == (0 if alive else 1)
            assert held == (record.terms.price_end + collateral if alive else 0)
            assert (state.find_input(view, task) is not None) is alive
        assert len(list(view.iterate(state.DUE.scan()))) == len(live)
        assert len(list(view.iterate(state.BY_KEY.scan()))) == len(live)
        opened = [task for task in live if require_task(view, task).state == state.OPEN]
        assert list(state.open_tasks(view, Height(0))) == opened

    @invariant()
    def locks_are_counted_rightly(self) -> None:
        if not hasattr(self, "chain"):
            return
        view = self.chain.view
        records = [require_task(view, task) for task in self.tasks]
        lockers = Counter(
            record.lock.provider for record in records if record.state == state.LOCKED and record.lock is not None
        )
        for provider in providers(view):
            assert provider.locks == lockers[provider.account]

    def teardown(self) -> None:
        """When nothing happens any more, time ends every task."""
        if not hasattr(self, "chain"):
            return
        for _ in range(12 + len(self.tasks)):
            self.act(1, Transfer(account(2), Amount(1)))
        view = self.chain.view
        assert all(self.ended[task] == 1 for task in self.tasks)
        assert all(holding(view, task) == 0 for task in self.tasks)
        assert list(dissolving_keys(view)) == []
        assert list(view.iterate(state.DUE.scan())) == []
        assert self.chain.money() == self.chain.supply()


Money.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestMoney = Money.TestCase
