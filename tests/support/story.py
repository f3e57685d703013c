"""The story of one run, for people: what was done to the network and what its nodes said and did, line by line.

It is told of a failing seed only, which is run again for it. Statuses are left out, and what was said before.
"""

from chain.consensus.repeats import Status
from chain.types.vote import PREVOTE, Proposal, Vote

_MOST_MESSAGES = 300
_ARROW = "->"


class Story:
    """Lines of one run. Names of blocks are short, of validators their number."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._since: int | None = None
        self._names: dict[bytes, str] = {}

    def tell(self, now: int, what: str) -> None:
        self._since = now if self._since is None else self._since
        self.lines.append(f"{(now - self._since) / 1000:9.3f} s  {what}")

    def hear(self, now: int, sender: int, to: int, message: object) -> None:
        """A message arrives."""
        if not isinstance(message, Status):
            self.tell(now, f"{sender}{_ARROW}{to}: {self.name(message)}")

    def name(self, message: object) -> str:
        """One message in words."""
        match message:
            case Vote(type_, height, round_, target, validator):
                kind = "prevote" if type_ == PREVOTE else "precommit"
                return f"{kind} {height}/{round_} for {self.name_of(target)} by {validator.hex()[:4]}"
            case Proposal(height, round_, valid_round, block_id, _, proposer):
                proof = "" if valid_round < 0 else f" with polka of round {valid_round}"
                return f"proposal {height}/{round_} of {self.name_of(block_id)}{proof} by {proposer.hex()[:4]}"
        proposal, value, commit = (getattr(message, name, None) for name in ("proposal", "value", "commit"))
        if proposal is not None:
            return self.name(proposal)
        if commit is not None:
            return f"final block {commit.height} of round {commit.round}: {self.name_of(commit.block_id)}"
        if value is None and hasattr(message, "id"):
            return f"block {self.name_of(message.id)}"
        return type(message).__name__.lower()

    def text(self) -> str:
        """The whole story; of a long one's messages only the first and the last."""
        heard = [index for index, line in enumerate(self.lines) if _ARROW in line]
        left_out = set(heard[_MOST_MESSAGES // 2 : -_MOST_MESSAGES // 2]) if len(heard) > _MOST_MESSAGES else set()
        told = [line for index, line in enumerate(self.lines) if index not in left_out]
        return "\n".join([*told, f"({len(left_out)} messages are left out)"] if left_out else told)

    def name_of(self, target: bytes) -> str:
        if not target:
            return "nil"
        return self._names.setdefault(target, f"block {chr(65 + len(self._names) % 26)}{len(self._names) // 26 or ''}")
