"""Any circom circuit: compiled here, its witness computed here, its manifest read strictly."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from chain.types.scalars import AccountId, Hash, Height, ProgramId, Uint, VkId
from compute.circom import program as p
from compute.circom.compiler import Compiled, compile_circom, load_compiled
from compute.circom.errors import CircomFileUnusable, InputRefused, NotCompiled, NoWitness
from compute.circom.witness import WitnessCalculator
from compute.manifests import decode_any_manifest
from compute.zkml.errors import ManifestUnusable, ProgramNotOfManifest, WrongRowCount, WrongRowLength
from contracts.registry.state import Program
from contracts.registry.statement import INFERENCE, INFERENCE_COMMITTED_MODEL
from crypto.field import SCALAR_FIELD
from crypto.r1cs.r1cs_file import write_r1cs
from tests.support.small_models import SMALL

wasmtime = pytest.importorskip("wasmtime", reason="the extra circom is not installed")

SOURCE = """pragma circom 2.0.0;
template Product(n) {
    signal input x;
    signal input ys[n];
    signal input plain;
    signal output products[n];
    signal middle[n];
    for (var i = 0; i < n; i++) {
        middle[i] <== x * ys[i];
        products[i] <== middle[i] * (x + 7) + plain;
    }
    assert(x != 13);
}
component main {public [plain]} = Product(3);
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    source = tmp_path_factory.mktemp("circom") / "product.circom"
    source.write_text(SOURCE)
    return compile_circom(source)


@pytest.fixture(scope="module")
def calculator(compiled: Compiled) -> WitnessCalculator:
    return WitnessCalculator(compiled.wasm)


def test_outputs_come_first_then_public_inputs(compiled: Compiled, calculator: WitnessCalculator) -> None:
    witness = calculator.solve({"x": 2, "ys": [3, "4", 5], "plain": 6}, compiled.circuit.public_count)
    assert witness.public == (2 * 3 * 9 + 6, 2 * 4 * 9 + 6, 2 * 5 * 9 + 6, 6)
    compiled.circuit.check(witness)
    assert compiled.circuit.violated((*witness.cells[:1], 0, *witness.cells[2:])) != []


def test_values_are_of_the_whole_field(compiled: Compiled, calculator: WitnessCalculator) -> None:
    witness = calculator.solve({"x": SCALAR_FIELD - 1, "ys": [SCALAR_FIELD - 2, 0, 1], "plain": 0}, 4)
    assert witness.public == (12, 0, SCALAR_FIELD - 6, 0)
    compiled.circuit.check(witness)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"ys": [1, 2]}, "ys"),
        ({"ys": [1, 2, 3, 4]}, "ys"),
        ({"z": 1}, "z"),
        ({"x": -1}, "x"),
        ({"x": SCALAR_FIELD}, "x"),
        ({"x": "0x10"}, "x"),
        ({"x": 1.5}, "x"),
        ({"x": True}, "x"),
        ({"x": None}, "x"),
        ({"x": "9" * 100}, "x"),
    ],
)
def test_inputs_that_do_not_fit_are_named(change: dict[str, object], name: str, calculator: WitnessCalculator) -> None:
    with pytest.raises(InputRefused) as refused:
        calculator.solve({"x": 2, "ys": [3, 4, 5], "plain": 6, **change}, 4)
    assert refused.value.name == name


def test_a_missing_input_is_refused(calculator: WitnessCalculator) -> None:
    with pytest.raises(InputRefused, match="5 values in all, 4 were given"):
        calculator.solve({"x": 2, "ys": [3, 4, 5]}, 4)


def test_the_circuits_own_assertions_are_heard(calculator: WitnessCalculator) -> None:
    with pytest.raises(NoWitness, match="assertion"):
        calculator.solve({"x": 13, "ys": [3, 4, 5], "plain": 6}, 4)


def test_what_is_no_program_is_refused(compiled: Compiled) -> None:
    for data in (b"", b"\0asm", compiled.wasm[:1000]):
        with pytest.raises(NoWitness):
            WitnessCalculator(data)
    empty = wasmtime.wat2wasm("(module)")
    with pytest.raises(NoWitness, match="circom 2"):
        WitnessCalculator(bytes(empty)).solve({}, 0)


