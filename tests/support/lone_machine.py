"""A validator that decides alone, on a simulated disk: its whole life from the first key on, as often as it dies.

The product's `step`, `resume`, signing, signer's state, log and database; around them a driver of few lines, which
does what node/driver.py does in its order. Its power is more than 2/3, that of two others too little to matter: they
propose now and then, say nothing, and so make it time out.

What it published and what it called final is remembered outside of the disk, and each life is held to it.
"""

from collections import deque
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final

from chain.consensus.effects import (
    Decide,
    Effect,
    GetValue,
    ScheduleTimeout,
    SignAndPublishProposal,
    SignAndPublishVote,
)
from chain.consensus.inputs import Input, ProposalReceived, ProposedValue, StartHeight, TimeoutElapsed, VoteReceived
from chain.consensus.resume import resume
from chain.consensus.state import initial_state
from chain.consensus.step import step
from chain.types.scalars import BlockId, ChainId, Hash, Height, Power, Uint, ValidatorId, VrfKey
from chain.types.validators import Validator, ValidatorSet
from chain.types.vote import PRECOMMIT, PartSetHeader, Proposal, Vote
from crypto.keys import SecretKey
from node.consensus_log import ConsensusLog
from node.signer import Signer
from node.signer_state import SignerStateFile, nothing_signed
from node.signing import sign_proposal, sign_vote
from node.storage.database import Database, Settings
from node.storage.errors import WriteFailed
from tests.support.block_batches import GENESIS, STORAGE_KEY, next_batch
from tests.support.simulated_disk import Mount, SimulatedDisk, Stopped

DATA: Final = Path("/home/data")
STATE: Final = DATA / "signer_state.json"
LOG: Final = DATA / "wal"
DATABASE: Final = DATA / "db"
CHAIN: Final = ChainId("alone")
SECRET: Final = SecretKey(b"\x05" * 32)
OWN: Final = ValidatorId(SECRET.public)
OTHERS: Final = tuple(ValidatorId(SecretKey(bytes([seed]) * 32).public) for seed in (6, 7))
POWERS: Final = {OWN: 20, OTHERS[0]: 4, OTHERS[1]: 4}
VALIDATORS: Final = ValidatorSet(
    tuple(Validator(key, VrfKey(bytes(32)), Power(power)) for key, power in sorted(POWERS.items()))
)
SETTINGS: Final = Settings(keep_versions=3, page_cache_bytes=0, read_cache_bytes=0)


_SIGNED: Final = (ProposalReceived, VoteReceived)
Signed = ProposalReceived | VoteReceived


class Broken(AssertionError):
    """A promise that did not survive a death."""


