"""What does a call of each confidential method cost: to prove, to verify, in bytes, in fees, and how many fit a second?

    python -m benchmarks.contracts [CONTRACT ...]

One JSON line a method, on a chain in this process with real keys and proofs (`compute/sandbox`). Setups are kept under
`--keys` and found again. A contract takes part by a function in CONTRACTS that brings it to where calls can be made and
yields them one after another; each is proven, measured, and sent before the next is asked for.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, TypeVar

from benchmarks.note_scan import scan_row
from chain.execution.fees import base_cost, transaction_work
from chain.types.scalars import Amount, FieldElement, ObjectId
from chain.types.transaction import Transaction
from client.notes.scan import Scanner
from compute.confidential.prover import Draft
from compute.dsl import Contract, Private, Sealed, contract, method, u32, u64
from compute.sandbox.deployed import Deployed
from compute.sandbox.people import Person
from compute.sandbox.sandbox import CLU, Sandbox
from compute.shielded.prover import TRANSFER, Coin, Order, Payment, draft_transfer
from compute.zkml.artifact import registration
from contracts.notes import state as notes
from contracts.shielded.actions import Open
from crypto.note_tree import tree_path
from crypto.notes import PoolNote
from crypto.poseidon import poseidon
from examples.contracts.anonymous_vote.contract import Poll
from examples.contracts.anonymous_vote.members import MemberList, identity
from examples.contracts.credit_line.contract import CreditLine
from examples.contracts.credit_line.lookup import program_element
from examples.contracts.credit_line.model import INFERENCE, MODEL
from examples.contracts.credit_line.walkthrough import customers
from examples.contracts.escrow.contract import Escrow
from examples.contracts.payroll.contract import STAFF, Payroll
from examples.contracts.sealed_bid_auction.contract import SealedBidAuction

PROOFS = 5
VERIFICATIONS = 30
EXECUTIONS = 15

T = TypeVar("T")
Row = dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that can be proven and sent now. proof_pays: by a one-time key, the fee being the proof's."""

    contract: str
    method: str
    sender: Person
    draft: Draft
    proof_pays: bool = False


Calls = Callable[[Sandbox], Iterator[Call]]


