"""`cluster zk`: from a model's file to a verdict on its proof, and what every wrong file is told."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import joblib
import numpy as np
import onnx
import pytest
from sklearn.linear_model import LogisticRegression

from compute.zkml import room
from compute.zkml.artifact import save_model
from compute.zkml.cost import CostReport, LayerCost
from compute.zkml.folder import load_ready, save_proof
from crypto.field import SCALAR_FIELD
from node.cli.cost_plot import cost_svg
from node.cli.frame import execute
from tests.support.onnx_models import one
from tests.support.small_models import COMMITTED_MODEL

RANDOM = np.random.default_rng(5)
RUN = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keys that setups share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLUSTER_HOME", str(tmp_path_factory.mktemp("home")))
        yield


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


def test_where_no_proof_is_none_is_judged(run: RUN, proven: Path, tmp_path: Path) -> None:
    left = tmp_path / "left"
    shutil.copytree(proven, left)
    (left / "proof.json").unlink()
    status, verdict = run("zk", "verify", left)
    assert (status, verdict["error"]["name"]) == (2, "FolderUnusable") and "no proof" in verdict["error"]["message"]
    for command in (("verify",), ("setup",), ("open",), ("prove", "--input", "row.npy")):
        refusal = run("zk", command[0], "nowhere", *command[1:])[1]["error"]
        assert refusal["name"] == "FolderUnusable" and "there is no such folder. `cluster zk" in refusal["message"]
    status, said = run("zk", "export", left, "--only", "wtns")
    assert (status, said["error"]["name"]) == (1, "NothingToExport")


def test_a_kill_while_a_proof_is_written_never_mixes_two(
    run: RUN, proven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second proof's files are in place one after the other: until proof.json is, there is no proof."""
    ready, rows = load_ready(proven), np.ones((1, 3))
    second, real, left = ready.prove(rows), os.replace, 0

    def dying(source: Any, target: Any) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        real(source, target)

    monkeypatch.setattr(os, "replace", dying)
    for places in range(5):
        folder, left = tmp_path / str(places), places
        shutil.copytree(proven, folder)
        with suppress(KeyboardInterrupt):
            save_proof(folder, second)
        assert run("zk", "verify", folder)[0] == (2 if places < 4 else 0)
        if places == 4:
            opening = json.loads((folder / "opening.json").read_text())
            assert opening["salt"] == str(second.salt)


def test_secrets_stay_secret_where_a_killed_run_left_files(proven: Path, tmp_path: Path) -> None:
    folder = tmp_path / "left"
    shutil.copytree(proven, folder)
    (folder / "model.msgpack.new").touch(mode=0o644)
    save_model(folder / "model.msgpack", COMMITTED_MODEL)
    assert (folder / "model.msgpack").stat().st_mode & 0o777 == 0o600


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
    assert report["score_delta"] == report["score_quantised"] - report["score_float"]
    assert sum(layer["prove_seconds"] for layer in report["layers"]) == pytest.approx(report["prove_seconds"], abs=1e-3)
    for name in ("setup_seconds", "key_bytes", "r1cs_bytes", "setup_peak_bytes", "prove_peak_bytes"):
        assert report[name] > 0, name
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


@pytest.mark.parametrize(("profile", "results"), [("private", "committed"), ("private-model", "encrypted")])
def test_a_hidden_result_opens_with_its_opening_and_no_other(
    run: RUN, model: Path, tmp_path: Path, profile: str, results: str
) -> None:
    sample, out = ("--sample", model / "sample.npy"), tmp_path / "zk"
    words = ("zk", "compile", model / "trend.joblib", *sample, "--profile", profile, "--results", results, "--out", out)
    assert run(*words)[0] == 0
    assert run("zk", "setup", out)[0] == 0
    first = run("zk", "prove", out, "--input", model / "row.npy")[1]
    (tmp_path / "first.json").write_text((out / "opening.json").read_text())
    assert run("zk", "open", out) == (0, {"opens": True, "said": first["said"]})
    assert run("zk", "verify", out)[1]["said"] is None
    run("zk", "prove", out, "--input", model / "row.npy")
    assert run("zk", "open", out, "--opening", tmp_path / "first.json")[0] == 1
    (tmp_path / "first.json").write_text("[]")
    status, said = run("zk", "open", out, "--opening", tmp_path / "first.json")
    assert (status, said["error"]["name"]) == (2, "OpeningUnusable")


def test_a_public_result_is_read_by_whoever_verifies(run: RUN, proven: Path) -> None:
    status, verdict = run("zk", "verify", proven)
    assert status == 0 and verdict["said"] in (["True"], ["False"])


def test_compiling_again_keeps_the_commitment_and_nothing_else_is_written_over(
    run: RUN, model: Path, tmp_path: Path
) -> None:
    out, sample = tmp_path / "zk", ("--sample", model / "sample.npy")
    words = ("zk", "compile", model / "trend.joblib", *sample, "--profile", "private", "--out")
    run(*words, out)
    before = (out / "model.msgpack").read_bytes()
    assert run(*words, out)[0] == 0
    assert (out / "model.msgpack").read_bytes() == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "manifest.json").write_text("mine")
    status, said = run(*words, tmp_path / "mine")
    assert (status, said["error"]["name"]) == (1, "FolderOccupied")
    assert (tmp_path / "mine" / "manifest.json").read_text() == "mine"