def test_a_program_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compute.circom.witness.FUEL", 100_000)
    endless = wasmtime.wat2wasm('(module (func (export "getFieldNumLen32") (result i32) (loop (br 0)) (i32.const 8)))')
    with pytest.raises(NoWitness, match="fuel"):
        WitnessCalculator(bytes(endless)).solve({}, 0)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "template T() {\nsignal input a; signal output b;\n b <== a * a * a; }\ncomponent main = T();",
            r"bad.circom:4:2: error\[T3001\]: Non quadratic constraints are not allowed\.",
        ),
        ('\ninclude "nowhere.circom";\ncomponent main = T();', "bad.circom:3: there is no 'nowhere.circom'"),
        ('include "beside.circom";', "beside.circom:2: there is no 'gone.circom'"),
        ("junk", "parse error .*`circom FILE`"),
        ("template T() { signal output b; b <== c; } component main = T();", "type error .*`circom FILE`"),
    ],
)
def test_a_source_with_a_mistake_is_refused(source: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.circom"
    path.write_text("pragma circom 2.0.0;\n" + source)
    (tmp_path / "beside.circom").write_text('include "bad.circom";\ninclude "gone.circom";\n')
    with pytest.raises(NotCompiled, match=reason):
        compile_circom(path)
    with pytest.raises(NotCompiled):
        compile_circom(tmp_path / "nowhere.circom")


def test_files_of_another_compiler_are_taken(compiled: Compiled, tmp_path: Path) -> None:
    r1cs, wasm = tmp_path / "c.r1cs", tmp_path / "c.wasm"
    r1cs.write_bytes(write_r1cs(compiled.circuit))
    wasm.write_bytes(compiled.wasm)
    again = load_compiled(r1cs, wasm)
    assert write_r1cs(again.circuit) == write_r1cs(compiled.circuit)
    for path in (r1cs, wasm):
        good = path.read_bytes()
        path.write_bytes(b"junk")
        with pytest.raises(CircomFileUnusable, match=str(path)):
            load_compiled(r1cs, wasm)
        path.unlink()
        with pytest.raises(CircomFileUnusable, match=str(path)):
            load_compiled(r1cs, wasm)
        path.write_bytes(good)


MANIFEST = p.bound_manifest("polynomial", 2, 16, 2, [0, 65_535])


def test_manifests_are_read_back() -> None:
    for manifest in (MANIFEST, p.unbound_manifest("elsewhere", 3)):
        assert p.decode_manifest(manifest.encode()) == manifest


@pytest.mark.parametrize(
    "change",
    [
        {"format": "cluster-circom/2"},
        {"features": 0},
        {"features": 3},
        {"features": "2"},
        {"input_bits": 254},
        {"outputs": 0},
        {"outputs": True},
        {"bound": 1},
        {"trial_row": (0, 65_536)},
        {"trial_row": (0, -1)},
        {"architecture": 7},
        {"architecture": "\x1b[2Jproven"},
    ],
)
def test_a_manifest_with_a_wrong_field_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ManifestUnusable):
        p.decode_manifest(replace(MANIFEST, **change).encode())  # type: ignore[arg-type]


def test_rows_are_whole_numbers_of_the_circuits_bits() -> None:
    assert MANIFEST.quantise_rows([[0.0, 65_535.0]]) == [0, 65_535]
    for row in ([0, 65_536], [-1, 0], [0.5, 0], [float("nan"), 0], [float("inf"), 0]):
        with pytest.raises(InputRefused, match="0 to 65535"):
            MANIFEST.quantise(row)
    wide = replace(MANIFEST, input_bits=200)
    assert wide.quantise([0, 2**53 - 1]) == [0, 2**53 - 1]
    with pytest.raises(InputRefused):
        wide.quantise([0, 2.0**53])  # what was written may have been another number
    with pytest.raises(WrongRowLength):
        MANIFEST.quantise([1])
    with pytest.raises(WrongRowCount):
        MANIFEST.quantise_rows([[1, 2], [3, 4]])


def test_outputs_of_a_result_are_read_with_their_signs() -> None:
    assert MANIFEST.unpack_outputs([5, SCALAR_FIELD - 5]) == [5, -5]
    assert MANIFEST.said([5, -5]) == "5, -5"
    with pytest.raises(ManifestUnusable):
        MANIFEST.unpack_outputs([5])


def test_a_manifest_is_read_by_its_format() -> None:
    assert decode_any_manifest(MANIFEST.encode()) == MANIFEST
    assert decode_any_manifest(SMALL.manifest.encode()) == SMALL.manifest
    for data in (b"", b"[]", b"{}", b"[" * 100_000, b'{"format": "cluster-circom/1"}'):
        with pytest.raises(ManifestUnusable):
            decode_any_manifest(data)


def test_a_program_that_reads_its_key_otherwise_than_the_manifest_says_is_refused() -> None:
    zeros = bytes(32)
    parts = (VkId(zeros), Hash(zeros), Hash(zeros), AccountId(zeros), Uint(0))
    honest = Program(ProgramId(zeros), *parts, INFERENCE, Uint(2), True, None, Height(1))
    MANIFEST.require_program(honest)
    for bent in (
        replace(honest, bound=False, outputs=Uint(4)),
        replace(honest, bound=False),
        replace(honest, outputs=Uint(1)),
        replace(honest, statement=INFERENCE_COMMITTED_MODEL),
    ):
        with pytest.raises(ProgramNotOfManifest):
            MANIFEST.require_program(bent)


def test_a_manifest_that_is_none_is_refused() -> None:
    for data in (b"", b"[]", b"{}", b"[" * 100_000, MANIFEST.encode()[:-2]):
        with pytest.raises(ManifestUnusable):
            p.decode_manifest(data)
    assert set(asdict(MANIFEST)) == set(p.CircomManifest.__slots__)
