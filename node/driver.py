"""Between consensus and the world: feeds `step` its inputs one at a time and does what it asks, in order.

Signing rule (architecture.md, Consensus): guard and fsync the signer's state, append to the log and fsync, only then
publish and feed back. Replay of the log ends before network votes or timers are taken.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Final, Protocol

from chain.consensus.certificates import commit_of
from chain.consensus.early import EarlyMessages
from chain.consensus.effects import (
    Decide,
    Effect,
    GetValue,
    InvalidBlockDecided,
    ReportEquivocation,
    RequestBlock,
    ScheduleTimeout,
    SignAndPublishProposal,
    SignAndPublishVote,
    StepChanged,
)
from chain.consensus.inputs import (
    BlockJudged,
    Input,
    ProposalReceived,
    ProposedValue,
    StartHeight,
    TimeoutElapsed,
    VoteReceived,
)
from chain.consensus.repeats import Status, status
from chain.consensus.resume import resume
from chain.consensus.state import Step, initial_state
from chain.consensus.step import step, wanted_blocks, wants_proposal
from chain.consensus.timing import Timing, is_timely, timeout_ms
from chain.types.parts import BlockPart
from chain.types.scalars import BlockId, Height, Round, Timestamp
from chain.types.sync import FinalBlock
from chain.types.vote import DuplicateVote, Proposal, Vote
from node.bodies import Bodies, Body, body_from, proposal_matches
from node.consensus_log import ConsensusLog
from node.errors import NodeError
from node.executor import Executor
from node.signer import Refused, Signer

MAX_EVIDENCE: Final = 16
CATCHING_UP_PAUSE_S: Final = 1.0

log = logging.getLogger(__name__)


class InvalidBlockFinal(NodeError):
    """More than 2/3 of the power committed a block that this node holds invalid: its rules or its state differ."""

    code = 7020

    def __init__(self, height: Height, block_id: BlockId) -> None:
        super().__init__(
            f"the network committed block 0x{block_id.hex()} at height {height}, which this node holds invalid. "
            "Stop, compare software versions, and start again from an emptied data folder."
        )
        self.height, self.block_id = height, block_id


class Outlet(Protocol):
    """Where the driver's words go: the relay."""

    def publish_vote(self, vote: Vote) -> None: ...
    def publish_proposal(self, proposal: Proposal) -> None: ...
    def publish_part(self, part: BlockPart) -> None: ...
    def tell_status(self, status: Status) -> None: ...


