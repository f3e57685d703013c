"""What providers do to offer work: register with a bond, change what they offer, move the bond."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Action
from chain.types.scalars import Amount, EncryptionKeyBytes, Name


@wire()
@dataclass(frozen=True, slots=True)
class RegisterProvider(Action):
    """Become a provider: at least the parameters' least bond is taken from the sender's account."""

    tag: ClassVar[int] = 20
    name: ClassVar[str] = "tasks.register_provider"
    writes: ClassVar[int] = 3

    bond: Amount
    encryption_key: EncryptionKeyBytes  # X25519; requesters seal input keys to it
    min_price: Amount  # what the provider asks at least; shown to requesters, not enforced
    kinds: tuple[Name, ...]  # evidence kinds offered


@wire()
@dataclass(frozen=True, slots=True)
class UpdateProvider(Action):
    """Change what a provider offers; tasks that are open already keep the key they were sealed to."""

    tag: ClassVar[int] = 21
    name: ClassVar[str] = "tasks.update_provider"
    writes: ClassVar[int] = 1

    encryption_key: EncryptionKeyBytes
    min_price: Amount
    kinds: tuple[Name, ...]


@wire()
@dataclass(frozen=True, slots=True)
class AddBond(Action):
    """Raise the sender's bond by `amount`."""

    tag: ClassVar[int] = 22
    name: ClassVar[str] = "tasks.add_bond"
    writes: ClassVar[int] = 2

    amount: Amount


@wire()
@dataclass(frozen=True, slots=True)
class WithdrawBond(Action):
    """Take `amount` of the bond back, when nothing is locked; what stays is nothing or at least the least bond."""

    tag: ClassVar[int] = 23
    name: ClassVar[str] = "tasks.withdraw_bond"
    writes: ClassVar[int] = 2

    amount: Amount
