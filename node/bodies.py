"""The blocks of the height that is being decided: parts on their way in, whole bodies, and how each was judged."""

from dataclasses import dataclass, field
from typing import Final

from chain.codec import decode, encode
from chain.types.block import Block
from chain.types.parts import BlockPart, PartSet, split
from chain.types.scalars import BlockId, Height, Round, Timestamp, ValidatorId
from chain.types.vote import PartSetHeader, Proposal

MAX_SETS: Final = 8  # part sets collected at once: a proposer has one a round, and a quorum wants few others
MAX_ORPHANS: Final = 64  # parts that overtook their proposal


@dataclass(frozen=True, slots=True)
class Body:
    """A whole block with its encoding and parts."""

    block: Block
    encoded: bytes
    header: PartSetHeader
    parts: tuple[BlockPart, ...]

    @property
    def id(self) -> BlockId:
        return self.block.header.id()


@dataclass(slots=True)
class Awaited:
    """A proposal whose block is on its way, and when it was first seen."""

    proposal: Proposal
    received: Timestamp


@dataclass(slots=True)
class Bodies:
    """All of them for one height; `reset` begins the next."""

    height: Height
    whole: dict[BlockId, Body] = field(default_factory=dict)
    judged: dict[BlockId, bool] = field(default_factory=dict)
    awaited: dict[tuple[Round, ValidatorId], Awaited] = field(default_factory=dict)  # one proposal a round and proposer
    _sets: dict[PartSetHeader, PartSet] = field(default_factory=dict)
    _orphans: dict[tuple[PartSetHeader, int], BlockPart] = field(default_factory=dict)

    def reset(self, height: Height) -> None:
        """Begin `height`: keep only early parts that belong to it."""
        orphans = {key: part for key, part in self._orphans.items() if part.height == height}
        self.height = height
        self.whole, self.judged, self.awaited, self._sets, self._orphans = {}, {}, {}, {}, orphans

    def keep(self, block: Block) -> Body:
        """A block built here."""
        body = body_of(block)
        self.whole[body.id] = body
        return body

    def expect(self, proposal: Proposal, received: Timestamp) -> Body | None:
        """Collect the proposal's block from now on; the body if early parts make it whole already."""
        self.awaited.setdefault((proposal.round, proposal.proposer), Awaited(proposal, received))
        whole = None
        for part in [part for part in self._orphans.values() if part.parts == proposal.parts]:
            del self._orphans[(part.parts, part.index)]
            whole = self._collect(part) or whole
        return whole

    def add(self, part: BlockPart, *, wanted: bool) -> tuple[bool, Body | None]:
        """Take a part: whether it is new, and the body if it made one whole. Raises WrongPart or a CodecError.

        `wanted` says that a quorum stands behind blocks whose proposal never came here: then any set is collected.
        """
        if not wanted and all(part.parts != entry.proposal.parts for entry in self.awaited.values()):
            return self._keep_orphan(part), None
        known = self._sets.get(part.parts)
        before = known is not None and known.has(part.index)
        return not before, self._collect(part)

    def _keep_orphan(self, part: BlockPart) -> bool:
        key = (part.parts, int(part.index))
        if key in self._orphans or len(self._orphans) >= MAX_ORPHANS:
            return False
        self._orphans[key] = part
        return False

    def _collect(self, part: BlockPart) -> Body | None:
        collecting = self._sets.get(part.parts)
        if collecting is None:
            if len(self._sets) >= MAX_SETS:
                return None
            collecting = self._sets[part.parts] = PartSet(part.parts)
        if not collecting.add(part) or not collecting.complete:
            return None
        body = body_from(collecting.assemble())
        self.whole[body.id] = body
        return body


def body_of(block: Block) -> Body:
    """The body of a block that is at hand."""
    encoded = encode(block)
    header, parts = split(encoded, block.height)
    return Body(block, encoded, header, parts)


def body_from(encoded: bytes) -> Body:
    """The body of an encoded block. Raises a CodecError."""
    block = decode(Block, encoded)
    header, parts = split(encoded, block.height)
    return Body(block, encoded, header, parts)


def proposal_matches(body: Body, proposal: Proposal) -> bool:
    """Is this the block that the proposal announced: same id, and a fresh value names its proposer in the header?"""
    header = body.block.header
    same = (body.id, body.header, header.height) == (proposal.block_id, proposal.parts, proposal.height)
    return same and (proposal.valid_round >= 0 or header.proposer == proposal.proposer)
