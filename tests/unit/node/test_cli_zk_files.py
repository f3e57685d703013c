"""`cluster zk export`, `zk import` and `zk audit` of a compiled model's folder: what leaves it, and what may enter."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from compute.zkml.auditing import folder_subject
from compute.zkml.folder import load_compiled
from compute.zkml.folder_errors import FolderUnusable
from compute.zkml.imported import ceremony_of
from crypto.groth16 import ProvingKey, compress_proof
from crypto.groth16.keys import PreparedKey
from crypto.groth16.snarkjs import inputs_from_snarkjs, key_from_snarkjs
from crypto.groth16.verify import verify
from crypto.r1cs.r1cs_file import read_r1cs
from crypto.r1cs.wtns_file import read_wtns
from node.cli.frame import execute
from tests.support.own_ceremony import DELTA, own_ceremony, own_powers

RUN = Callable[..., tuple[int, Any]]
ALL = {
    *("verification_key.json", "proof.json", "public.json", "Verifier.sol"),
    *("circuit.r1cs", "witness.wtns", "circuit.zkey"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model, its rows, and zk: its compiled folder."""
    folder = tmp_path_factory.mktemp("files")
    rows = np.arange(20.0).reshape(-1, 1) % 2  # one bit: a domain of 256 points is enough
    joblib.dump(LogisticRegression().fit(rows, rows[:, 0] > 0), folder / "trend.joblib")
    np.save(folder / "sample.npy", rows)
    np.save(folder / "row.npy", rows[3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLUSTER_HOME", str(folder / "home"))
        compile_to(folder, "zk")
        yield folder


def compile_to(place: Path, name: str, *options: str) -> Path:
    argv = [str(place / "trend.joblib"), "--sample", str(place / "sample.npy"), "--out", str(place / name)]
    assert execute(["zk", "compile", *argv, *options]) == 0
    return place / name


@pytest.fixture(scope="module")
def ceremony(place: Path) -> bytes:
    """The key that it ends with, in final.zkey."""
    made = own_ceremony(load_compiled(place / "zk").circuit)
    (place / "final.zkey").write_bytes(made)
    return made


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> RUN:
    def running(*argv: object) -> tuple[int, Any]:
        capsys.readouterr()
        status = execute([*map(str, argv), "--json"])
        return status, json.loads(capsys.readouterr().out)

    return running


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_everything_leaves_that_others_read_and_it_proves_there(run: RUN, place: Path) -> None:
    folder = compile_to(place, "leaving")
    run("zk", "setup", folder)
    run("zk", "prove", folder, "--input", place / "row.npy", "--ctx", "7")
    status, said = run("zk", "export", folder, "--to", place / "out")
    assert (status, names(place / "out"), len(said["files"])) == (0, ALL, len(ALL))
    out = place / "out"
    assert (out / "witness.wtns").stat().st_mode & 0o077 == 0
    constraints = read_r1cs((out / "circuit.r1cs").read_bytes())
    witness = read_wtns((out / "witness.wtns").read_bytes(), constraints.public_count)
    assert list(constraints.constraints.violated(witness.cells)) == []
    assert witness.public == inputs_from_snarkjs((out / "public.json").read_text())
    proof = ProvingKey.from_zkey((out / "circuit.zkey").read_bytes()).prove((out / "witness.wtns").read_bytes())
    key = PreparedKey(key_from_snarkjs((out / "verification_key.json").read_text()))
    verify(key, compress_proof(proof), witness.public)
    assert "contract Groth16Verifier" in (out / "Verifier.sol").read_text()


def test_some_of_it_leaves_and_a_row_of_ones_own(run: RUN, place: Path) -> None:
    row = ("--input", place / "row.npy", "--ctx", "5", "--task", "6")
    status, _ = run("zk", "export", place / "zk", "--to", place / "some", "--only", "wtns", *row)
    assert (status, names(place / "some")) == (0, {"witness.wtns"})
    circuit = load_compiled(place / "zk").circuit
    witness = read_wtns((place / "some" / "witness.wtns").read_bytes(), circuit.public_count)
    circuit.check(witness)
    assert witness.public[:2] == (5, 6)


def test_a_folder_without_keys_gives_its_constraints(run: RUN, place: Path) -> None:
    status, _ = run("zk", "export", place / "zk", "--to", place / "bare")
    assert (status, names(place / "bare")) == (0, {"circuit.r1cs"})
    assert (place / "bare" / "circuit.r1cs").read_bytes() == (place / "zk" / "circuit.r1cs").read_bytes()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--only", "json"], "NothingToExport"),
        (["--only", "solidity"], "NothingToExport"),
        (["--only", "zkey"], "NothingToExport"),
        (["--only", "wtns"], "NothingToExport"),
        (["--only", "pdf"], "BadArgument"),
        (["--input", "sample.npy"], "WrongRowCount"),
    ],
)
def test_what_is_not_there_cannot_leave(run: RUN, place: Path, words: list[str], error: str) -> None:
    argv = [place / word if word.endswith(".npy") else word for word in words]
    status, said = run("zk", "export", place / "zk", "--to", place / "nothing", *argv)
    assert (status, said["error"]["name"]) == (1, error)
    assert not (place / "nothing").exists()


