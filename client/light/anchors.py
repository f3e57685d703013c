"""What a light client believes, in memory or in a file: where its trust comes from, and the newest heights verified."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from chain.codec import decode, encode, wire
from chain.errors import CodecError
from chain.types.scalars import Height
from client.light.blocks import Anchor
from client.light.errors import AnchorsUnreadable
from client.whole_files import write_whole

KEPT: Final = 16  # newest heights beside the first: answers are about one of the last few
_CHECKSUM: Final = 32


@wire()
@dataclass(frozen=True, slots=True)
class _Kept:
    root: Anchor
    later: tuple[Anchor, ...]


class Anchors:
    """`root` is what was trusted first, and later anchors follow from it. With a file, what is added is kept."""

    def __init__(self, root: Anchor, later: Iterable[Anchor] = (), *, file: Path | None = None) -> None:
        self.root, self._later, self._file = root, tuple(later), file

    @classmethod
    def in_file(cls, file: Path, root: Anchor) -> "Anchors":
        """What was verified before from the same root, if the file is there.

        Raises AnchorsUnreadable for a changed file or one that began elsewhere, OSError.
        """
        if not file.exists():
            return cls(root, file=file)
        data = file.read_bytes()
        if sha256(data[_CHECKSUM:]).digest() != data[:_CHECKSUM]:
            raise AnchorsUnreadable(file, "its checksum is wrong")
        try:
            kept = decode(_Kept, data[_CHECKSUM:])
        except CodecError as error:
            raise AnchorsUnreadable(file, str(error)) from error
        if kept.root != root:
            raise AnchorsUnreadable(file, "it began from another block")
        return cls(root, kept.later, file=file)

    @property
    def newest(self) -> Anchor:
        """The highest of them."""
        return self._later[-1] if self._later else self.root

    def at_or_below(self, height: Height) -> Anchor | None:
        """The highest anchor that is not above `height`; None if all are."""
        return next(self.downwards(height), None)

    def downwards(self, height: Height) -> Iterator[Anchor]:
        """Those at or below `height`, from the highest to the root."""
        return (anchor for anchor in reversed((self.root, *self._later)) if anchor.height <= height)

    def above(self, height: Height) -> Anchor:
        """The lowest anchor above `height`. Raises LookupError where there is none."""
        return next(anchor for anchor in (self.root, *self._later) if anchor.height > height)

    def add(self, anchors: Iterable[Anchor]) -> None:
        """Keep what was verified, the newest few of it. Raises OSError."""
        known = {anchor.height: anchor for anchor in (*self._later, *anchors) if anchor.height > self.root.height}
        later = tuple(known[height] for height in sorted(known)[-KEPT:])
        if later == self._later:
            return
        self._later = later
        if self._file is not None:
            body = encode(_Kept(self.root, later))
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, sha256(body).digest() + body)
