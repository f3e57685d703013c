"""The blocks of the height that is being decided: parts on their way in, whole bodies, and how each was judged.

What peers may make this node keep is bounded, and nobody can crowd out what others send: one part set for each round's
proposal, whoever its parts come from; a few for each peer while a block is wanted that no proposal here announces; and
a shared store of parts that overtook their proposal, from which whoever holds most gives way first.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from chain.codec import decode, encode
from chain.consensus.timing import Timing, is_timely
from chain.types.block import Block, evidence_root, transactions_root
from chain.types.parts import BlockPart, PartSet, check_part, split
from chain.types.scalars import BlockId, Height, Round, Timestamp
from chain.types.vote import PartSetHeader, Proposal
from node.errors import NodeError
from p2p.address import NodeId

MAX_ORPHANS: Final = 256  # 16 MiB
MAX_VOLUNTEERED: Final = 2  # part sets a peer
MAX_TRANSACTIONS: Final = 2**20 * 2 // 150  # parts hold 2 MiB, and a transaction's keys, hashes and signature 150 bytes

_PartKey = tuple[PartSetHeader, int]


class WrongBody(NodeError):
    """A block's transactions, evidence or last commit are not those that its header commits to."""

    code = 7021

    def __init__(self, block_id: BlockId, field: str) -> None:
        super().__init__(
            f"what was sent as block 0x{block_id.hex()} is not that block: {field} differs from its header."
        )
        self.block_id, self.field = block_id, field


@dataclass(frozen=True, slots=True)
class Body:
    """A whole block with its encoding and parts, which is the one that its id names."""

    block: Block
    encoded: bytes
    header: PartSetHeader
    parts: tuple[BlockPart, ...]
    id: BlockId


@dataclass(frozen=True, slots=True)
class Awaited:
    """A proposal whose block is on its way, and when it was first seen."""

    proposal: Proposal
    received: Timestamp

    def announces(self, body: Body) -> bool:
        """Is it this block, and does a fresh value name its proposer in the header?"""
        proposal, header = self.proposal, body.block.header
        same = (body.id, body.header, header.height) == (proposal.block_id, proposal.parts, proposal.height)
        return same and (proposal.valid_round >= 0 or header.proposer == proposal.proposer)

    def is_timely(self, body: Body, timing: Timing) -> bool:
        """Did it come when its block's time says?"""
        return is_timely(body.block.header.time, self.received, self.proposal.round, timing)


@dataclass(slots=True)
class Bodies:
    """All of them for one height; `reset` begins the next."""

    height: Height
    whole: dict[BlockId, Body] = field(default_factory=dict)
    judged: dict[BlockId, bool] = field(default_factory=dict)
    judging: set[BlockId] = field(default_factory=set)
    awaited: dict[Round, Awaited] = field(default_factory=dict)  # the first proposal of each round
    _sets: dict[PartSetHeader, PartSet] = field(default_factory=dict)
    _volunteered: dict[NodeId, OrderedDict[PartSetHeader, PartSet]] = field(default_factory=dict)
    _orphans: dict[NodeId, OrderedDict[_PartKey, BlockPart]] = field(default_factory=dict)

    def reset(self, height: Height) -> None:
        """Begin `height`: keep only early parts that belong to it."""
        self.height = height
        self.whole, self.judged, self.judging, self.awaited = {}, {}, set(), {}
        self._sets, self._volunteered = {}, {}
        for peer, held in list(self._orphans.items()):
            for key in [key for key, part in held.items() if part.height != height]:
                self._drop_orphan(peer, key)

    def expect(self, proposal: Proposal, received: Timestamp) -> bytes | None:
        """Collect the proposal's block from now on; its encoding if early parts make it whole already."""
        self.awaited[proposal.round] = Awaited(proposal, received)
        collecting = self._sets.setdefault(proposal.parts, PartSet(proposal.parts))
        whole = None
        for peer, held in list(self._orphans.items()):
            for key in [key for key in held if key[0] == proposal.parts]:
                whole = _collect(collecting, held[key]) or whole
                self._drop_orphan(peer, key)
        return whole

    def keep(self, body: Body, valid: bool) -> None:
        """A whole block and what was judged of it."""
        self.whole[body.id], self.judged[body.id] = body, valid

    def announced(self, body: Body) -> list[Awaited]:
        """The proposals that this block is awaited for."""
        return [entry for entry in self.awaited.values() if entry.announces(body)]

    def is_expected(self, body: Body) -> bool:
        """Was it collected for a proposal, whatever else that says of it?"""
        return body.header in self._sets

    def add(self, part: BlockPart, peer: NodeId, *, wanted: bool) -> tuple[bool, bytes | None]:
        """Take a part: whether it is news to others, and the block's encoding if it made one whole. Raises WrongPart.

        `wanted` says that a quorum stands behind a block whose proposal never came here: then peers may send any.
        """
        collecting = self._sets.get(part.parts)
        if collecting is not None:
            news = not collecting.has(part.index)
            return news, _collect(collecting, part)
        check_part(part)
        if wanted and part.height == self.height:
            return False, _collect(self._volunteered_set(peer, part.parts), part)
        self._keep_orphan(peer, part)
        return False, None

    def forget_peer(self, peer: NodeId) -> None:
        """A peer is gone: what it left unfinished goes with it."""
        self._volunteered.pop(peer, None)
        self._orphans.pop(peer, None)

    def _volunteered_set(self, peer: NodeId, header: PartSetHeader) -> PartSet:
        sets = self._volunteered.setdefault(peer, OrderedDict())
        if header not in sets:
            sets[header] = PartSet(header)
            if len(sets) > MAX_VOLUNTEERED:
                sets.popitem(last=False)
        sets.move_to_end(header)
        return sets[header]

    def _keep_orphan(self, peer: NodeId, part: BlockPart) -> None:
        self._orphans.setdefault(peer, OrderedDict())[(part.parts, int(part.index))] = part
        if sum(map(len, self._orphans.values())) > MAX_ORPHANS:
            largest = max(self._orphans, key=lambda holder: len(self._orphans[holder]))
            self._drop_orphan(largest, next(iter(self._orphans[largest])))

    def _drop_orphan(self, peer: NodeId, key: _PartKey) -> None:
        del self._orphans[peer][key]
        if not self._orphans[peer]:
            del self._orphans[peer]


def _collect(collecting: PartSet, part: BlockPart) -> bytes | None:
    if not collecting.add(part) or not collecting.complete:
        return None
    return collecting.assemble()


def body_of(block: Block) -> Body:
    """The body of a block that is at hand."""
    return _body(block, encode(block))


def body_from(encoded: bytes) -> Body:
    """The body of an encoded block; takes milliseconds. Raises a CodecError, WrongBody."""
    block = decode(Block, encoded)
    require_own_body(block)
    return _body(block, encoded)


def require_own_body(block: Block) -> None:
    """Whether the block's content is what its header, and so its id, commits to. Raises WrongBody."""
    header = block.header
    if len(block.transactions) > MAX_TRANSACTIONS:
        raise WrongBody(header.id(), "tx_root")  # told without hashing a million empty ones
    if transactions_root(block.transactions) != header.tx_root:
        raise WrongBody(header.id(), "tx_root")
    if evidence_root(block.evidence) != header.evidence_root:
        raise WrongBody(header.id(), "evidence_root")
    if block.last_commit.hash() != header.last_commit_hash:
        raise WrongBody(header.id(), "last_commit_hash")


def _body(block: Block, encoded: bytes) -> Body:
    header, parts = split(encoded, block.height)
    return Body(block, encoded, header, parts, block.header.id())
