"""Prepared keys by their id, so that a proof's key is looked up and not prepared again."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

from crypto.groth16.encoding import KeyId, decompress_key, key_id
from crypto.groth16.errors import KeyIdMismatch
from crypto.groth16.native import PreparedKey

DEFAULT_CAPACITY: Final = 256  # a prepared key takes some 30 kB


class KeyCache:
    """The most recently used prepared keys. May be used from several threads at once."""

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self._capacity = capacity
        self._keys: OrderedDict[KeyId, PreparedKey] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, wanted: KeyId, load: Callable[[KeyId], bytes]) -> PreparedKey:
        """The prepared key of an id; load gives its compressed bytes where it is not at hand.

        Raises KeyIdMismatch if they hash to another id, and what `decompress_key` and `PreparedKey` raise.
        """
        with self._lock:
            known = self._keys.get(wanted)
            if known is not None:
                self._keys.move_to_end(wanted)
                return known
        compressed = load(wanted)
        if (actual := key_id(compressed)) != wanted:
            raise KeyIdMismatch(actual, wanted)
        prepared = PreparedKey(decompress_key(compressed))
        with self._lock:
            self._keys[wanted] = prepared
            while len(self._keys) > self._capacity:
                self._keys.popitem(last=False)
        return prepared
