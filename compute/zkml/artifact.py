"""A model's files, as its publisher hands them to providers: the integers, the manifest, and the keys beside them.

    MODELS/<program id in hex>/model.msgpack               compute/zkml/model_file.py
    MODELS/<program id in hex>/insecure-dev/*.keys         proving and verifying key (compute/dev_keys.py)

Whoever loads them derives the circuit again and compares with the program on chain: constraints, manifest, commitment
and verifying key must be the registered ones, else every proof would be worthless.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final

from chain.types.scalars import Blob, Hash, ProgramId, Uint
from client.whole_files import write_whole
from compute.dev_keys import CircuitKeys, DevKeys, KeyedCircuit
from compute.zkml.errors import ModelFileUnusable, ProgramNotOfManifest
from compute.zkml.manifest import Manifest
from compute.zkml.model_file import encode_model, read_model
from compute.zkml.provable import Provable
from compute.zkml.prover import KEY_NAME, InferenceProver
from contracts.registry.actions import RegisterProgram
from contracts.registry.state import Program, manifest_hash
from crypto.errors import CryptoError
from crypto.r1cs.r1cs_file import write_r1cs

FILE_NAME: Final = "model.msgpack"


def model_keys(keys: DevKeys, provable: Provable) -> CircuitKeys:
    """The circuit of a model and its development keys; the first time this runs the setup."""
    return keys.get(KEY_NAME, provable.statement.constrain)


def program_id(provable: Provable, keys: KeyedCircuit) -> ProgramId:
    """Under which id the model's program is registered, on any chain."""
    return registration(provable, keys).program


def registration(provable: Provable, keys: KeyedCircuit, royalty_bps: int = 0) -> RegisterProgram:
    """The action that registers the model's program."""
    manifest = provable.manifest
    return RegisterProgram(
        keys.vk_id,
        Hash(keys.r1cs_hash),
        Blob(manifest.encode()),
        Uint(royalty_bps),
        manifest.statement,
        Uint(manifest.elements),
        bound=True,
        model=provable.commitment,
    )


def save_artifact(models: Path, provable: Provable, keys: CircuitKeys) -> Path:
    """Write the model's folder under `models`, for its owner's eyes where weights are secret; the folder."""
    folder = artifact_folder(models, program_id(provable, keys))
    folder.mkdir(parents=True, exist_ok=True)
    DevKeys(folder).put(keys)
    save_model(folder / FILE_NAME, provable)
    return folder


def save_model(path: Path, provable: Provable) -> None:
    """Write a model file, whole or not at all, for its owner's eyes where weights are secret."""
    write_whole(path, encode_model(provable), private=provable.weights is not None)


def load_artifact(models: Path, program: Program) -> tuple[Manifest, InferenceProver]:
    """The prover of a registered program from its files. Raises ModelFileUnusable when they are not that program's."""
    path = artifact_folder(models, program.id) / FILE_NAME
    provable = read_model(path)
    if manifest_hash(provable.manifest.encode()) != program.manifest_hash:
        raise ModelFileUnusable(path, "its manifest is not the registered one")
    try:
        provable.manifest.require_program(program)
    except ProgramNotOfManifest as error:
        raise ModelFileUnusable(path, str(error)) from error
    if provable.commitment != program.model:
        raise ModelFileUnusable(path, "its weights are not those of the registered commitment")
    if provable.statement.keyed:
        raise ModelFileUnusable(path, "its results are sealed with a key of their own, which no task on chain has")
    circuit = provable.statement.constrain()
    if sha256(write_r1cs(circuit)).digest() != program.r1cs_hash:
        raise ModelFileUnusable(path, "its circuit is not the registered one")
    try:
        keys = DevKeys(path.parent).find(KEY_NAME, circuit)
        if keys is None:
            raise ModelFileUnusable(path, "the proving key beside it is missing")
        if keys.vk_id != program.vk_id:
            raise ModelFileUnusable(path, "the key beside it is not the registered one")
        return provable.manifest, InferenceProver(provable, keys)
    except (CryptoError, OSError) as error:
        raise ModelFileUnusable(path, f"the key beside it cannot be read ({error})") from error


def artifact_folder(models: Path, program: ProgramId) -> Path:
    """Where a program's files lie."""
    return models / program.hex()
