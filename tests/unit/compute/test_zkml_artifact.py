"""Model files: a provider proves with nothing but what the chain's program names."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.types.scalars import AccountId, Hash, Height, ProgramId, Uint, VkId
from compute.dev_keys import FOLDER, CircuitKeys, DevKeys
from compute.zkml.artifact import artifact_folder, encode_model, load_artifact, model_keys, program_id, save_artifact
from compute.zkml.errors import ModelFileUnusable
from compute.zkml.quantise import Quantised
from contracts.registry.state import Program, manifest_hash
from contracts.registry.statement import INFERENCE
from tests.support.small_models import OTHER, SMALL, with_weight


def registered(quantised: Quantised, keys: CircuitKeys) -> Program:
    """The program as a chain would hold it."""
    return Program(
        id=program_id(quantised, keys),
        vk_id=keys.vk_id,
        r1cs_hash=Hash(keys.r1cs_hash),
        manifest_hash=manifest_hash(quantised.manifest.encode()),
        owner=AccountId(bytes(32)),
        royalty_bps=Uint(0),
        statement=INFERENCE,
        outputs=Uint(quantised.manifest.elements),
        bound=True,
        model=None,
        registered_at=Height(1),
    )


@pytest.fixture
def program(small_keys: CircuitKeys, models_folder: Path) -> Program:
    save_artifact(models_folder, SMALL, small_keys)
    return registered(SMALL, small_keys)


def model_file(models: Path, program: Program) -> Path:
    return artifact_folder(models, program.id) / "model.json"


def test_files_give_back_the_model_and_keys_that_prove(program: Program, models_folder: Path) -> None:
    manifest, prover = load_artifact(models_folder, program)
    assert (manifest, prover.model) == (SMALL.manifest, SMALL.model)
    proven = prover.prove(1, 2, (3, 4, 5), 6)
    assert len(proven.proof) == 128
    assert proven.outputs == prover.outputs(2, (3, 4, 5), 6)


def test_a_model_without_files_is_refused(models_folder: Path, small_keys: CircuitKeys) -> None:
    with pytest.raises(ModelFileUnusable):
        load_artifact(models_folder, registered(SMALL, small_keys))


def edited(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(encode_model(SMALL))
    change(document)
    return json.dumps(document).encode()


def layer(document: dict[str, Any], number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = document["model"]["layers"][number]
    return found


DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda d: d.update(format="x"),
    "a key too much": lambda d: d.update(x=1),
    "no layers": lambda d: d["model"].update(layers=[]),
    "a float weight": lambda d: layer(d)["weights"][0].__setitem__(0, 1.0),
    "a weight beyond int8": lambda d: layer(d)["weights"][0].__setitem__(0, 128),
    "a true for a weight": lambda d: layer(d)["weights"][0].__setitem__(0, True),
    "a bias too few": lambda d: layer(d)["bias"].pop(),
    "a ragged row": lambda d: layer(d)["weights"][1].pop(),
    "layers that do not fit": lambda d: layer(d, 1)["weights"][0].append(1),
    "a negative shift": lambda d: layer(d).update(shift=-1),
    "a huge shift": lambda d: layer(d).update(shift=61),
    "no shift between layers": lambda d: layer(d).update(shift=None),
    "a huge bias": lambda d: layer(d).update(bias=[2**61, 0]),
    "many input bits": lambda d: d["model"].update(input_bits=1000),
    "a manifest of another model": lambda d: d["manifest"].update(shifts=[2]),
    "a manifest that is none": lambda d: d.update(manifest=[]),
    "NaN": lambda d: d["manifest"].update(logit_step=float("nan")),
}


@pytest.mark.parametrize("what", sorted(DAMAGE))
def test_a_damaged_file_is_refused(what: str, program: Program, models_folder: Path) -> None:
    model_file(models_folder, program).write_bytes(edited(DAMAGE[what]))
    with pytest.raises(ModelFileUnusable):
        load_artifact(models_folder, program)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000, b"9" * 10_000])
def test_a_file_that_is_no_json_is_refused(data: bytes, program: Program, models_folder: Path) -> None:
    model_file(models_folder, program).write_bytes(data)
    with pytest.raises(ModelFileUnusable):
        load_artifact(models_folder, program)


def test_another_weight_is_another_circuit(program: Program, models_folder: Path) -> None:
    bent = replace(SMALL, model=with_weight(SMALL.model, 4))
    model_file(models_folder, program).write_bytes(encode_model(bent))
    with pytest.raises(ModelFileUnusable, match="circuit"):
        load_artifact(models_folder, program)


def test_another_manifest_is_another_program(program: Program, models_folder: Path) -> None:
    bent = replace(SMALL, manifest=replace(SMALL.manifest, logit_step=2.0))
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
    ):
        with pytest.raises(ModelFileUnusable):
            load_artifact(models_folder, bent)
