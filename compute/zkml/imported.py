"""A ceremony's key for a compiled model's folder, checked before it is taken, and the hashes that name the ceremony."""

import json
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final

from chain.types.scalars import Hash
from client.whole_files import write_whole
from compute.dev_keys import CircuitKeys, DevKeys
from compute.zkml.compiled import Compiled
from compute.zkml.folder import CEREMONY, KEY, OF_PROOF, document
from compute.zkml.folder_errors import FolderUnusable
from compute.zkml.prover import KEY_NAME
from contracts.registry.state import Ceremony
from crypto.groth16.ceremony import CeremonyReport, check_ceremony
from crypto.groth16.powers import read_powers
from crypto.groth16.snarkjs import key_to_snarkjs
from crypto.groth16.zkey import read_zkey
from crypto.r1cs.r1cs_file import R1cs, write_r1cs

AGAIN: Final = "Import the key again with `cluster zk import`."


@dataclass(frozen=True, slots=True)
class Imported:
    """A key that was taken over, and what its files showed."""

    keys: CircuitKeys
    report: CeremonyReport


def import_key(
    folder: Path, compiled: Compiled, zkey: Path, ptau: Path | None = None, initial: Path | None = None
) -> Imported:
    """Check a ceremony's key against the folder's circuit; from now on proofs are made with it.

    ptau: the powers of tau that the ceremony began with; with them every point is checked, and the chain will be told
    their hash. initial: the key before the first contribution. A proof of a former key goes. Nothing is written unless
    everything holds. Raises what `check_ceremony`, `DevKeys.import_ceremony` and the files' readers raise, OSError.
    """
    circuit, data = compiled.circuit, zkey.read_bytes()
    key = read_zkey(data)
    constraints = R1cs(circuit.cell_count, 0, circuit.public_count, 0, circuit.constraints)
    powers = None if ptau is None else read_powers(ptau.read_bytes(), key.header.domain)
    before = None if initial is None else read_zkey(initial.read_bytes())
    report = check_ceremony(key, constraints, powers, before)
    named: dict[str, Any] = {
        "ptau": None if ptau is None else _file_hash(ptau).hex(),
        "r1cs": sha256(write_r1cs(circuit)).hexdigest(),
        "transcript": report.transcript.hex(),
        "contributions": [one.name for one in report.contributions],
    }
    keys = DevKeys(folder).import_ceremony(KEY_NAME, circuit, data)
    for former in OF_PROOF:
        (folder / former).unlink(missing_ok=True)
    write_whole(folder / CEREMONY, document(named))
    write_whole(folder / KEY, key_to_snarkjs(keys.verifying).encode())
    return Imported(keys, report)


def ceremony_of(folder: Path) -> Ceremony:
    """The hashes that the folder's imported key is registered with. Raises FolderUnusable where one is missing."""
    path = folder / CEREMONY
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        hashes = [bytes.fromhex(table[name]) for name in ("ptau", "r1cs", "transcript") if table[name] is not None]
        if not all(len(one) == sha256().digest_size for one in hashes):
            raise FolderUnusable(folder, f"{CEREMONY} holds no SHA-256 hashes", AGAIN)
    except OSError as error:
        raise FolderUnusable(folder, f"{CEREMONY}: {error.strerror or error}", AGAIN) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FolderUnusable(folder, f"{CEREMONY}: {str(error)[:120]}", AGAIN) from error
    if len(hashes) < 3:
        raise FolderUnusable(
            folder,
            "its key was imported without the powers of tau, whose hash the chain wants",
            "Name them with --ptau, now or when the key is imported again.",
        )
    return Ceremony(*map(Hash, hashes))


def _file_hash(path: Path) -> bytes:
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()
