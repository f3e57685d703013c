"""Is the price of each class its cost? What a validator spends on a transaction beside the work units that it declares.

Prints one JSON line: per class `units` as charged and `us`, microseconds of processor time of one validator: admission
(all checks, signature, proof), judging within a block, and commit to disk, without network and RPC. A node that builds
blocks and one that judges them run in this process on a sealed database; only the second is timed. One unit is meant to
be one microsecond. Also the parts that classes are made of: `signature_us`, `groth16_us` and `groth16_input_us`.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.load.chain import BALANCE, FEE_LIMIT, account_key
from chain.execution.action import Action
from chain.execution.statement import MAX_PUBLIC_INPUTS
from chain.execution.upgrades import NO_FORK
from chain.types.genesis import GenesisAccount
from chain.types.identifiers import object_id
from chain.types.scalars import (
    NATIVE,
    NOBODY,
    AccountId,
    Amount,
    Blob,
    EncryptionKeyBytes,
    FieldElement,
    Height,
    Name,
    Nonce,
    ObjectId,
    ProofBytes,
    Round,
    Text,
    Timestamp,
    Uint,
    VoteTarget,
)
from chain.types.sync import FinalBlock
from chain.types.transaction import Envelope, Transaction
from chain.types.vote import PRECOMMIT, Commit, CommitSignature, Vote
from client.wallet import ChainIdentity, Signing
from contracts.notes.output import NoteOutput
from contracts.notes.state import EMPTY_ROOT
from contracts.registry.actions import PublishModel, RegisterKey
from contracts.shielded import actions as pools
from contracts.shielded.statement import TRANSFER_SIZE
from contracts.tasks.actions import Lock, Open, SealedKey, Settle, Terms
from contracts.tasks.provider_actions import RegisterProvider
from contracts.tasks.state import PROOF
from contracts.tasks.statement import settle_inputs
from contracts.token.actions import Transfer
from crypto.field import SCALAR_FIELD
from crypto.groth16 import PreparedKey, compress_proof, verify
from crypto.keys import SecretKey
from crypto.keys import verify as verify_signature
from crypto.notes import POOL_ELEMENTS
from node.app import App
from node.devnet.files import Plan, create_joining, create_network
from tests.support.programs import compressed_key, program_of, trapdoor, vk_id
from tests.support.shielded_pool import HINT, ephemeral, prove

ACCOUNTS = 20_000
TRANSFERS_PER_BLOCK = 300
TRANSFER_BLOCKS = 8
EMPTY_BLOCKS = 10
TASKS = 120
KEYS = 3
PER_BLOCK = 30
POOL_BLOCKS = 4
OUTPUTS = (FieldElement(5), FieldElement(6))
LATER = 900
ROUNDS = 200
PUBLISHER, REQUESTER, FIRST_PROVIDER = 0, 1, 2


class BlockCost(NamedTuple):
    """Transactions of one class in a block; microseconds of the whole block, units of each transaction."""

    transactions: int
    us: float
    units: int


class Chain:
    """A validator that builds every block alone, and a follower whose processor time counts."""

    def __init__(self, folder: Path) -> None:
        self.keys = [account_key(index) for index in range(ACCOUNTS)]
        funded = [GenesisAccount(AccountId(key.public), BALANCE) for key in self.keys]
        network = create_network(folder / "net", Plan(validators=1), time.time_ns() // 1_000_000, funded)
        home = network.home(network.members[0])
        genesis = home.load_genesis()
        self._apps = [App(home), App(create_joining(folder / "follower", Plan(base_port=9), genesis, (), None))]
        self.leader, self.follower = (app.node for app in self._apps)
        self.identity = ChainIdentity(genesis.chain_id, genesis.hash(), NO_FORK)
        self.nonces = dict.fromkeys(range(ACCOUNTS), 0)

    def close(self) -> None:
        for app in self._apps:
            app.close()

    @property
    def height(self) -> Height:
        return self.leader.ledger.tip.height

    def envelope(self, person: int, *actions: Action) -> Envelope:
        """The person's next envelope."""
        nonce = self.nonces[person]
        self.nonces[person] += 1
        return Signing(self.keys[person], self.identity).envelope(actions, nonce, LATER, FEE_LIMIT)

    def sign(self, person: int, envelope: Envelope) -> Transaction:
        return Signing(self.keys[person], self.identity).sign_envelope(envelope)

    def transaction(self, person: int, *actions: Action) -> Transaction:
        return self.sign(person, self.envelope(person, *actions))

    async def block(self, transactions: Sequence[Transaction]) -> BlockCost:
        """Put these into one block; the follower's microseconds, and the units of each transaction on average."""
        started = time.process_time()
        for transaction in transactions:
            await self.follower.ingress.admit(transaction.raw, None)
        spent = time.process_time() - started
        for transaction in transactions:
            await self.leader.ingress.admit(transaction.raw, None)
        final = await self._build()
        started = time.process_time()
        self.follower.ledger.judge(final.block)
        news = await self.follower.executor.commit(final)
        spent += time.process_time() - started
        await self.leader.executor.commit(final)
        receipts = news.receipts[:-1]
        if len(receipts) != len(transactions) or any(receipt.code for receipt in receipts):
            raise RuntimeError(f"{len(receipts)} of {len(transactions)} in the block: {[r.code for r in receipts]}")
        units = sum(receipt.work for receipt in receipts) // max(1, len(receipts))
        return BlockCost(len(receipts), spent * 1e6, units)

    async def _build(self) -> FinalBlock:
        signer, now = self.leader.signer, Timestamp(self.leader.ledger.tip.time + 1_000)
        built = None if signer is None else await self.leader.executor.build(signer, now, ())
        if signer is None or built is None:
            raise RuntimeError("no block was built")
        header = built.block.header
        vote = signer.sign_vote(PRECOMMIT, header.height, Round(0), VoteTarget(header.id()))
        if not isinstance(vote, Vote):
            raise RuntimeError("the signer refused")
        signature = CommitSignature(signer.public_key, vote.signature)
        return FinalBlock(built.block, Commit(header.height, Round(0), header.id(), (signature,)))


