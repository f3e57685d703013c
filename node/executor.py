"""The node's threads beside the event loop: one executes and commits blocks, one signs and writes the log, two read.

The first two are single, so that what they guard needs no locks; signing never waits behind a block's execution, and
neither waits for what peers and RPC clients want to read.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from threading import Event
from typing import Final, ParamSpec, TypeVar

from chain.codec import decode
from chain.errors import FAULTS
from chain.execution import fees
from chain.execution.transaction import WrongFork
from chain.execution.upgrades import Upgrade, pending_upgrade
from chain.mempool import Mempool
from chain.proposer import Built, Proposer
from chain.types.block import Block
from chain.types.receipt import OK
from chain.types.scalars import AccountId, BlockId, Hash, Height, Nonce, Timestamp, ValidatorId
from chain.types.sync import FinalBlock
from chain.types.vote import DuplicateVote
from crypto.beacon import header_alpha
from crypto.errors import ClusterError
from node.bodies import Body, body_from
from node.errors import NodeError
from node.hub import BlockFinal, Hub
from node.ledger import Ledger
from node.remote_signer.errors import SignerAway
from node.signer import Signs

REFUSALS_KEPT: Final = 64
READERS: Final = 2
CANDIDATES: Final = 2  # blocks' worth of transactions that a proposer tries

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


class FaultyRule(NodeError):
    """The code of a rule failed on a block, instead of judging it. The block is held invalid."""

    code = 7022

    def __init__(self, fault: Exception) -> None:
        super().__init__(
            f"this node failed on the block ({fault!r:.200}) and holds it invalid. Report it with the node's log."
        )
        self.fault = f"{fault!r:.200}"


async def _in_thread(pool: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run something in a pool, which logs under the same request as the caller."""
    context = copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, lambda: context.run(work, *args, **kwargs))