class LoneMachine:
    """`live` until a height, or until it dies; what becomes of the disk then is the test's matter."""

    def __init__(self) -> None:
        self.disk = SimulatedDisk()
        self.lives = 0
        self.final: dict[int, BlockId] = {}
        self.published: dict[tuple[int, int, int], bytes] = {}
        self._made = False

    def live(self, height: int) -> None:
        """Come up on what the disk has, and reach a height. Raises Stopped where it dies, Broken."""
        self.lives += 1
        mount = self.disk.mount()
        try:
            self._open(mount)
            self._require_nothing_lost()
            while self._height < height:
                self._decide_next()
        finally:
            mount.unplug()

    def require_whole(self) -> None:
        """Read everything once more. Raises Broken, and what the database finds."""
        mount = self.disk.mount()
        self._open(mount)
        self._require_nothing_lost()
        self._database.verify()
        mount.unplug()

    @property
    def _height(self) -> int:
        return -1 if self._database.tip is None else self._database.tip.height

    def _open(self, mount: Mount) -> None:
        if not self._made:
            self._make_key(mount)
        self._signer = Signer(SECRET, CHAIN, SignerStateFile(STATE, mount))
        opened = Database.open if mount.names(DATABASE) else Database.create
        self._database = opened(DATABASE, STORAGE_KEY, GENESIS, SETTINGS, entropy=self._entropy, disk=mount)
        if self._database.tip is None:
            self._database.commit_block(next_batch(self._database, {b"q/genesis": b"1"}))
        self._log = ConsensusLog(LOG, STORAGE_KEY.subkey("log"), entropy=self._entropy, disk=mount)
        self._state = replace(initial_state(OWN), height=Height(self._height))

    def _make_key(self, mount: Mount) -> None:
        """As `cluster init` does; whoever saw it die removes the home and makes another."""
        mount.make_folder(DATA)
        mount.remove(STATE)
        SignerStateFile.create(STATE, nothing_signed(CHAIN, OWN), mount).close()
        self._made = True

    def _entropy(self, count: int) -> bytes:
        return Random(f"{self.lives} {self.disk.steps} {count}").randbytes(count)

    def _require_nothing_lost(self) -> None:
        newest = max(self.final, default=0)
        if self._height < newest:
            raise Broken(f"block {newest} was final, the database ends at {self._height}")
        for height, block_id in self.final.items():
            if _id(self._database.block(Height(height)) or b"") != block_id:
                raise Broken(f"another block is stored at {height} than was final")
        if self.published and self._signer.last_position < max(self.published):
            raise Broken(f"{max(self.published)} was published, the signer knows of {self._signer.last_position}")

    def _require_own_in_log(self, height: Height, inputs: tuple[Input, ...]) -> None:
        logged = {_message(event).signing_bytes(CHAIN) for event in inputs if isinstance(event, _SIGNED)}
        for position, content in self.published.items():
            if position[0] == height and content not in logged:
                raise Broken(f"{position} was published, and the log does not know of it")

    # A height

    def _decide_next(self) -> None:
        height = Height(self._height + 1)
        self._owed: deque[Effect] = deque()
        self._own: deque[Input] = deque()
        self._timeouts: deque[TimeoutElapsed] = deque()
        inputs, bodies = self._log.replay(height)
        self._require_own_in_log(height, inputs)
        self._bodies = {_id(body): body for body in bodies}
        self._state, owed = resume(self._state, inputs)
        self._perform_all(owed)
        if self._state.height != height:
            self._feed(StartHeight(height, VALIDATORS))
        while self._height < height:
            if not self._timeouts:
                raise Broken(f"nothing happens any more at {height}")
            self._feed(self._timeouts.popleft())

    def _feed(self, event: Input) -> None:
        state, effects = step(self._state, event)
        if state is self._state and not effects:
            return
        self._log.append(event)
        self._state = state
        self._perform_all(effects)

    def _perform_all(self, effects: list[Effect]) -> None:
        answers: list[Input] = []
        for effect in effects:
            self._perform(effect, answers)
        while self._own:
            self._state, more = step(self._state, self._own.popleft())
            for effect in more:
                self._perform(effect, answers)
        for answer in answers:
            self._feed(answer)

    def _perform(self, effect: Effect, answers: list[Input]) -> None:
        match effect:
            case GetValue(height, round_):
                body = b"block %d of round %d in life %d" % (height, round_, self.lives)
                self._bodies[_id(body)] = body
                self._log.append_body(body)
                answers.append(ProposedValue(height, round_, _id(body), _parts(body)))
            case SignAndPublishProposal():
                proposed = sign_proposal(self._log, self._signer, effect)
                if isinstance(proposed, ProposalReceived):
                    self._publish(0, proposed)
            case SignAndPublishVote():
                voted = sign_vote(self._log, self._signer, effect)
                if isinstance(voted, VoteReceived):
                    self._publish(int(effect.type), voted)
            case ScheduleTimeout(kind, height, round_):
                self._timeouts.append(TimeoutElapsed(kind, height, round_))
            case Decide(height, _, block_id):
                self._commit(height, block_id)

    def _publish(self, place: int, event: Signed) -> None:
        message = _message(event)
        position = (message.height, message.round, 1 if place == 0 else 2 if place != PRECOMMIT else 3)
        content = message.signing_bytes(CHAIN)
        if self.published.setdefault(position, content) != content:
            raise Broken(f"two messages were signed at {position}")
        self._own.append(event)

    def _commit(self, height: Height, block_id: BlockId) -> None:
        if self.final.setdefault(height, block_id) != block_id:
            raise Broken(f"block {height} was final already, and another one")
        batch = next_batch(self._database, {b"q/%d" % (height % 3): b"%d" % height, b"q/last": block_id})
        try:
            self._database.commit_block(replace(batch, block=self._bodies[block_id]))
        except (Stopped, WriteFailed):
            del self.final[height]  # nobody was told
            raise
        self._log.end_height(height)


def _message(event: Signed) -> Proposal | Vote:
    return event.vote if isinstance(event, VoteReceived) else event.proposal


def _id(body: bytes) -> BlockId:
    return BlockId(sha256(body).digest())


def _parts(body: bytes) -> PartSetHeader:
    return PartSetHeader(Uint(len(body)), Hash(_id(body)))
