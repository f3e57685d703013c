"""How fast the chain and this machine are, measured, so that nothing is locked that cannot be proven in time."""

import math
from typing import Final

from chain.types.scalars import ProgramId

LOCK_HEIGHTS: Final = 2  # one until the lock is final, one more if its block is full
SETTLE_HEIGHTS: Final = 2  # likewise for the result
CAUTION: Final = 3.0  # a proof may take this many times as long as measured: other programs run here too
_WEIGHT: Final = 0.2  # of a new measurement


class Pace:
    """Seconds per proof of each program and heights per second, following what is seen."""

    def __init__(self, block_seconds: float) -> None:
        """`block_seconds` is the chain's parameter; real blocks may come faster or slower."""
        self._nominal = 1 / block_seconds
        self._rate = self._nominal
        self._seen: tuple[float, int] | None = None
        self._proofs: dict[ProgramId, float] = {}

    def block_seen(self, now: float, height: int) -> None:
        """The head was at `height` at monotonic time `now`."""
        if self._seen is not None and now > self._seen[0] and height > self._seen[1]:
            rate = (height - self._seen[1]) / (now - self._seen[0])
            self._rate += _WEIGHT * (rate - self._rate)
        if self._seen is None or height > self._seen[1]:
            self._seen = (now, height)

    def proof_made(self, program: ProgramId, seconds: float) -> None:
        """A proof took so long. Up at once, down slowly."""
        expected = self._proofs.get(program, 0.0)
        self._proofs[program] = expected + (1.0 if seconds > expected else _WEIGHT) * (seconds - expected)

    def proof_seconds(self, program: ProgramId) -> float:
        """What the next proof will take; 0 for a program that was never proven here."""
        return self._proofs.get(program, 0.0)

    @property
    def heights_per_second(self) -> float:
        """The faster of what is configured and what was measured: heights are what deadlines are in."""
        return max(self._nominal, self._rate)

    def heights_to_settle(self, seconds: float) -> int:
        """Heights from a final lock until its result is final, the proof being ready after `seconds` of work."""
        return SETTLE_HEIGHTS + math.ceil(CAUTION * seconds * self.heights_per_second)
