"""A consensus node of the simulator: the real `step`, `resume`, repeats and Signer, and a driver in a hundred lines.

The application is a chain of opaque values; a value says itself whether it is valid, so tests can propose bad ones.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from chain.codec import decode, encode, wire
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
from chain.consensus.repeats import Status, repeats_for, status
from chain.consensus.resume import resume
from chain.consensus.state import Step, initial_state
from chain.consensus.step import wanted_blocks, wants_proposal
from chain.consensus.timing import is_timely, timeout_ms
from chain.execution.header import WrongCommit, check_commit
from chain.execution.verifier import BadSignature
from chain.types.scalars import BlockId, Hash, Height, Timestamp, Uint, ValidatorId
from chain.types.vote import Commit, DuplicateVote, PartSetHeader, Proposal, Vote
from crypto.keys import SecretKey
from node.consensus_log import ConsensusLog
from node.signer import Refused, Signer
from node.signer_state import StateFile, nothing_signed
from tests.support.simulated_storage import MemoryLog, MemoryStateFile

if TYPE_CHECKING:
    from tests.support.simulated_network import SimulatedNetwork

BLOCK_TIME_MS = 1_000
STATUS_MS = 1_000


@wire()
@dataclass(frozen=True, slots=True)
class Value:
    """What the simulated chain decides on. `salt` tells values of one proposer apart."""

    height: Height
    parent: Hash
    proposer: ValidatorId
    time: Timestamp
    salt: Uint
    valid: bool = True

    @property
    def id(self) -> BlockId:
        return BlockId(sha256(encode(self)).digest())

    @property
    def parts(self) -> PartSetHeader:
        return PartSetHeader(Uint(len(encode(self))), Hash(self.id))


@dataclass(frozen=True, slots=True)
class Offered:
    """A proposal with its block, as one message."""

    proposal: Proposal
    value: Value


@dataclass(frozen=True, slots=True)
class Final:
    """A committed block with its commit."""

    value: Value
    commit: Commit


Disk = tuple[StateFile, MemoryLog | ConsensusLog]
Message = Vote | Offered | Value | Status | Final


class Crashed(Exception):
    """Thrown inside a node at the moment where a test lets it die."""


class SimulatedNode:
    """state_file, log and chain survive a crash, everything else is made anew by `start`."""

    honest = True

    def __init__(self, network: "SimulatedNetwork", address: int, secret: SecretKey) -> None:
        self.network, self.address, self.secret = network, address, secret
        self.key = ValidatorId(secret.public)
        self.state_file: StateFile = MemoryStateFile(nothing_signed(network.chain_id, self.key))
        self.log: MemoryLog | ConsensusLog = MemoryLog()
        self.open_disk: Callable[[], Disk] = lambda: (self.state_file, self.log)
        self.chain: list[Final] = []
        self.clock_skew = 0
        self.life = 0
        self.running = False
        self.crash_before_logging = False
        self.evidence: list[DuplicateVote] = []

    @property
    def height(self) -> int:
        """The last committed height."""
        return len(self.chain)

    @property
    def now(self) -> Timestamp:
        """What this node's own clock shows."""
        return Timestamp(self.network.now + self.clock_skew)

    # Life

    def start(self) -> None:
        """Come up on what the disk holds: replay, do what is owed, then listen."""
        self.life += 1
        self.state_file, self.log = self.open_disk()
        self.signer = Signer(self.secret, self.network.chain_id, self.state_file)
        self.owed: deque[Effect] = deque()
        self.early = EarlyMessages(Height(self.height + 1))
        self.early_values: dict[BlockId, Value] = {}
        inputs, bodies = self.log.replay(Height(self.height + 1))
        self.values = {value.id: value for value in (decode(Value, body) for body in bodies)}
        self.state, owed = resume(initial_state(self.key), inputs)
        self.running = True
        self.owed.extend(owed)
        self._work()
        if not inputs:
            self.start_height()
        self.tell_status()
        self.network.after(STATUS_MS, self, self._tick)

    def crash(self) -> None:
        """Die; the network's random power cut takes what was not synced."""
        self.running = False
        if isinstance(self.log, MemoryLog):
            self.log.cut_power(self.network.rng)
        self.log.close()
        self.signer.close()

    def start_height(self) -> None:
        height = Height(self.height + 1)
        if self.state.height >= height:
            return
        self.values = {}
        self.feed(StartHeight(height, self.network.validators))
        early, values = self.early, self.early_values
        self.early, self.early_values = EarlyMessages(Height(height + 1)), {}
        for vote in early.votes.values():
            self.take_vote(vote)
        for proposal in early.proposals.values():
            self.take_proposal(Offered(proposal, values[proposal.block_id]))

    def _tick(self) -> None:
        self.tell_status()
        self.network.after(STATUS_MS, self, self._tick)

    def tell_status(self) -> None:
        self.network.publish(self, status(self.state))

    # Driving `step`

    def feed(self, event: Input, *, own: bool = False) -> None:
        state, effects = self.network.step(self.state, event)
        changed, self.state = state is not self.state, state
        if changed and not self.is_past():
            (self.log.append_own if own else self.log.append)(event)
        self.owed.extend(effects)
        if not own:
            self._work()

    def is_past(self) -> bool:
        """Is the height of `state` committed already?"""
        return 0 < self.state.height <= self.height

    def _work(self) -> None:
        while self.owed:
            self._perform(self.owed.popleft())

    def _perform(self, effect: Effect) -> None:
        match effect:
            case GetValue(height, round_):
                value = self.build()
                self.values[value.id] = value
                self.log.append_body(encode(value))
                self.feed(ProposedValue(height, round_, value.id, value.parts))
            case SignAndPublishProposal():
                self._propose(effect)
            case SignAndPublishVote():
                self._vote(effect)
            case ScheduleTimeout(kind, height, round_):
                wait = timeout_ms(kind, round_, self.network.timing)
                self.network.after(wait, self, lambda: self._elapse(TimeoutElapsed(kind, height, round_)))
            case StepChanged() | RequestBlock():
                self.tell_status()
            case ReportEquivocation(evidence):
                self.evidence.append(evidence)
            case Decide(_, _, block_id, commit):
                self.commit(Final(self.values[block_id], commit))
            case InvalidBlockDecided():
                raise AssertionError(f"node {self.address}: an invalid block was decided")

    def _elapse(self, event: TimeoutElapsed) -> None:
        if not self.is_past():
            self.feed(event)

    def _propose(self, effect: SignAndPublishProposal) -> None:
        self.log.sync()
        signed = self.signer.sign_proposal(
            effect.height, effect.round, effect.valid_round, effect.block_id, effect.parts
        )
        if isinstance(signed, Refused):
            return
        self._die_if_told()
        self.feed(ProposalReceived(signed, True, True), own=True)
        self.publish(Offered(signed, self.values[effect.block_id]))

    def _vote(self, effect: SignAndPublishVote) -> None:
        self.log.sync()
        signed = self.signer.sign_vote(effect.type, effect.height, effect.round, effect.target)
        if isinstance(signed, Refused):
            return
        self._die_if_told()
        self.feed(VoteReceived(signed), own=True)
        self.publish(signed)

    def _die_if_told(self) -> None:
        if self.crash_before_logging:
            self.crash_before_logging = False
            raise Crashed

    def publish(self, message: Vote | Offered) -> None:
        self.network.publish(self, message)

    def build(self, salt: int = 0, *, valid: bool = True) -> Value:
        """A fresh value for the height after the own chain."""
        head = self.chain[-1].value if self.chain else None
        parent, time = (Hash(bytes(32)), 0) if head is None else (Hash(head.id), head.time)
        return Value(
            Height(self.height + 1), parent, self.key, Timestamp(max(self.now, time + 1)), Uint(salt + self.life), valid
        )

    def commit(self, final: Final) -> None:
        """The next height starts one block time after the block's own time, at once when that is over."""
        self.chain.append(final)
        self.log.end_height(Height(self.height))
        self.network.on_commit(self, final)
        pause = min(max(final.value.time + BLOCK_TIME_MS - self.now, 0), BLOCK_TIME_MS)
        self.network.after(pause, self, self.start_height)

    # Messages

    def receive(self, sender: int, message: Message) -> None:
        match message:
            case Vote():
                self.take_vote(message)
            case Offered():
                self.take_proposal(message)
            case Value():
                self._take_value(message)
            case Status():
                self._repeat(sender, message)
            case Final():
                self._take_final(message)

    def take_vote(self, vote: Vote) -> None:
        if not self.network.verifies(vote):
            return
        if vote.height == self.state.height + 1:
            self.early = self.early.with_vote(vote)
        elif not self.is_past() or self.state.step == Step.DECIDED:
            self.feed(VoteReceived(vote))

    def take_proposal(self, offered: Offered) -> None:
        proposal, value = offered.proposal, offered.value
        if not self.network.verifies(proposal) or value.id != proposal.block_id:
            return
        if proposal.height == self.state.height + 1:
            self.early = self.early.with_proposal(proposal)
            self.early_values[value.id] = value
        elif not self.is_past() and wants_proposal(self.state, proposal):
            timely = is_timely(value.time, self.now, proposal.round, self.network.timing)
            self._keep(value)
            self.feed(ProposalReceived(proposal, self._judge(value), timely))

    def _take_value(self, value: Value) -> None:
        if value.id in wanted_blocks(self.state) and not self.is_past():
            self._keep(value)
            self.feed(BlockJudged(value.height, value.id, value.parts, self._judge(value)))

    def _keep(self, value: Value) -> None:
        self.values[value.id] = value
        self.log.append_body(encode(value))

    def _judge(self, value: Value) -> bool:
        head = self.chain[-1].value if self.chain else None
        follows = value.parent == (bytes(32) if head is None else head.id)
        later = head is None or value.time > head.time
        return value.valid and follows and later and value.height == self.height + 1

    def _take_final(self, final: Final) -> None:
        if final.value.height != self.height + 1 or final.commit.block_id != final.value.id:
            return
        try:
            check_commit(final.commit, self.network.validators, self.network.chain_id, self.network)
        except (WrongCommit, BadSignature):
            return
        self.commit(final)

    def _repeat(self, peer: int, peer_status: Status) -> None:
        repeats = repeats_for(self.state, peer_status)
        if repeats.final_height is not None and repeats.final_height <= self.height:
            self.network.send(self, peer, self.chain[repeats.final_height - 1])
        if repeats.proposal is not None:
            self.network.send(self, peer, Offered(repeats.proposal, self.values[repeats.proposal.block_id]))
        for block_id in repeats.blocks:
            self.network.send(self, peer, self.values[block_id])
        for vote in repeats.votes:
            self.network.send(self, peer, vote)
