"""Random lives of whole nodes, under load: a seed is a life. tests/simulation/lives.py does the same for `step` alone.

Each life has a few troubles (partitions of every kind, kills, power cuts, power cuts inside a write, blackouts, clocks
that are off or jump, slow and full disks, bad links, one that joins late), in most of them one validator lies or runs
twice; then all heals. Then, within `SETTLE_S`: two more heights everywhere, a new transaction final everywhere, and in
some block evidence against every validator that an honest machine heard contradict itself.
"""

from collections.abc import Callable
from random import Random
from typing import Final

from chain.execution.accounts import read_account
from chain.execution.action import Action
from chain.types.scalars import AccountId, Amount, Hash, Height, Nonce, Signature, TxHash
from chain.types.transaction import FROM_ACCOUNT, Envelope, FeeSource, Transaction
from contracts.staking.delegation_actions import Delegate, Unbond
from contracts.token.actions import Transfer
from tests.support.promises import EvidenceMissing
from tests.support.simulated_machine import Machine
from tests.support.simulated_network import Faults
from tests.support.simulated_stack import FUNDS, PEOPLE, SAVER, SETTLE_S, SimulatedStack, person_secret
from tests.support.stack_liars import LIARS
from tests.support.story import Story

POWERS: Final = ((1, 1, 1, 1),) * 8 + ((3, 2, 2, 2), (5, 4, 3, 3, 1))
FREQUENT: Final = ("links", "links", "links", "power", "power")
TROUBLES: Final = (*FREQUENT, "blackout", "mend", "kill", "inside", "return", "clock", "disk", "full")
FEE_LIMIT: Final = Amount(10**9)


def live(seed: int, story: Story | None = None) -> str:
    """One life; the digest of what came of it. Raises the BrokenPromise of tests/support/promises.py."""
    rng = Random(f"stack {seed}")
    stack = _born(seed, rng, story)
    try:
        stack.start(*_first_ones(stack, rng))
        for _ in range(rng.randint(2, 4)):
            _under_load(stack, rng, rng.uniform(0.05, 0.6))
            trouble(stack, rng)
        _under_load(stack, rng, rng.uniform(0.05, 0.8))
        settle(stack, rng)
        return stack.digest()
    finally:
        stack.close()


def _born(seed: int, rng: Random, story: Story | None) -> SimulatedStack:
    powers = rng.choice(POWERS)
    weak = [index for index, power in enumerate(powers) if 3 * power < sum(powers)]
    kind, chosen = rng.choice(["honest", "liar", "liar", "twin"]), rng.choice(weak)
    liar = rng.choice([*LIARS, "historian", "historian"])  # lies to who catches up are heard by few
    faults = Faults(2, rng.choice([10, 60, 300]), drop=rng.choice([0, 0, 0.05, 0.2]), duplicate=rng.choice([0, 0, 0.2]))
    stack = SimulatedStack(
        seed,
        powers=powers,
        twins=[chosen] if kind == "twin" else [],
        liars={chosen: LIARS[liar]} if kind == "liar" else {},
        faults=faults,
        story=story,
    )
    name = {"liar": f", {chosen}: {liar}", "twin": f", {chosen} runs twice"}.get(kind, "")
    stack.note(f"{len(powers)} validators of power {powers}{name}; {faults}")
    return stack


def _first_ones(stack: SimulatedStack, rng: Random) -> list[int]:
    """All of them; in one life of three, one comes only when something returns or all is healed."""
    late = rng.choice([None, None, rng.randrange(len(stack.machines))])
    return [machine.address for machine in stack.machines if machine.address != late]


def _under_load(stack: SimulatedStack, rng: Random, seconds: float) -> None:
    """Time passes while people pay each other."""
    for _ in range(3):
        pay(stack, rng)
        stack.run(seconds / 3)


