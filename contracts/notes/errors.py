"""The rules of notes on the chain, one class each. Codes 4400-4419."""

from chain.types.scalars import FieldElement, ObjectId
from crypto.errors import ClusterError


class NotesError(ClusterError):
    """Root of the errors of notes on the chain."""

    code = 4400


class UnknownRoot(NotesError):
    """A proof is about a note tree that the object never had."""

    code = 4401

    def __init__(self, object_: ObjectId, root: FieldElement) -> None:
        super().__init__(
            f"0x{object_.hex()} never had the note root {root}; take a root of its own from this chain "
            f"(contract_getTree) and prove again."
        )
        self.object, self.root = object_, root


class RootTooOld(NotesError):
    """A proof is about a note tree that has changed too often since."""

    code = 4402

    def __init__(self, object_: ObjectId, root: FieldElement, age: int, limit: int) -> None:
        super().__init__(
            f"the note root {root} of 0x{object_.hex()} is {age} changes old, of which {limit - 1} are allowed; "
            f"scan on and prove again from a newer root."
        )
        self.object, self.root, self.age, self.limit = object_, root, age, limit


class NoteSpent(NotesError):
    """A nullifier was published before: the note is spent, for ever."""

    code = 4403

    def __init__(self, object_: ObjectId, nullifier: FieldElement) -> None:
        super().__init__(f"a note of 0x{object_.hex()} is spent already: its nullifier {nullifier} is known. Scan on.")
        self.object, self.nullifier = object_, nullifier


class DuplicateNullifier(NotesError):
    """One action spends one note twice."""

    code = 4404

    def __init__(self, nullifier: FieldElement) -> None:
        super().__init__(f"nullifier {nullifier} stands twice in one action; spend each note once.")
        self.nullifier = nullifier


class BadEphemeral(NotesError):
    """The one-time point of an action's outputs is not one that anything can safely be encrypted under."""

    code = 4405

    def __init__(self, x: int, y: int, reason: str) -> None:
        super().__init__(
            f"({x}, {y}) is {reason}; the outputs' one-time point is e * Base8 for a fresh e. Prove again."
        )
        self.x, self.y, self.reason = x, y, reason


class NoteTreeFull(NotesError):
    """The object's note tree has no room for an action's outputs."""

    code = 4406

    def __init__(self, object_: ObjectId, size: int, more: int, capacity: int) -> None:
        super().__init__(
            f"the note tree of 0x{object_.hex()} holds {size} of {capacity} notes and has no room for {more}; "
            f"move to another contract."
        )
        self.object, self.size, self.more, self.capacity = object_, size, more, capacity


class WrongCiphertextLength(NotesError):
    """An output's ciphertext has another number of field elements than its kind of note."""

    code = 4407

    def __init__(self, output: int, expected: int, got: int) -> None:
        super().__init__(
            f"the ciphertext of output {output} has {got} field elements and must have exactly {expected}."
        )
        self.output, self.expected, self.got = output, expected, got