class Measured(dict[str, float | int]):
    """Units and microseconds by class, medians over blocks, without what an empty block costs."""

    def note(self, name: str, blocks: Sequence[BlockCost]) -> None:
        self[f"{name}_units"] = round(median(block.units for block in blocks))
        self[f"{name}_us"] = round(median((block.us - self["block_us"]) / block.transactions for block in blocks))


async def measure_empty_blocks(chain: Chain, measured: Measured) -> None:
    """What a block costs before anything stands in it."""
    blocks = [await chain.block([]) for _ in range(EMPTY_BLOCKS)]
    measured["block_us"] = round(median(block.us for block in blocks))


async def measure_transfers(chain: Chain, measured: Measured) -> None:
    """Between random pairs; the first blocks warm the caches."""
    blocks = []
    for number in range(2 + TRANSFER_BLOCKS):
        payers = range(number * TRANSFERS_PER_BLOCK, (number + 1) * TRANSFERS_PER_BLOCK)
        payees = [AccountId(chain.keys[-1 - 7 * payer % ACCOUNTS].public) for payer in payers]
        pay = [
            chain.transaction(payer, Transfer(payee, Amount(1))) for payer, payee in zip(payers, payees, strict=True)
        ]
        blocks.append(await chain.block(pay))
    measured.note("transfer", blocks[2:])


async def measure_registry(chain: Chain, measured: Measured) -> None:
    """Keys of the usual size and of the largest, programs, models."""
    inputs = 3 + len(OUTPUTS)
    usual = [RegisterKey(compressed_key(inputs, seed), None) for seed in range(1, 1 + KEYS)]
    largest = [RegisterKey(compressed_key(MAX_PUBLIC_INPUTS, seed), None) for seed in range(1, 1 + KEYS)]
    program = program_of(len(OUTPUTS))
    programs = [program, *(replace(program, manifest=Blob(bytes([number] * 1_024))) for number in range(PER_BLOCK - 1))]
    versions = [Name(str(number)) for number in range(PER_BLOCK)]
    models = [PublishModel(Name("model"), version, program.program, Text("A model.")) for version in versions]
    for name, actions in (("key", usual), ("largest_key", largest), ("program", programs), ("model", models)):
        measured.note(name, [await chain.block([chain.transaction(PUBLISHER, action) for action in actions])])


