"""What is told of final blocks: to nodes that catch up, in pieces that fit a message, and to light clients."""

from dataclasses import dataclass
from typing import Final

from chain.codec import wire
from chain.errors import ChainError
from chain.types.block import Block, Header
from chain.types.scalars import Blob, Height, Uint
from chain.types.validators import ValidatorSet
from chain.types.vote import Commit

PIECE_BYTES: Final = 96 * 1024
MAX_PIECES: Final = 24  # a block of 1 MiB and its commit, with room


class WrongPiece(ChainError):
    """A piece of a final block does not fit the pieces before it."""

    code = 3095

    def __init__(self, height: Height, reason: str) -> None:
        super().__init__(f"a piece of the final block {height} was refused: {reason}.")
        self.height, self.reason = height, reason


@wire()
@dataclass(frozen=True, slots=True)
class FinalBlock:
    """A committed block and the precommits that made it final."""

    block: Block
    commit: Commit


@wire()
@dataclass(frozen=True, slots=True)
class LightBlock:
    """A header, the precommits that made it final, and the validators of its height."""

    header: Header
    commit: Commit
    validators: ValidatorSet

    @property
    def height(self) -> Height:
        return self.header.height


def encode_final(block: bytes, commit: bytes) -> bytes:
    """The encoding of the FinalBlock of an encoded block and commit: a struct's fields stand in it as they are."""
    return b"".join((_FINAL_HEAD, block, commit))


_FINAL_HEAD: Final = b"\x93\x01"  # an array of three, version 1


@wire()
@dataclass(frozen=True, slots=True)
class BlockRequest:
    """Asks one peer for the final blocks of `first` ... `last`."""

    first: Height
    last: Height


@wire()
@dataclass(frozen=True, slots=True)
class BlockPiece:
    """Piece `index` of `count` of an encoded FinalBlock."""

    height: Height
    index: Uint
    count: Uint
    data: Blob


def pieces_of(height: Height, encoded: bytes) -> tuple[BlockPiece, ...]:
    """The pieces of an encoded FinalBlock."""
    cuts = [encoded[at : at + PIECE_BYTES] for at in range(0, len(encoded), PIECE_BYTES)]
    return tuple(BlockPiece(height, Uint(index), Uint(len(cuts)), Blob(cut)) for index, cut in enumerate(cuts))


class PieceCollector:
    """Puts the pieces of one peer's answer together; it sends them in order, so anything else is refused."""

    def __init__(self) -> None:
        self._height: Height | None = None
        self._pieces: list[bytes] = []

    def add(self, piece: BlockPiece) -> bytes | None:
        """The whole encoding when this was the last piece. Raises WrongPiece; then the collector is empty again."""
        if piece.index == 0:
            self._height, self._pieces = piece.height, []
        if piece.height != self._height or piece.index != len(self._pieces):
            self._height, self._pieces = None, []
            raise WrongPiece(piece.height, f"piece {piece.index} came out of order")
        if not 0 < piece.count <= MAX_PIECES:
            raise WrongPiece(piece.height, f"{piece.count} pieces are announced, at most {MAX_PIECES} are allowed")
        self._pieces.append(piece.data)
        if len(self._pieces) < piece.count:
            return None
        whole = b"".join(self._pieces)
        self._height, self._pieces = None, []
        return whole
