"""Token buckets: how fast a peer may speak. The clock's reading is passed in, in seconds that never run backwards."""


class TokenBucket:
    """Holds at most `burst` tokens, gains `rate` a second; a charge may take it below zero, then it must earn again."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = burst, now

    def take(self, now: float) -> bool:
        """Whether there was a token for one more message; takes it if so."""
        self._earn(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def charge(self, amount: float, now: float) -> float:
        """Take `amount` whatever is there; seconds until the balance is zero again (0 when it is not below)."""
        self._earn(now)
        # A debt is capped at one burst, so that no single charge silences a peer for longer than burst / rate.
        self._tokens = max(self._tokens - amount, -self._burst)
        return max(0.0, -self._tokens / self._rate)

    def _earn(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
