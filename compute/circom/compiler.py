"""From a circom source, or what circom made of it, to constraints and a program that computes witnesses.

The circom 2 compiler and circomlib come with groth16py. Its `setup_circom` compiles, and its key's file holds, behind
the key, the WebAssembly and the constraints: a byte 1, u64 length, the program; a byte 0, u64 wires, public wires and
constraints, then for A, B and C of each constraint u64 terms and for each a u64 wire and 32 bytes, all little-endian.
The key itself is thrown away. The compiler writes to standard output, so it runs in a process of its own.
"""

import re
import struct
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import groth16py

from compute.circom.errors import CircomFileUnusable, NotCompiled
from crypto.field import FIELD_BYTES
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.constraints import Constraints, Matrix
from crypto.r1cs.r1cs_file import read_r1cs
from crypto.r1cs.sections import CircuitFileError, field_element

TEMPLATES: Final = Path(__file__).parent / "templates"
_WASM: Final = b"\0asm"
_COUNT: Final = struct.Struct("<Q")
_COUNTS: Final = struct.Struct("<BQQQ")
_TERM: Final = struct.Struct(f"<Q{FIELD_BYTES}s")
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
_ERROR: Final = re.compile(r"error\[\w+\]:|error:", re.IGNORECASE)
_PLACE: Final = re.compile(r'"([^"]+)":(\d+):(\d+)')
_INCLUDE: Final = re.compile(r'\s*include\s+"([^"]+)"')
_ANY_WIDTH: Final = 254
_SCRIPT: Final = "import sys, groth16py; groth16py.setup_circom(sys.argv[1], sys.argv[3:])[0].save(sys.argv[2])"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A circuit, which cannot solve witnesses, and the WebAssembly that can."""

    circuit: Circuit
    wasm: bytes


def compile_circom(source: Path, libraries: Sequence[Path] = ()) -> Compiled:
    """Compile a .circom file; includes are looked for beside it, in `libraries`, in circomlib and our templates.

    Raises NotCompiled.
    """
    if not source.is_file():
        raise NotCompiled(source, "there is no such file")
    folders = [*libraries, TEMPLATES, Path(groth16py.circomlib_path(2))]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "compiled"
        command = [sys.executable, "-c", _SCRIPT, str(source), str(made), *map(str, folders)]
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if ended.returncode or not made.exists():
            missing = _missing_include(source, folders)
            raise NotCompiled(source, missing or _complaint(ended.stdout + ended.stderr))
        return _unpack(made.read_bytes(), source)


def load_compiled(r1cs: Path, wasm: Path) -> Compiled:
    """What circom made elsewhere with --r1cs and --wasm. Raises CircomFileUnusable."""
    try:
        read = read_r1cs(r1cs.read_bytes())
    except (CircuitFileError, OSError) as error:
        raise CircomFileUnusable(r1cs, str(error)) from error
    try:
        program = wasm.read_bytes()
    except OSError as error:
        raise CircomFileUnusable(wasm, str(error)) from error
    if not program.startswith(_WASM):
        raise CircomFileUnusable(wasm, "it is no WebAssembly")
    return Compiled(circuit_of(read.constraints, read.cell_count, read.public_count), program)


def circuit_of(constraints: Constraints, cells: int, public: int) -> Circuit:
    """A circuit of constraints alone: for files, setups and keys, not for solving."""
    return Circuit(constraints, bytes([1]) + bytes([_ANY_WIDTH]) * (cells - 1), public, {}, {}, ())


def _complaint(output: str) -> str:
    """What the compiler found, each with its file, line and column where it says them."""
    found, last = list[str](), ""
    for line in map(str.strip, _COLOURS.sub("", output).splitlines()):
        if _ERROR.match(line):
            found.append(line.rstrip("!."))
        elif (place := _PLACE.search(line)) is not None and found and ": error" not in found[-1]:
            found[-1] = f"{place[1]}:{place[2]}:{place[3]}: {found[-1]}"
        last = line or last
    if found:
        return "; ".join(found[:5])[:600]
    return f"{last[:200]} (groth16py's compiler tells no line of these: `circom FILE` of an installed circom does)"


def _missing_include(source: Path, folders: Sequence[Path]) -> str | None:
    """Where a file is included that is nowhere, as the compiler does not say: file, line and name."""
    waiting, seen = [source], {source}
    while waiting:
        path = waiting.pop()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if (named := _INCLUDE.match(line)) is None:
                continue
            places = [folder / named[1] for folder in (path.parent, *folders)]
            included = next((place for place in places if place.is_file()), None)
            if included is None:
                return f"{path}:{number}: there is no {named[1]!r} beside it or in the folders of includes"
            if included not in seen:
                seen.add(included)
                waiting.append(included)
    return None


def _unpack(data: bytes, source: Path) -> Compiled:
    at = data.find(_WASM)
    while at >= _COUNT.size:
        end = at + _COUNT.unpack_from(data, at - _COUNT.size)[0]
        if end < len(data) and (circuit := _circuit(data, end)) is not None:
            return Compiled(circuit, data[at:end])
        at = data.find(_WASM, at + 1)
    raise NotCompiled(source, "the compiler of this groth16py keeps its result in another form than 0.2.0 does")


def _circuit(data: bytes, at: int) -> Circuit | None:
    """The constraints from `at` to the end, None if they are none."""
    if len(data) - at < _COUNTS.size:
        return None
    kind, cells, public, rows = _COUNTS.unpack_from(data, at)
    at += _COUNTS.size
    if kind or not 0 < public + 1 <= cells or rows > len(data):
        return None
    matrices = (Matrix(), Matrix(), Matrix())
    interned: dict[bytes, int] = {}
    for number in range(3 * rows):
        if len(data) - at < _COUNT.size:
            return None
        end = at + _COUNT.size + _COUNT.unpack_from(data, at)[0] * _TERM.size
        if end > len(data):
            return None
        matrix = matrices[number % 3]
        for cell, coefficient in _TERM.iter_unpack(data[at + _COUNT.size : end]):
            if cell >= cells:
                return None
            matrix.cells.append(cell)
            matrix.coefficients.append(interned.setdefault(coefficient, len(interned)))
        matrix.ends.append(len(matrix.cells))
        at = end
    if at != len(data):
        return None
    coefficients = tuple(field_element(value) for value in interned)
    return circuit_of(Constraints(*matrices, coefficients, array("I", bytes(4 * rows)), ("",)), cells, public)
