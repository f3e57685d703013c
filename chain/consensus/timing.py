"""How long the driver waits, and which proposal times it believes. Integers, in milliseconds."""

from dataclasses import dataclass
from typing import Final

from chain.consensus.inputs import TIMEOUT_PRECOMMIT, TIMEOUT_PREVOTE, TIMEOUT_PROPOSE
from chain.types.scalars import Round, Timestamp, Uint


@dataclass(frozen=True, slots=True)
class Timing:
    """Waiting times of round 0 and what each later round adds; how far clocks and messages may be off.

    clock_precision_ms: how far two correct clocks may differ. message_delay_ms: how long a whole proposal may travel.
    Neither enters a header: nodes may differ in them without disagreeing on a block.
    """

    propose_ms: int = 3_000
    prevote_ms: int = 1_000
    precommit_ms: int = 1_000
    step_ms: int = 500
    max_ms: int = 60_000
    clock_precision_ms: int = 500
    message_delay_ms: int = 3_000

    def base_ms(self, kind: Uint) -> int:
        """The waiting time of round 0. Raises KeyError for an unknown kind."""
        waits = {
            TIMEOUT_PROPOSE: self.propose_ms,
            TIMEOUT_PREVOTE: self.prevote_ms,
            TIMEOUT_PRECOMMIT: self.precommit_ms,
        }
        return waits[kind]


DEFAULT_TIMING: Final = Timing()


def timeout_ms(kind: Uint, round_: Round, timing: Timing = DEFAULT_TIMING) -> int:
    """Grows with the round, so that it exceeds the unknown delay of the network at some round (paper, section 3)."""
    return min(timing.base_ms(kind) + round_ * timing.step_ms, timing.max_ms)


def is_timely(
    proposal_time: Timestamp, receive_time: Timestamp, round_: Round, timing: Timing = DEFAULT_TIMING
) -> bool:
    """Could a correct clock have shown proposal_time when the proposal was sent, given that it came at receive_time?

    The bounds widen with the round, so that clocks or links worse than assumed slow the chain but do not stop it.
    Source: proposer-based timestamps, CometBFT specification, with the clock bound widened as well.
    """
    precision = timing.clock_precision_ms * (round_ + 1)
    delay = timing.message_delay_ms * (round_ + 1)
    return proposal_time - precision <= receive_time <= proposal_time + delay + precision
