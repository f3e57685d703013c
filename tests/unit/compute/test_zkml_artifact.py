"""Model files: a provider proves with nothing but what the chain's program names."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain.types.scalars import AccountId, Hash, Height, ProgramId, Uint, VkId
from compute.dev_keys import FOLDER, CircuitKeys, DevKeys
from compute.zkml.artifact import artifact_folder, load_artifact, model_keys, program_id, save_artifact
from compute.zkml.errors import ModelFileUnusable
from compute.zkml.inference import ENCRYPTED, Inference
from compute.zkml.model_file import encode_model
from compute.zkml.provable import Provable
from compute.zkml.prover import InferenceProver
from contracts.registry.state import Program, manifest_hash
from contracts.registry.statement import INFERENCE, INFERENCE_COMMITTED_MODEL
from crypto.groth16 import Groth16Error
from tests.support.small_models import COMMITTED_MODEL, OTHER, SMALL, proven, with_weight


def registered(provable: Provable, keys: CircuitKeys) -> Program:
    """The program as a chain would hold it."""
    return Program(
        id=program_id(provable, keys),
        vk_id=keys.vk_id,
        r1cs_hash=Hash(keys.r1cs_hash),
        manifest_hash=manifest_hash(provable.manifest.encode()),
        owner=AccountId(bytes(32)),
        royalty_bps=Uint(0),
        statement=INFERENCE if provable.commitment is None else INFERENCE_COMMITTED_MODEL,
        outputs=Uint(provable.manifest.elements),
        bound=True,
        model=provable.commitment,
        registered_at=Height(1),
    )


@pytest.fixture
def program(small_keys: CircuitKeys, models_folder: Path) -> Program:
    save_artifact(models_folder, SMALL, small_keys)
    return registered(SMALL, small_keys)


def model_file(models: Path, program: Program) -> Path:
    return artifact_folder(models, program.id) / "model.msgpack"


def test_files_give_back_the_model_and_keys_that_prove(program: Program, models_folder: Path) -> None:
    manifest, prover = load_artifact(models_folder, program)
    assert manifest == SMALL.manifest
    assert encode_model(prover.provable) == encode_model(SMALL)
    proven = prover.prove(1, 2, (3, 4, 5), 6)
    assert len(proven.proof) == 128
    assert proven.outputs == prover.outputs(2, (3, 4, 5), 6)


def test_a_model_without_files_is_refused(models_folder: Path, small_keys: CircuitKeys) -> None:
    with pytest.raises(ModelFileUnusable):
        load_artifact(models_folder, registered(SMALL, small_keys))


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"\x91" * 100_000, b"9" * 10_000, b"\xc1"])
def test_a_file_that_is_no_msgpack_is_refused(data: bytes, program: Program, models_folder: Path) -> None:
    model_file(models_folder, program).write_bytes(data)
    with pytest.raises(ModelFileUnusable):
        load_artifact(models_folder, program)


def test_results_under_a_key_of_their_own_are_not_loaded_to_be_locked(
    small_keys: CircuitKeys, models_folder: Path
) -> None:
    """No task could be settled: what it commits to is the secret itself, and not its hash."""
    keyed = Provable(
        Inference(SMALL.model, 1, ENCRYPTED, keyed=True), replace(SMALL.manifest, keyed=True), SMALL.weights
    )
    save_artifact(models_folder, keyed, small_keys)
    with pytest.raises(ModelFileUnusable, match="key of their own"):
        load_artifact(models_folder, registered(keyed, small_keys))


def test_a_proof_is_verified_before_it_is_given_out(small_keys: CircuitKeys, other_keys: CircuitKeys) -> None:
    """A damaged key proves something else: whoever sent that would lose what the task is worth."""
    prover = InferenceProver(SMALL, replace(small_keys, verifying=other_keys.verifying))
    with pytest.raises(Groth16Error):
        prover.prove(1, 2, (3, 4, 5), 6)


def test_another_weight_is_another_circuit(program: Program, models_folder: Path) -> None:
    bent = replace(proven(with_weight(SMALL.model, 4)), manifest=SMALL.manifest)
    model_file(models_folder, program).write_bytes(encode_model(bent))
    with pytest.raises(ModelFileUnusable, match="circuit"):
        load_artifact(models_folder, program)


def test_another_manifest_is_another_program(program: Program, models_folder: Path) -> None:
    bent = replace(SMALL, manifest=replace(SMALL.manifest, unit=2.0))
    model_file(models_folder, program).write_bytes(encode_model(bent))
    with pytest.raises(ModelFileUnusable, match="manifest"):
        load_artifact(models_folder, program)


def test_keys_of_another_setup_are_refused(program: Program, models_folder: Path, tmp_path: Path) -> None:
    """The same circuit set up again: proofs under such a key would never verify on chain."""
    model_keys(DevKeys(tmp_path), SMALL)
    (fresh,) = (tmp_path / FOLDER).iterdir()
    (stale,) = (artifact_folder(models_folder, program.id) / FOLDER).iterdir()
    stale.write_bytes(fresh.read_bytes())
    with pytest.raises(ModelFileUnusable, match="key"):
        load_artifact(models_folder, program)


@pytest.mark.parametrize("cut", [0, 3, 100, 5000])
def test_damaged_keys_are_refused(cut: int, program: Program, models_folder: Path) -> None:
    (keys,) = (artifact_folder(models_folder, program.id) / FOLDER).iterdir()
    keys.write_bytes(keys.read_bytes()[:cut])
    with pytest.raises(ModelFileUnusable):
        load_artifact(models_folder, program)


def test_missing_keys_are_refused_and_none_are_made(program: Program, models_folder: Path) -> None:
    (keys,) = (artifact_folder(models_folder, program.id) / FOLDER).iterdir()
    keys.unlink()
    with pytest.raises(ModelFileUnusable, match="missing"):
        load_artifact(models_folder, program)
    assert list(keys.parent.iterdir()) == []


def test_files_of_one_program_are_not_anothers(program: Program, models_folder: Path, other_keys: CircuitKeys) -> None:
    elsewhere = registered(OTHER, other_keys)
    save_artifact(models_folder, OTHER, other_keys)
    model_file(models_folder, program).rename(model_file(models_folder, elsewhere))
    with pytest.raises(ModelFileUnusable):
        load_artifact(models_folder, elsewhere)


def test_each_part_of_a_program_counts(program: Program, models_folder: Path) -> None:
    zeros = bytes(32)
    for bent in (
        replace(program, vk_id=VkId(zeros)),
        replace(program, r1cs_hash=Hash(zeros)),
        replace(program, manifest_hash=Hash(zeros)),
        replace(program, id=ProgramId(zeros)),
        replace(program, statement=INFERENCE_COMMITTED_MODEL),
        replace(program, bound=False, outputs=Uint(program.outputs + 2)),
        replace(program, outputs=Uint(program.outputs + 1)),
    ):
        with pytest.raises(ModelFileUnusable):
            load_artifact(models_folder, bent)


# Committed models


@pytest.fixture
def committed(committed_keys: CircuitKeys, models_folder: Path) -> Program:
    save_artifact(models_folder, COMMITTED_MODEL, committed_keys)
    return registered(COMMITTED_MODEL, committed_keys)


def test_a_committed_models_file_is_its_owners_alone_and_proves(committed: Program, models_folder: Path) -> None:
    path = model_file(models_folder, committed)
    assert path.stat().st_mode & 0o077 == 0
    manifest, prover = load_artifact(models_folder, committed)
    assert manifest.committed_model
    signals = prover.prove(1, 2, (3, 1), 6).signals
    assert signals[3] == committed.model


def test_other_weights_or_another_salt_are_not_the_committed_ones(committed: Program, models_folder: Path) -> None:
    weights = COMMITTED_MODEL.weights
    assert weights is not None
    bent = with_weight(COMMITTED_MODEL.model, 4)
    for wrong in (proven(bent), replace(COMMITTED_MODEL, weights=replace(weights, salt=weights.salt + 1))):
        assert wrong.manifest == COMMITTED_MODEL.manifest
        model_file(models_folder, committed).write_bytes(encode_model(wrong))
        with pytest.raises(ModelFileUnusable, match="commitment"):
            load_artifact(models_folder, committed)


def test_one_setup_serves_every_model_of_a_shape(committed_keys: CircuitKeys, dev_keys: DevKeys) -> None:
    bent = proven(with_weight(COMMITTED_MODEL.model, 4))
    keys = model_keys(dev_keys, bent)
    assert keys.vk_id == committed_keys.vk_id
    assert program_id(bent, keys) != program_id(COMMITTED_MODEL, keys)
