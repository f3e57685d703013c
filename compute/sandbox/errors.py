"""What the sandbox refuses beside the rules of the chain. Codes 6450-6469."""

from crypto.errors import ClusterError


class SandboxError(ClusterError):
    """Root of the sandbox's own errors; a rule of the chain that is broken raises its own."""

    code = 6450


class Backwards(SandboxError):
    """The sandbox is asked to mine back in time."""

    code = 6451

    def __init__(self, height: int, wanted: int) -> None:
        super().__init__(
            f"height {wanted} has passed, the chain is at {height}; take a snapshot before, and restore it to go back."
        )
        self.height, self.wanted = height, wanted


class AnotherSandbox(SandboxError):
    """A snapshot is restored into a sandbox that it was not taken from."""

    code = 6452

    def __init__(self) -> None:
        super().__init__("this snapshot was taken from another sandbox; take one from the chain that is restored.")


class NothingWitnessed(SandboxError):
    """A proof is asked of a sandbox that makes none."""

    code = 6453

    def __init__(self) -> None:
        super().__init__(
            "this sandbox checks witnesses and makes no proofs, so it has no verifying keys; use Sandbox(prove=True)."
        )


class EventMissing(SandboxError):
    """A receipt has no event of a class."""

    code = 6454

    def __init__(self, wanted: str, found: tuple[str, ...]) -> None:
        super().__init__(f"there is no event {wanted}; the receipt has {', '.join(found) or 'none'}.")
        self.wanted, self.found = wanted, found


class SandboxClosed(SandboxError):
    """A sandbox is used after its `with` block."""

    code = 6455

    def __init__(self) -> None:
        super().__init__("this sandbox is closed and its keys are gone; use it inside its `with` block.")
