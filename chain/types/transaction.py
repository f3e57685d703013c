"""Transactions: an envelope of actions that apply all or none, and one ed25519 signature."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from chain.codec import Unions, decode, encode, wire
from chain.execution.action import Action, Claim
from chain.execution.statement import effects_digest
from chain.types.identifiers import object_id, proof_paid_object_id
from chain.types.scalars import AccountId, Amount, ChainId, Hash, Height, Nonce, ObjectId, Signature, TxHash, Uint
from crypto import domains
from crypto.hashing import tagged_hash

MAX_TRANSACTION_BYTES: Final = 128 * 1024
FROM_ACCOUNT: Final = Uint(0)  # the fee is paid by the signer's account
FROM_PROOF: Final = Uint(1)  # the signer is a one-time key; a proof's public output pays


@wire()
@dataclass(frozen=True, slots=True)
class FeeSource:
    """Who signs and what pays: kind FROM_ACCOUNT or FROM_PROOF, and the signer's public key."""

    kind: Uint
    signer: AccountId


@wire()
@dataclass(frozen=True)
class Envelope:
    """Everything that the signature covers. fork_id is the hash of the active upgrade (zero before the first)."""

    chain_id: ChainId
    genesis_hash: Hash
    fork_id: Hash
    fee_source: FeeSource
    nonce: Nonce  # 0 when a proof pays
    expiry_height: Height  # the last height at which the transaction may stand in a block
    fee_limit: Amount  # the most that base fee and tip may cost together; exactly what a proof gives for them
    tip: Amount
    actions: tuple[Action, ...]

    @property
    def sender(self) -> AccountId:
        return self.fee_source.signer

    @property
    def proof_paid(self) -> bool:
        """Whether a proof pays the fee, so that `sender` is a one-time key and no account."""
        return self.fee_source.kind == FROM_PROOF

    @cached_property
    def uniques(self) -> tuple[bytes, ...]:
        """The nullifiers of all actions, in order: no other transaction can ever use one of them."""
        return tuple(unique for action in self.actions for unique in action.uniques())

    def object_id(self, index: int) -> ObjectId:
        """The id of what the action at `index` creates: from sender and nonce, or from the nullifier that pays.

        A one-time key may sign many transactions, all with nonce 0; a nullifier stands in one.
        """
        if self.proof_paid:
            return proof_paid_object_id(self.uniques[0], index)
        return object_id(self.sender, self.nonce, index)

    @cached_property
    def effects_digest(self) -> Hash:
        """What all proofs of the transaction are bound to, computed once however many actions carry one."""
        return effects_digest(self)

    def signing_bytes(self) -> bytes:
        """What the signature covers: 32 bytes, domain-separated; chain id and genesis hash are inside."""
        return tagged_hash(domains.TRANSACTION, encode(self))


@wire()
@dataclass(frozen=True, slots=True)
class _Signed:
    envelope: Envelope
    signature: Signature


class Transaction:
    """A decoded transaction with its exact bytes. Immutable; derived values are computed once."""

    def __init__(self, envelope: Envelope, signature: Signature, raw: bytes | None = None) -> None:
        self.envelope = envelope
        self.signature = signature
        self.raw = encode(_Signed(envelope, signature)) if raw is None else raw

    @classmethod
    def decode(cls, raw: bytes, unions: Unions) -> "Transaction":
        """Raises a CodecError unless `raw` is the one canonical encoding and every action is known."""
        signed = decode(_Signed, raw, limit=MAX_TRANSACTION_BYTES, unions=unions, what="a signed transaction")
        return cls(signed.envelope, signed.signature, raw)

    @cached_property
    def hash(self) -> TxHash:
        return transaction_hash(self.raw)

    @cached_property
    def signing_bytes(self) -> bytes:
        return self.envelope.signing_bytes()

    @cached_property
    def claims(self) -> tuple[tuple[Claim, ...], ...]:
        """Per action, what its evidence must prove; from the actions and the envelope alone."""
        return tuple(action.claims(self.envelope, index) for index, action in enumerate(self.envelope.actions))

    @property
    def sender(self) -> AccountId:
        return self.envelope.sender


def transaction_hash(raw: bytes) -> TxHash:
    """The hash of a transaction's full bytes, signature and proofs included."""
    return TxHash(tagged_hash(domains.TRANSACTION_HASH, raw))
