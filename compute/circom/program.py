"""A circom circuit as a program that providers prove: its manifest, its files, its prover.

    MODELS/<program id in hex>/circom.json               the manifest, as it is registered
    MODELS/<program id in hex>/circuit.r1cs              constraints; the program id names their hash
    MODELS/<program id in hex>/circuit.wasm              computes witnesses
    MODELS/<program id in hex>/insecure-dev|ceremony/    the key (compute/dev_keys.py)

Written with ClusterTask of templates/cluster.circom a circuit is bound: it settles like any model. Without it, it is
unbound: public signals are whatever its maker made them, the first being the input commitment.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from chain.types.scalars import Blob, FieldElement, Hash, ProgramId, ProofBytes, Uint
from client.inference import input_commitment
from client.whole_files import write_whole
from compute.circom.compiler import Compiled, load_compiled
from compute.circom.errors import CircomError, InputRefused, WrongSignals
from compute.circom.witness import Inputs, WitnessCalculator
from compute.dev_keys import CircuitKeys, DevKeys
from compute.zkml.artifact import artifact_folder
from compute.zkml.errors import (
    ManifestUnusable,
    ModelFileUnusable,
    ProgramNotOfManifest,
    WrongRowCount,
    WrongRowLength,
)
from compute.zkml.inference import ENCRYPTED
from compute.zkml.manifest import require_shape
from compute.zkml.prover import Proven
from contracts.registry.actions import RegisterProgram
from contracts.registry.state import Program, manifest_hash
from contracts.registry.statement import INFERENCE
from contracts.tasks.actions import SettleUnbound
from contracts.tasks.state import Task
from crypto.errors import CryptoError
from crypto.field import SCALAR_FIELD
from crypto.groth16 import PreparedKey, compress_proof, verify
from crypto.poseidon import PACKED_BITS
from crypto.r1cs.circuit import Witness
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wtns_file import write_wtns

FORMAT: Final = "cluster-circom/1"
MANIFEST_FILE: Final = "circom.json"
R1CS_FILE: Final = "circuit.r1cs"
WASM_FILE: Final = "circuit.wasm"
KEY_NAME: Final = "circom"
LARGEST_EXACT: Final = 1 << 53  # rows come as floats, which hold every whole number below
_BOUND_SIGNALS: Final = 3  # ctx, task, commitment


@dataclass(frozen=True, slots=True)
class CircomManifest:
    """What a requester must know. architecture: a name; features: numbers of a row, each below 2^input_bits; outputs:
    field elements; trial_row: one that has a witness, to try a proof with. An unbound program has no row: features 0.
    """

    format: str
    architecture: str
    bound: bool
    features: int
    input_bits: int
    outputs: int
    trial_row: tuple[int, ...]

    def require_program(self, program: Program) -> None:
        """The program settles proofs of what this manifest tells. Raises ProgramNotOfManifest."""
        require_shape(program, INFERENCE, self.outputs, self.bound)

    @property
    def rows(self) -> int:
        """A task of a circuit's is about one row."""
        return 1

    @property
    def keyed(self) -> bool:
        """Rows are the requester's secret."""
        return False

    @property
    def results(self) -> str:
        """What becomes of the outputs of a bound program."""
        return ENCRYPTED

    def quantise(self, row: Sequence[float]) -> list[int]:
        """The row itself, if the circuit takes it. Raises WrongRowLength, InputRefused."""
        if len(row) != self.features:
            raise WrongRowLength(self.features, len(row))
        top = min(1 << self.input_bits, LARGEST_EXACT) - 1
        for place, value in enumerate(row):
            if not (0 <= value <= top and float(value).is_integer()):
                raise InputRefused(
                    "row", f"number {place} (the first is 0) is {value!r}, not a whole one of 0 to {top}"
                )
        return [int(value) for value in row]

    def quantise_rows(self, rows: Sequence[Sequence[float]]) -> list[int]:
        """The one row of a task. Raises WrongRowCount, and as `quantise`."""
        if len(rows) != self.rows:
            raise WrongRowCount(self.rows, len(rows))
        return self.quantise(rows[0])

    def unpack_outputs(self, elements: Sequence[int]) -> list[int]:
        """The outputs in a result in the clear; above r / 2 stands a negative number. Raises ManifestUnusable."""
        if len(elements) != self.outputs:
            raise ManifestUnusable(f"a result has {len(elements)} elements, not {self.outputs}")
        return [element if element <= SCALAR_FIELD // 2 else element - SCALAR_FIELD for element in elements]

    def said(self, outputs: Sequence[int]) -> str:
        """Outputs for people."""
        return ", ".join(map(str, outputs))

    def encode(self) -> bytes:
        """The bytes that are registered."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def bound_manifest(name: str, features: int, input_bits: int, outputs: int, trial_row: Sequence[int]) -> CircomManifest:
    """The manifest of `component main = ClusterTask(features, input_bits, outputs)`. Raises ManifestUnusable."""
    made = CircomManifest(FORMAT, name, True, features, input_bits, outputs, tuple(trial_row))
    return decode_manifest(made.encode())


def unbound_manifest(name: str, outputs: int) -> CircomManifest:
    """The manifest of a circuit whose public signals are an input commitment and so many outputs."""
    return decode_manifest(CircomManifest(FORMAT, name, False, 0, 0, outputs, ()).encode())


def decode_manifest(data: bytes) -> CircomManifest:
    """Reads a manifest; every field is checked. Raises ManifestUnusable."""
    try:
        table = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ManifestUnusable(str(error)[:120]) from error
    if not isinstance(table, dict) or set(table) != set(CircomManifest.__slots__) or table["format"] != FORMAT:
        raise ManifestUnusable(f"it is not of the form {FORMAT}")
    row, counts = table["trial_row"], (table["features"], table["input_bits"], table["outputs"])
    name = table["architecture"]
    if type(table["bound"]) is not bool or not isinstance(name, str) or not isinstance(row, list):
        raise ManifestUnusable("a field is of another type")
    if not name.isprintable():
        raise ManifestUnusable("its name cannot be printed")
    if any(type(number) is not int for number in (*counts, *row)):
        raise ManifestUnusable("a count is no integer")
    features, bits, outputs = counts
    if outputs < 1 or (table["bound"] and (features < 1 or not 1 <= bits <= PACKED_BITS)):
        raise ManifestUnusable("it has no inputs or no outputs, or too wide ones")
    if len(row) != features or any(not 0 <= number < 1 << bits for number in row):
        raise ManifestUnusable("its trial row is no row")
    return CircomManifest(**{**table, "trial_row": tuple(row)})


class CircomProver:
    """A bound program with its keys: what a worker proves tasks with (compute.zkml.prover.ResultProver)."""

    def __init__(self, compiled: Compiled, manifest: CircomManifest, keys: CircuitKeys) -> None:
        """Raises CircomMissing, NoWitness, and what preparing a verifying key raises (a Groth16Error)."""
        self.manifest, self.keys = manifest, keys
        self._calculator = WitnessCalculator(compiled.wasm)
        self._verifying = PreparedKey(keys.verifying)

    @property
    def commitment(self) -> FieldElement | None:
        """A circom circuit has its model within it, if it has one."""
        return None

    def outputs(self, task_element: int, row: Sequence[int], salt: int) -> tuple[FieldElement, ...]:
        """What a proof will make public of this row. Raises NoWitness, InputRefused, WrongSignals."""
        return self._elements(self._solve(0, task_element, row, salt))

    def require_provable(self, task_element: int, row: Sequence[int], salt: int) -> None:
        """Finds a witness, and no proof. Raises NoWitness, InputRefused, WrongSignals where none is."""
        self._solve(0, task_element, row, salt)

    def prove(self, ctx: int, task_element: int, row: Sequence[int], salt: int) -> Proven:
        """A proof for one task, verified here before it is given out.

        Raises NoWitness, InputRefused, WrongSignals, a Groth16Error.
        """
        witness = self._solve(ctx, task_element, row, salt)
        return Proven(self._elements(witness), self._prove(witness), witness.public)

    def prove_signals(self, inputs: Inputs) -> tuple[tuple[int, ...], ProofBytes]:
        """Public signals and a proof for any inputs by name, bound or not. Raises as `prove`."""
        witness = self._calculator.solve(inputs, self.keys.circuit.public_count)
        return witness.public, self._prove(witness)

    def _solve(self, ctx: int, task: int, row: Sequence[int], salt: int) -> Witness:
        inputs = {"context": ctx, "task_element": task, "row": list(row), "salt": salt}
        witness = self._calculator.solve(inputs, self.keys.circuit.public_count)
        if len(witness.public) != _BOUND_SIGNALS + self.manifest.outputs:
            raise WrongSignals("count", len(witness.public), _BOUND_SIGNALS + self.manifest.outputs)
        expected = (ctx, task, input_commitment(row, self.manifest.input_bits, salt))
        for what, found, due in zip(("ctx", "task", "commitment"), witness.public, expected, strict=False):
            if found != due:
                raise WrongSignals(what, found, due)
        return witness

    def _elements(self, witness: Witness) -> tuple[FieldElement, ...]:
        return tuple(FieldElement(element) for element in witness.public[_BOUND_SIGNALS:])

    def _prove(self, witness: Witness) -> ProofBytes:
        proof = compress_proof(self.keys.proving.prove(write_wtns(witness)))
        verify(self._verifying, proof, witness.public)
        return ProofBytes(proof)


def prove_unbound(prover: CircomProver, task: Task, inputs: Inputs) -> SettleUnbound:
    """The action that settles a task of an unbound program, for whoever holds its lock: anybody else could copy it.

    Raises WrongSignals if the circuit's first public signal is not the task's input commitment, and as `prove`.
    """
    public, proof = prover.prove_signals(inputs)
    if public[0] != task.terms.input_commitment:
        raise WrongSignals("input commitment", public[0], task.terms.input_commitment)
    outputs = tuple(FieldElement(element) for element in public[1:])
    return SettleUnbound(task.id, task.vk_id, task.lock_epoch, task.terms.input_commitment, None, outputs, proof)


def circom_keys(keys: DevKeys, compiled: Compiled) -> CircuitKeys:
    """The circuit's keys: a ceremony's that was imported, or development keys; the first time runs the setup."""
    return keys.get(KEY_NAME, lambda: compiled.circuit)


def circom_program_id(manifest: CircomManifest, keys: CircuitKeys) -> ProgramId:
    """Under which id the program is registered, on any chain."""
    return circom_registration(manifest, keys).program


def circom_registration(manifest: CircomManifest, keys: CircuitKeys, royalty_bps: int = 0) -> RegisterProgram:
    """The action that registers the circuit's program."""
    return RegisterProgram(
        keys.vk_id,
        Hash(keys.r1cs_hash),
        Blob(manifest.encode()),
        Uint(royalty_bps),
        INFERENCE,
        Uint(manifest.outputs),
        bound=manifest.bound,
        model=None,
    )


def save_circom(models: Path, compiled: Compiled, manifest: CircomManifest, keys: CircuitKeys) -> Path:
    """Write the program's folder under `models`; the folder. Raises DamagedKeyFile, OSError."""
    folder = artifact_folder(models, circom_program_id(manifest, keys))
    folder.mkdir(parents=True, exist_ok=True)
    DevKeys(folder).put(keys)
    files = {R1CS_FILE: write_r1cs(compiled.circuit), WASM_FILE: compiled.wasm, MANIFEST_FILE: manifest.encode()}
    for name, data in files.items():
        write_whole(folder / name, data)
    return folder


def is_circom(models: Path, program: Program) -> bool:
    """Whether the program's folder is one of a circom program."""
    return (artifact_folder(models, program.id) / MANIFEST_FILE).exists()


def load_circom(models: Path, program: Program) -> tuple[CircomManifest, CircomProver]:
    """The prover of a registered program from its files. Raises ModelFileUnusable when they are not that program's."""
    folder = artifact_folder(models, program.id)
    path = folder / MANIFEST_FILE
    try:
        manifest = decode_manifest(path.read_bytes())
        if manifest_hash(manifest.encode()) != program.manifest_hash:
            raise ModelFileUnusable(path, "its manifest is not the registered one")
        manifest.require_program(program)
        compiled = load_compiled(folder / R1CS_FILE, folder / WASM_FILE)
        if sha256(write_r1cs(compiled.circuit)).digest() != program.r1cs_hash:
            raise ModelFileUnusable(folder / R1CS_FILE, "its circuit is not the registered one")
        keys = DevKeys(folder).find(KEY_NAME, compiled.circuit)
        if keys is None or keys.vk_id != program.vk_id:
            raise ModelFileUnusable(folder, "the registered proving key is not in it")
        return manifest, CircomProver(compiled, manifest, keys)
    except (CircomError, CryptoError, ManifestUnusable, ProgramNotOfManifest, OSError) as error:
        raise ModelFileUnusable(path, str(error)) from error
