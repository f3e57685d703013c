"""Which gossip has been met before, in bounded memory: two generations of digests, the older forgotten as a whole."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

DIGEST_BYTES: Final = 16
KEY_BYTES: Final = 32


class SeenCache:
    """Remembers a digest for `seconds / 2` to `seconds`, unless more than `capacity / 2` newer ones came meanwhile.

    Digests are keyed with a secret of this process, so nobody can prepare two payloads that share one.
    """

    def __init__(self, capacity: int, seconds: float, key: bytes, clock: Callable[[], float]) -> None:
        self._per_generation, self._period, self._clock = capacity // 2, seconds / 2, clock
        self._hasher = blake2b(key=key, digest_size=DIGEST_BYTES)
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()
        self._turned = clock()

    def digest(self, topic: int, payload: bytes) -> bytes:
        hasher = self._hasher.copy()
        hasher.update(topic.to_bytes(2, "big"))
        hasher.update(payload)
        return hasher.digest()

    def __contains__(self, digest: bytes) -> bool:
        self._turn()
        return digest in self._young or digest in self._old

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def add(self, digest: bytes) -> None:
        self._turn()
        self._young.add(digest)

    def _turn(self) -> None:
        """Start a new generation when the young one is full or old enough."""
        now = self._clock()
        age = now - self._turned
        if age < self._period and len(self._young) < self._per_generation:
            return
        self._old = self._young if age < 2 * self._period else set()
        self._young, self._turned = set(), now