class Driver:
    """One per node. All methods run on the event loop; blocks are executed, signed and logged in threads."""

    def __init__(
        self,
        executor: Executor,
        signer: Signer | None,
        consensus_log: ConsensusLog,
        outlet: Outlet,
        clock: Callable[[], int],
        timing: Timing,
    ) -> None:
        self._executor, self._signer, self._log = executor, signer, consensus_log
        self._outlet, self._clock, self._timing = outlet, clock, timing
        self.state = initial_state(None if signer is None else signer.public_key)
        self.bodies = Bodies(Height(0))
        self._inbox: asyncio.Queue[Input | FinalBlock | None] = asyncio.Queue()  # None: it is time for the next height
        self._own: deque[Input] = deque()  # signed here and logged, to be fed back
        self._early = EarlyMessages(Height(1))
        self._evidence: list[DuplicateVote] = []
        self._tasks: asyncio.TaskGroup | None = None
        self._next_start: asyncio.TimerHandle | None = None
        self.best_peer_height = Height(0)

    # What the relay calls

    @property
    def height(self) -> Height:
        """The height that is being decided, or was last."""
        return self.state.height

    def status(self) -> Status:
        """What this node tells its peers."""
        return status(self.state)

    def take_vote(self, vote: Vote) -> bool:
        """A vote whose signature holds; False when it is of no use now."""
        if vote.height == self.state.height + 1:
            self._early = self._early.with_vote(vote)
            return True
        if vote.height != self.state.height:
            return False
        self._inbox.put_nowait(VoteReceived(vote))
        return True

    def take_proposal(self, proposal: Proposal) -> bool:
        """A proposal whose signature holds; False when it is of no use now."""
        if proposal.height == self.state.height + 1:
            self._early = self._early.with_proposal(proposal)
            return True
        if self._is_behind_tip(proposal.height) or not wants_proposal(self.state, proposal):
            return False
        known = self.bodies.whole.get(proposal.block_id)
        received = Timestamp(self._clock())
        body = known or self.bodies.expect(proposal, received)
        if body is not None:
            self.bodies.expect(proposal, received)
            self._spawn_judge(body)
        return True

    def take_part(self, part: BlockPart) -> bool:
        """A block part; False when it is of no use now. Raises WrongPart or a CodecError."""
        if part.height not in (self.bodies.height, self.bodies.height + 1):
            return False
        new, body = self.bodies.add(part, wanted=bool(wanted_blocks(self.state)))
        if body is not None:
            self._spawn_judge(body)
        return new

    def take_final(self, final: FinalBlock) -> None:
        """A committed block from a peer, not yet checked."""
        self._inbox.put_nowait(final)

    # The loop

    async def run(self) -> None:
        """Recover from the log, then consensus for ever."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            await self._recover()
            while True:
                event = await self._inbox.get()
                if event is None:
                    await self._start_height()
                elif isinstance(event, FinalBlock):
                    await self._take_final(event)
                else:
                    await self._feed(event)

    async def _recover(self) -> None:
        tip = self._executor.ledger.tip
        height = Height(tip.height + 1)
        inputs, blocks = await self._executor.on_disk(self._log.replay, height)
        self.bodies.reset(height)
        for encoded in blocks:
            body = body_from(encoded)
            self.bodies.whole[body.id] = body
            self.bodies.judged[body.id] = await self._executor.judge(body.block)
        self.state, effects = resume(self.state, inputs)
        await self._perform_all(effects)
        if self.state.height != height:
            self._schedule_start()

    async def _feed(self, event: Input) -> None:
        """An input that is not of the own signer: into the log, then into `step`."""
        late_precommit = isinstance(event, VoteReceived) and self.state.step == Step.DECIDED
        if self._is_behind_tip(_height_of(event)) and not late_precommit:
            return
        state, effects = step(self.state, event)
        if state is self.state and not effects:
            return  # a repeat: nothing to remember
        if not late_precommit:
            await self._executor.on_disk(self._log.append, event)
        self.state = state
        await self._perform_all(effects)

    async def _perform_all(self, effects: list[Effect]) -> None:
        """Do what was asked in order; own messages that this signed are fed back behind it, never in between."""
        for effect in effects:
            await self._perform(effect)
        while self._own:
            self.state, more = step(self.state, self._own.popleft())
            for effect in more:
                await self._perform(effect)

    async def _perform(self, effect: Effect) -> None:
        match effect:
            case GetValue(height, round_):
                self._spawn(self._build(height, round_))
            case SignAndPublishProposal():
                await self._propose(effect)
            case SignAndPublishVote():
                await self._vote(effect)
            case ScheduleTimeout(kind, height, round_):
                delay = timeout_ms(kind, round_, self._timing) / 1000
                elapsed = TimeoutElapsed(kind, height, round_)
                asyncio.get_running_loop().call_later(delay, self._inbox.put_nowait, elapsed)
            case StepChanged() | RequestBlock():
                self._outlet.tell_status(self.status())
            case ReportEquivocation(evidence):
                log.warning(
                    "validator %s signed twice at height %s", evidence.first.validator.hex(), evidence.first.height
                )
                self._evidence = [*self._evidence, evidence][-MAX_EVIDENCE:]
            case Decide(_, _, block_id, commit):
                await self._commit(FinalBlock(self.bodies.whole[block_id].block, commit))
            case InvalidBlockDecided(height, _, block_id):
                raise InvalidBlockFinal(height, block_id)

    # Proposing and voting

    async def _build(self, height: Height, round_: Round) -> None:
        if self._signer is None or self._is_behind_tip(height):
            return
        built = await self._executor.build(self._signer, Timestamp(self._clock()), tuple(self._evidence))
        if self._is_behind_tip(height):
            return
        body = self.bodies.keep(built.block)
        self.bodies.judged[body.id] = True
        await self._executor.on_disk(self._log.append_body, body.encoded)
        self._inbox.put_nowait(ProposedValue(height, round_, body.id, body.header))

    async def _propose(self, wanted: SignAndPublishProposal) -> None:
        if self._signer is None:
            return
        await self._executor.on_disk(self._log.sync)  # what the signature rests on must not be lost before it
        proposal = await self._executor.on_disk(
            self._signer.sign_proposal,
            wanted.height,
            wanted.round,
            wanted.valid_round,
            wanted.block_id,
            wanted.parts,
        )
        if isinstance(proposal, Refused):
            log.warning("no proposal at height %s, round %s: signed %s already", *proposal.asked[:2], proposal.last)
            return
        event = ProposalReceived(proposal, True, True)
        await self._executor.on_disk(self._log.append_own, event)
        self._outlet.publish_proposal(proposal)
        for part in self.bodies.whole[proposal.block_id].parts:
            self._outlet.publish_part(part)
        self._own.append(event)

    async def _vote(self, wanted: SignAndPublishVote) -> None:
        if self._signer is None:
            return
        await self._executor.on_disk(self._log.sync)
        vote = await self._executor.on_disk(
            self._signer.sign_vote, wanted.type, wanted.height, wanted.round, wanted.target
        )
        if isinstance(vote, Refused):
            log.warning("no vote at height %s, round %s: signed %s already", *vote.asked[:2], vote.last)
            return
        event = VoteReceived(vote)
        await self._executor.on_disk(self._log.append_own, event)
        self._outlet.publish_vote(vote)
        self._own.append(event)

    # Judging blocks

    def _spawn_judge(self, body: Body) -> None:
        self._spawn(self._judge(body))

    async def _judge(self, body: Body) -> None:
        if body.block.height != self.state.height or self._is_behind_tip(body.block.height):
            return
        if body.id not in self.bodies.judged:
            valid = await self._executor.judge(body.block)
            if body.block.height != self.bodies.height:
                return
            if valid:
                await self._executor.on_disk(self._log.append_body, body.encoded)
            self.bodies.judged[body.id] = valid
        valid = self.bodies.judged[body.id]
        awaited = [entry for entry in self.bodies.awaited.values() if entry.proposal.block_id == body.id]
        for entry in awaited:
            if proposal_matches(
                body, entry.proposal
            ):  # else its proposer lies about somebody's block: not the block's fault
                timely = is_timely(body.block.header.time, entry.received, entry.proposal.round, self._timing)
                self._inbox.put_nowait(ProposalReceived(entry.proposal, valid, timely))
        if not awaited:
            self._inbox.put_nowait(BlockJudged(body.block.height, body.id, body.header, valid))

    # Final blocks

    async def _take_final(self, final: FinalBlock) -> None:
        if final.block.height != self._executor.ledger.tip.height + 1:
            return
        if await self._executor.judge_final(final):
            await self._commit(final)

    async def _commit(self, final: FinalBlock) -> None:
        height = final.block.height
        await self._executor.commit(final)
        await self._executor.on_disk(self._log.end_height, height)
        self._evidence = [piece for piece in self._evidence if piece not in final.block.evidence]
        self._outlet.tell_status(self.status())
        self._schedule_start()

    def _schedule_start(self) -> None:
        """The next height starts one block time after the tip's own time; later while peers are ahead."""
        if self._next_start is not None:
            self._next_start.cancel()
        ledger = self._executor.ledger
        behind = self.best_peer_height > ledger.tip.height + 1
        pause = (ledger.tip.time + ledger.params.block_time_ms - self._clock()) / 1000
        delay = CATCHING_UP_PAUSE_S if behind else min(max(pause, 0.0), ledger.params.block_time_ms / 1000)
        self._next_start = asyncio.get_running_loop().call_later(delay, self._inbox.put_nowait, None)

    async def _start_height(self) -> None:
        ledger = self._executor.ledger
        height = Height(ledger.tip.height + 1)
        if self.state.height >= height:
            return
        if self.state.step == Step.DECIDED and self.state.height == ledger.tip.height and self.state.votes.decided:
            self._executor.ledger.last_commit = commit_of(self.state.votes, ledger.tip.height)
        self.bodies.reset(height)
        await self._feed(StartHeight(height, ledger.validators(height)))
        early, self._early = self._early, EarlyMessages(Height(height + 1))
        if early.height == height:
            for vote in early.votes.values():
                self.take_vote(vote)
            for proposal in early.proposals.values():
                self.take_proposal(proposal)

    # Small things

    def _is_behind_tip(self, height: Height) -> bool:
        return height <= self._executor.ledger.tip.height

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        if self._tasks is not None:
            self._tasks.create_task(work)


def _height_of(event: Input) -> Height:
    match event:
        case VoteReceived(vote):
            return vote.height
        case ProposalReceived(proposal):
            return proposal.height
        case StartHeight() | BlockJudged() | TimeoutElapsed() | ProposedValue():
            return event.height
    raise TypeError(f"{type(event).__name__} is no input of consensus")
