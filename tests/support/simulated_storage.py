"""The signer's state and the consensus log in variables, for runs in which nobody crashes (simulated_disk.py else)."""

from chain.consensus.inputs import Input
from chain.types.scalars import Height
from node.signer_state import LastSigned


class MemoryStateFile:
    """A signer's state that every `replace` makes durable."""

    def __init__(self, state: LastSigned) -> None:
        self._state = state

    def read(self) -> LastSigned:
        return self._state

    def replace(self, state: LastSigned) -> None:
        self._state = state

    def close(self) -> None:
        """Nothing is held."""


class MemoryLog:
    """The interface of node.consensus_log.ConsensusLog, for one height at a time."""

    def __init__(self) -> None:
        self._height = Height(0)
        self._records: list[Input | bytes] = []
        self._synced = 0

    def replay(self, height: Height) -> tuple[tuple[Input, ...], tuple[bytes, ...]]:
        if height != self._height:
            self.end_height(Height(height - 1))
        inputs = tuple(record for record in self._records if isinstance(record, Input))
        return inputs, tuple(record for record in self._records if isinstance(record, bytes))

    def append(self, event: Input) -> None:
        self._records.append(event)

    def append_own(self, event: Input) -> None:
        self._records.append(event)
        self.sync()

    def append_body(self, block: bytes) -> None:
        self._records.append(block)

    def sync(self) -> None:
        self._synced = len(self._records)

    def end_height(self, height: Height) -> None:
        self._height, self._records, self._synced = Height(height + 1), [], 0

    def close(self) -> None:
        """Nothing is held."""
