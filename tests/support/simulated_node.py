"""A consensus node of the step-level simulator: the real `step`, `resume`, repeats, Signer, signer's state and log.

Around them is a driver in a hundred lines, and the application is a chain of opaque values; a value says itself whether
it is valid, so tests can propose bad ones. tests/support/simulated_stack.py runs the node's own driver and execution.
"""

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Final as Constant

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
from chain.consensus.step import step, wanted_blocks, wants_proposal
from chain.consensus.timing import is_timely, timeout_ms
from chain.execution.header import WrongCommit, check_commit
from chain.execution.verifier import BadSignature
from chain.types.scalars import BlockId, Hash, Height, Timestamp, Uint, ValidatorId
from chain.types.vote import Commit, DuplicateVote, PartSetHeader, Proposal, Vote
from node.consensus_log import ConsensusLog
from node.signer import Signer
from node.signer_state import SignerStateFile, StateFile, nothing_signed
from node.signing import sign_proposal, sign_vote
from tests.support.promises import EvidenceMissing, Fell
from tests.support.simulated_disk import Mount, SimulatedDisk
from tests.support.simulated_storage import MemoryLog, MemoryStateFile
from tests.support.token_keys import TokenKey

if TYPE_CHECKING:
    from tests.support.simulated_network import SimulatedNetwork

BLOCK_TIME_MS = 500
STATUS_MS = 500
STATE: Constant = Path("/data/state")
LOG: Constant = Path("/data/wal")


@wire()
@dataclass(frozen=True)
class Value:
    """What the simulated chain decides on. `salt` tells values of one proposer apart."""

    height: Height
    parent: Hash
    proposer: ValidatorId
    time: Timestamp
    salt: Uint
    valid: bool = True

    @cached_property
    def encoded(self) -> bytes:
        return encode(self)

    @cached_property
    def id(self) -> BlockId:
        return BlockId(sha256(self.encoded).digest())

    @cached_property
    def parts(self) -> PartSetHeader:
        return PartSetHeader(Uint(len(self.encoded)), Hash(self.id))


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


Message = Vote | Offered | Value | Status | Final


class SimulatedNode:
    """What the disk holds and the chain survive a crash, everything else is made anew by `start`."""

    honest = True

    def __init__(self, network: "SimulatedNetwork", address: int, secret: TokenKey) -> None:
        self.network, self.address, self.secret = network, address, secret
        self.key = ValidatorId(secret.public)
        self.chain: list[Final] = []
        self.clock_skew = 0
        self.forgets = False  # its log was lost once, and its lock with it
        self.slow_ms = 0  # how long the disk takes before a message leaves
        self.life = 0
        self.running = False
        self.evidence: list[DuplicateVote] = []
        self.disk: SimulatedDisk | None = None
        self.log: MemoryLog | ConsensusLog = MemoryLog()
        self.state_file: StateFile = MemoryStateFile(nothing_signed(network.chain_id, self.key))
        if network.disks:
            self.new_disk()

    def new_disk(self) -> None:
        """An empty disk with the state of a fresh key."""
        self.disk = SimulatedDisk()
        self._mount = self.disk.mount()
        self._mount.make_folder(STATE.parent)
        SignerStateFile.create(STATE, nothing_signed(self.network.chain_id, self.key), self._mount).close()

    def lose_log(self) -> None:
        """An operator removes the log, or restores an image of the machine that has none."""
        assert self.disk is not None
        self.disk.folders.pop(LOG, None)
        self.forgets = True

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
        self.running = True
        if self.disk is not None:
            self._mount: Mount = self.disk.mount()
            self.state_file = SignerStateFile(STATE, self._mount)
            self.log = ConsensusLog(LOG, disk=self._mount)
        self.signer = Signer(self.secret, self.network.chain_id, self.state_file)  # type: ignore[arg-type]
        self.owed: deque[Effect] = deque()
        self.early = EarlyMessages(Height(self.height + 1))
        self.early_values: dict[BlockId, Value] = {}
        self.heard: dict[tuple[int, int, int, bytes], bytes] = {}
        self.reported: set[tuple[int, int, int, bytes]] = set()
        inputs, bodies = self.log.replay(Height(self.height + 1))
        self.values = {value.id: value for value in (decode(Value, body) for body in bodies)}
        self.state, owed = resume(initial_state(self.key), inputs)
        self.owed.extend(owed)
        self._work()
        if self.state.height <= self.height:
            self.start_height()
        self.tell_status()
        self.network.after(STATUS_MS, self, self._tick)

    def crash(self, *, power_cut: bool = True) -> None:
        """Die; a power cut takes of what was not synced as much as chance wants."""
        self.running = False
        if self.disk is not None:
            self._mount.unplug()
            self.disk.stop_at = None
            if power_cut:
                self.disk.cut_power(self.network.rng)

    def start_height(self) -> None:
        height = Height(self.height + 1)
        if self.state.height >= height:
            return
        self.values = {}
        self.heard.clear()
        self.reported.clear()
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
        state, effects = step(self.state, event)
        changed, self.state = state is not self.state, state
        if changed and not own and not self.is_past():
            self.log.append(event)
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
                self.log.append_body(value.encoded)
                self.feed(ProposedValue(height, round_, value.id, value.parts))
            case SignAndPublishProposal():
                self._propose(effect)
            case SignAndPublishVote():
                self._vote(effect)
            case ScheduleTimeout(kind, height, round_):
                wait = timeout_ms(kind, round_, self.network.timing)
                self.network.after(wait, self, lambda: self._elapse(TimeoutElapsed(kind, height, round_)))
            case StepChanged():
                pass  # the next tick tells it: three statuses a round and peer would be most of the messages
            case RequestBlock():
                self.tell_status()
            case ReportEquivocation(evidence):
                vote = evidence.first
                self.reported.add((vote.height, vote.round, vote.type, vote.validator))
                self.evidence.append(evidence)
            case Decide(_, _, block_id, commit):
                self.commit(Final(self.values[block_id], commit))
            case InvalidBlockDecided():
                raise Fell(f"node {self.address}: an invalid block was decided")

    def _elapse(self, event: TimeoutElapsed) -> None:
        if not self.is_past():
            self.feed(event)

    def _propose(self, effect: SignAndPublishProposal) -> None:
        event = sign_proposal(self.log, self.signer, effect)  # type: ignore[arg-type]
        if event is not None:
            self.feed(event, own=True)
            self.publish(Offered(event.proposal, self.values[effect.block_id]))

    def _vote(self, effect: SignAndPublishVote) -> None:
        event = sign_vote(self.log, self.signer, effect)  # type: ignore[arg-type]
        if event is not None:
            self.feed(event, own=True)
            self.publish(event.vote)

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
        elif vote.height == self.state.height and (not self.is_past() or self.state.step == Step.DECIDED):
            self.feed(VoteReceived(vote))
            self._require_evidence(vote)

    def _require_evidence(self, vote: Vote) -> None:
        """Of what was heard in this life and this height: each contradiction was reported when it was complete."""
        if vote.round > self.state.round:
            return  # of rounds to come not everything is kept
        position = (vote.height, vote.round, vote.type, vote.validator)
        if self.heard.setdefault(position, vote.target) != vote.target and position not in self.reported:
            raise EvidenceMissing(f"node {self.address} has no evidence of {position[:3]} by {vote.validator.hex()}")

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
        self.log.append_body(value.encoded)

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
