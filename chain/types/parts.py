"""Blocks travel in parts of 64 KiB, each with its Merkle proof, so that a part is judged alone and relayed at once."""

from dataclasses import dataclass
from typing import Final

from chain.codec import wire
from chain.errors import ChainError
from chain.types.scalars import Blob, Hash, Height, Uint
from chain.types.vote import PartSetHeader
from crypto.errors import ClusterError
from crypto.merkle import MerkleProof, merkle_root, prove_membership, verify_membership

PART_BYTES: Final = 64 * 1024
MAX_PARTS: Final = 32


class WrongPart(ChainError):
    """A part is not the piece of the announced block that it claims to be."""

    code = 3090

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"part {index} does not belong to the announced block: {reason}.")
        self.index, self.reason = index, reason


@wire()
@dataclass(frozen=True, slots=True)
class BlockPart:
    """Part `index` of a block proposed for `height`, with its Merkle path; the same part in whichever round."""

    height: Height
    parts: PartSetHeader
    index: Uint
    data: Blob
    path: tuple[Hash, ...]


def part_count(size: int) -> int:
    """How many parts a block of `size` bytes has."""
    return -(-size // PART_BYTES)


def split(encoded: bytes, height: Height) -> tuple[PartSetHeader, tuple[BlockPart, ...]]:
    """The parts of an encoded block, and what the proposal says of them."""
    pieces = [encoded[at : at + PART_BYTES] for at in range(0, len(encoded), PART_BYTES)]
    header = PartSetHeader(Uint(len(encoded)), Hash(merkle_root(pieces)))
    parts = []
    for index, piece in enumerate(pieces):
        path = tuple(Hash(node) for node in prove_membership(pieces, index).path)
        parts.append(BlockPart(height, header, Uint(index), Blob(piece), path))
    return header, tuple(parts)


def check_part(part: BlockPart) -> None:
    """Whether the part is the piece that its own header announces. Raises WrongPart."""
    count = part_count(part.parts.size)
    if not 0 < count <= MAX_PARTS or part.index >= count:
        raise WrongPart(part.index, f"the block has {count} parts, at most {MAX_PARTS} are allowed")
    expected = PART_BYTES if part.index < count - 1 else part.parts.size - PART_BYTES * (count - 1)
    if len(part.data) != expected:
        raise WrongPart(part.index, f"it has {len(part.data)} bytes instead of {expected}")
    try:
        verify_membership(part.parts.root, part.data, MerkleProof(part.index, count, part.path))
    except ClusterError as error:
        raise WrongPart(part.index, "its Merkle path does not lead to the announced root") from error


class PartSet:
    """Collects the parts of one block until it is whole."""

    def __init__(self, header: PartSetHeader) -> None:
        self.header = header
        self._pieces: dict[int, bytes] = {}

    def add(self, part: BlockPart) -> bool:
        """Take a part that belongs to this set; False when it was here already. Raises WrongPart."""
        if part.parts != self.header:
            raise WrongPart(part.index, "it was announced with another size or root")
        if part.index in self._pieces:
            return False
        check_part(part)
        self._pieces[part.index] = part.data
        return True

    def has(self, index: int) -> bool:
        return index in self._pieces

    @property
    def complete(self) -> bool:
        return len(self._pieces) == part_count(self.header.size)

    def assemble(self) -> bytes:
        """The encoded block; call when complete."""
        return b"".join(self._pieces[index] for index in sorted(self._pieces))
