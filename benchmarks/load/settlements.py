"""Task settlements made ready ahead of the clock: a model published, tasks opened and locked, results proven.

Every proof is a real one, of a quantised classifier on a held-out row. The nonces of all envelopes are known before: a
requester opens all tasks of one provider (0); the provider registers (0), locks them (1), settles them (2, 3, ...).
"""

import asyncio
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from benchmarks.load import prover
from benchmarks.load.chain import EXPIRY_HEIGHTS, FEE_LIMIT, RunningChain
from benchmarks.load.prover import ProofJob
from benchmarks.load.sender import Ready, send
from benchmarks.load.watcher import drained, failed
from chain.codec import encode
from chain.execution.action import Action
from chain.types.scalars import AccountId, Amount, EncryptionKeyBytes, Height, ProgramId
from chain.types.transaction import Transaction
from client.inference import PrivateInput, Recipient, fresh_salt, prepare_input
from client.market import get_program, list_tasks
from client.provider import provider_encryption_key, registration
from client.results import ChainStatus
from client.wallet import ChainIdentity, Signing, Wallet
from compute.dev_keys import DevKeys
from compute.zkml.artifact import model_keys
from compute.zkml.buyer import Offer
from compute.zkml.example_models import ExampleModel
from compute.zkml.publish import Listing, publish
from contracts.tasks.actions import Lock, Open
from crypto.address import encode_address
from crypto.keys import SecretKey
from node.devnet.files import CLU

TASKS_PER_PROVIDER = 12  # fewer than max_locks_per_provider, and than actions fit into one transaction
BOND = Amount(20 * CLU)
PRICE = Amount(CLU // 10)
LIVE_HEIGHTS = 5_000  # longer than any run
DRAIN_SECONDS = 120.0


class PreparationFailed(RuntimeError):
    """A transaction that the measurement builds on was refused or failed."""


@dataclass(frozen=True, slots=True)
class Team:
    """A provider, the requester whose tasks it takes, and what is asked."""

    requester: SecretKey
    provider: SecretKey
    inputs: tuple[PrivateInput, ...]


def staff_needed(settlements: int) -> int:
    """Accounts that so many settlements take: a publisher, and a requester and a provider for each dozen."""
    return 1 + 2 * -(-settlements // TASKS_PER_PROVIDER)


async def prepare_settlements(
    chain: RunningChain, example: ExampleModel, count: int, folder: Path, processes: int
) -> list[Ready]:
    """`count` proven and signed settlements, of all providers in turn. Raises PreparationFailed."""
    publisher, *others = chain.staff
    wallet = await Wallet.open(publisher, chain.clients[0])
    keys = model_keys(DevKeys(folder), example.provable)
    listing = Listing(example.name, "1", example.description)
    models = folder / "models"
    program = (await publish(wallet, example.provable, keys, listing, models)).program
    teams = make_teams(example, others, count)
    desk = Desk(chain, await chain.identity(), await chain.status())
    await desk.open_and_lock(program, teams)
    record = (await get_program(chain.clients[0], program)).record
    jobs = [await desk.proof_job(team) for team in teams]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, prover.start, (models, encode(record))) as pool:
        loop = asyncio.get_running_loop()
        proven = await asyncio.gather(*(loop.run_in_executor(pool, prover.prove, job) for job in jobs))
    lanes = [
        [Ready.of(transaction, chain.client_of(team.provider)) for transaction in transactions]
        for team, transactions in zip(teams, proven, strict=True)
    ]
    return [ready for turn in zip_longest(*lanes) for ready in turn if ready is not None]


def make_teams(example: ExampleModel, people: Sequence[SecretKey], count: int) -> list[Team]:
    """As many teams as `count` tasks take, each task on the next held-out row under a salt of its own."""
    manifest = example.provable.manifest
    rows = [tuple(manifest.quantise(row)) for row in example.rows.tolist()]
    inputs = [PrivateInput(rows[index % len(rows)], manifest.input_bits, fresh_salt()) for index in range(count)]
    dozens = [tuple(inputs[first : first + TASKS_PER_PROVIDER]) for first in range(0, count, TASKS_PER_PROVIDER)]
    return [Team(people[2 * index], people[2 * index + 1], dozen) for index, dozen in enumerate(dozens)]


@dataclass(frozen=True, slots=True)
class Desk:
    """Signs and submits what has to be final before a result can be settled. Heights count from `status`."""

    chain: RunningChain
    identity: ChainIdentity
    status: ChainStatus

    @property
    def expiry(self) -> int:
        return self.status.height + EXPIRY_HEIGHTS

    async def open_and_lock(self, program: ProgramId, teams: Sequence[Team]) -> None:
        """Providers bonded, tasks open, then locked. Raises PreparationFailed."""
        registrations = [self._signed(team.provider, [registration(team.provider, BOND, PRICE)], 0) for team in teams]
        await self._final(registrations)
        await self._final([self._signed(team.requester, self._opens(team, program), 0) for team in teams])
        await self._final([self._signed(team.provider, await self._locks(team), 1) for team in teams])

    async def proof_job(self, team: Team) -> ProofJob:
        """What proving a team's results takes; its tasks as they are locked now."""
        listed = await list_tasks(self.chain.clients[0], provider=encode_address(team.provider.public))
        tasks = {entry.task.terms.input_commitment: entry.task for entry in listed}
        in_order = tuple(tasks[secret.commitment] for secret in team.inputs)
        return ProofJob(team.provider.seed, self.identity, in_order, team.inputs, 2, self.expiry, FEE_LIMIT)

    def _opens(self, team: Team, program: ProgramId) -> list[Action]:
        offer = Offer(PRICE, PRICE, ramp=1, lock_within=LIVE_HEIGHTS, end_within=LIVE_HEIGHTS + 1)
        requester, provider = AccountId(team.requester.public), AccountId(team.provider.public)
        key = EncryptionKeyBytes(provider_encryption_key(team.provider).public)
        opens: list[Action] = []
        for secret in team.inputs:
            sealed = prepare_input(secret, requester, program, [Recipient(provider, key)])
            terms = offer.terms(program, sealed.commitment, Height(self.status.height), self.status.params)
            opens.append(Open(terms, sealed.sealed_input, sealed.recipients))
        return opens

    async def _locks(self, team: Team) -> list[Action]:
        listed = await list_tasks(self.chain.clients[0], requester=encode_address(team.requester.public))
        return [Lock(entry.task.id) for entry in listed]

    def _signed(self, secret: SecretKey, actions: Sequence[Action], nonce: int) -> Transaction:
        return Signing(secret, self.identity).sign(actions, nonce, self.expiry, FEE_LIMIT)

    async def _final(self, transactions: Sequence[Transaction]) -> None:
        clients = self.chain.clients
        ready = [Ready.of(entry, clients[index % len(clients)]) for index, entry in enumerate(transactions)]
        outcome = await send(ready)
        if outcome.refused:
            raise PreparationFailed(f"refused by {dict(outcome.refused)}")
        if not await drained(clients, DRAIN_SECONDS):
            raise PreparationFailed(f"not final within {DRAIN_SECONDS:.0f} s")
        if bad := await failed(clients[0], list(outcome.at)):
            raise PreparationFailed(f"{len(bad)} transactions failed, {bad[0]} first")
