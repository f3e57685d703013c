"""Whole nodes on a virtual clock, in one process: one seed, one run. The full-stack level of the simulation.

Links drop, double, reorder and delay frames and may be cut one way. Each commit is checked: agreement, the same state
and receipts everywhere, and that the money in all accounts is what genesis gave less what was burnt. Each signature of
an honest machine is checked against what it signed before. A broken promise is raised by `run` (promises.py).
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from random import Random

from chain.codec import decode
from chain.consensus.timing import Timing
from chain.execution import accounts
from chain.execution.genesis import check_genesis
from chain.params import DEVNET
from chain.state import keys
from chain.types.genesis import Genesis, GenesisAccount, GenesisValidator
from chain.types.scalars import AccountId, Amount, ChainId, Name, ObjectId, Power, Timestamp, Uint, ValidatorId, VrfKey
from chain.types.validators import Validator
from chain.types.vote import Proposal, Vote
from crypto.keys import SecretKey
from node.hub import BlockFinal
from node.relay import PROPOSAL, VOTE
from node.signer import vrf_secret
from node.storage.snapshot import Snapshot
from p2p.scores import Ban
from tests.support.promises import BrokenPromise, Disagreement, Fell, FinalLost, MoneyChanged, RootsDiffer, Stuck
from tests.support.signed_votes import SignedVotes
from tests.support.simulated_machine import Machine, is_refusal_to_write
from tests.support.simulated_network import CALM, FAST, Faults
from tests.support.story import Story
from tests.support.virtual_loop import VirtualLoop

BLOCK_TIME_MS = 300
EPOCH_BLOCKS = 3
GENESIS_TIME = Timestamp(1_700_000_000_000)
FUNDS = Amount(10**12)
PEOPLE = 6
SAVER = PEOPLE  # pays nobody until all is healed
STEP_S = 0.02
SETTLE_S = 30.0

Liar = Callable[["SimulatedStack", Machine, int, int, bytes], Iterable[bytes]]


@lru_cache(64)
def validator_secret(index: int) -> SecretKey:
    return SecretKey(sha256(b"stack validator %d" % index).digest())


@lru_cache(64)
def person_secret(index: int) -> SecretKey:
    return SecretKey(sha256(b"stack person %d" % index).digest())


@lru_cache(8)
def genesis_of(powers: tuple[int, ...]) -> Genesis:
    """Validators of these powers and a few people with money."""
    entries = [
        GenesisValidator(
            Validator(
                ValidatorId(validator_secret(index).public),
                VrfKey(vrf_secret(validator_secret(index)).public),
                Power(10 * power),  # enough of its own to stay chosen
            ),
            AccountId(person_secret(100 + index).public),
            Name(f"v{index}"),
        )
        for index, power in enumerate(powers)
    ]
    people = [AccountId(person_secret(index).public) for index in range(PEOPLE + 1)]
    genesis = Genesis(
        ChainId("simulated-1"),
        GENESIS_TIME,
        replace(
            DEVNET, block_time_ms=Uint(BLOCK_TIME_MS), staking=replace(DEVNET.staking, epoch_blocks=Uint(EPOCH_BLOCKS))
        ),
        tuple(sorted(entries, key=lambda entry: entry.validator.public_key)),
        tuple(GenesisAccount(account, FUNDS) for account in people),
        (),
    )
    check_genesis(genesis)
    return genesis


class SimulatedStack:
    """Machines have addresses 0, 1, ...; machine i < len(powers) is validator i, later ones are twins of others."""

    def __init__(
        self,
        seed: int = 0,
        *,
        powers: Iterable[int] = (1, 1, 1, 1),
        twins: Iterable[int] = (),
        liars: dict[int, Liar] | None = None,
        faults: Faults = CALM,
        timing: Timing = FAST,
        story: Story | None = None,
    ) -> None:
        powers, twins = tuple(powers), tuple(twins)
        self.rng, self.loop = Random(seed), VirtualLoop()
        self.loop.set_exception_handler(lambda _loop, context: self._on_loop_fault(context))
        self.genesis = genesis_of(powers)
        self.faults, self.timing, self.story = faults, timing, story
        self.liars = liars or {}
        self.signed = SignedVotes()
        self.blocked: Callable[[int, int], bool] | None = None
        self.refused: Counter[str] = Counter()
        self._least_supply = sys.maxsize  # it only ever burns
        self.committed_transactions = 0
        self.accused: set[ValidatorId] = set()  # by evidence in final blocks
        self._broken: BaseException | None = None
        self._finals: dict[int, tuple[bytes, bytes, bytes]] = {}
        owners = [*range(len(powers)), *twins]
        liable = {*twins, *range(len(powers), len(owners)), *self.liars}
        self.machines = [
            Machine(self, address, validator_secret(owner), honest=address not in liable)
            for address, owner in enumerate(owners)
        ]

    # Sentences of a scenario

    @property
    def now_ms(self) -> int:
        return GENESIS_TIME + 1_000 + round(self.loop.time() * 1_000)

    @property
    def honest(self) -> list[Machine]:
        return [machine for machine in self.machines if machine.honest]

    @property
    def highest(self) -> int:
        return max(self._finals, default=0)

    def start(self, *addresses: int) -> None:
        for address in addresses or range(len(self.machines)):
            if not self.machines[address].running:
                self.note(f"machine {address} starts")
                self.machines[address].start()

    def kill(self, *addresses: int) -> None:
        for address in addresses:
            if self.machines[address].running:
                self.note(f"machine {address} is killed")
                self.machines[address].kill()

    def cut_power(self, *addresses: int) -> None:
        for address in addresses:
            if self.machines[address].running:
                self.machines[address].cut_power()

    def block(self, what: str, blocked: Callable[[int, int], bool], *, links_fall: bool) -> None:
        """From the first to the second of a pair nothing passes where `blocked` says so; links may notice and fall."""
        self.heal_links()
        self.note(what + (", links fall" if links_fall else ""))
        self.blocked = blocked
        if links_fall:
            for one in self.machines:
                for other in self.machines:
                    if one.running and (blocked(one.address, other.address) or blocked(other.address, one.address)):
                        one.link_down(other)

    def heal_links(self) -> None:
        """Every link is whole again."""
        self.blocked = None
        for one in self.machines:
            for other in self.machines:
                if one is not other and one.running and other.running and other.node_id not in one.peers:
                    one.link_up(other)

    def heal(self) -> None:
        """Everything works from now on, and whoever was down comes back."""
        self.note("everything heals")
        self.faults = CALM
        for machine in self.machines:
            machine.skew_ms, machine.disk_factor, machine.disk.stop_at, machine.disk.full_at = 0, 1.0, None, None
        self.heal_links()
        self.start()

    def run(self, seconds: float) -> None:
        """Raises the promise that was broken meanwhile."""
        end = self.loop.time() + seconds
        while self.loop.time() < end - 1e-9:
            self.loop.run_for(min(STEP_S * 10, end - self.loop.time()))
            self._raise_what_broke()

    def run_until(self, holds: Callable[[], bool], seconds: float = SETTLE_S) -> None:
        """Raises Stuck if it does not come true in that time."""
        end = self.loop.time() + seconds
        while not holds():
            if self.loop.time() >= end:
                raise Stuck(f"after {seconds} s: {self._where()}")
            self.loop.run_for(STEP_S)
            self._raise_what_broke()

    def settle(self, heights: int = 2, seconds: float = SETTLE_S) -> None:
        """Heal, and let every honest machine commit so many heights more than anybody has now. Raises Stuck."""
        self.heal()
        goal = self.highest + heights
        self.run_until(lambda: all(machine.height >= goal for machine in self.honest), seconds)

    def close(self) -> None:
        """End all lives."""
        for machine in self.machines:
            if machine.running:
                machine.kill()
        self.loop.run_for(0)
        self.loop.close()

    def digest(self) -> str:
        """Of everything that became final and was signed, and how often chance was asked."""
        whole = (self.loop.turns, self.rng.random(), sorted(self._finals.items()), self.signed.all())
        return sha256(repr(whole).encode()).hexdigest()

    # What machines call

    def note(self, what: str) -> None:
        if self.story is not None:
            self.story.tell(self.now_ms, what)

    def entropy(self, length: int) -> bytes:
        return self.rng.randbytes(length)

    def on_start(self, machine: Machine) -> None:
        if machine.honest and machine.height < machine.final:
            self._broke(FinalLost(f"machine {machine.address} called {machine.final} final and has {machine.height}"))
        if machine.height == 0:
            self._least_supply = accounts.supply(machine.ledger.view)
        for other in self.machines:
            if other is not machine and other.running:
                other.link_down(machine)
                machine.link_up(other)
                other.link_up(machine)

    def on_stop(self, machine: Machine) -> None:
        for other in self.machines:
            if other is not machine and other.running:
                other.link_down(machine)

    def on_publish(self, machine: Machine, topic: int, payload: bytes) -> None:
        if topic == VOTE:
            self._note_signed(machine, decode(Vote, payload))
        elif topic == PROPOSAL:
            self._note_signed(machine, decode(Proposal, payload))

    def on_final(self, machine: Machine, news: BlockFinal) -> None:
        """Agreement, roots, money. Called when the block lies in the machine's database."""
        if not machine.honest or self._broken is not None:
            return
        tip = machine.ledger.tip
        if self.story is not None:
            self.note(f"machine {machine.address} commits {tip.height}: {self.story.name_of(tip.block_id)}")
        machine.passed(tip.height - 1)
        machine.final = tip.height
        found = (tip.block_id, tip.state_root, tip.receipts_root)
        known = self._finals.get(tip.height)
        if known is None:
            self._finals[tip.height] = known = found
            self.committed_transactions += len(news.transactions)
            self.accused |= {piece.first.validator for piece in news.block.evidence}
            self._check_money(machine)
        if known[0] != found[0]:
            self._broke(Disagreement(f"machine {machine.address} committed another block at height {tip.height}"))
        elif known != found:
            self._broke(RootsDiffer(f"machine {machine.address} has another state after height {tip.height}"))

    def on_ban(self, machine: Machine, other: Machine, ban: Ban) -> None:
        if machine.honest and other.honest:
            self._broke(Fell(f"machine {machine.address} bans the honest {other.address}: {ban.reason}"))
        elif machine.running:
            machine.link_down(other)

    def carry(self, sender: Machine, to: Machine, kind: int, topic: int, payload: bytes) -> None:
        """A frame leaves; what becomes of it is chance."""
        liar = self.liars.get(sender.address)
        for told in (payload,) if liar is None else liar(self, sender, to.address, topic, payload):
            if topic == VOTE and not sender.honest:
                self.signed.count(decode(Vote, told))
            self._carry(sender, to, kind, topic, told)

    # Inside

    def _carry(self, sender: Machine, to: Machine, kind: int, topic: int, payload: bytes) -> None:
        faults, chance = self.faults, self.rng.random
        if self.blocked is not None and self.blocked(sender.address, to.address):
            return
        if faults.drop and chance() < faults.drop:
            return
        spread = faults.most_delay_ms - faults.least_delay_ms
        for _ in range(2 if faults.duplicate and chance() < faults.duplicate else 1):
            delay = (faults.least_delay_ms + chance() * spread) / 1_000
            self.loop.call_later(delay, self._arrive, sender, to, kind, topic, payload)

    def _arrive(self, sender: Machine, to: Machine, kind: int, topic: int, payload: bytes) -> None:
        if self.story is not None and topic in (VOTE, PROPOSAL):
            said = decode(Vote, payload) if topic == VOTE else decode(Proposal, payload)
            self.story.hear(self.now_ms, sender.address, to.address, said)
        to.hear(sender, kind, topic, payload)

    def _note_signed(self, machine: Machine, signed: Vote | Proposal) -> None:
        if not machine.honest:
            return
        try:
            self.signed.note(machine.address, signed, machine.ledger.validators(signed.height), forgets=False)
        except BrokenPromise as broken:
            self._broke(broken)

    def _check_money(self, machine: Machine) -> None:
        view = machine.ledger.view
        held, supply = money_in(view), accounts.supply(view)
        if held != supply or supply > self._least_supply:
            found = f"accounts hold {held} at height {view.height}, the supply is {supply}"
            self._broke(MoneyChanged(f"{found}, it was {self._least_supply}"))
        self._least_supply = supply

    def _broke(self, broken: BaseException) -> None:
        self._broken = self._broken or broken

    def _raise_what_broke(self) -> None:
        for machine in self.machines:
            if self._broken is None and machine.honest and machine.life is not None and machine.life.faults:
                fault = machine.life.faults[0]
                if machine.disk.full and is_refusal_to_write(fault):
                    self.note(f"machine {machine.address} stops: {fault!r}")
                    machine.kill()
                    continue
                self._broken = Fell(f"machine {machine.address} stopped: {fault!r} {getattr(fault, 'exceptions', '')}")
                self._broken.__cause__ = fault
        if self._broken is not None:
            raise self._broken

    def _on_loop_fault(self, context: dict[str, object]) -> None:
        fault = context.get("exception")
        if isinstance(fault, Exception):
            self._broke(fault)

    def _where(self) -> dict[int, tuple[int, int, str]]:
        return {
            machine.address: (machine.height, machine.driver.state.round, machine.driver.state.step.name)
            for machine in self.machines
            if machine.running
        }


def money_in(view: Snapshot) -> int:
    """What all accounts and objects hold together, counted one by one."""
    people = (AccountId(keys.ACCOUNT.parts(key)[0]) for key, _ in view.iterate(keys.ACCOUNT.scan()))
    objects = (ObjectId(keys.HOLDING.parts(key)[0]) for key, _ in view.iterate(keys.HOLDING.scan()))
    return sum(accounts.balance(view, account) for account in people) + sum(
        accounts.holding(view, object_) for object_ in objects
    )