def spent_in(news: BlockFinal) -> tuple[dict[AccountId, Nonce], list[bytes]]:
    """The next nonces of the accounts that paid in a block, and the nullifiers that it used up.

    What fails in a block costs its nonce and leaves its nullifiers as they were.
    """
    envelopes = [transaction.envelope for transaction in news.transactions]
    nonces = {envelope.sender: Nonce(envelope.nonce + 1) for envelope in envelopes if not envelope.proof_paid}
    applied = (envelope for envelope, receipt in zip(envelopes, news.receipts[:-1], strict=True) if receipt.code == OK)
    return nonces, [unique for envelope in applied for unique in envelope.uniques]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A proposed block that this node holds invalid, and the rule that it breaks."""

    height: Height
    block_id: BlockId
    proposer: ValidatorId
    code: int
    reason: str


class Executor:
    """Runs the ledger in its thread and tells mempool and subscribers what became final."""

    def __init__(self, ledger: Ledger, mempool: Mempool, hub: Hub) -> None:
        self.ledger, self._mempool, self._hub = ledger, mempool, hub
        self._upgrade: Upgrade | None = None  # that the log has told of
        self.refusals: deque[Refusal] = deque(maxlen=REFUSALS_KEPT)
        self._execution = ThreadPoolExecutor(1, thread_name_prefix="execution")
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="disk")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._answers = ThreadPoolExecutor(1, thread_name_prefix="answers")
        self._snapshots = ThreadPoolExecutor(1, thread_name_prefix="snapshots")
        self._upkeep = ThreadPoolExecutor(1, thread_name_prefix="upkeep")
        self._closing = Event()

    async def on_disk(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking signing or logging in its thread."""
        return await _in_thread(self._disk, work, *args, **kwargs)

    async def in_execution(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something in the execution thread, after whatever it is doing."""
        return await _in_thread(self._execution, work, *args, **kwargs)

    async def reading(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that reads committed data for others."""
        return await _in_thread(self._readers, work, *args, **kwargs)

    async def reading_for_peers(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for other nodes, who never wait behind RPC: on their statuses hang the repeats of votes."""
        return await _in_thread(self._answers, work, *args, **kwargs)

    async def in_upkeep(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what an operator asked for and may take minutes, one at a time; it looks at `is_closing` now and then."""
        return await _in_thread(self._upkeep, work, *args, **kwargs)

    def is_closing(self) -> bool:
        """Whether `close` waits for what runs in upkeep."""
        return self._closing.is_set()

    async def serving_snapshots(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for nodes that fetch the state, who wait for each other and for nobody else."""
        return await _in_thread(self._snapshots, work, *args, **kwargs)

    async def open_body(self, encoded: bytes) -> Body | None:
        """Decode what parts made whole; None when it is no block."""
        try:
            return await self.in_execution(body_from, encoded)
        except ClusterError as error:
            log.warning("the parts of a block make no block: %s", error)
            return None

    async def judge(self, block: Block) -> bool:
        """Execute a proposed block: does it obey every rule? What is refused is remembered for operators.

        Raises what is fatal.
        """
        try:
            await self.in_execution(self.ledger.judge, block)
        except FAULTS as fault:
            log.exception("a rule failed on the block of height %s", block.height)
            self._refuse(block, FaultyRule(fault))
            return False
        except ClusterError as error:
            if error.fatal:
                raise
            self._refuse(block, error)
            return False
        return True

    def _refuse(self, block: Block, error: ClusterError) -> None:
        block_id = block.header.id()
        log.warning("block %s at height %s is invalid: %s", block_id.hex(), block.height, error)
        self.refusals.append(Refusal(block.height, block_id, block.header.proposer, error.code, str(error)))

    async def judge_final(self, encoded: bytes) -> FinalBlock | None:
        """Check and execute a FinalBlock from a peer; None when it proves nothing. Raises what is fatal."""
        try:
            final = await self.in_execution(decode, FinalBlock, encoded)
            await self.in_execution(self.ledger.judge_final, final)
        except FAULTS:
            log.exception("a peer's final block could not be judged")
            return None
        except ClusterError as error:
            if error.fatal:
                raise
            log.warning("a peer's final block was refused: %s", error)
            return None
        return final

    async def build(self, signer: Signs, time: Timestamp, evidence: tuple[DuplicateVote, ...]) -> Built | None:
        """Build the next block from the mempool; None when that failed. Raises what is fatal."""
        ledger, params = self.ledger, self.ledger.params
        candidates = self._mempool.best(
            fees.read_base_fee(ledger.view), CANDIDATES * params.max_block_bytes, CANDIDATES * params.max_block_work
        )
        alpha = header_alpha(Height(ledger.tip.height + 1), ledger.tip.beacon_output)
        try:
            beacon = await self.on_disk(signer.prove_beacon, alpha)
            proposer = Proposer(signer.public_key, *beacon)
            built = await self.in_execution(ledger.build, candidates, proposer, time, evidence)
        except SignerAway as away:
            log.warning("no block is built: %s", away)
            return None
        except FAULTS:
            log.exception("building a block failed")
            return None
        except ClusterError as error:
            if error.fatal:
                raise
            log.exception("building a block failed")
            return None
        for hash_ in built.refused:
            self._mempool.remove(hash_)
        return built

    async def commit(self, final: FinalBlock) -> BlockFinal:
        """Make a judged block final here: database, mempool, subscribers, in this order."""
        fork = self.ledger.next_block.fork
        news = await self.in_execution(self.ledger.commit, final)
        nonces, used = spent_in(news)
        self._mempool.after_block(sorted(nonces.items()), final.block.height, used)
        self._hub.announce(news)
        if self.ledger.next_block.fork != fork:
            self._refuse_old_forks(self.ledger.next_block.fork.id)
        self._tell_of_upgrade()
        return news

    def _tell_of_upgrade(self) -> None:
        """The log says once that an upgrade lies ahead, and whether this program will stop there."""
        ledger = self.ledger
        ahead = pending_upgrade(ledger.view, ledger.tip.height)
        if ahead is not None and ahead != self._upgrade:
            stops = "this program knows it" if ahead.app_version in ledger.chain.app_versions else "install a release"
            log.warning(
                "upgrade %r to application version %s comes at height %s (%s): %s",
                *(ahead.name, ahead.app_version, ahead.height, ahead.info, stops),
            )
        self._upgrade = ahead

    def _refuse_old_forks(self, fork_id: Hash) -> None:
        """What waits and was signed before the upgrade can stand in no block any more."""
        for transaction in self._mempool.drop_forks_but(fork_id):
            self._hub.refuse(transaction.hash, WrongFork(fork_id, transaction.envelope.fork_id))

    def close(self) -> None:
        """Wait for the threads to finish what they do; what waits for a reader is dropped."""
        self._closing.set()
        self._upkeep.shutdown(cancel_futures=True)
        self._readers.shutdown(cancel_futures=True)
        self._answers.shutdown(cancel_futures=True)
        self._snapshots.shutdown(cancel_futures=True)
        self._execution.shutdown()
        self._disk.shutdown()
