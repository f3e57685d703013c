"""What people do with the registry: publish keys, programs and models, and vote to freeze a key."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Action
from chain.types.scalars import Blob, Hash, Name, ProgramId, Text, Uint, VkId


@wire()
@dataclass(frozen=True, slots=True)
class Ceremony:
    """What a multi-party setup names of itself: the powers of tau, the constraint system and the transcript."""

    ptau: Hash
    r1cs: Hash
    transcript: Hash


@wire()
@dataclass(frozen=True, slots=True)
class RegisterKey(Action):
    """Publish a compressed verifying key; its id is the hash of these bytes."""

    tag: ClassVar[int] = 10
    name: ClassVar[str] = "registry.register_key"
    writes: ClassVar[int] = 2

    key: Blob
    ceremony: Ceremony | None


@wire()
@dataclass(frozen=True, slots=True)
class RegisterProgram(Action):
    """Publish what a key proves. The sender becomes its owner and earns the royalty; nothing of it ever changes."""

    tag: ClassVar[int] = 11
    name: ClassVar[str] = "registry.register_program"
    writes: ClassVar[int] = 2

    vk_id: VkId
    r1cs_hash: Hash
    manifest: Blob
    royalty_bps: Uint  # of what is left of a price after the burn, in 1/10,000
    statement: Name  # "inference"
    outputs: Uint  # public output elements
    bound: bool  # whether the circuit's first public signal is ctx


@wire()
@dataclass(frozen=True, slots=True)
class PublishModel(Action):
    """Give one of the sender's programs a name and a version under which people find it."""

    tag: ClassVar[int] = 12
    name: ClassVar[str] = "registry.publish_model"
    writes: ClassVar[int] = 3

    model: Name  # lower-case letters, digits, dots, dashes and underscores
    version: Name  # likewise
    program: ProgramId
    description: Text


@wire()
@dataclass(frozen=True, slots=True)
class VoteFreeze(Action):
    """A validator's operator says whether a key shall be frozen; more than 2/3 of the power decide."""

    tag: ClassVar[int] = 13
    name: ClassVar[str] = "registry.vote_freeze"
    writes: ClassVar[int] = 3

    vk_id: VkId
    frozen: bool
