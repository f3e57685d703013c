"""What the registry keeps: keys and their bytes, programs and manifests, models by id and by name.

Nothing but a key's `frozen_at` and a name's newest version ever changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from chain.codec import decode, encode, wire
from chain.state.keys import ID, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Blob, FieldElement, Hash, Height, Name, ObjectId, ProgramId, Text, Uint, VkId
from contracts.registry.errors import (
    KeyFrozen,
    KeyNotActive,
    KeyUnknown,
    ModelNameUnknown,
    ModelUnknown,
    ProgramUnknown,
)
from crypto import domains
from crypto.hashing import tagged_hash

_NAME_BYTES: Final = 64

KEY: Final = Space("registry/key", (ID,))
KEY_BYTES: Final = Space("registry/key-bytes", (ID,))
PROGRAM: Final = Space("registry/program", (ID,))
MANIFEST: Final = Space("registry/manifest", (ID,))
MODEL: Final = Space("registry/model", (ID,))
MODEL_NAME: Final = Space("registry/model-name", (_NAME_BYTES,))
MODEL_VERSION: Final = Space("registry/model-version", (_NAME_BYTES, _NAME_BYTES))
DISSOLVING: Final = Space("registry/dissolving", (ID,))  # frozen keys whose tasks are still being paid back


@wire()
@dataclass(frozen=True, slots=True)
class Ceremony:
    """What a multi-party setup names of itself: the powers of tau, the constraint system and the transcript."""

    ptau: Hash
    r1cs: Hash
    transcript: Hash


@wire()
@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A verifying key's facts; its bytes stand apart, as few readers need them.

    ceremony: what the registrant said that it comes from. Anybody can register a key first and say something false, so
    nothing follows from it: attestations name their ceremony themselves.
    """

    vk_id: VkId
    registrant: AccountId
    public_inputs: Uint
    ceremony: Ceremony | None
    registered_at: Height
    active_from: Height
    frozen_at: Height | None


@wire()
@dataclass(frozen=True, slots=True)
class ProgramParts:
    """All that says which proofs settle a program's tasks and what they are about; a program's id is its hash."""

    vk_id: VkId
    r1cs_hash: Hash
    manifest_hash: Hash
    statement: Name
    outputs: Uint
    bound: bool
    model: FieldElement | None

    @property
    def id(self) -> ProgramId:
        """SHA256(tag || the canonical bytes of the parts) (protocol.md, Statements)."""
        return ProgramId(tagged_hash(domains.PROGRAM, encode(self)))


@wire()
@dataclass(frozen=True, slots=True)
class Program:
    """What a key proves, and for which model where one key serves many.

    royalty_bps is the owner's share of what is left of a price after the burn, in 1/10,000.
    """

    id: ProgramId
    vk_id: VkId
    r1cs_hash: Hash
    manifest_hash: Hash
    owner: AccountId
    royalty_bps: Uint
    statement: Name
    outputs: Uint
    bound: bool
    model: FieldElement | None
    registered_at: Height

    @property
    def parts(self) -> ProgramParts:
        """What its id is the hash of."""
        return ProgramParts(
            self.vk_id, self.r1cs_hash, self.manifest_hash, self.statement, self.outputs, self.bound, self.model
        )


@wire()
@dataclass(frozen=True, slots=True)
class Model:
    """A program under a name and a version."""

    id: ObjectId
    publisher: AccountId
    model: Name
    version: Name
    program: ProgramId
    description: Text
    published_at: Height


@wire()
@dataclass(frozen=True, slots=True)
class NameRecord:
    """Whose a model's name is, and its newest version."""

    owner: AccountId
    newest: ObjectId


# Keys


def find_key(view: View, vk_id: VkId) -> KeyRecord | None:
    raw = view.get(KEY.key(vk_id))
    return None if raw is None else decode(KeyRecord, raw)


def require_key(view: View, vk_id: VkId) -> KeyRecord:
    """The key's record, whether it may be used or not. Raises KeyUnknown."""
    record = find_key(view, vk_id)
    if record is None:
        raise KeyUnknown(vk_id)
    return record


def require_active_key(view: View, vk_id: VkId, height: Height) -> KeyRecord:
    """The record of a key that proofs may be checked with at `height`. Raises KeyUnknown, KeyNotActive or KeyFrozen.

    What begins something new with a key asks for `ceremony_state.require_usable_key`.
    """
    record = require_key(view, vk_id)
    if record.frozen_at is not None:
        raise KeyFrozen(vk_id, record.frozen_at)
    if height < record.active_from:
        raise KeyNotActive(vk_id, record.active_from, height)
    return record


