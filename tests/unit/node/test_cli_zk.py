"""`cluster zk`: from a model's file to a verdict on its proof, and what every wrong file is told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from crypto.field import SCALAR_FIELD
from node.cli.frame import execute

RANDOM = np.random.default_rng(5)
RUN = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, a sample and a row."""
    folder = tmp_path_factory.mktemp("model")
    rows = RANDOM.normal(size=(60, 3))
    joblib.dump(LogisticRegression().fit(rows, rows.sum(axis=1) > 0), folder / "trend.joblib")
    np.save(folder / "sample.npy", rows)
    np.save(folder / "row.npy", rows[0])
    np.save(folder / "labels.npy", rows.sum(axis=1) > 0)
    (folder / "row.json").write_text(json.dumps(rows[0].tolist()))
    return folder


@pytest.fixture(scope="module")
def proven(model: Path) -> Path:
    """The folder of a compiled model with keys and a proof."""
    folder = model / "zk"
    sample = ("--sample", str(model / "sample.npy"))
    assert execute(["zk", "compile", str(model / "trend.joblib"), *sample, "--out", str(folder)]) == 0
    assert execute(["zk", "setup", str(folder)]) == 0
    assert execute(["zk", "prove", str(folder), "--input", str(model / "row.npy")]) == 0
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> RUN:
    def running(*argv: object) -> tuple[int, Any]:
        capsys.readouterr()
        status = execute([*map(str, argv), "--json"])
        return status, json.loads(capsys.readouterr().out)

    return running


def files(folder: Path, **instead: Path) -> list[str]:
    """--key --proof --public of a folder, some of them replaced."""
    named = {"key": "verification_key.json", "proof": "proof.json", "public": "public.json"}
    return [part for name, file in named.items() for part in (f"--{name}", str(instead.get(name, folder / file)))]


def altered(path: Path, change: Callable[[Any], object], to: Path) -> Path:
    document = json.loads(path.read_text())
    change(document)
    to.write_text(json.dumps(document))
    return to


def test_a_proof_holds_by_folder_and_by_files(run: RUN, proven: Path) -> None:
    assert run("zk", "verify", proven)[0] == 0
    status, verdict = run("zk", "verify", *files(proven))
    assert (status, verdict["valid"], len(verdict["public"])) == (0, True, 4)


def test_the_output_is_the_float_models(run: RUN, proven: Path, model: Path) -> None:
    status, said = run("zk", "prove", proven, "--input", model / "row.json")
    row = np.load(model / "row.npy")
    truth = joblib.load(model / "trend.joblib").decision_function([row])[0]
    assert status == 0 and said["said"] == [str(truth > 0)]
    manifest = json.loads((proven / "manifest.json").read_text())
    assert abs(said["values"][0][0] - truth) <= manifest["worst_error"]


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_another_public_input_is_invalid(run: RUN, proven: Path, tmp_path: Path, place: int) -> None:
    def change(public: list[str]) -> None:
        public[place] = str((int(public[place]) + 1) % SCALAR_FIELD)

    bent = altered(proven / "public.json", change, tmp_path / "public.json")
    status, verdict = run("zk", "verify", *files(proven, public=bent))
    assert (status, verdict["valid"]) == (1, False) and verdict["why"]


def test_an_alias_of_a_public_input_is_invalid(run: RUN, proven: Path, tmp_path: Path) -> None:
    def change(public: list[str]) -> None:
        public[0] = str(int(public[0]) + SCALAR_FIELD)

    bent = altered(proven / "public.json", change, tmp_path / "public.json")
    assert run("zk", "verify", *files(proven, public=bent))[0] == 1


def test_a_point_off_the_curve_is_invalid(run: RUN, proven: Path, tmp_path: Path) -> None:
    bent = altered(proven / "proof.json", lambda proof: proof["pi_a"].__setitem__(0, "1"), tmp_path / "proof.json")
    assert run("zk", "verify", *files(proven, proof=bent))[0] == 1


