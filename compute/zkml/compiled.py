"""A model from a Python session to a proof in three words: compile(model, sample).setup().prove(row).

Nothing here needs a chain; what it writes, snarkjs reads.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from client.inference import Entropy, fresh_salt
from compute.dev_keys import CircuitKeys, DevKeys, keys_in_memory
from compute.zkml.cost import CostReport, cost_of
from compute.zkml.errors import ProfileUnknown
from compute.zkml.inference import PUBLIC, Private
from compute.zkml.kinds import named_labels, of_kind
from compute.zkml.manifest import Manifest
from compute.zkml.provable import Provable, provable
from compute.zkml.prover import KEY_NAME, InferenceProver, Proven
from compute.zkml.quantise import quantise
from compute.zkml.room import require_room
from crypto.groth16.types import VerifyingKey
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Witness

PUBLIC_MODEL: Final = "public-model"
PRIVATE_MODEL: Final = "private-model"
PRIVATE: Final = "private"
PROFILES: Final = (PUBLIC_MODEL, PRIVATE_MODEL, PRIVATE)
PUBLIC_SALT: Final = 0  # of a row that anybody may know: its commitment can be computed by all


@dataclass(frozen=True, slots=True)
class Settings:
    """profile: who may know what. public-model: the weights are in the circuit, the row is private; private-model: the
    weights are committed, the row is public; private: weights committed, row private.

    results: public, committed or encrypted (to whoever knows the row's salt). rows: how many go into one proof.
    bits: of an input that is no whole number, by default 8, of committed trees 10. class_only: the class instead of all
    outputs.
    """

    profile: str = PUBLIC_MODEL
    results: str = PUBLIC
    rows: int = 1
    bits: int | None = None
    class_only: bool = False

    def __post_init__(self) -> None:
        """Raises ProfileUnknown."""
        if self.profile not in PROFILES:
            raise ProfileUnknown(self.profile, PROFILES)

    @property
    def committed(self) -> bool:
        return self.profile != PUBLIC_MODEL

    @property
    def row_is_public(self) -> bool:
        return self.profile == PRIVATE_MODEL

    @property
    def keyed(self) -> bool:
        """Whether results need a secret of their own, as the row has none."""
        return self.row_is_public and self.results != PUBLIC


def compile(
    model: object,
    sample: npt.ArrayLike,
    *,
    rows: npt.ArrayLike | None = None,
    labels: npt.ArrayLike | None = None,
    kind: str | None = None,
    classes: Sequence[str] | None = None,
    settings: Settings | None = None,
    trusted: bool = True,
) -> "Compiled":
    """Quantise a model and state what its proofs will say.

    model: a fitted scikit-learn estimator, an ONNX model, or the path of a file of either. sample: rows (n, features)
    that calibrate it. rows, labels: held out, for the scores. kind: "classification" for an ONNX model that ends in
    bare logits, which else reads as a regression unless labels are numbers of its outputs. classes: their names.
    Raises a ModelError that says what is not supported.
    """
    settings = Settings() if settings is None else settings
    given = None if labels is None else np.asarray(labels)
    source, own = of_kind(model, kind, classes, given, trusted=trusted)
    quantised = quantise(
        source,
        _matrix(sample),
        bits=settings.bits,
        committed=settings.committed,
        class_only=settings.class_only,
        rows=None if rows is None else _matrix(rows),
        labels=None if given is None else named_labels(given, own, source.classes),
    )
    return Compiled(provable(quantised, rows=settings.rows, results=settings.results, keyed=settings.keyed), settings)


class Compiled:
    """A model that can be proven, without keys."""

    def __init__(self, model: Provable, settings: Settings) -> None:
        self.provable, self.settings = model, settings
        self._builder = Builder()

    @property
    def manifest(self) -> Manifest:
        return self.provable.manifest

    @cached_property
    def circuit(self) -> Circuit:
        return self.provable.statement.constrain(self._builder)

    @property
    def built(self) -> int:
        """Constraints of the circuit that are made so far, for a progress bar beside another thread's `circuit`."""
        return self._builder.constraint_count

    @cached_property
    def cost(self) -> CostReport:
        """By layer, computed without building the circuit."""
        return cost_of(self.provable.statement)

    def require_room(self) -> None:
        """Raises TooManyConstraints, ModelTooLarge where setting the model up would not fit into memory."""
        require_room(self.cost, "setting up a circuit", self.cost.estimate.setup_peak_bytes)

    def setup(self, folder: Path | None = None, *, force: bool = False) -> "Ready":
        """Keys of a one-party setup, for development only: kept in `folder`, or without one in memory.

        Keys of the same circuit that lie there are taken instead, or without a folder those that commands have left in
        ~/.cluster/cache ($CLUSTER_HOME): models of one shape with committed weights share theirs. Raises
        TooManyConstraints and ModelTooLarge unless `force`, SetupRefused, DamagedKeyFile.
        """
        if not force:
            self.require_room()
        if folder is None:
            found = DevKeys(cache_folder()).find(KEY_NAME, self.circuit)
            made = keys_in_memory(KEY_NAME, self.circuit) if found is None else found
            return Ready(self, made, reused=found is not None)
        keys = DevKeys(folder)
        reused = keys.holds(KEY_NAME, self.circuit)
        return Ready(self, keys.get(KEY_NAME, lambda: self.circuit), reused=reused)

    def encode(self, rows: Sequence[npt.ArrayLike]) -> tuple[int, ...]:
        """The integers of the rows of one proof. Raises RowOutOfRange, NotWhole, NotFinite, WrongRowLength."""
        given = [row for part in rows for row in np.atleast_2d(_matrix(part)).tolist()]
        return tuple(self.manifest.quantise_rows(given))

    def salt(self, entropy: Entropy = os.urandom) -> int:
        """Of new rows."""
        is_open = self.settings.row_is_public and not self.settings.keyed
        return PUBLIC_SALT if is_open else fresh_salt(entropy)

    def witness(self, ctx: int, task: int, numbers: tuple[int, ...], salt: int) -> Witness:
        """All cells of the circuit for encoded rows: their owner's secret. Raises as `Circuit.solve`."""
        statement, weights, private = self.provable.statement, self.provable.weights, Private(numbers, salt)
        public = statement.compute(ctx, task, private, weights)
        return self.circuit.solve(statement.inputs(public, private, weights))


class Ready:
    """A model with keys. reused: whether they lay there already when they were asked for."""

    def __init__(self, compiled: Compiled, keys: CircuitKeys, *, reused: bool = True) -> None:
        self.compiled, self.keys, self.reused = compiled, keys, reused
        self._prover = InferenceProver(compiled.provable, keys)

    def prove(self, *rows: npt.ArrayLike, ctx: int = 0, task: int = 0, entropy: Entropy = os.urandom) -> "Proof":
        """A proof about as many rows as go into one, in the model's own units; verified before it is given out.

        Raises RowOutOfRange, NotWhole, NotFinite, WrongRowLength.
        """
        compiled, manifest = self.compiled, self.compiled.manifest
        numbers, salt = compiled.encode(rows), compiled.salt(entropy)
        proven = self._prover.prove(ctx, task, numbers, salt)
        is_public = compiled.settings.results == PUBLIC
        packed = proven.outputs if is_public else compiled.provable.statement.packed(numbers)
        flat = manifest.unpack_outputs(packed)
        outputs = [tuple(flat[i : i + manifest.outputs]) for i in range(0, len(flat), manifest.outputs)]
        return Proof(proven, self.keys.verifying, manifest, numbers, salt, tuple(outputs))


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof, what it makes public, and what only its maker knows: the encoded rows, their salt, the outputs."""

    proven: Proven = field(repr=False)
    verifying: VerifyingKey = field(repr=False)
    manifest: Manifest = field(repr=False)
    numbers: tuple[int, ...] = field(repr=False)
    salt: int = field(repr=False)
    outputs: tuple[tuple[int, ...], ...]

    @property
    def said(self) -> list[str]:
        """For each row the class, or the values of a regression."""
        return [self.manifest.said(one) for one in self.outputs]

    @property
    def values(self) -> list[list[float]]:
        """Outputs of each row in the float model's units."""
        return [[output * self.manifest.unit for output in one] for one in self.outputs]

    @property
    def public(self) -> tuple[int, ...]:
        """The proof's public inputs."""
        return self.proven.signals


def _matrix(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Rows (n, features); images (n, ...) are flattened, a single row comes back as (1, features)."""
    array = np.asarray(values, dtype=np.float64)
    return array.reshape(1, -1) if array.ndim < 2 else array.reshape(len(array), math.prod(array.shape[1:]))


def cache_folder() -> Path:
    """Where keys of models without a folder lie."""
    home = os.environ.get("CLUSTER_HOME") or Path.home() / ".cluster"
    return Path(home) / "cache"