def shielded_pool(chain: Sandbox) -> Iterator[Call]:
    """Money enters a pool, moves to somebody else unseen, and leaves. One circuit; the fees differ by who pays."""
    alice, bob = chain.person("alice"), chain.person("bob")
    vk_id = chain.circuit(TRANSFER).vk_id
    pool = chain.send(alice, Open(vk_id)).created()

    def order(*coins: Coin, **parts: object) -> Order:
        root = notes.tree_of(chain.view, pool).root
        return Order(pool, vk_id, FieldElement(root), coins, **parts)  # type: ignore[arg-type]

    entering = order(taken=Amount(5 * CLU))
    yield Call("shielded-pool", "shield", alice, draft_transfer(entering, alice.spending, chain.entropy))
    payment = Payment(bob.private_address, 2 * CLU, b"for the ferry")
    moving = order(coin_of(chain, pool, alice), payments=(payment,), fee=Amount(CLU // 10))
    sent = draft_transfer(moving, alice.spending, chain.entropy)
    yield Call("shielded-pool", "transfer", chain.person("one-time", 0), sent, proof_pays=True)
    leaving = order(coin_of(chain, pool, bob), paid=Amount(CLU), recipient=bob.id, fee=Amount(CLU // 10))
    left = draft_transfer(leaving, bob.spending, chain.entropy)
    yield Call("shielded-pool", "unshield", chain.person("another", 0), left, proof_pays=True)


def coin_of(chain: Sandbox, pool: ObjectId, person: Person) -> Coin:
    """The person's last note of value in the pool."""
    scanner = Scanner(person.spending.full_view(), [pool])
    records = [record for record in chain.note_records() if record.object == pool]
    found = [each for each in scanner.received(records) if isinstance(each.content, PoolNote) and each.content.value]
    last, leaves = found[-1], [record.output.commitment for record in records]
    note = last.content
    if not isinstance(note, PoolNote):
        raise TypeError(f"{note} is no note of a pool")
    return Coin(last.address, note, last.record.position, tree_path(leaves, last.record.position))


def anonymous_vote(chain: Sandbox) -> Iterator[Call]:
    """Five members vote, here from an account; a teller counts and closes."""
    teller, secrets = chain.person("teller"), range(1, 6)
    members, closes = MemberList(map(identity, secrets)), chain.height + 100
    initial = {"members": members.root, "teller": teller, "closes": closes}
    poll = chain.deploy(Poll, teller, counts=(1,), initial=initial)
    for secret in secrets:
        member = members.member(identity(secret))
        vote = poll.draft("vote", secret, member, 1, sender=teller, period=(1, closes - 1))
        if secret in secrets[:-1]:
            chain.send(teller, vote)
    yield Call("anonymous-vote", "vote", teller, vote)
    *four, last = poll.notes_of(teller)
    yield Call("anonymous-vote", "count", teller, poll.draft("count", last, sender=teller))
    yield Call("anonymous-vote", "count_four", teller, poll.draft("count_four", *four, sender=teller))
    chain.mine_to(closes)
    yield Call("anonymous-vote", "close", teller, poll.draft("close", sender=teller))


def payroll(chain: Sandbox) -> Iterator[Call]:
    """Money in, two runs of four salaries, an employee's withdrawals, money back."""
    employer, employee = chain.person("employer"), chain.person("employee")
    contract = chain.deploy(Payroll, employer, counts=(1,), initial={"employer": employer})

    def call(method: str, *arguments: object, sender: Person = employer) -> Call:
        return Call("payroll", method, sender, contract.draft(method, *arguments, sender=sender))

    yield call("fund", 100 * CLU)
    run = [employee] * STAFF, [CLU] * STAFF
    yield call("run", 1, *run)
    pay = contract.notes_of(employee)
    yield call("withdraw", pay[0], CLU // 2, employee, employee, sender=employee)
    yield call("join", *pay[1:3], employee, sender=employee)
    yield call("reclaim", CLU)


@contract
class Counter(Contract):
    """The least that a contract with a secret can do."""

    total = Sealed(u64)

    @method
    def add(self, amount: Private[u32]) -> None:
        """Add an amount that stays private."""
        self.total += amount


def counter(chain: Sandbox) -> Iterator[Call]:
    """One sealed register, one private argument."""
    owner = chain.person("owner")
    yield Call("counter", "add", owner, chain.deploy(Counter, owner, counts=(1,)).draft("add", 5, sender=owner))


def sealed_bid_auction(chain: Sandbox) -> Iterator[Call]:
    """Two bids, folded and closed by the auctioneer; the loser's deposit goes back."""
    auctioneer, first, second = (chain.person(name) for name in ("auctioneer", "first", "second"))
    closes = chain.height + 100
    terms = {"seller": auctioneer, "reserve": CLU, "deposit": 10 * CLU, "closes": closes, "expires": closes + 100}
    initial = {"terms": terms, "auctioneer": auctioneer}
    auction = chain.deploy(SealedBidAuction, auctioneer, counts=(1,), initial=initial)
    auction.place(2 * CLU, first, sender=first, period=(1, closes))
    bid = auction.draft("place", 3 * CLU, second, sender=second, period=(1, closes))
    yield Call("sealed-bid-auction", "place", second, bid)
    chain.mine_to(closes)
    low, high = auction.notes_of(auctioneer)
    auction.fold(low, sender=auctioneer)
    yield Call("sealed-bid-auction", "fold", auctioneer, auction.draft("fold", high, sender=auctioneer))
    yield Call("sealed-bid-auction", "close", auctioneer, auction.draft("close", sender=auctioneer))
    (receipt,) = auction.notes_of(first)
    yield Call("sealed-bid-auction", "refund", first, auction.draft("refund", receipt, first, sender=first))


def escrow(chain: Sandbox) -> Iterator[Call]:
    """A deal that is done, then one that an arbiter splits."""
    buyer, seller = chain.person("buyer"), chain.person("seller")
    deadline = chain.height + 100
    terms: dict[str, Any] = {"seller": seller, "arbiter": buyer, "price": CLU, "deposit": 2 * CLU, "goods": 1}
    terms |= {"lock": poseidon([7]), "deliver_by": deadline, "disputes_until": deadline + 100}

    def opened() -> tuple[Deployed, Draft]:
        deal = chain.deploy(Escrow, buyer, readers=[buyer, seller], counts=(2,))
        return deal, deal.draft("open", sender=buyer, **terms)

    deal, opening = opened()
    yield Call("escrow", "open", buyer, opening)
    delivery = deal.draft("deliver", 7, sender=seller, period=(1, deadline))
    yield Call("escrow", "deliver", seller, delivery)
    yield Call("escrow", "release", buyer, deal.draft("release", sender=buyer))
    deal, opening = opened()
    chain.send(buyer, opening)
    yield Call("escrow", "split", buyer, deal.draft("split", CLU, sender=buyer))
    deal, opening = opened()
    chain.send(buyer, opening)
    yield Call("escrow", "refund", seller, deal.draft("refund", sender=seller))


def credit_line(chain: Sandbox) -> Iterator[Call]:
    """A bureau reports, a registered model says yes, money is drawn and paid back."""
    trusted, _ = customers()
    lender, bureau, customer = (chain.person(name) for name in ("lender", "bureau", "customer"))
    chain.send(lender, registration(MODEL, inference := chain.circuit(INFERENCE)))
    initial = {"lender": lender, "bureau": bureau, "program": program_element(inference)}
    line = chain.deploy(CreditLine, lender, readers=[lender, customer], counts=(2,), initial=initial)

    def call(method: str, *arguments: object, sender: Person) -> Call:
        return Call("credit-line", method, sender, line.draft(method, *arguments, sender=sender))

    yield call("fund", 50 * CLU, sender=lender)
    yield call("offer", customer, 30 * CLU, sender=lender)
    yield call("report", trusted, customer, customer, sender=bureau)
    yield call("apply", *line.notes_of(customer), sender=customer)
    yield call("draw", 20 * CLU, sender=customer)
    yield call("repay", 15 * CLU, sender=customer)
    yield call("withdraw", CLU, sender=lender)


CONTRACTS: dict[str, Calls] = {
    "counter": counter,
    "shielded-pool": shielded_pool,
    "sealed-bid-auction": sealed_bid_auction,
    "anonymous-vote": anonymous_vote,
    "payroll": payroll,
    "escrow": escrow,
    "credit-line": credit_line,
}
WALLET = "wallet"  # not a contract: what scanning for notes costs
NAMES = (*CONTRACTS, WALLET)


def measured(chain: Sandbox, call: Call) -> tuple[Row, Transaction]:
    """The line of a call, and its transaction. CPU time of all threads, medians; fee in nano-CLU at the first base fee.

    prove_cpu_s is from the drafted call to the signed transaction, witness and its check included. calls_per_s is what
    one core of a validator verifies and executes, with state in memory.
    """
    make = chain.proof_paid if call.proof_pays else chain.transaction
    made = [timed(lambda: make(call.sender, call.draft)) for _ in range(PROOFS)]
    transaction = made[-1][1]
    claims = [claim for claims in transaction.claims for claim in claims]
    verified = [timed(lambda: chain.local.verifier.require(claims))[0] for _ in range(VERIFICATIONS)]
    empty = median(timed(chain.local.execute)[0] for _ in range(EXECUTIONS))
    full = median(timed(lambda: chain.local.execute(transaction))[0] for _ in range(EXECUTIONS))
    params = chain.local.params
    row: Row = {
        "contract": call.contract,
        "method": call.method,
        "constraints": len(call.draft.circuit.build().constraints),
        "prove_cpu_s": round(median(seconds for seconds, _ in made), 3),
        "verify_ms": round(1_000 * median(verified), 2),
        "bytes": len(transaction.raw),
        "fee": base_cost(transaction_work(transaction, params), params.initial_base_fee),
        "calls_per_s": round(1 / (full - empty)),
    }
    return row, transaction


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """CPU seconds of all threads, and the result."""
    started = process_time()
    result = work()
    return process_time() - started, result


def rows(names: Sequence[str], keys: Path | None) -> Iterator[Row]:
    """The lines of these contracts, each on a chain of its own."""
    for name in names:
        if name == WALLET:
            yield dict(scan_row())
            continue
        with Sandbox(prove=True, keys=keys) as chain:
            for call in CONTRACTS[name](chain):
                row, transaction = measured(chain, call)
                (sent,) = chain.block(transaction)
                if not sent.applied:
                    raise RuntimeError(f"{call.contract}.{call.method} failed with code {sent.receipt.code}")
                yield row


def main(arguments: Sequence[str]) -> None:
    """One line a method."""
    parser = argparse.ArgumentParser(prog="benchmarks.contracts", description=__doc__)
    parser.add_argument("contracts", nargs="*", metavar="CONTRACT", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--keys", type=Path, help="where setups are kept and found again; made anew by default")
    options = parser.parse_args(arguments)
    for name in options.contracts:
        if name not in NAMES:
            parser.error(f"there is no contract {name!r}; known: {', '.join(NAMES)}")
    for row in rows(options.contracts or NAMES, options.keys):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