def key_bytes(view: View, vk_id: VkId) -> bytes:
    """The compressed verifying key, for a Verifier. Raises KeyUnknown."""
    raw = view.get(KEY_BYTES.key(vk_id))
    if raw is None:
        raise KeyUnknown(vk_id)
    return raw


def write_key(overlay: Overlay, record: KeyRecord) -> None:
    overlay.put(KEY.key(record.vk_id), encode(record))


def write_key_bytes(overlay: Overlay, vk_id: VkId, key: bytes) -> None:
    overlay.put(KEY_BYTES.key(vk_id), key)


# Programs


def manifest_hash(manifest: bytes) -> Hash:
    return Hash(tagged_hash(domains.MANIFEST, manifest))


def find_program(view: View, program: ProgramId) -> Program | None:
    raw = view.get(PROGRAM.key(program))
    return None if raw is None else decode(Program, raw)


def require_program(view: View, program: ProgramId) -> Program:
    """Raises ProgramUnknown."""
    record = find_program(view, program)
    if record is None:
        raise ProgramUnknown(program)
    return record


def write_program(overlay: Overlay, program: Program, manifest: bytes) -> None:
    """A program and its manifest; programs with equal manifests share one entry."""
    overlay.put(PROGRAM.key(program.id), encode(program))
    overlay.put(MANIFEST.key(program.manifest_hash), manifest)


def read_manifest(view: View, program: Program) -> Blob:
    """The manifest's bytes. Raises ProgramUnknown for a program that is not in state."""
    raw = view.get(MANIFEST.key(program.manifest_hash))
    if raw is None:
        raise ProgramUnknown(program.id)
    return Blob(raw)


# Models


def require_model(view: View, model: ObjectId) -> Model:
    """Raises ModelUnknown."""
    raw = view.get(MODEL.key(model))
    if raw is None:
        raise ModelUnknown(model)
    return decode(Model, raw)


def find_model_name(view: View, name: str) -> NameRecord | None:
    raw = view.get(MODEL_NAME.key(_padded(name)))
    return None if raw is None else decode(NameRecord, raw)


def find_version(view: View, name: str, version: str) -> ObjectId | None:
    raw = view.get(MODEL_VERSION.key(_padded(name), _padded(version)))
    return None if raw is None else ObjectId(raw)


def model_by_name(view: View, name: str, version: str | None = None) -> Model:
    """A model by its name, its newest version when none is given. Raises ModelNameUnknown."""
    known = find_model_name(view, name) if fits_a_key(name) else None
    if known is None:
        raise ModelNameUnknown(name, None)
    if version is None:
        return require_model(view, known.newest)
    found = find_version(view, name, version) if fits_a_key(version) else None
    if found is None:
        raise ModelNameUnknown(name, version)
    return require_model(view, found)


def newest_models(view: View) -> Iterator[Model]:
    """The newest version of every model, by name."""
    for _, raw in view.iterate(MODEL_NAME.scan()):
        yield require_model(view, decode(NameRecord, raw).newest)


def write_model(overlay: Overlay, model: Model) -> None:
    """A model, its version and its name, whose newest version it becomes."""
    overlay.put(MODEL.key(model.id), encode(model))
    overlay.put(MODEL_VERSION.key(_padded(model.model), _padded(model.version)), model.id)
    overlay.put(MODEL_NAME.key(_padded(model.model)), encode(NameRecord(model.publisher, model.id)))


def fits_a_key(text: str) -> bool:
    """Whether a name or version can stand in a storage key at all; zero bytes pad it."""
    return text.isascii() and "\0" not in text and 0 < len(text) <= _NAME_BYTES


def _padded(text: str) -> bytes:
    return text.encode("ascii").ljust(_NAME_BYTES, b"\0")


# Freezing


def freeze(overlay: Overlay, record: KeyRecord, height: Height) -> None:
    """Freeze a key from this block on, and note that its tasks are to be paid back."""
    write_key(overlay, replace(record, frozen_at=height))
    overlay.put(DISSOLVING.key(record.vk_id), be8(height))


def unfreeze(overlay: Overlay, record: KeyRecord) -> None:
    write_key(overlay, replace(record, frozen_at=None))


def is_dissolving(view: View, vk_id: VkId) -> bool:
    return view.get(DISSOLVING.key(vk_id)) is not None


def dissolving_keys(view: View) -> Iterator[tuple[VkId, Height]]:
    """Frozen keys of which tasks may be left to pay back, in order, with the height of their freeze."""
    for key, frozen_at in view.iterate(DISSOLVING.scan()):
        yield VkId(DISSOLVING.parts(key)[0]), Height(int.from_bytes(frozen_at, "big"))


def finish_dissolving(overlay: Overlay, vk_id: VkId) -> None:
    """All tasks of the key are paid back."""
    overlay.delete(DISSOLVING.key(vk_id))
