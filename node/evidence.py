"""Evidence of double signing that stands in no block yet, in a file of the home: a restart loses none of it.

It is written as a whole whenever it changes, which is as rare as double signing. A file that cannot be read is as none:
others have seen the same votes, and `chain/proposer.py` leaves out of a block what proves nothing.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.codec import decode, encode, wire
from chain.consensus.evidence import with_evidence
from chain.errors import CodecError
from chain.types.vote import DuplicateVote
from node.durable import DISK, Disk, Subject

MAX_BYTES: Final = 2**16

log = logging.getLogger(__name__)


@wire()
@dataclass(frozen=True, slots=True)
class _Kept:
    pieces: tuple[DuplicateVote, ...]


class EvidenceFile:
    """`pieces` are for this node's next block. `add` and `forget` block while they write."""

    def __init__(self, path: Path, disk: Disk = DISK) -> None:
        self._path, self._disk = path, disk
        self.pieces: tuple[DuplicateVote, ...] = _read(path, disk)

    def add(self, new: DuplicateVote) -> None:
        """Keep a piece, the newest of its validator."""
        if new in self.pieces:
            return  # reported anew by a log that is replayed
        log.warning("validator %s signed twice at height %s", new.first.validator.hex(), new.first.height)
        self._keep(with_evidence(self.pieces, new))

    def forget(self, final: tuple[DuplicateVote, ...]) -> None:
        """Of whom a final block accuses, nothing more is needed: the key has ended."""
        accused = {piece.first.validator for piece in final}
        self._keep(tuple(piece for piece in self.pieces if piece.first.validator not in accused))

    def _keep(self, pieces: tuple[DuplicateVote, ...]) -> None:
        if pieces == self.pieces:
            return
        self.pieces = pieces
        try:
            self._disk.replace_content(self._path, encode(_Kept(pieces)), at=Subject.EVIDENCE)
        except OSError as error:  # a node that can write nothing else stops by itself
            log.warning("%s could not be written: %s", self._path, error)


def _read(path: Path, disk: Disk) -> tuple[DuplicateVote, ...]:
    if not disk.exists(path):
        return ()
    try:
        return decode(_Kept, disk.read(path), limit=MAX_BYTES).pieces
    except (OSError, CodecError) as error:
        log.warning("%s cannot be used and is made anew: %s", path, error)
        return ()