def test_a_contracts_name_is_checked(run: RUN, place: Path, ceremony: bytes) -> None:
    folder = compile_to(place, "named")
    run("zk", "import", folder, place / "final.zkey")
    assert run("zk", "export", folder, "--contract", "1 bad")[1]["error"]["name"] == "UnusableContractName"
    assert names(folder / "export") == set()
    assert run("zk", "export", folder, "--contract", "Mine", "--only", "solidity")[0] == 0
    assert "contract Mine " in (folder / "export" / "Verifier.sol").read_text()


# Keys of a ceremony


@pytest.mark.slow
def test_an_imported_key_is_the_one_that_proves(run: RUN, place: Path, ceremony: bytes) -> None:
    folder = compile_to(place, "ceremonial")
    own = run("zk", "setup", folder)[1]["vk_id"]
    run("zk", "prove", folder, "--input", place / "row.npy")
    powers = own_powers(load_compiled(folder).circuit)
    (place / "pot.ptau").write_bytes(powers)
    status, taken = run("zk", "import", folder, place / "final.zkey", "--ptau", place / "pot.ptau")
    assert (status, taken["sections_checked"], taken["contributions"][0]["name"]) == (0, True, "tester")
    assert taken["vk_id"] != own
    assert run("zk", "verify", folder)[0] == 2  # the former key's proof went with it
    again = run("zk", "setup", folder)[1]
    assert (again["vk_id"], again["insecure_dev"], again["reused"]) == (taken["vk_id"], False, True)
    assert run("zk", "prove", folder, "--input", place / "row.npy")[0] == 0
    assert run("zk", "verify", folder)[1]["vk_id"] == taken["vk_id"]
    named = ceremony_of(folder)
    assert named.ptau == hashlib.sha256(powers).digest()
    assert named.r1cs == hashlib.sha256((folder / "circuit.r1cs").read_bytes()).digest()
    assert "0x" + named.transcript.hex() == taken["transcript"]


def test_without_powers_of_tau_a_key_proves_but_names_no_ceremony(run: RUN, place: Path, ceremony: bytes) -> None:
    folder = compile_to(place, "unnamed")
    assert run("zk", "import", folder, place / "final.zkey")[1]["sections_checked"] is False
    with pytest.raises(FolderUnusable, match="--ptau"):
        ceremony_of(folder)
    for broken in ('{"ptau": "00", "r1cs": "", "transcript": ""}', "[]", "{", '{"ptau": 3}'):
        (folder / "ceremony.json").write_text(broken)
        with pytest.raises(FolderUnusable, match=r"ceremony\.json"):
            ceremony_of(folder)


def wrong_files(place: Path, ceremony: bytes) -> dict[str, bytes]:
    """What is no key of this circuit, by the name of its error."""
    other = load_compiled(compile_to(place, "other", "--class-only"))
    changed = bytearray(ceremony)
    changed[-300] ^= 1
    return {
        "AnotherCircuit": own_ceremony(other.circuit),
        "WrongLength": ceremony[:-1000],
        "FalseContribution": bytes(changed),
        "NotThisFormat": b"this is not a key",
    }


