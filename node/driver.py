"""Between consensus and the world: feeds `step` its inputs one at a time and does what it asks, in order.

Signing rule (architecture.md, Consensus; node/signing.py): sync the log, sign under the guard, log the own message,
only then publish and feed back. Replay of the log ends before network votes or timers are taken.

Peers cannot make this queue grow: a vote is taken only while it would change the tally, and so many of each validator;
a round has one proposal; of final blocks the inbox holds one word that there are some.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import Final

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
    height_of,
)
from chain.consensus.repeats import Status, stored_status
from chain.consensus.resume import resume
from chain.consensus.state import Step, initial_state
from chain.consensus.step import step, wanted_blocks, wants_proposal
from chain.consensus.timing import Timing, timeout_ms
from chain.consensus.votes import FUTURE_ROUNDS
from chain.types.parts import BlockPart
from chain.types.scalars import Height, Round, Timestamp, ValidatorId
from chain.types.sync import FinalBlock
from chain.types.vote import Proposal, Vote
from node.bodies import Bodies, Body, body_from, body_of
from node.consensus_log import ConsensusLog
from node.errands import Errands
from node.evidence import EvidenceFile
from node.executor import Executor
from node.ledger import InvalidBlockFinal
from node.outlet import Outlet
from node.signer import Signs
from node.signing import Unsigned, sign_proposal, sign_vote
from p2p.address import NodeId

MAX_WAITING: Final = 4_096  # inputs in the inbox before votes are turned away: repeats bring them again
VOTES_PER_ROUND: Final = 8  # of one validator: two, what two faces of it would send, and as much again
CATCHING_UP_PAUSE_S: Final = 1.0
UNSIGNED_PAUSE_S: Final = 0.25  # before a vote is asked of a signer that was away again

log = logging.getLogger(__name__)


class Wake(Enum):
    """What comes through the inbox beside inputs of consensus."""

    NEXT_HEIGHT = "it is time for the next height"
    FINAL_BLOCKS = "peers have sent final blocks"
    STOP = "the node is to end"


class Driver:
    """One per node. All methods run on the event loop; blocks are executed, signed and logged in threads."""

    def __init__(
        self,
        executor: Executor,
        signer: Signs | None,
        consensus_log: ConsensusLog,
        evidence: EvidenceFile,
        outlet: Outlet,
        clock: Callable[[], int],
        timing: Timing,
    ) -> None:
        self._executor, self._signer, self._log, self._evidence = executor, signer, consensus_log, evidence
        self._outlet, self._clock, self._timing = outlet, clock, timing
        tip = executor.ledger.tip.height
        self.state = replace(initial_state(None if signer is None else signer.public_key), height=tip)
        self.bodies = Bodies(tip)
        self._inbox: asyncio.Queue[Input | Wake | Unsigned] = asyncio.Queue()
        self._own: deque[Input] = deque()  # signed here and logged, to be fed back
        self._early = EarlyMessages(Height(tip + 1))
        self._votes_taken: dict[ValidatorId, int] = {}
        self._waiting_votes: set[Vote] = set()  # in the inbox
        self._errands = Errands()
        self._next_start: asyncio.TimerHandle | None = None
        self._told_of_finals = False
        self._stopping, self._ended = False, asyncio.Event()
        self.best_peer_height = Height(0)

    # What the relay calls

    @property
    def height(self) -> Height:
        """The height that is being decided, or was last."""
        return Height(max(self.state.height, self._executor.ledger.tip.height))

    def status(self) -> Status:
        """What this node tells its peers."""
        return stored_status(self.state, self._executor.ledger.tip.height)

    def wants_vote(self, vote: Vote) -> bool:
        """Would a vote change anything, and has its validator not used up what one may say at a height?"""
        if vote.height == self.state.height + 1:
            return vote.round <= FUTURE_ROUNDS and self._early.with_vote(vote) is not self._early
        if vote.height != self.state.height or vote in self._waiting_votes or self._inbox.qsize() >= MAX_WAITING:
            return False
        if self._votes_taken.get(vote.validator, 0) >= VOTES_PER_ROUND * (self.state.round + 1 + FUTURE_ROUNDS):
            return False
        votes, _ = self.state.votes.add(vote, self.state.round, self.state.validators)
        return votes is not self.state.votes

    def take_vote(self, vote: Vote) -> bool:
        """A vote whose signature holds; False when it is of no use now."""
        if not self.wants_vote(vote):
            return False
        if vote.height == self.state.height + 1:
            self._early = self._early.with_vote(vote)
            return True
        self._votes_taken[vote.validator] = self._votes_taken.get(vote.validator, 0) + 1
        self._waiting_votes.add(vote)
        self._inbox.put_nowait(VoteReceived(vote))
        return True

    def take_proposal(self, proposal: Proposal) -> bool:
        """A proposal whose signature holds; False when it is of no use now. The first of a round counts."""
        if proposal.height == self.state.height + 1:
            before = self._early
            if proposal.round <= FUTURE_ROUNDS:
                self._early = before.with_proposal(proposal)
            return self._early is not before
        if self._is_behind_tip(proposal.height) or not wants_proposal(self.state, proposal):
            return False
        if proposal.round in self.bodies.awaited:
            return False
        encoded = self.bodies.expect(proposal, Timestamp(self._clock()))
        known = self.bodies.whole.get(proposal.block_id)
        if known is not None:
            self._errands.start(self._judge(known))
        elif encoded is not None:
            self._errands.start(self._open(encoded))
        return True

    def take_part(self, part: BlockPart, peer: NodeId) -> bool:
        """A block part; False when it is of no use to others now. Raises WrongPart."""
        if part.height not in (self.bodies.height, self.bodies.height + 1):
            return False
        news, encoded = self.bodies.add(part, peer, wanted=bool(wanted_blocks(self.state)))
        if encoded is not None:
            self._errands.start(self._open(encoded))
        return news

    def take_finals(self) -> None:
        """The outlet has final blocks."""
        if not self._told_of_finals:
            self._told_of_finals = True
            self._inbox.put_nowait(Wake.FINAL_BLOCKS)

    async def stop(self) -> None:
        """Begin nothing more; returns once what is under way is done: a step with its signature, a block's commit."""
        self._stopping = True
        self._inbox.put_nowait(Wake.STOP)
        await self._ended.wait()

    # The loop

    async def run(self) -> None:
        """Recover from the log, then consensus until cancelled. Raises UpgradeNeeded, InvalidBlockFinal, the fatal."""
        async with asyncio.TaskGroup() as tasks:
            self._errands.group = tasks
            if await self._recover():
                self._take_early(self.state.height)
            else:
                self._schedule_start()
            while not self._stopping:
                event = await self._inbox.get()
                if event is Wake.NEXT_HEIGHT:
                    await self._start_height()
                elif event is Wake.FINAL_BLOCKS:
                    await self._take_finals()
                elif isinstance(event, Unsigned):
                    await self._sign_late(event)
                elif not isinstance(event, Wake):
                    await self._feed(event)
            self._ended.set()
            await asyncio.Event().wait()

    async def _recover(self) -> bool:
        """Take up the next height from its log; False if that has nothing.

        Not only at the start: a database that lost blocks, or was fetched anew, catches up to what its log knows.
        """
        height = Height(self._executor.ledger.tip.height + 1)
        inputs, blocks = await self._executor.on_disk(self._log.replay, height)
        self.bodies.reset(height)
        for encoded in blocks:
            body = await self._executor.in_execution(body_from, encoded)
            self.bodies.keep(body, await self._executor.judge(body.block))
        self.state, effects = resume(self.state, inputs)
        await self._perform_all(effects)
        return self.state.height == height

    async def _feed(self, event: Input) -> None:
        """An input that is not of the own signer: into the log, then into `step`."""
        late_precommit = isinstance(event, VoteReceived) and self.state.step == Step.DECIDED
        if isinstance(event, VoteReceived):
            self._waiting_votes.discard(event.vote)
        if self._is_behind_tip(height_of(event)) and not late_precommit:
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
                self._errands.start(self._build(height, round_))
            case SignAndPublishProposal():
                await self._propose(effect)
            case SignAndPublishVote():
                await self._vote(effect)
            case ScheduleTimeout(kind, height, round_):
                delay = timeout_ms(kind, round_, self._timing) / 1000
                elapsed = TimeoutElapsed(kind, height, round_)
                asyncio.get_running_loop().call_later(delay, self._inbox.put_nowait, elapsed)
            case StepChanged():
                self._outlet.tell_status(self.status())
            case RequestBlock(_, _, block_id):
                if block_id in self.bodies.whole:
                    self._errands.start(self._judge(self.bodies.whole[block_id]))
                self._outlet.tell_status(self.status())
            case ReportEquivocation(evidence):
                await self._executor.on_disk(self._evidence.add, evidence)
            case Decide(_, _, block_id, commit):
                await self._commit(FinalBlock(self.bodies.whole[block_id].block, commit))
            case InvalidBlockDecided(height, _, block_id):
                raise InvalidBlockFinal(height, block_id, "see the refusals in its log")

    # Proposing and voting

    async def _build(self, height: Height, round_: Round) -> None:
        if self._signer is None or self._is_behind_tip(height):
            return
        built = await self._executor.build(self._signer, Timestamp(self._clock()), self._evidence.pieces)
        if built is None:
            return
        body = await self._executor.in_execution(body_of, built.block)
        if self._is_behind_tip(height):
            return  # the log is the next height's by now, or will be before it takes this
        self.bodies.keep(body, True)
        await self._executor.on_disk(self._log.append_body, body.encoded)
        self._inbox.put_nowait(ProposedValue(height, round_, body.id, body.header))

    async def _propose(self, wanted: SignAndPublishProposal) -> None:
        if self._signer is None:
            return
        event = await self._executor.on_disk(sign_proposal, self._log, self._signer, wanted)
        if event is None:
            return
        self._outlet.publish_proposal(event.proposal)
        for part in self.bodies.whole[event.proposal.block_id].parts:
            self._outlet.publish_part(part)
        self._own.append(event)

    async def _vote(self, wanted: SignAndPublishVote) -> None:
        if self._signer is None:
            return
        event = await self._executor.on_disk(sign_vote, self._log, self._signer, wanted)
        if isinstance(event, VoteReceived):
            self._outlet.publish_vote(event.vote)
            self._own.append(event)
        elif isinstance(event, Unsigned):
            asyncio.get_running_loop().call_later(UNSIGNED_PAUSE_S, self._inbox.put_nowait, event)

    async def _sign_late(self, unsigned: Unsigned) -> None:
        """Ask again for a vote, while its round lasts and its height is not final: then that height's log is closed."""
        if (unsigned.wanted.height, unsigned.wanted.round) == (self._executor.ledger.tip.height + 1, self.state.round):
            await self._perform_all([unsigned.wanted])

    # Judging blocks

    async def _open(self, encoded: bytes) -> None:
        """Decode what parts made whole, and judge it if it is a block that somebody asked for."""
        body = await self._executor.open_body(encoded)
        if body is None or body.block.height != self.bodies.height:
            return
        wanted = body.id in wanted_blocks(self.state) or self.bodies.announced(body)
        if wanted or self.bodies.is_expected(body):  # a proposal may lie about a block that will be wanted later
            self.bodies.whole.setdefault(body.id, body)
        if wanted:
            await self._judge(body)

    async def _judge(self, body: Body) -> None:
        height = body.block.height
        if height != self.state.height or self._is_behind_tip(height) or body.id in self.bodies.judging:
            return
        if body.id not in self.bodies.judged:
            self.bodies.judging.add(body.id)
            valid = await self._executor.judge(body.block)
            if self._is_behind_tip(height):
                return  # as in _build
            if valid:
                await self._executor.on_disk(self._log.append_body, body.encoded)
            self.bodies.judging.discard(body.id)
            self.bodies.judged[body.id] = valid
        valid, announced = self.bodies.judged[body.id], self.bodies.announced(body)
        for entry in announced:
            self._inbox.put_nowait(ProposalReceived(entry.proposal, valid, entry.is_timely(body, self._timing)))
        if not announced:
            self._inbox.put_nowait(BlockJudged(height, body.id, body.header, valid))

    # Final blocks

    async def _take_finals(self) -> None:
        self._told_of_finals = False
        while (offered := self._outlet.next_final(Height(self._executor.ledger.tip.height + 1))) is not None:
            peer, encoded = offered
            final = await self._executor.judge_final(encoded)
            if final is None:
                self._outlet.final_failed(peer)
            else:
                await self._commit(final)

    async def _commit(self, final: FinalBlock) -> None:
        await self._executor.commit(final)
        await self._executor.on_disk(self._log.end_height, final.block.height)
        if final.block.evidence:
            await self._executor.on_disk(self._evidence.forget, final.block.evidence)
        self._outlet.tell_status(self.status())
        self._executor.ledger.require_known()
        self._schedule_start()

    def _schedule_start(self) -> None:
        """The next height starts one block time after the tip's own time; later while peers are ahead."""
        if self._next_start is not None:
            self._next_start.cancel()
        ledger = self._executor.ledger
        behind = self.best_peer_height > ledger.tip.height + 1
        pause = (ledger.tip.time + ledger.params.block_time_ms - self._clock()) / 1000
        delay = CATCHING_UP_PAUSE_S if behind else min(max(pause, 0.0), ledger.params.block_time_ms / 1000)
        self._next_start = asyncio.get_running_loop().call_later(delay, self._inbox.put_nowait, Wake.NEXT_HEIGHT)

    async def _start_height(self) -> None:
        ledger = self._executor.ledger
        height = Height(ledger.tip.height + 1)
        if self.state.height >= height:
            return
        if self.state.step == Step.DECIDED and self.state.height == ledger.tip.height and self.state.votes.decided:
            ledger.last_commit = commit_of(self.state.votes, ledger.tip.height)
        self._votes_taken.clear()
        if not await self._recover():
            await self._feed(StartHeight(height, ledger.validators(height)))
        self._take_early(height)

    def _take_early(self, height: Height) -> None:
        early, self._early = self._early, EarlyMessages(Height(height + 1))
        if early.height == height:
            for vote in early.votes.values():
                self.take_vote(vote)
            for proposal in early.proposals.values():
                self.take_proposal(proposal)

    def _is_behind_tip(self, height: Height) -> bool:
        return height <= self._executor.ledger.tip.height
