"""The rules of notes and their tree, one class each. Codes 1780-1799. No message shows a secret."""

from typing import ClassVar

from crypto.errors import CryptoError


class NoteError(CryptoError):
    """Root of the errors of notes."""

    code: ClassVar[int] = 1780


class NoteSecretOutOfRange(NoteError):
    """A secret of a note (spending key, randomness, nullifier key) is not a field element."""

    code: ClassVar[int] = 1781

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} is not a field element in [0, r). Reduce it where it is made.")
        self.what = what


class DiversifierOutOfRange(NoteError):
    """A diversifier does not fit its 11 bytes."""

    code: ClassVar[int] = 1782

    def __init__(self, diversifier: int) -> None:
        super().__init__(
            f"diversifier {diversifier} is outside 0..2^88-1. Take it from the address as it stands there."
        )
        self.diversifier = diversifier


class PlaintextLength(NoteError):
    """A note's plaintext has no elements, or more than one permutation gives pads for."""

    code: ClassVar[int] = 1783

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(
            f"a note's plaintext has {length} field elements; it may have 1 to {limit}. Use several notes."
        )
        self.length, self.limit = length, limit


class NoteValueOutOfRange(NoteError):
    """The value of a pool note does not fit 64 bits."""

    code: ClassVar[int] = 1784

    def __init__(self, bits: int) -> None:
        super().__init__(f"a note's value does not fit {bits} unsigned bits. Split it over several notes.")
        self.bits = bits


class MemoTooLong(NoteError):
    """A memo has more bytes than a note carries."""

    code: ClassVar[int] = 1785

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"the memo has {length} bytes; a note carries {limit}. Shorten it.")
        self.length, self.limit = length, limit


class PositionOutOfRange(NoteError):
    """A position is not one of the tree's leaves."""

    code: ClassVar[int] = 1786

    def __init__(self, position: int, size: int) -> None:
        super().__init__(f"position {position} is outside the note tree; it has positions 0 to {size - 1} here.")
        self.position, self.size = position, size


class NoteTreeFull(NoteError):
    """The tree has no room for more leaves."""

    code: ClassVar[int] = 1787

    def __init__(self, size: int, more: int, capacity: int) -> None:
        super().__init__(f"the note tree holds {size} of {capacity} notes and has no room for {more} more.")
        self.size, self.more, self.capacity = size, more, capacity


class WrongPathLength(NoteError):
    """A Merkle path of the note tree has another number of levels or siblings than the tree."""

    code: ClassVar[int] = 1788

    def __init__(self, levels: int, depth: int) -> None:
        super().__init__(f"the path has {levels} levels of three siblings; the note tree has {depth}.")
        self.levels, self.depth = levels, depth


class DamagedFrontier(NoteError):
    """The siblings kept beside the last leaf are not those of a tree of that size."""

    code: ClassVar[int] = 1789

    def __init__(self, size: int) -> None:
        super().__init__(f"the frontier kept for {size} notes has another shape than that size asks for; rebuild it.")
        self.size = size
