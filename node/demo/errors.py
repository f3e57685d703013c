"""What can end the demo early: 7800-7849."""

from node.errors import NodeError


class DemoError(NodeError):
    """Root of the demo's errors."""

    code = 7800


class DemoStuck(DemoError):
    """Something that the demo waits for did not happen."""

    code = 7801

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"waited {seconds:.0f} s for {what}; the validators' logs in the demo's folder say why.")
        self.what, self.seconds = what, seconds


class DemoFailed(DemoError):
    """The demo ran through, but not all that it promises held."""

    code = 7802

    def __init__(self, broken: tuple[str, ...]) -> None:
        super().__init__(
            f"{len(broken)} promises did not hold: {'; '.join(broken)}. Run again with --keep and read the logs."
        )
        self.broken = broken
