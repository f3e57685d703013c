"""Where heavy cryptography leaves the event loop: threads, a cache of what held, prefetch of what a block claims.

The native library releases the interpreter lock, so two threads verify on two cores. The cache is keyed by the hash of
the whole claim with its evidence, never by a transaction; it holds successes only. Source: architecture.md.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from hashlib import sha256
from threading import Lock
from time import perf_counter
from typing import Final

from chain.execution.action import GROTH16, Claim
from chain.execution.verifier import BadSignature, FalseEvidence
from chain.types.scalars import VkId
from crypto import domains
from crypto.errors import ClusterError
from crypto.groth16.encoding import KeyId
from crypto.groth16.keys import KeyCache
from crypto.groth16.verify import verify
from crypto.hashing import tagged_hash
from crypto.keys import verify as verify_signature

TIMES_KEPT: Final = 1_024
CACHED_CLAIMS: Final = 16_384
CACHED_SIGNATURES: Final = 65_536

KeySource = Callable[[VkId], bytes]  # a verifying key's compressed bytes, from committed state, or its error


class _Recent:
    """A bounded set that forgets the oldest. Used from several threads."""

    def __init__(self, size: int) -> None:
        self._size, self._lock = size, Lock()
        self._entries: OrderedDict[Hashable, object] = OrderedDict()

    def get(self, key: Hashable) -> object | None:
        with self._lock:
            return self._entries.get(key)

    def add(self, key: Hashable, value: object = True) -> None:
        with self._lock:
            self._entries[key] = value
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)


class NodeVerifier:
    """The node's Verifier (chain/execution/verifier.py): one per process, shared by ingress and execution."""

    def __init__(self, key_source: KeySource, pool: ThreadPoolExecutor, ingress_pool: ThreadPoolExecutor) -> None:
        """`pool` verifies what blocks claim, `ingress_pool` what is to be admitted: blocks never wait behind that."""
        self._key_source, self._pool, self._ingress_pool = key_source, pool, ingress_pool
        self._claims = _Recent(CACHED_CLAIMS)
        self._signatures = _Recent(CACHED_SIGNATURES)
        self._keys = KeyCache()
        self.seconds: deque[float] = deque(maxlen=TIMES_KEPT)  # of the last verifications that held
        self.total_seconds = 0.0  # of all of them
        self.verified_proofs = 0
        self.refused_proofs = 0

    def require(self, claims: Sequence[Claim]) -> None:
        """Raises FalseEvidence unless every claim holds; what was verified before costs a look-up."""
        for claim in claims:
            digest = claim_digest(claim)
            if self._claims.get(digest) is None:
                self._verify(claim)
                self._claims.add(digest)

    def require_signature(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """Raises BadSignature unless the ed25519 signature verifies."""
        digest = sha256(public_key + signature + message).digest()
        if self._signatures.get(digest) is not None:
            return
        if not verify_signature(public_key, message, signature):
            raise BadSignature(public_key)
        self._signatures.add(digest)

    async def prefetch(self, claims: Sequence[Claim]) -> None:
        """`require`, off the event loop. Raises FalseEvidence."""
        if self.unknown(claims):
            context = copy_context()  # a request's id goes along
            await asyncio.get_running_loop().run_in_executor(self._ingress_pool, context.run, self.require, claims)

    def unknown(self, claims: Iterable[Claim]) -> list[Claim]:
        """Those that are not known to hold: they would have to be verified."""
        return [claim for claim in claims if self._claims.get(claim_digest(claim)) is None]

    def warm(self, claims: Iterable[Claim]) -> None:
        """Verify side by side what a block claims and is not known yet. False ones are left for `require` to name."""
        unknown = self.unknown(claims)
        if len(unknown) > 1:
            list(self._pool.map(self._holds, unknown))

    def _holds(self, claim: Claim) -> bool:
        try:
            self.require((claim,))
        except ClusterError:
            return False
        return True

    def _verify(self, claim: Claim) -> None:
        if claim.kind != GROTH16:
            raise FalseEvidence(claim, f"this node cannot verify evidence of kind {claim.kind!r}.")
        started = perf_counter()
        try:
            verify(self._keys.get(KeyId(claim.key_digest), self._load_key), claim.evidence, claim.inputs)
        except ClusterError as error:
            self.refused_proofs += 1
            raise FalseEvidence(claim, str(error)) from error
        seconds = perf_counter() - started
        self.seconds.append(seconds)
        self.total_seconds += seconds
        self.verified_proofs += 1

    def _load_key(self, key_id: KeyId) -> bytes:
        return self._key_source(VkId(key_id))


def claim_digest(claim: Claim) -> bytes:
    """The cache key: kind, key, inputs and evidence, every byte of them."""
    inputs = b"".join(value.to_bytes(32, "big") for value in claim.inputs)
    sizes = len(claim.inputs).to_bytes(4, "big") + len(claim.evidence).to_bytes(4, "big")
    body = claim.kind.encode() + b"\0" + claim.key_digest + sizes + inputs + claim.evidence
    return tagged_hash(domains.CLAIM, body)