def test_wrong_keys_are_refused_and_nothing_is_written(run: RUN, place: Path, ceremony: bytes) -> None:
    folder = compile_to(place, "refusing")
    before = names(folder)
    for error, data in wrong_files(place, ceremony).items():
        (place / "wrong.zkey").write_bytes(data)
        status, said = run("zk", "import", folder, place / "wrong.zkey")
        assert (status, said["error"]["name"]) == (1, error)
        assert names(folder) == before
    assert run("zk", "import", folder, place / "nothing.zkey")[1]["error"]["name"] == "SystemRefused"
    argv = ("zk", "import", folder, place / "final.zkey")
    assert run(*argv, "--initial", place / "final.zkey")[1]["error"]["name"] == "BadArgument"
    (place / "cut.ptau").write_bytes(b"ptau, or what is left of it")
    assert run(*argv, "--ptau", place / "cut.ptau")[0] == 1
    assert names(folder) == before


def test_another_ceremonys_key_does_not_take_the_place_of_the_first(run: RUN, place: Path, ceremony: bytes) -> None:
    folder = compile_to(place, "first")
    taken = run("zk", "import", folder, place / "final.zkey")[1]["vk_id"]
    (place / "second.zkey").write_bytes(own_ceremony(load_compiled(folder).circuit, DELTA + 1))
    assert run("zk", "import", folder, place / "second.zkey")[1]["error"]["name"] == "DamagedKeyFile"
    assert run("zk", "setup", folder)[1]["vk_id"] == taken


# The audit of a folder


@pytest.mark.parametrize(
    ("tests", "options"),
    [("differential,hiding,mutation", ()), ("hiding,mutation", ("--profile", "private", "--results", "encrypted"))],
)
def test_a_compiled_folder_is_audited(run: RUN, place: Path, tests: str, options: tuple[str, ...]) -> None:
    folder = compile_to(place, f"audited{len(options)}", *options)
    status, report = run("zk", "audit", folder, "--only", tests, "--sample", "12")
    assert (status, report["passed"], report["circuit"]) == (0, True, folder.name)
    assert not any(test.get("skipped") for test in report["tests"])


def test_the_audits_reference_is_the_integers_and_refuses_rows_beyond(place: Path) -> None:
    subject = folder_subject(place / "zk")
    assert subject.reference is not None
    *honest, beyond = subject.cases
    for case in honest:
        solved = subject.circuit.solve(case)
        assert solved.public[2:] == subject.reference(case)
    assert subject.reference(beyond) is None


def test_a_folder_of_something_else_cannot_be_audited(run: RUN, tmp_path: Path) -> None:
    status, said = run("zk", "audit", tmp_path)
    assert (status, said["error"]["name"]) == (2, "FolderUnusable")


# Circuits of circom


@pytest.mark.slow
def test_a_circom_circuit_becomes_a_program(run: RUN, place: Path) -> None:
    source = Path(__file__).parents[3] / "examples" / "circom" / "polynomial.circom"
    words = ("zk", "import", source, "--models", place / "models")
    status, made = run(*words, "--features", "2", "--trial-row", "1,2")
    assert (status, made["bound"], made["outputs"]) == (0, True, 2)
    assert {"circom.json", "circuit.r1cs", "circuit.wasm"} <= names(Path(made["files"]))
    assert Path(made["files"]).name == made["program"][2:]
    assert run(*words, "--features", "2", "--trial-row", "1,x")[1]["error"]["name"] == "BadArgument"
    assert run(*words, "--features", "3", "--trial-row", "1,2")[1]["error"]["name"] == "BadArgument"
    for options in (("--features", "3"), ("--features", "1"), ("--features", "2", "--input-bits", "8")):
        status, said = run(*words, *options)
        assert (status, said["error"]["name"]) in ((1, "WrongSignals"), (1, "InputRefused"), (1, "NoWitness")), options
    assert run("zk", "import", place / "nothing.circom", "--features", "2")[1]["error"]["name"] == "NotCompiled"
    assert run("zk", "import", place / "zk")[1]["error"]["name"] == "BadArgument"
