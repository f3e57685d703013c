"""What can go wrong when a shielded transfer is drafted. Codes 6350-6369. No message or field shows an amount."""

from crypto.errors import ClusterError


class ShieldedComputeError(ClusterError):
    """Root of this folder's errors."""

    code = 6350


class TooManyNotes(ShieldedComputeError):
    """A transfer shall spend or make more notes than its circuit has places for."""

    code = 6351

    def __init__(self, what: str, limit: int, got: int) -> None:
        super().__init__(f"a transfer has room for {limit} notes {what}, not {got}; make several transfers.")
        self.what, self.limit, self.got = what, limit, got


class NotesDoNotCover(ShieldedComputeError):
    """The notes that are spent, with what enters, hold less than what is paid and offered as a fee."""

    code = 6352

    def __init__(self) -> None:
        super().__init__("the notes to spend hold less than the payments, what leaves and the fee; spend others.")


class NoRoomForChange(ShieldedComputeError):
    """Something is left over, and both new notes are somebody's payment already."""

    code = 6353

    def __init__(self) -> None:
        super().__init__("something is left over and both new notes are payments; pay one at a time, or the exact sum.")


class NoteOfAnotherAsset(ShieldedComputeError):
    """A note that is to be spent holds another asset than the transfer moves."""

    code = 6354

    def __init__(self) -> None:
        super().__init__("a note to spend holds another asset than the one to pay; a transfer moves one asset.")


class StaleWitness(ShieldedComputeError):
    """The path of a note does not lead to the root that the transfer names: the wallet's tree is not that tree."""

    code = 6355

    def __init__(self, position: int) -> None:
        super().__init__(
            f"the path kept for the note at position {position} does not lead to the root given; read the chain's "
            f"notes again (`cluster notes --deep`), then draft with the root of that tree."
        )
        self.position = position
