"""One real driver with its ledger, log and signer; the other three validators are keys in the hands of a test."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from chain.consensus.repeats import Status
from chain.consensus.timing import Timing
from chain.execution.genesis import check_genesis
from chain.mempool import Mempool
from chain.params import DEVNET
from chain.proposer import Proposer, build_block
from chain.types.block import Block
from chain.types.genesis import Genesis, GenesisAccount, GenesisValidator
from chain.types.parts import BlockPart
from chain.types.scalars import (
    NIL,
    Amount,
    ChainId,
    Hash,
    Height,
    Name,
    Power,
    Round,
    Signature,
    Timestamp,
    Uint,
    ValidatorId,
    ValidRound,
    VoteTarget,
    VrfKey,
    VrfOutput,
    VrfProof,
)
from chain.types.sync import FinalBlock
from chain.types.transaction import Transaction
from chain.types.validators import Validator, ValidatorSet
from chain.types.vote import PRECOMMIT, Commit, CommitSignature, Proposal, Vote
from contracts.registry.state import key_bytes
from crypto import vrf
from crypto.beacon import header_alpha
from crypto.keys import PublicKey, SecretKey
from node.app import start_ledger
from node.bodies import Body, body_of
from node.consensus_log import ConsensusLog
from node.driver import Driver
from node.evidence import EvidenceFile
from node.executor import Executor
from node.hub import Hub
from node.ledger import Ledger
from node.signer import Signer, vrf_secret
from node.signer_state import nothing_signed
from node.storage.database import Database
from node.verifier import NodeVerifier
from p2p.address import NodeId
from tests.support.sealed_chain import with_header
from tests.support.simulated_storage import MemoryStateFile
from tests.support.small_chain import GENESIS_TIME, account

CHAIN_ID = ChainId("driver-1")
PATIENCE_SECONDS = 30.0
PATIENT = Timing(60_000, 60_000, 60_000, clock_precision_ms=60_000, message_delay_ms=60_000)
PEER = NodeId(PublicKey(b"\7" * 32))
FUNDS = Amount(10**12)


def secret(index: int) -> SecretKey:
    return SecretKey(bytes([150 + index]) * 32)


def genesis(validators: int = 4) -> Genesis:
    entries = [
        GenesisValidator(
            Validator(ValidatorId(secret(index).public), VrfKey(vrf_secret(secret(index)).public), Power(10)),
            account(100 + index),
            Name(f"v{index}"),
        )
        for index in range(validators)
    ]
    found = Genesis(
        CHAIN_ID,
        GENESIS_TIME,
        replace(DEVNET, block_time_ms=Uint(1)),
        tuple(sorted(entries, key=lambda entry: entry.validator.public_key)),
        tuple(GenesisAccount(account(person), FUNDS) for person in range(1, 9)),
        (),
    )
    check_genesis(found)
    return found


class RecordingOutlet:
    """What the driver says, and the final blocks that a test offers."""

    def __init__(self) -> None:
        self.votes: list[Vote] = []
        self.proposals: list[Proposal] = []
        self.parts: list[BlockPart] = []
        self.statuses: list[Status] = []
        self.finals: deque[tuple[NodeId, bytes]] = deque()
        self.failed: list[NodeId] = []

    def publish_vote(self, vote: Vote) -> None:
        self.votes.append(vote)

    def publish_proposal(self, proposal: Proposal) -> None:
        self.proposals.append(proposal)

    def publish_part(self, part: BlockPart) -> None:
        self.parts.append(part)

    def tell_status(self, status: Status) -> None:
        self.statuses.append(status)

    def next_final(self, height: Height) -> tuple[NodeId, bytes] | None:
        return self.finals.popleft() if self.finals else None

    def final_failed(self, peer: NodeId) -> None:
        self.failed.append(peer)


class DriverScene:
    """`own` is the index of the driver's validator, None for a node that only follows."""

    def __init__(self, root: Path, own: int | None, timing: Timing = PATIENT) -> None:
        self.genesis = genesis()
        self.own = own
        self.validators = ValidatorSet(tuple(entry.validator for entry in self.genesis.validators))
        self.index_of = {ValidatorId(secret(index).public): index for index in range(4)}
        self.pool = ThreadPoolExecutor(2)
        self.database = Database.create(root / "db", None, self.genesis.hash())
        self.verifier = NodeVerifier(lambda vk_id: key_bytes(self.database.snapshot(), vk_id), self.pool, self.pool)
        self.mempool, self.hub = Mempool(), Hub()
        self.ledger: Ledger = start_ledger(self.database, self.genesis, self.verifier, self.mempool.get)
        self.state_file = None if own is None else MemoryStateFile(self._fresh(own))
        self.executor = Executor(self.ledger, self.mempool, self.hub)
        self.log_folder, self.evidence, self.timing = root / "wal", root / "evidence", timing
        self.now = GENESIS_TIME + 1_000
        self.new_life()

    @staticmethod
    def _fresh(own: int):
        return nothing_signed(CHAIN_ID, ValidatorId(secret(own).public))

    def new_life(self) -> None:
        """A driver as after a crash: the log, the signer's state and the database are what is left."""
        signer = None if self.own is None else Signer(secret(self.own), CHAIN_ID, self.state_file)
        self.outlet = RecordingOutlet()
        self.log = ConsensusLog(self.log_folder)
        self.driver = Driver(
            self.executor, signer, self.log, EvidenceFile(self.evidence), self.outlet, lambda: self.now, self.timing
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Driver]:
        """The driver's loop runs inside; what ended it is raised."""
        self.life = asyncio.create_task(self.driver.run())
        try:
            yield self.driver
        finally:
            self.life.cancel()
            await asyncio.wait({self.life})
            self.log.close()

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something is so; what ends the driver ends the waiting."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():
                if self.life.done():
                    self.life.result()
                await asyncio.sleep(0.001)

    async def started(self, height: int) -> None:
        """Wait until the driver decides `height`."""
        await self.until(lambda: self.driver.state.height == height)

    async def quiet(self) -> None:
        """Until everything that was handed in has been worked off."""
        for _ in range(20):
            await self.executor.on_disk(lambda: None)
            await self.executor.in_execution(lambda: None)
            await asyncio.sleep(0)

    def close(self) -> None:
        self.executor.close()
        self.pool.shutdown()
        self.database.close()

    # What the others say

    def proposer(self, round_: int = 0, height: int | None = None) -> int:
        """Who proposes in a round of the next height."""
        height = self.ledger.tip.height + 1 if height is None else height
        return self.index_of[self.validators.proposer(Height(height), Round(round_))]

    def others(self) -> list[int]:
        return [index for index in range(4) if index != self.own]

    def block(self, proposer: int, *transactions: Transaction, time: int | None = None) -> Body:
        """The next block as this validator builds it."""
        tip, view = self.ledger.tip, self.ledger.view
        proof = vrf.prove(vrf_secret(secret(proposer)), header_alpha(Height(tip.height + 1), tip.beacon_output))
        made_by = Proposer(ValidatorId(secret(proposer).public), VrfOutput(vrf.proof_output(proof)), VrfProof(proof))
        built = build_block(
            transactions,
            tip,
            view,
            self.ledger.chain,
            self.verifier,
            made_by,
            Timestamp(self.now if time is None else time),
            self.ledger.last_commit,
        )
        return body_of(built.block)

    def proposal(
        self, body: Body, proposer: int, round_: int = 0, valid_round: int = -1, **changes: object
    ) -> Proposal:
        unsigned = Proposal(
            body.block.height,
            Round(round_),
            ValidRound(valid_round),
            body.id,
            body.header,
            ValidatorId(secret(proposer).public),
            Signature(bytes(64)),
        )
        changed = replace(unsigned, **changes)  # type: ignore[arg-type]
        return replace(changed, signature=Signature(secret(proposer).sign(changed.signing_bytes(CHAIN_ID))))

    def vote(self, index: int, type_: Uint, target: bytes = NIL, round_: int = 0, height: int | None = None) -> Vote:
        at = Height(self.ledger.tip.height + 1 if height is None else height)
        vote = Vote(
            type_, at, Round(round_), VoteTarget(target), ValidatorId(secret(index).public), Signature(bytes(64))
        )
        return replace(vote, signature=Signature(secret(index).sign(vote.signing_bytes(CHAIN_ID))))

    def final(self, body: Body, *signers: int, block: Block | None = None) -> FinalBlock:
        """The block with the commit of these validators, or all others."""
        votes = [self.vote(index, PRECOMMIT, body.id) for index in signers or self.others()]
        entries = sorted((vote.validator, vote.signature) for vote in votes)
        commit = Commit(body.block.height, Round(0), body.id, tuple(CommitSignature(*entry) for entry in entries))
        return FinalBlock(block or body.block, commit)

    def hand_in(self, body: Body, proposal: Proposal) -> None:
        """A proposal with its whole block, as a peer sends them."""
        self.driver.take_proposal(proposal)
        for part in body.parts:
            self.driver.take_part(part, PEER)

    def offer(self, encoded: bytes) -> None:
        """A final block from a peer."""
        self.outlet.finals.append((PEER, encoded))
        self.driver.take_finals()

    def own_votes(self, type_: Uint) -> list[bytes]:
        """The targets of what the driver's validator voted, in order."""
        return [vote.target for vote in self.outlet.votes if vote.type == type_]


def invalid(body: Body) -> Body:
    """A body that breaks a rule: it claims another state."""
    return body_of(with_header(body.block, state_root=Hash(bytes(32))))