async def measure_tasks(chain: Chain, measured: Measured) -> None:
    """Providers bond; tasks are opened, locked and settled, with proofs that verify for exactly their inputs."""
    providers = range(FIRST_PROVIDER, FIRST_PROVIDER + TASKS // PER_BLOCK * 3)
    bond = RegisterProvider(Amount(BALANCE // 10), EncryptionKeyBytes(bytes(32)), Amount(1), (PROOF,))
    measured.note("provider", [await chain.block([chain.transaction(person, bond) for person in providers])])
    people = [providers[index % len(providers)] for index in range(TASKS)]
    opens, tasks = [], []
    for person in people:
        tasks.append(object_id(AccountId(chain.keys[REQUESTER].public), Nonce(chain.nonces[REQUESTER]), 0))
        opens.append(chain.transaction(REQUESTER, open_for(chain, person)))
    measured.note("open", await in_blocks(chain, opens))
    locks = [chain.transaction(person, Lock(task)) for person, task in zip(people, tasks, strict=True)]
    measured.note("lock", await in_blocks(chain, locks))
    settles = [settlement(chain, person, task) for person, task in zip(people, tasks, strict=True)]
    measured.note("settle", await in_blocks(chain, settles))


async def measure_pools(chain: Chain, measured: Measured) -> None:
    """Shielded transfers by accounts: all of a block in one pool, and each in its own, whose tree gets a new root."""
    await chain.block([chain.transaction(PUBLISHER, RegisterKey(compressed_key(TRANSFER_SIZE), None))])
    await chain.block([])
    nonces = range(chain.nonces[PUBLISHER], chain.nonces[PUBLISHER] + PER_BLOCK)
    apart = [object_id(AccountId(chain.keys[PUBLISHER].public), Nonce(nonce), 0) for nonce in nonces]
    await chain.block([chain.transaction(PUBLISHER, pools.Open(vk_id(TRANSFER_SIZE))) for _ in apart])
    for name, chosen in (("pool", apart[:1] * PER_BLOCK), ("pools_apart", apart)):
        blocks = [
            [shielded(chain, person, pool) for person, pool in enumerate(chosen, start=PER_BLOCK * number)]
            for number in range(POOL_BLOCKS)
        ]
        measured.note(name, [await chain.block(transfers) for transfers in blocks])


async def in_blocks(chain: Chain, transactions: Sequence[Transaction]) -> list[BlockCost]:
    """PER_BLOCK to a block."""
    return [
        await chain.block(transactions[first : first + PER_BLOCK]) for first in range(0, len(transactions), PER_BLOCK)
    ]


def open_for(chain: Chain, provider: int) -> Open:
    """A task as a buyer of the logistic model posts it, with as many bytes."""
    terms = Terms(
        program=program_of(len(OUTPUTS)).program,
        input_commitment=FieldElement(7),
        evidence_kind=PROOF,
        price_start=Amount(1_000),
        price_end=Amount(1_000),
        ramp_end=Height(chain.height),
        collateral=chain.leader.ledger.params.min_collateral,
        lock_deadline=Height(chain.height + LATER),
        deadline=Height(chain.height + LATER + 1),
    )
    return Open(terms, Blob(bytes(84)), (SealedKey(AccountId(chain.keys[provider].public), Blob(bytes(80))),))


def settlement(chain: Chain, provider: int, task: ObjectId) -> Transaction:
    """The signed result of a locked task."""
    vk_id, no_proof = program_of(len(OUTPUTS)).vk_id, ProofBytes(bytes(128))
    draft = Settle(task, vk_id, Uint(1), FieldElement(7), None, OUTPUTS, no_proof)
    envelope = chain.envelope(provider, draft)
    inputs = settle_inputs(envelope, draft)
    proof = trapdoor(len(inputs)).prove(inputs, seed=int.from_bytes(task[:4], "big"))
    proven = replace(draft, proof=ProofBytes(compress_proof(proof)))
    return chain.sign(provider, replace(envelope, actions=(proven,)))


def shielded(chain: Chain, person: int, pool: ObjectId) -> Transaction:
    """A signed transfer of a note into the pool, with full-width numbers and a proof that verifies for them."""
    own = ACCOUNTS * chain.nonces[person] + person
    numbers = (FieldElement((SCALAR_FIELD - 7) // (index + 2) - own) for index in range(14))
    nullifiers = (next(numbers), next(numbers))
    outputs = tuple(
        NoteOutput(next(numbers), tuple(next(numbers) for _ in range(POOL_ELEMENTS)), HINT) for _ in range(2)
    )
    draft = pools.Transfer(
        pool=pool,
        vk_id=vk_id(TRANSFER_SIZE),
        root=EMPTY_ROOT,
        nullifiers=nullifiers,
        ephemeral=ephemeral(),
        outputs=outputs,
        asset=NATIVE,
        taken=Amount(10**9),
        paid=Amount(0),
        recipient=NOBODY,
        fee=Amount(0),
        padding=Blob(b""),
        proof=ProofBytes(bytes(128)),
    ).padded()
    envelope = chain.envelope(person, draft)
    return chain.sign(person, replace(envelope, actions=(prove(draft, envelope),)))


def measure_parts(measured: Measured) -> None:
    """A signature, a proof without inputs, and each full-width public input."""
    key = SecretKey(bytes(range(32)))
    message, public = bytes(32), key.public
    signature = key.sign(message)
    measured["signature_us"] = microseconds(lambda: verify_signature(public, message, signature))
    one, most = (proof_microseconds(count) for count in (1, MAX_PUBLIC_INPUTS))
    each = (most - one) / (MAX_PUBLIC_INPUTS - 1)
    measured["groth16_input_us"], measured["groth16_us"] = round(each), round(one - each)


def proof_microseconds(count: int) -> float:
    """What verifying a proof with so many full-width inputs takes."""
    inputs = [(SCALAR_FIELD - 7) // (index + 2) for index in range(count)]
    proof = compress_proof(trapdoor(count).prove(inputs, seed=1))
    key = PreparedKey(trapdoor(count).key())
    return microseconds(lambda: verify(key, proof, inputs))


def microseconds(work: Callable[[], object]) -> float:
    """Median processor time of one call."""
    spent = []
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        work()
        spent.append(time.process_time_ns() - started)
    return round(median(spent) / 1_000)


async def measure(folder: Path) -> Measured:
    """All classes, on a fresh chain."""
    chain, measured = Chain(folder), Measured()
    try:
        measure_parts(measured)
        await measure_empty_blocks(chain, measured)
        await measure_transfers(chain, measured)
        await measure_registry(chain, measured)
        await measure_tasks(chain, measured)
        await measure_pools(chain, measured)
    finally:
        chain.close()
    return measured


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(json.dumps(asyncio.run(measure(Path(folder)))) + "\n")


if __name__ == "__main__":
    main()