def pay(stack: SimulatedStack, rng: Random) -> None:
    """Somebody pays somebody, more than there is sometimes, or moves stake; through a machine that runs."""
    running = [machine for machine in stack.machines if machine.running]
    if not running:
        return
    payee = AccountId(person_secret(rng.randrange(PEOPLE)).public)
    action: Action = Transfer(payee, Amount(rng.choice([1, 10**6, 10**9, FUNDS // 3, 2 * FUNDS])))
    if rng.random() < 0.4:  # never to who lies: faulty power stays below a third
        kind = rng.choice([Delegate, Delegate, Unbond])
        action = kind(rng.choice(stack.honest).key, Amount(rng.choice([10**9, 5 * 10**9, 2 * 10**10])))
    submit(stack, rng.choice(running), rng.randrange(PEOPLE), action, rng.choice([0, 1_000]))


def submit(stack: SimulatedStack, machine: Machine, payer: int, action: Action, tip: int = 0) -> TxHash:
    """The payer's next transaction, as that machine counts."""
    secret = person_secret(payer)
    account = AccountId(secret.public)
    nonce = read_account(machine.ledger.view, account).nonce + len(list(machine.mempool.queued(account)))
    envelope = Envelope(
        chain_id=stack.genesis.chain_id,
        genesis_hash=stack.genesis.hash(),
        fork_id=Hash(bytes(32)),
        fee_source=FeeSource(FROM_ACCOUNT, account),
        nonce=Nonce(nonce),
        expiry_height=Height(machine.height + 100),
        fee_limit=FEE_LIMIT,
        tip=Amount(tip),
        actions=(action,),
    )
    transaction = Transaction(envelope, Signature(secret.sign(envelope.signing_bytes())))
    machine.submit(transaction.raw)
    return transaction.hash


def settle(stack: SimulatedStack, rng: Random) -> None:
    """Heal; then what every life must come to. Raises Stuck, EvidenceMissing and whatever else broke."""
    stack.settle(2)
    caught = set().union(*(machine.caught for machine in stack.honest))
    payee = AccountId(person_secret(0).public)
    payment = submit(stack, rng.choice(stack.honest), SAVER, Transfer(payee, Amount(1)))
    stack.run_until(lambda: all(machine.has(payment) for machine in stack.honest))
    end = stack.loop.time() + SETTLE_S
    while not caught <= stack.accused:
        if stack.loop.time() > end:
            raise EvidenceMissing(f"of {[key.hex() for key in sorted(caught - stack.accused)]} in no block")
        stack.run(0.1)


def trouble(stack: SimulatedStack, rng: Random) -> None:
    """One more thing goes wrong, or right."""
    addresses = [machine.address for machine in stack.machines]
    one = stack.machines[rng.choice(addresses)]
    match rng.choice(TROUBLES):
        case "links":
            what, blocked = partition(addresses, rng)
            stack.block(what, blocked, links_fall=rng.random() < 0.5)
        case "mend":
            stack.note("links heal")
            stack.heal_links()
        case "power":
            stack.cut_power(*rng.sample(addresses, rng.randint(1, 3)))
        case "blackout":
            stack.note("all machines lose power at once")
            stack.cut_power(*addresses)
            stack.run(0.1)
            stack.start()
        case "kill":
            stack.kill(*rng.sample(addresses, rng.randint(1, 3)))
        case "inside":
            one.disk.stop_at = one.disk.steps + rng.randint(1, 60)
            stack.note(f"machine {one.address} will lose power inside a write")
        case "return":
            stack.start()
        case "clock":
            one.skew_ms = rng.choice([-400, -90, 90, 400, 5_000])
            stack.note(f"the clock of machine {one.address} is off by {one.skew_ms} ms")
        case "full":
            one.disk.full = True
            stack.note(f"the disk of machine {one.address} is full")
        case "disk":
            one.disk_factor = rng.choice([20.0, 200.0])
            stack.note(f"disk and processor of machine {one.address} are {one.disk_factor} times slower")


def partition(addresses: list[int], rng: Random) -> tuple[str, Callable[[int, int], bool]]:
    """One of the kinds: what it is, and whether nothing passes from the first to the second of a pair."""
    order = rng.sample(addresses, len(addresses))
    place = {address: index for index, address in enumerate(order)}
    half, size = len(order) // 2, len(order)
    match rng.choice(["single", "half", "ring", "one-way", "deaf"]):
        case "single":
            return f"{order[0]} is alone", lambda sender, to: order[0] in (sender, to)
        case "half":
            return f"{order[:half]} | {order[half:]}", lambda sender, to: (place[sender] < half) != (place[to] < half)
        case "ring":
            return f"ring {order}", lambda sender, to: (place[sender] - place[to]) % size not in (1, size - 1)
        case "one-way":
            return f"{order[:half]} reach {order[half:]} no more", lambda s, to: place[s] < half <= place[to]
    return f"{order[0]} hears nobody", lambda _sender, to: to == order[0]
