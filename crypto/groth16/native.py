"""The backend that validators run: groth16py (arkworks) for verifying, proving and single-party setup.

It refuses, by its own checks, what we refuse before it is asked, and beyond that every B outside the subgroup of order
r. It releases the interpreter lock while it works. A panic inside it is a BaseException of no importable class; here it
becomes BackendPanic, which a caller can catch like any other refusal.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

import groth16py

from crypto.groth16.encoding import KeyId, compress_key, decode_evm_proof, encode_evm_proof, key_id
from crypto.groth16.errors import BackendPanic, BackendRefused, NotInSubgroup, ProvingRefused, SetupRefused
from crypto.groth16.keycheck import check_form
from crypto.groth16.snarkjs import key_from_snarkjs, key_to_snarkjs
from crypto.groth16.types import Proof, VerifyingKey

BACKEND: Final = f"groth16py-{groth16py.__version__}"  # part of the chain's parameters

_DESCRIPTORS: Final = Path("/proc/self/fd")
_SUBGROUP_REFUSAL: Final = "not in correct subgroup"  # groth16py 0.2.0's words; a golden vector holds them


class panics_typed:
    """Turns a panic of the native library into BackendPanic; lets everything else through."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is not None and (kind.__module__, kind.__name__) == ("pyo3_runtime", "PanicException"):
            raise BackendPanic(str(error)) from error


class PreparedKey:
    """A verifying key in the form that verifies fastest. Immutable; may be used from several threads at once."""

    __slots__ = ("_verifier", "id", "key")

    def __init__(self, key: VerifyingKey) -> None:
        """Prepare a key, about 4 ms. Raises what `keycheck.check_form` raises, NotInSubgroup, BackendRefused."""
        check_form(key)
        self.key = key
        self.id: KeyId = key_id(compress_key(key))
        try:
            with panics_typed():
                self._verifier = groth16py.Verifier(groth16py.VerifyingKey.from_snarkjs(key_to_snarkjs(key)))
        except groth16py.EncodingError as error:
            raise refusal("the verifying key", error) from error

    def accepts(self, proof: Proof, inputs: Sequence[int]) -> bool:
        """Whether the pairing equation holds. Raises NotInSubgroup for B, BackendRefused, BackendPanic.

        The proof comes from a decoder and the inputs from `check_inputs`; `verify.verify` does both.
        """
        try:
            with panics_typed():
                return bool(self._verifier.verify(encode_evm_proof(proof), inputs))
        except groth16py.EncodingError as error:
            raise refusal("B", error) from error
        except groth16py.VerificationError as error:
            raise BackendRefused(str(error)) from error


class ProvingKey:
    """A proving key with its constraints, opaque. Made by `setup`, or `from_zkey`."""

    __slots__ = ("_native",)

    def __init__(self, native: groth16py.ProvingKey) -> None:
        self._native = native

    def prove(self, witness: bytes) -> Proof:
        """A proof of a .wtns witness, constant first. Raises ProvingRefused, BackendPanic.

        A witness that breaks a constraint gives a proof that does not verify: check it before, or verify the proof.
        """
        try:
            with _memory_file(witness) as path, panics_typed():
                return decode_evm_proof(groth16py.prove_wtns(self._native, path))
        except (groth16py.SetupError, groth16py.WitnessError) as error:
            raise ProvingRefused(str(error)) from error

    def to_bytes(self) -> bytes:
        """The key in groth16py's own compressed form, which tells its size; `from_zkey` loads a hundred times faster.

        Raises ProvingRefused, BackendPanic.
        """
        with _memory_file(b"") as path:
            try:
                with panics_typed():
                    self._native.save(path)
            except groth16py.SetupError as error:
                raise ProvingRefused(str(error)) from error
            return Path(path).read_bytes()

    @classmethod
    def from_zkey(cls, zkey: bytes) -> "ProvingKey":
        """The key of a .zkey file, whose points are not checked here: `zkey_check.load_zkey` does. 0.6 s at 2^18.

        Raises ProvingRefused, BackendPanic.
        """
        try:
            with _memory_file(zkey) as path, panics_typed():
                return cls(groth16py.import_zkey(path)[0])
        except groth16py.SetupError as error:
            raise ProvingRefused(str(error)) from error


def setup(r1cs: bytes) -> tuple[ProvingKey, VerifyingKey]:
    """Keys for a constraint system in .r1cs form, from fresh randomness, by one party: whoever runs it could forge.

    Raises SetupRefused, BackendPanic (constraints that name wires which do not exist), and what `key_from_snarkjs`
    raises for a circuit without public inputs or with too many.
    """
    try:
        with _memory_file(r1cs) as path, panics_typed():
            proving, verifying = groth16py.setup(path)
    except groth16py.SetupError as error:
        raise SetupRefused(str(error)) from error
    return ProvingKey(proving), key_from_snarkjs(verifying.to_json())


def refusal(point: str, error: Exception) -> NotInSubgroup | BackendRefused:
    """Our name for what the library said of a point."""
    return NotInSubgroup(point) if _SUBGROUP_REFUSAL in str(error) else BackendRefused(str(error))


@contextmanager
def _memory_file(data: bytes) -> Iterator[str]:
    """A path that reads as data: the library takes only paths, and a witness is a secret that should not reach a disk.

    Where the system has no memory files it is a temporary file that only its owner can read.
    """
    if hasattr(os, "memfd_create") and _DESCRIPTORS.is_dir():
        descriptor = os.memfd_create("groth16", os.MFD_CLOEXEC)
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            yield str(_DESCRIPTORS / str(descriptor))
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "groth16"
            path.write_bytes(data)
            yield str(path)
