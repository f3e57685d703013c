"""What people do with the registry: publish keys, programs and models."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from chain.codec import wire
from chain.execution.action import Action
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Blob, FieldElement, Hash, Height, Name, ProgramId, Text, Uint, VkId
from contracts.registry import state
from contracts.registry.errors import (
    InputCountMismatch,
    InsecureKey,
    KeyAlreadyRegistered,
    KeyFrozen,
    ManifestSize,
    NoOutputs,
    NotAModelName,
    NotNameOwner,
    NotProgramOwner,
    ProgramAlreadyRegistered,
    RoyaltyTooHigh,
    VersionTaken,
)
from contracts.registry.events import (
    KeyRegistered,
    ModelPublished,
    ProgramRegistered,
)
from contracts.registry.state import Ceremony, KeyRecord, Model, Program, ProgramParts
from contracts.registry.statement import check_model, public_inputs
from crypto.groth16.encoding import decompress_key, key_id
from crypto.groth16.keycheck import check_key

__all__ = ["Ceremony", "PublishModel", "RegisterKey", "RegisterProgram"]

WHOLE_BPS: Final = 10_000
MAX_MANIFEST_BYTES: Final = 64 * 1024

_MODEL_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@wire()
@dataclass(frozen=True, slots=True)
class RegisterKey(Action):
    """Publish a compressed verifying key; its id is the hash of these bytes."""

    tag: ClassVar[int] = 10
    name: ClassVar[str] = "registry.register_key"
    writes: ClassVar[int] = 2
    work: ClassVar[int] = 35_000  # square roots and subgroup checks, 16 ms, at admission and again in the block

    key: Blob
    ceremony: Ceremony | None

    @property
    def vk_id(self) -> VkId:
        return VkId(key_id(self.key))

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises InsecureKey, KeyAlreadyRegistered, or what crypto/groth16 has against the key (a Groth16Error)."""
        if self.ceremony is None and not context.params.allow_insecure_keys:
            raise InsecureKey
        if state.find_key(view, self.vk_id) is not None:
            raise KeyAlreadyRegistered(self.vk_id)
        check_key(decompress_key(self.key))

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        active_from = Height(context.height + context.params.activation_delay)
        record = KeyRecord(
            vk_id=self.vk_id,
            registrant=context.sender,
            public_inputs=Uint(int.from_bytes(self.key[:2], "big")),
            ceremony=self.ceremony,
            registered_at=context.height,
            active_from=active_from,
            frozen_at=None,
        )
        state.write_key(overlay, record)
        state.write_key_bytes(overlay, record.vk_id, self.key)
        context.emit(KeyRegistered(record.vk_id, context.sender, active_from))


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
    statement: Name  # one of contracts/registry/statement.py
    outputs: Uint  # public output elements
    bound: bool  # whether the circuit's first public signal is ctx
    model: FieldElement | None  # the commitment of a model that is not in the circuit

    @property
    def program(self) -> ProgramId:
        return self.parts.id

    @property
    def parts(self) -> ProgramParts:
        """What its id is the hash of."""
        manifest = state.manifest_hash(self.manifest)
        return ProgramParts(self.vk_id, self.r1cs_hash, manifest, self.statement, self.outputs, self.bound, self.model)

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises the RegistryError of the broken rule."""
        if not 1 <= len(self.manifest) <= MAX_MANIFEST_BYTES:
            raise ManifestSize(len(self.manifest), MAX_MANIFEST_BYTES)
        if self.royalty_bps > WHOLE_BPS:
            raise RoyaltyTooHigh(self.royalty_bps, WHOLE_BPS)
        if self.outputs == 0:
            raise NoOutputs
        needed = public_inputs(self.statement, self.outputs, self.bound)
        check_model(self.statement, self.model)
        known = state.find_program(view, self.program)
        if known is not None:
            raise ProgramAlreadyRegistered(known.id, known.owner)
        key = state.require_key(view, self.vk_id)
        if key.frozen_at is not None:
            raise KeyFrozen(key.vk_id, key.frozen_at)
        if key.public_inputs != needed:
            raise InputCountMismatch(key.vk_id, key.public_inputs, needed)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        program = Program(
            id=self.program,
            vk_id=self.vk_id,
            r1cs_hash=self.r1cs_hash,
            manifest_hash=state.manifest_hash(self.manifest),
            owner=context.sender,
            royalty_bps=self.royalty_bps,
            statement=self.statement,
            outputs=self.outputs,
            bound=self.bound,
            model=self.model,
            registered_at=context.height,
        )
        state.write_program(overlay, program, self.manifest)
        context.emit(ProgramRegistered(program.id, program.vk_id, program.owner))


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

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises the RegistryError of the broken rule."""
        for what, text in (("name", self.model), ("version", self.version)):
            if not _MODEL_NAME.fullmatch(text):
                raise NotAModelName(what, text)
        known = state.find_model_name(view, self.model)
        if known is not None and known.owner != context.sender:
            raise NotNameOwner(self.model, known.owner)
        if state.find_version(view, self.model, self.version) is not None:
            raise VersionTaken(self.model, self.version)
        program = state.require_program(view, self.program)
        if program.owner != context.sender:
            raise NotProgramOwner(program.id, program.owner)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        model = Model(
            id=context.new_object_id,
            publisher=context.sender,
            model=self.model,
            version=self.version,
            program=self.program,
            description=self.description,
            published_at=context.height,
        )
        state.write_model(overlay, model)
        context.emit(ModelPublished(model.id, model.model, model.version, model.program, model.publisher))