WRONG: list[tuple[str, list[str], str]] = [
    ("an unknown kind of model", ["sample.npy"], "ModelKindUnknown"),
    ("a model that is not there", ["nothing.joblib"], "FileMissing"),
    ("a sample of another width", ["trend.joblib", "--sample", "labels.npy"], "WrongRowLength"),
    ("an .onnx that is not there", ["nothing.onnx"], "FileMissing"),
    ("a sample that is not there", ["trend.joblib", "--sample", "nothing.npy"], "FileMissing"),
    ("a sample that is a model", ["trend.joblib", "--sample", "trend.joblib"], "RowsUnusable"),
    ("labels without rows", ["trend.joblib", "--labels", "labels.npy"], "BadArgument"),
    ("a batch of none", ["trend.joblib", "--batch", "0"], "BadArgument"),
    ("inputs of 40 bits", ["trend.joblib", "--bits", "40"], "BadArgument"),
    ("three names for two classes", ["trend.joblib", "--classes", "a,b,c"], "WrongClassNames"),
    ("names in a file that is none", ["trend.joblib", "--classes", "row.json"], "BadArgument"),
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


def test_a_file_of_logits_is_a_classifier_where_it_is_said(run: RUN, tmp_path: Path) -> None:
    onnx.save(one("Gemm", (1, 3), {"w": RANDOM.normal(size=(3, 3))}, transB=1), tmp_path / "logits.onnx")
    np.save(tmp_path / "sample.npy", RANDOM.normal(size=(20, 3)))
    np.save(tmp_path / "labels.npy", RANDOM.integers(0, 3, 20))
    (tmp_path / "names.json").write_text('{"0": "a", "1": "b", "2": "c"}')
    argv = ("zk", "cost", tmp_path / "logits.onnx", "--sample", tmp_path / "sample.npy")
    assert run(*argv)[1]["kind"] == "regression"
    assert run(*argv, "--classification")[1]["classes"] == ["0", "1", "2"]
    for names in ("a, b,c", tmp_path / "names.json"):
        assert run(*argv, "--classes", names)[1]["classes"] == ["a", "b", "c"]
    held_out = ("--held-out", tmp_path / "sample.npy", "--labels", tmp_path / "labels.npy")
    report = run(*argv, *held_out)[1]
    assert report["kind"] == "classification" and 0 <= report["score_float"] <= 1


def test_people_read_seconds_memory_and_key(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["zk", "cost", str(model / "trend.joblib"), "--sample", str(model / "sample.npy")]) == 0
    shown = capsys.readouterr().out
    for word in ("range of rows", "CPU-seconds", "of memory", "proving key", "at most"):
        assert word in shown


def test_a_plot_has_room_for_wide_numbers(tmp_path: Path) -> None:
    wide = Counter({1: 123_456_789, 254: 23_456_789})
    layers = (LayerCost("a/name/as/long/as/those/of/exporters/Conv_12", 9, wide), LayerCost("fc <1>", 9, Counter()))
    drawing = ElementTree.fromstring(cost_svg(CostReport(layers, 4, 9), "a & b " * 30))
    texts = [(node, node.text or "") for node in drawing.iter("{http://www.w3.org/2000/svg}text")]
    for node, text in texts:
        letter = 9.0 if node.get("font-size") == "16" else 7.2
        width = letter * len(text) * (1 if node.get("text-anchor") != "end" else -1)
        assert 0 <= float(node.get("x", "-1")) + width <= float(drawing.get("width", "0")), text
    assert any("146,913,578" in text for _, text in texts)


def test_what_does_not_fit_into_memory_is_refused(run: RUN, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = model / "large"
    argv = ("zk", "compile", model / "trend.joblib", "--sample", model / "sample.npy", "--out", out)
    with monkeypatch.context() as small:
        small.setattr(room, "available_bytes", lambda: 10**6)
        status, said = run(*argv)
        assert (status, said["error"]["name"]) == (1, "ModelTooLarge") and not out.exists()
        assert said["error"]["fields"]["available"] == 10**6
        assert run(*argv, "--force")[0] == 0
        for words in (("setup", out), ("prove", out, "--input", model / "row.npy"), ("export", out)):
            before = sorted(out.iterdir())
            assert run("zk", *words)[1]["error"]["name"] == "ModelTooLarge"
            assert sorted(out.iterdir()) == before
        assert run("zk", "setup", out, "--force")[0] == 0
        assert run("zk", "prove", out, "--input", model / "row.npy", "--force")[0] == 0
    assert run("zk", "verify", out)[0] == 0


def test_compiling_anew_leaves_nothing_of_the_former_model(run: RUN, model: Path) -> None:
    out = model / "again"
    argv = ("zk", "compile", model / "trend.joblib", "--sample", model / "sample.npy", "--out", out)
    run(*argv)
    run("zk", "setup", out)
    run("zk", "prove", out, "--input", model / "row.npy")
    run(*argv, "--bits", "9")
    assert run("zk", "verify", out)[0] == 2
    assert run("zk", "prove", out, "--input", model / "row.npy")[1]["error"]["name"] == "FolderUnusable"


@pytest.mark.parametrize("name", ["--ctx", "--task"])
def test_numbers_that_are_no_field_elements_are_refused(run: RUN, proven: Path, model: Path, name: str) -> None:
    for value in (-1, SCALAR_FIELD):
        status, said = run("zk", "prove", proven, "--input", model / "row.npy", f"{name}={value}")
        assert (status, said["error"]["name"]) == (1, "BadArgument")
