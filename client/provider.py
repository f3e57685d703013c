"""A provider as an account: its one secret gives both the signature and the key that inputs are sealed to."""

from typing import Final

from chain.types.scalars import Amount, EncryptionKeyBytes, Name
from contracts.tasks.provider_actions import RegisterProvider
from crypto.keys import SecretKey
from crypto.sealedbox import EncryptionKey

PROOF_KINDS: Final = (Name("proof"),)


def provider_encryption_key(secret: SecretKey) -> EncryptionKey:
    """The X25519 key of a provider: that of its account key's seed, so that anybody can derive its public half.

    Its public half is `encryption_key_of(secret.public)`.
    """
    return EncryptionKey(secret.seed)


def registration(secret: SecretKey, bond: Amount, min_price: Amount) -> RegisterProvider:
    """The action by which an account becomes a provider of proofs; bond and price in nano-CLU."""
    public = provider_encryption_key(secret).public
    return RegisterProvider(bond, EncryptionKeyBytes(public), min_price, PROOF_KINDS)
