"""`cluster zk audit` on files and on Python functions: 0 nothing found, 1 findings, 2 unusable."""

import json
from pathlib import Path

import pytest

from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Witness
from crypto.r1cs.gadgets.bits import to_bits
from crypto.r1cs.r1cs_file import read_r1cs, write_r1cs
from crypto.r1cs.wtns_file import read_wtns, write_wtns
from node.cli.frame import execute


def circuit(sound: bool) -> Circuit:
    """The top bit of a number of three bits, which the prover may choose unless `sound`."""
    cs = Builder()
    out, x = cs.output("top"), cs.public("x")
    with cs.scope("bits"):
        bits = to_bits(cs, x, 3)
        (free,) = cs.hint("top", lambda v: v, [bits[2]], 1)
        cs.constrain(free, free - 1, 0)
    cs.define(out, bits[2] if sound else free)
    return cs.build()


def plain() -> Circuit:
    """Audited by name: module:function."""
    return circuit(True)


def with_reference() -> tuple[Circuit, list[dict[str, int]], object]:
    return circuit(True), [{"x": 5}, {"x": 9}], lambda inputs: (1 - (inputs["x"] >> 2),) if inputs["x"] < 8 else None


def raising() -> Circuit:
    raise ZeroDivisionError("by a user's code")


def leaving() -> Circuit:
    raise SystemExit(0)


def lacking() -> Circuit:
    raise ModuleNotFoundError("No module named 'elsewhere'")


def raising_reference() -> tuple[Circuit, list[dict[str, int]], object]:
    return circuit(True), [{"x": 5}], lambda inputs: inputs["y"]


def cases_of_numbers() -> tuple[Circuit, object]:
    return circuit(True), [5]


def a_case_too_few() -> tuple[Circuit, object]:
    return circuit(True), 5


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    status = execute(["zk", "audit", *argv])
    shown = capsys.readouterr()
    return status, shown.out + shown.err


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("sound", "broken"):
        made = circuit(name == "sound")
        (tmp_path / f"{name}.r1cs").write_bytes(write_r1cs(made))
        for x in (5, 2):
            (tmp_path / f"{name}{x}.wtns").write_bytes(write_wtns(made.solve({"x": x})))
    return tmp_path


def arguments(files: Path, name: str) -> list[str]:
    witnesses = [part for x in (5, 2) for part in ("--witness", str(files / f"{name}{x}.wtns"))]
    return [str(files / f"{name}.r1cs"), *witnesses, "--outputs", "1", "--only", "mutation,jacobian,flips"]


def test_nothing_found_ends_with_0(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = run(capsys, *arguments(files, "sound"))
    assert status == 0
    assert "evidence, not proof" in shown
    assert "2 of 2 witnesses" in shown


def test_a_finding_ends_with_1_and_its_forged_witness_is_one(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forged = files / "forged.wtns"
    status, shown = run(capsys, *arguments(files, "broken"), "--forged", str(forged))
    assert (status, "the same inputs allow the outputs" in shown) == (1, True)
    r1cs = read_r1cs((files / "broken.r1cs").read_bytes())
    values = read_wtns(forged.read_bytes(), r1cs.public_count)
    assert list(r1cs.constraints.violated(values.cells)) == []
    assert values.public == (0, 5)


def test_a_file_that_names_no_outputs_is_not_audited_as_if_it_had_none(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What belongs to an output would look as if nothing noticed it."""
    given = [*arguments(files, "sound")[:5], "--only", "deletion"]
    status, shown = run(capsys, *given)
    assert status == 2 and "--outputs: expected the public cells that are outputs" in shown
    assert run(capsys, *given, "--outputs", "1")[0] == 0
    assert "0 outputs" in run(capsys, *given, "--outputs", "")[1]


def test_programs_get_the_whole_report(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = run(capsys, *arguments(files, "broken"), "--json")
    document = json.loads(shown)
    assert (status, document["passed"], document["constraints"]) == (1, False, 5)
    assert {finding["test"] for finding in document["findings"]} == {"flips"}
    assert [test["test"] for test in document["tests"]] == ["mutation", "jacobian", "flips"]


def test_a_function_is_audited_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = run(capsys, f"{__name__}:plain", "--only", "flips", "--json")
    assert (status, json.loads(shown)["circuit"]) == (0, f"{__name__}:plain")


def test_a_function_may_bring_cases_and_a_reference(capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = run(capsys, f"{__name__}:with_reference", "--only", "differential")
    assert (status, "the reference says [0], the circuit [1]" in shown) == (1, True)


def test_golden_counts_are_written_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden = tmp_path / "golden.json"
    assert run(capsys, f"{__name__}:plain", "--only", "counts", "--write-golden", str(golden))[0] == 0
    assert json.loads(golden.read_text()) == {"bits": 4, "": 1}
    assert run(capsys, f"{__name__}:plain", "--only", "counts", "--golden", str(golden))[0] == 0
    golden.write_text('{"bits": 5, "": 1}')
    status, shown = run(capsys, f"{__name__}:plain", "--only", "counts", "--golden", str(golden))
    assert (status, "4 constraints where 5 are expected (in bits)" in shown) == (1, True)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["nonsense"], "expected FILE.r1cs, a folder of `cluster zk compile`, or module:function"),
        (["nowhere:nothing"], "No module named 'nowhere'"),
        (["json:JSONDecoder"], "to give a Circuit"),
        (["missing.r1cs", "--witness", "x.wtns"], "missing.r1cs: No such file"),
        (["missing.r1cs"], "--witness"),
        ([f"{__name__}:raising"], "ZeroDivisionError: by a user's code"),
        ([f"{__name__}:leaving"], "SystemExit: 0"),
        ([f"{__name__}:lacking"], "ModuleNotFoundError: No module named 'elsewhere'"),
        ([f"{__name__}:raising_reference"], "KeyError: 'y'"),
        ([f"{__name__}:cases_of_numbers"], "inputs by name"),
        ([f"{__name__}:a_case_too_few"], "TypeError: 'int' object is not iterable"),
        ([f"{__name__}:plain", "--only", "luck"], "--only"),
        ([f"{__name__}:plain", "--sample", "-1"], "--sample"),
    ],
)
def test_what_is_unusable_ends_with_2(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = run(capsys, *argv)
    assert status == 2
    assert said in shown


@pytest.mark.parametrize("option", [["--outputs", "9"], ["--inputs", "99"], ["--outputs", "a"]])
def test_cells_that_are_none_end_with_2(option: list[str], files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, *arguments(files, "sound"), *option)[0] == 2


def test_a_witness_of_another_circuit_ends_with_2(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for cells in ((1, 0, 5, 0, 1, 1), (1, 1, 5)):
        (files / "sound5.wtns").write_bytes(write_wtns(Witness(cells, 2)))
        assert run(capsys, *arguments(files, "sound"))[0] == 2
