"""The node's two threads beside the event loop: one executes and commits blocks, one signs and writes the log.

Both are single, so that what they guard needs no locks; signing never waits behind a block's execution.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, ParamSpec, TypeVar

from chain.mempool import Mempool
from chain.proposer import Built, Proposer
from chain.types.block import Block
from chain.types.scalars import BlockId, Height, Nonce, Timestamp, ValidatorId
from chain.types.sync import FinalBlock
from chain.types.vote import DuplicateVote
from crypto.beacon import header_alpha
from crypto.errors import ClusterError
from node.hub import BlockFinal, Hub
from node.ledger import Ledger
from node.signer import Signer

REFUSALS_KEPT: Final = 64

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


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
        self.refusals: deque[Refusal] = deque(maxlen=REFUSALS_KEPT)
        self._execution = ThreadPoolExecutor(1, thread_name_prefix="execution")
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="disk")

    async def on_disk(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking signing or logging in its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._disk, lambda: work(*args, **kwargs))

    async def in_execution(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something in the execution thread, after whatever it is doing."""
        return await asyncio.get_running_loop().run_in_executor(self._execution, lambda: work(*args, **kwargs))

    async def judge(self, block: Block) -> bool:
        """Execute a proposed block: does it obey every rule? What is refused is remembered for operators."""
        try:
            await self.in_execution(self.ledger.judge, block)
        except ClusterError as error:
            block_id = block.header.id()
            log.warning("block %s at height %s is invalid: %s", block_id.hex(), block.height, error)
            self.refusals.append(Refusal(block.height, block_id, block.header.proposer, error.code, str(error)))
            return False
        return True

    async def judge_final(self, final: FinalBlock) -> bool:
        """Check a committed block from a peer and execute it."""
        try:
            await self.in_execution(self.ledger.judge_final, final)
        except ClusterError as error:
            log.warning("a peer's final block %s was refused: %s", final.block.height, error)
            return False
        return True

    async def build(self, signer: Signer, time: Timestamp, evidence: tuple[DuplicateVote, ...]) -> Built:
        """Build the next block from the mempool."""
        candidates = list(self._mempool.candidates())
        tip = self.ledger.tip
        alpha = header_alpha(Height(tip.height + 1), tip.beacon_output)
        proposer = Proposer(signer.public_key, *signer.prove_beacon(alpha))
        built = await self.in_execution(self.ledger.build, candidates, proposer, time, evidence)
        for hash_ in built.refused:
            self._mempool.remove(hash_)
        return built

    async def commit(self, final: FinalBlock) -> BlockFinal:
        """Make a judged block final here: database, mempool, subscribers, in this order."""
        news = await self.in_execution(self.ledger.commit, final)
        nonces = {transaction.sender: Nonce(transaction.envelope.nonce + 1) for transaction in news.transactions}
        self._mempool.after_block(sorted(nonces.items()), final.block.height)
        self._hub.announce(news)
        return news

    def close(self) -> None:
        """Wait for both threads to finish what they do."""
        self._execution.shutdown()
        self._disk.shutdown()
