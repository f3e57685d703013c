"""A compiled model's folder: everything that setting up, proving and verifying needs, in forms that others read too.

    settings.json           who may know what, rows in a proof
    manifest.json           scales, shifts, errors, scores
    model.msgpack           the integers (a secret where the weights are committed)
    circuit.r1cs            for snarkjs, and for a ceremony
    insecure-dev/           keys of a one-party setup
    ceremony/               a key that was imported; taken instead. ceremony.json: the hashes of its ceremony's files
    verification_key.json proof.json public.json     in snarkjs's form
    opening.json            what opens the last proof's commitments: its owner's secret

Every file is written whole or not at all, and without proof.json no proof is there.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from client.whole_files import WholeFile, write_set, write_whole
from compute.dev_keys import DevKeys
from compute.zkml.artifact import FILE_NAME, save_model
from compute.zkml.compiled import Compiled, Proof, Ready, Settings, cache_folder
from compute.zkml.errors import ModelFileUnusable, ProfileUnknown
from compute.zkml.folder_errors import FolderOccupied, FolderUnusable, OpeningUnusable
from compute.zkml.inference import Private
from compute.zkml.manifest import Manifest
from compute.zkml.model_file import read_model
from compute.zkml.prover import KEY_NAME
from compute.zkml.room import require_room
from crypto.field import SCALAR_FIELD
from crypto.groth16.encoding import decode_proof
from crypto.groth16.snarkjs import inputs_to_snarkjs, key_to_snarkjs, proof_to_snarkjs
from crypto.r1cs.r1cs_file import write_r1cs

FORMAT: Final = "cluster-zk-folder/1"
SETTINGS: Final = "settings.json"
MANIFEST: Final = "manifest.json"
CIRCUIT: Final = "circuit.r1cs"
KEY: Final = "verification_key.json"
PROOF: Final = "proof.json"
PUBLIC: Final = "public.json"
OPENING: Final = "opening.json"
CEREMONY: Final = "ceremony.json"
OF_PROOF: Final = (PROOF, PUBLIC, OPENING)


def require_free(folder: Path) -> None:
    """Raises FolderOccupied for a folder with something else in it than a compiled model."""
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / FILE_NAME).exists())):
        raise FolderOccupied(folder)


def same_model(folder: Path, compiled: Compiled) -> Compiled:
    """The model with the salt that its folder holds for the same weights, so that its commitment stays as it was."""
    try:
        former = read_model(folder / FILE_NAME)
    except ModelFileUnusable:
        return compiled
    ours, theirs = compiled.provable.weights, former.weights
    if (
        ours is None
        or theirs is None
        or ours.values != theirs.values
        or former.model.limits != compiled.provable.model.limits
    ):
        return compiled
    return Compiled(replace(compiled.provable, weights=theirs), compiled.settings)


def save_compiled(folder: Path, compiled: Compiled) -> None:
    """Write a compiled model; settings.json comes last: without it the folder counts as empty.

    What a former model left there, but its keys, is removed.
    """
    constraints = write_r1cs(compiled.circuit)
    folder.mkdir(parents=True, exist_ok=True)
    for former in (SETTINGS, KEY, CEREMONY, *OF_PROOF):
        (folder / former).unlink(missing_ok=True)
    save_model(folder / FILE_NAME, compiled.provable)
    write_whole(folder / MANIFEST, document(json.loads(compiled.manifest.encode())))
    write_whole(folder / CIRCUIT, constraints)
    write_whole(folder / SETTINGS, document({"format": FORMAT, **asdict(compiled.settings)}))


def load_compiled(folder: Path) -> Compiled:
    """Raises FolderUnusable, ModelFileUnusable."""
    require_folder(folder)
    try:
        table = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        if table.pop("format") != FORMAT:
            raise FolderUnusable(folder, f"{SETTINGS} is of another format than {FORMAT}")
        settings = Settings(**table)
    except OSError as error:
        raise FolderUnusable(folder, f"{SETTINGS}: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ProfileUnknown) as error:
        raise FolderUnusable(folder, f"{SETTINGS}: {str(error)[:120]}") from error
    provable = read_model(folder / FILE_NAME)
    manifest = provable.manifest
    said = (settings.committed, settings.results, settings.rows, settings.keyed)
    if said != (manifest.committed_model, manifest.results, manifest.rows, manifest.keyed):
        raise ModelFileUnusable(folder / FILE_NAME, f"it is not the model that {SETTINGS} speaks of")
    return Compiled(provable, settings)


def set_up(folder: Path, compiled: Compiled, *, cache: Path | None = None, force: bool = False) -> Ready:
    """Keys for the folder's model: those in it, else those of its circuit in `cache`, else of a one-party setup now,
    which are kept in both. Raises what `Compiled.setup` raises."""
    if DevKeys(folder).holds(KEY_NAME, compiled.circuit):
        ready = compiled.setup(folder, force=force)
    else:
        ready = compiled.setup(cache_folder() if cache is None else cache, force=force)
        DevKeys(folder).put(ready.keys)
    write_whole(folder / KEY, key_to_snarkjs(ready.keys.verifying).encode())
    return ready


def load_ready(folder: Path, compiled: Compiled | None = None, *, force: bool = False) -> Ready:
    """The folder's model with the keys that lie in it.

    Raises FolderUnusable where there are none, DamagedKeyFile, TooManyConstraints and ModelTooLarge unless `force`.
    """
    compiled = load_compiled(folder) if compiled is None else compiled
    require_proving_room(compiled, force=force)
    keys = DevKeys(folder).find(KEY_NAME, compiled.circuit)
    if keys is None:
        raise FolderUnusable(folder, "it holds no keys", f"`cluster zk setup {folder}` makes some.")
    return Ready(compiled, keys)


def require_proving_room(compiled: Compiled, *, force: bool) -> None:
    """Raises TooManyConstraints and ModelTooLarge unless `force`."""
    if not force:
        require_room(compiled.cost, "proving a circuit", compiled.cost.estimate.prove_peak_bytes)


def save_proof(folder: Path, proof: Proof) -> None:
    """proof.json, public.json and verification_key.json for anybody, opening.json for its owner's eyes only.

    They are of one proof, or proof.json is missing, whenever this ends.
    """
    opening: dict[str, Any] = {
        "salt": str(proof.salt),
        "rows": list(proof.numbers),
        "outputs": [list(one) for one in proof.outputs],
    }
    write_set(
        [
            WholeFile(folder / OPENING, document(opening), private=True),
            WholeFile(folder / KEY, key_to_snarkjs(proof.verifying).encode()),
            WholeFile(folder / PUBLIC, inputs_to_snarkjs(proof.public).encode()),
            WholeFile(folder / PROOF, proof_to_snarkjs(decode_proof(proof.proven.proof)).encode()),
        ]
    )


def require_proof(folder: Path) -> None:
    """Raises FolderUnusable where no proof is: none was made, or a run was killed while it wrote one."""
    require_folder(folder)
    if not (folder / PROOF).exists():
        raise FolderUnusable(folder, "it holds no proof", f"`cluster zk prove {folder} --input ROW.npy` makes one.")


def require_folder(folder: Path) -> None:
    """Raises FolderUnusable where there is none."""
    if not folder.is_dir():
        raise FolderUnusable(folder, "it is a file" if folder.exists() else "there is no such folder")


def document(table: dict[str, Any]) -> bytes:
    """A JSON file for people too."""
    return (json.dumps(table, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def opening_of(text: str) -> Private:
    """The rows and the salt of an opening.json. Raises OpeningUnusable."""
    try:
        table = json.loads(text)
        rows, salt = tuple(int(value) for value in table["rows"]), int(table["salt"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise OpeningUnusable(str(error)[:120]) from error
    if not 0 <= salt < SCALAR_FIELD:
        raise OpeningUnusable("its salt is no field element")
    return Private(rows, salt)


def said_of(manifest: Manifest, packed: Sequence[int]) -> list[str]:
    """What packed results say, row by row. Raises ManifestUnusable."""
    flat = manifest.unpack_outputs(packed)
    return [manifest.said(flat[i : i + manifest.outputs]) for i in range(0, len(flat), manifest.outputs)]
