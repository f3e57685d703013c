"""The models that this worker can prove: loaded when a task first names them, tried out, and kept."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.types.scalars import ProgramId
from client.market import get_program
from client.rpc import RpcClient
from compute.circom.program import CircomManifest, is_circom, load_circom
from compute.proving_pool import ProvingPool
from compute.worker.remote_prover import RemoteProver
from compute.zkml.artifact import load_artifact
from compute.zkml.errors import ModelFileUnusable
from compute.zkml.manifest import Manifest
from compute.zkml.prover import ResultProver
from contracts.registry.state import Program

RETRY_SECONDS: Final = 20.0  # files may come later: an unusable model is looked at again after so long
_NAME: Final = re.compile("[0-9a-f]{64}")

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A program with everything to prove it; trial_seconds is what a proof took when it was loaded."""

    program: Program
    manifest: Manifest | CircomManifest
    prover: ResultProver
    trial_seconds: float


class Shelf:
    """Models by program, from a folder of model files (compute/zkml/artifact.py)."""

    def __init__(
        self, rpc: RpcClient, models: Path, pool: Executor, clock: Clock, provers: ProvingPool | None = None
    ) -> None:
        """Proofs are made in the processes of `provers`, or in this one."""
        self._rpc, self._models, self._pool, self._clock, self._provers = rpc, models, pool, clock, provers
        self._loaded: dict[ProgramId, LoadedModel] = {}
        self._failed: dict[ProgramId, tuple[float, ModelFileUnusable]] = {}
        self._loading = asyncio.Lock()

    def programs(self) -> list[ProgramId]:
        """Those for which there are files."""
        folders = sorted(self._models.iterdir()) if self._models.is_dir() else []
        return [ProgramId(bytes.fromhex(folder.name)) for folder in folders if _NAME.fullmatch(folder.name)]

    async def get(self, program: ProgramId) -> LoadedModel:
        """The program's model, after a proof that it works. Raises ModelFileUnusable, RpcFailed, Unreachable.

        A Groth16Error or CircuitError of the trial means a damaged proving key.
        """
        async with self._loading:
            if program not in self._loaded:
                self._require_worth_a_try(program)
                self._loaded[program] = await self._load(program)
            return self._loaded[program]

    def _require_worth_a_try(self, program: ProgramId) -> None:
        failed = self._failed.get(program)
        if failed is not None and self._clock() < failed[0] + RETRY_SECONDS:
            raise failed[1]

    async def _load(self, program: ProgramId) -> LoadedModel:
        record = (await get_program(self._rpc, program)).record
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._read_and_try, record)
        except ModelFileUnusable as error:
            self._failed[program] = (self._clock(), error)
            raise

    def _read_and_try(self, program: Program) -> LoadedModel:
        manifest, prover = self._open(program)
        row = list(manifest.trial_row) if isinstance(manifest, CircomManifest) else _blank_row(manifest)
        prover.prove(0, 0, row, 0)  # whatever is made at first use is made now, and not timed
        start = self._clock()
        prover.prove(0, 0, row, 0)
        return LoadedModel(program, manifest, prover, self._clock() - start)

    def _open(self, program: Program) -> tuple[Manifest | CircomManifest, ResultProver]:
        if is_circom(self._models, program):
            return self._open_circom(program)
        if self._provers is None:
            return load_artifact(self._models, program)
        prover = RemoteProver(self._provers, self._models, program)
        return prover.manifest(), prover

    def _open_circom(self, program: Program) -> tuple[CircomManifest, ResultProver]:
        """A circom program proves in this process: its witness runs outside the interpreter lock, as the proof does."""
        manifest, prover = load_circom(self._models, program)
        if not manifest.bound:
            raise ModelFileUnusable(self._models / program.id.hex(), "an unbound program's inputs are not sealed rows")
        return manifest, prover


def _blank_row(manifest: Manifest) -> list[int]:
    return [0] * (manifest.rows * manifest.features)