@pytest.mark.parametrize("which", ["key", "proof", "public"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_such_file_is_unusable(run: RUN, proven: Path, tmp_path: Path, which: str, content: bytes) -> None:
    broken = tmp_path / "broken.json"
    broken.write_bytes(content)
    status, said = run("zk", "verify", *files(proven, **{which: broken}))
    assert status == 2 and said["error"]["message"]


def test_missing_files_are_unusable(run: RUN, tmp_path: Path) -> None:
    assert run("zk", "verify", tmp_path / "nowhere")[0] == 2
    assert run("zk", "verify")[0] == 2


def test_a_key_for_another_circuit_is_unusable(run: RUN, proven: Path, tmp_path: Path) -> None:
    def change(key: dict[str, Any]) -> None:
        key["nPublic"] += 1
        key["IC"].append(key["IC"][1])

    bent = altered(proven / "verification_key.json", change, tmp_path / "key.json")
    status, said = run("zk", "verify", *files(proven, key=bent))
    assert (status, said["error"]["name"]) == (2, "WrongInputCount")


def test_cost_is_said_before_anything_is_built(run: RUN, model: Path, tmp_path: Path) -> None:
    plot = tmp_path / "cost.svg"
    sample = ("--sample", model / "sample.npy", "--held-out", model / "sample.npy", "--labels", model / "labels.npy")
    status, report = run("zk", "cost", model / "trend.joblib", *sample, "--plot", plot)
    assert status == 0 and report["constraints"] == sum(layer["constraints"] for layer in report["layers"])
    assert report["score_quantised"] > 0.9
    assert plot.read_text().startswith("<svg") and "range of rows" in plot.read_text()


@pytest.mark.parametrize("profile", ["private-model", "private"])
def test_a_committed_model_is_proven_too(run: RUN, model: Path, tmp_path: Path, profile: str) -> None:
    sample, out = ("--sample", model / "sample.npy"), tmp_path / "zk"
    assert run("zk", "compile", model / "trend.joblib", *sample, "--profile", profile, "--out", out)[0] == 0
    assert (out / "model.msgpack").stat().st_mode & 0o077 == 0
    assert run("zk", "setup", out)[0] == 0
    status, first = run("zk", "prove", out, "--input", model / "row.npy")
    assert status == 0 and run("zk", "verify", out)[0] == 0
    assert (out / "opening.json").stat().st_mode & 0o077 == 0
    again = run("zk", "prove", out, "--input", model / "row.npy")[1]
    row_is_public = profile == "private-model"
    assert (first["public"][2] == again["public"][2]) is row_is_public  # a private row is salted anew


WRONG: list[tuple[str, list[str], str]] = [
    ("an unknown kind of model", ["sample.npy"], "ModelKindUnknown"),
    ("a model that is not there", ["nothing.joblib"], "ClassifierFileUnusable"),
    ("a sample of another width", ["trend.joblib", "--sample", "labels.npy"], "WrongRowLength"),
    ("a sample that is not there", ["trend.joblib", "--sample", "nothing.npy"], "RowsUnusable"),
    ("a sample that is a model", ["trend.joblib", "--sample", "trend.joblib"], "RowsUnusable"),
    ("labels without rows", ["trend.joblib", "--labels", "labels.npy"], "BadArgument"),
    ("a batch of none", ["trend.joblib", "--batch", "0"], "BadArgument"),
    ("inputs of 40 bits", ["trend.joblib", "--bits", "40"], "BadArgument"),
]


@pytest.mark.parametrize(("what", "words", "error"), WRONG, ids=[what for what, _, _ in WRONG])
def test_what_cannot_be_compiled_is_refused_and_nothing_is_written(
    run: RUN, model: Path, tmp_path: Path, what: str, words: list[str], error: str
) -> None:
    argv = [str(model / word) if "." in word else word for word in words]
    if "--sample" not in argv:
        argv += ["--sample", str(model / "sample.npy")]
    status, said = run("zk", "compile", *argv, "--out", tmp_path / "zk")
    assert (status, said["error"]["name"]) == (1, error)
    assert not (tmp_path / "zk").exists()


def test_rows_that_do_not_fit_are_refused(run: RUN, proven: Path, tmp_path: Path) -> None:
    before = (proven / "proof.json").read_bytes()
    for row, error in (([1e9, 0, 0], "RowOutOfRange"), ([float("nan"), 0, 0], "NotFinite"), ([1, 2], "WrongRowLength")):
        np.save(tmp_path / "row.npy", row)
        status, said = run("zk", "prove", proven, "--input", tmp_path / "row.npy")
        assert (status, said["error"]["name"]) == (1, error)
    assert (proven / "proof.json").read_bytes() == before


def test_a_folder_without_keys_or_model_says_so(run: RUN, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "zk"
    run("zk", "compile", model / "trend.joblib", "--sample", model / "sample.npy", "--out", out)
    status, said = run("zk", "prove", out, "--input", model / "row.npy")
    assert (status, said["error"]["name"]) == (1, "FolderUnusable")
    (out / "model.msgpack").write_bytes(b"garbage")
    assert run("zk", "setup", out)[1]["error"]["name"] == "ModelFileUnusable"
    (out / "settings.json").write_text("{}")
    assert run("zk", "setup", out)[1]["error"]["name"] == "FolderUnusable"
