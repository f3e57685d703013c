"""The errors of chain/state: 3700-3749."""

from chain.errors import ChainError


class StateError(ChainError):
    """Root of the errors of state, its tree and its proofs."""

    code = 3700


class BadKeyPart(StateError):
    """A part of a storage key has another width than its space declares."""

    code = 3701

    def __init__(self, space: str, expected: tuple[int, ...], got: tuple[int, ...]) -> None:
        super().__init__(f"keys of {space} have parts of {expected} bytes; got {got}. Build it from the right ids.")
        self.space, self.expected, self.got = space, expected, got


class EmptyValue(StateError):
    """An entry without content cannot be proven (ICS-23 refuses empty values)."""

    code = 3702

    def __init__(self, key: bytes) -> None:
        super().__init__(f"state key {key!r} was given an empty value; store at least one byte or delete the key.")
        self.key = key


class NotNested(StateError):
    """commit() was called on an overlay whose parent is not an overlay."""

    code = 3703

    def __init__(self) -> None:
        super().__init__("this overlay lies on committed state, which only a block's commit moves; take its changes().")


class VersionNotNewer(StateError):
    """A batch for the tree names a version that is not above the tree's own."""

    code = 3710

    def __init__(self, version: int, head: int) -> None:
        super().__init__(f"the tree stands at version {head}; a batch must be for a later one, not {version}.")
        self.version, self.head = version, head


class DuplicateChange(StateError):
    """A batch for the tree changes one key twice, so its outcome would depend on order."""

    code = 3711

    def __init__(self, key: bytes) -> None:
        super().__init__(f"state key {key!r} occurs twice in one batch; hand in an overlay's changes().")
        self.key = key


class StaleUpdate(StateError):
    """An update was computed on another tree than the one it is applied to."""

    code = 3712

    def __init__(self, base: int, head: int) -> None:
        super().__init__(f"the update was computed on version {base}, the tree is at {head}; execute the block again.")
        self.base, self.head = base, head


class TreeCorrupt(StateError):
    """A stored page or leaf of the tree is missing, malformed or has another hash than its parent says."""

    code = 3713
    fatal = True

    def __init__(self, node: bytes, reason: str) -> None:
        super().__init__(
            f"tree node {node.hex()} {reason}; the database is damaged. Stop the node and run "
            "`cluster data repair`; if that finds nothing whole, `cluster data resync`."
        )
        self.node, self.reason = node, reason


class InvalidProof(StateError):
    """A proof does not show what it was given for."""

    code = 3720

    def __init__(self, reason: str) -> None:
        super().__init__(f"the proof is refused: {reason}. Ask another node, and check height and root.")
        self.reason = reason
