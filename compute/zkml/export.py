"""What a compiled model's folder gives to other people's software, under the names that theirs go by.

verification_key.json proof.json public.json    snarkjs groth16 verify
Verifier.sol                                    an Ethereum contract
circuit.r1cs                                    a ceremony, any prover
witness.wtns                                    snarkjs groth16 prove; whoever has it knows the row
circuit.zkey                                    snarkjs groth16 prove
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from client.whole_files import write_whole
from compute.dev_keys import CircuitKeys, DevKeys
from compute.zkml.compiled import Compiled
from compute.zkml.folder import OPENING, PROOF, PUBLIC, require_proof
from compute.zkml.folder_errors import FolderUnusable, NothingToExport
from compute.zkml.prover import KEY_NAME
from crypto.groth16.export import CONSTRAINTS, CONTRACT, KEY, WITNESS, key_files, proof_files
from crypto.groth16.snarkjs import inputs_from_snarkjs, proof_from_snarkjs
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wtns_file import write_wtns

ZKEY: Final = "circuit.zkey"
JSON: Final = "json"
SOLIDITY: Final = "solidity"
R1CS: Final = "r1cs"
WTNS: Final = "wtns"
ZKEY_PART: Final = "zkey"
PARTS: Final = (JSON, SOLIDITY, R1CS, WTNS, ZKEY_PART)

Files = dict[str, bytes]


class Exporter:
    """Collects the files of one folder. row: encoded rows, their salt, ctx and task, of a witness that is wanted
    instead of the last proof's."""

    def __init__(
        self,
        folder: Path,
        compiled: Compiled,
        contract: str,
        given: tuple[tuple[int, ...], int, int, int] | None = None,
    ) -> None:
        self._folder, self._compiled, self._contract, self._given = folder, compiled, contract, given
        self._keys = DevKeys(folder).find(KEY_NAME, compiled.circuit)

    def files(self, parts: tuple[str, ...] | None = None) -> Files:
        """The files of the parts, of all that are there where none are named.

        Raises NothingToExport for a named part that the folder has not, and what the files' writers raise.
        """
        made: Files = {}
        for part in PARTS if parts is None else parts:
            try:
                made |= self._makers[part]()
            except NothingToExport:
                if parts is not None:
                    raise
        return made

    @property
    def _makers(self) -> dict[str, Callable[[], Files]]:
        return {
            JSON: self._json,
            SOLIDITY: lambda: {CONTRACT: key_files(self._own().verifying, self._contract)[CONTRACT]},
            R1CS: lambda: {CONSTRAINTS: write_r1cs(self._compiled.circuit)},
            WTNS: self._witness,
            ZKEY_PART: self._zkey,
        }

    def _own(self) -> CircuitKeys:
        if self._keys is None:
            raise NothingToExport(self._folder, "no keys", f"make some with `cluster zk setup {self._folder}`")
        return self._keys

    def _json(self) -> Files:
        """The key, and a proof with its inputs where there is one, which must hold."""
        key = self._own().verifying
        if not (self._folder / PROOF).exists():
            return {KEY: key_files(key)[KEY]}
        proof = proof_from_snarkjs((self._folder / PROOF).read_text(encoding="utf-8"))
        return proof_files(key, proof, inputs_from_snarkjs((self._folder / PUBLIC).read_text(encoding="utf-8")))

    def _witness(self) -> Files:
        numbers, salt, ctx, task = self._given or self._last()
        return {WITNESS: write_wtns(self._compiled.witness(ctx, task, numbers, salt))}

    def _last(self) -> tuple[tuple[int, ...], int, int, int]:
        """Of the last proof. Raises NothingToExport."""
        missing = NothingToExport(self._folder, "no proof whose witness it could be", "name a row with --input")
        try:
            require_proof(self._folder)
            opening: Any = json.loads((self._folder / OPENING).read_text(encoding="utf-8"))
            ctx, task, *_ = inputs_from_snarkjs((self._folder / PUBLIC).read_text(encoding="utf-8"))
            return tuple(map(int, opening["rows"])), int(opening["salt"]), ctx, task
        except (FolderUnusable, OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise missing from error

    def _zkey(self) -> Files:
        path = self._own().zkey
        if path is None:
            raise NothingToExport(self._folder, "no key file", f"make one with `cluster zk setup {self._folder}`")
        return {ZKEY: path.read_bytes()}


def write_files(to: Path, files: Files) -> list[Path]:
    """Write them, each whole, the witness for its owner's eyes only; where they lie."""
    to.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        write_whole(to / name, data, private=name == WITNESS)
    return [to / name for name in files]
