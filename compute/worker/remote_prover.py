"""A model's prover in the processes of a proving pool: this process holds no key."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chain.types.scalars import FieldElement
from compute.prover_process import ProverSpec
from compute.proving_pool import ProvingPool
from compute.zkml.artifact import artifact_folder, load_artifact
from compute.zkml.manifest import Manifest
from compute.zkml.prover import InferenceProver, Proven
from contracts.registry.state import Program

KEPT_PER_FILE_BYTE: Final = 3  # the key in memory and the circuit beside it: 2.4 times the file at 7,000 constraints

Loaded = tuple[Manifest, InferenceProver]


class RemoteProver:
    """The methods of InferenceProver that a worker needs. They raise as those do, and what a proving pool raises."""

    def __init__(self, pool: ProvingPool, models: Path, program: Program) -> None:
        self._pool, self.commitment = pool, program.model  # load_artifact refuses files of another
        files = (path for path in artifact_folder(models, program.id).rglob("*") if path.is_file())
        memory = KEPT_PER_FILE_BYTE * sum(path.stat().st_size for path in files)
        self._spec = ProverSpec("0x" + program.id.hex(), load_artifact, (models, program), memory)

    def manifest(self) -> Manifest:
        """Raises as `load_artifact`."""
        return self._pool.submit(self._spec, _manifest).result()

    def outputs(self, task_element: int, rows: Sequence[int], salt: int) -> tuple[FieldElement, ...]:
        return self._pool.submit(self._spec, _outputs, task_element, tuple(rows), salt).result()

    def require_provable(self, task_element: int, rows: Sequence[int], salt: int) -> None:
        self._pool.submit(self._spec, _require_provable, task_element, tuple(rows), salt).result()

    def prove(self, ctx: int, task_element: int, rows: Sequence[int], salt: int) -> Proven:
        return self._pool.submit(self._spec, _prove, ctx, task_element, tuple(rows), salt).result()


def _manifest(loaded: Loaded) -> Manifest:
    return loaded[0]


def _outputs(loaded: Loaded, task_element: int, row: tuple[int, ...], salt: int) -> tuple[FieldElement, ...]:
    return loaded[1].outputs(task_element, row, salt)


def _require_provable(loaded: Loaded, task_element: int, row: tuple[int, ...], salt: int) -> None:
    loaded[1].require_provable(task_element, row, salt)


def _prove(loaded: Loaded, ctx: int, task_element: int, row: tuple[int, ...], salt: int) -> Proven:
    return loaded[1].prove(ctx, task_element, row, salt)
