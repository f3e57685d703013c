"""When a header is believed, given one that is: pure functions of both and the time.

Source: Braithwaite et al., "A Tendermint Light Client" (arXiv 2010.07031), sections 3 and 4; trust level 1/3. Within
the trust period more than 2/3 of the power that signed the trusted header is correct, so more than 1/3 of it under
another header means that a correct validator signed that one too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chain.execution.action import Claim
from chain.execution.header import check_commit
from chain.execution.verifier import BadSignature, FalseEvidence
from chain.types.block import Header
from chain.types.scalars import ChainId
from chain.types.sync import LightBlock
from client.light.blocks import Anchor
from client.light.errors import (
    CommitForAnother,
    FromTheFuture,
    NodeBehind,
    OtherChainId,
    OtherValidators,
    TimeNotLater,
    TooFewTrusted,
    TrustedOtherwise,
    TrustExpired,
)
from crypto.keys import verify

DAY_MS: Final = 86_400_000
TRUST_PERIOD_MS: Final = 7 * DAY_MS  # well below the time that stake stays bound (docs/light-client.md)
MAX_DRIFT_MS: Final = 10_000
MAX_LAG_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long a verified header is believed, and how far a header may be ahead of one's own clock.

    lag_ms: how much older than what was verified before a node's newest header may be; honest nodes differ by seconds.
    """

    period_ms: int = TRUST_PERIOD_MS
    drift_ms: int = MAX_DRIFT_MS
    lag_ms: int = MAX_LAG_MS


DEFAULTS: Final = Terms()


class Signatures:
    """Checks ed25519 signatures directly; a light client is asked for no proofs of computations."""

    def require(self, claims: Sequence[Claim]) -> None:
        """Refuses: raises FalseEvidence for any claim."""
        for claim in claims:
            raise FalseEvidence(claim, "a light client holds no verifying keys.")

    def require_signature(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """Raises BadSignature unless the ed25519 signature verifies."""
        if not verify(public_key, message, signature):
            raise BadSignature(public_key)


SIGNATURES: Final = Signatures()


def require_final(block: LightBlock, chain_id: ChainId) -> None:
    """The block is of the chain, and more than 2/3 of the power that its own header names committed it.

    Raises OtherChainId, OtherValidators, CommitForAnother, WrongCommit, BadSignature.
    """
    header, commit = block.header, block.commit
    if header.chain_id != chain_id:
        raise OtherChainId(chain_id, header.chain_id)
    if header.validators_hash != block.validators.hash():
        raise OtherValidators(header.height, header.validators_hash, block.validators.hash())
    if (commit.height, commit.block_id) != (header.height, header.id()):
        raise CommitForAnother(header.height, header.id())
    check_commit(commit, block.validators, chain_id, SIGNATURES)


def verify_later(anchor: Anchor, block: LightBlock, now_ms: int, terms: Terms = DEFAULTS) -> None:
    """Whoever believes `anchor` may believe `block`, which is later: the next one, or one signed by enough trusted.

    Raises TrustExpired, FromTheFuture, TimeNotLater, OtherValidators, TrustedOtherwise, TooFewTrusted (verify one
    between first), and as require_final.
    """
    header = block.header
    age = now_ms - anchor.time
    if age >= terms.period_ms:
        raise TrustExpired(anchor.height, age, terms.period_ms)
    if header.time - now_ms > terms.drift_ms:
        raise FromTheFuture(header.height, header.time - now_ms, terms.drift_ms)
    if header.time <= anchor.time or header.height <= anchor.height:
        raise TimeNotLater(header.height, anchor.time, header.time)
    if header.height == anchor.height + 1:
        if header.validators_hash != anchor.next_validators_hash:
            raise OtherValidators(header.height, anchor.next_validators_hash, header.validators_hash)
        if header.parent_id != anchor.block_id:  # of height 1 too: the genesis's keys may serve elsewhere
            raise TrustedOtherwise(anchor.height, anchor.block_id, header.parent_id)
    else:
        _require_enough_trusted(anchor, block)
    require_final(block, anchor.chain_id)


def require_new(newest: Anchor, header: Header, terms: Terms = DEFAULTS) -> None:
    """That what a node shows as its newest is not older than what was verified before. Raises NodeBehind."""
    behind = newest.time - header.time
    if behind > terms.lag_ms:
        raise NodeBehind(header.height, newest.height, behind)


def require_parent(child: Header, parent: Header) -> None:
    """`parent` is the header that the believed `child` builds on. Raises TrustedOtherwise."""
    if parent.height != child.height - 1 or parent.id() != child.parent_id:
        raise TrustedOtherwise(parent.height, child.parent_id, parent.id())


def _require_enough_trusted(anchor: Anchor, block: LightBlock) -> None:
    """That the named signers hold more than 1/3 of the trusted power; require_final checks that they did sign."""
    trusted = anchor.validators
    signers = {entry.validator for entry in block.commit.signatures}
    power = sum(trusted.power(signer) for signer in signers)
    if not trusted.exceeds_third(power):
        raise TooFewTrusted(block.height, power, trusted.total_power)
