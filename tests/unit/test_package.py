"""What the package says of itself: rooms and no tests, an exact verifier, floors where older versions are harmful."""

import re
import tomllib
from importlib.metadata import version
from typing import Any

from chain.params import VERIFIER_BACKEND
from tests.support.check_wheel import PACKAGES, faults
from tests.support.rooms import ROOT


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirement(name: str) -> str:
    """The version specifier of a dependency."""
    found = [text.removeprefix(name) for text in pyproject()["project"]["dependencies"] if re.match(rf"{name}\b", text)]
    assert len(found) == 1, name
    return found[0]


def test_aiohttp_has_its_floor() -> None:
    assert requirement("aiohttp") == ">=3.14.4"
    assert tuple(int(part) for part in version("aiohttp").split(".")[:3]) >= (3, 14, 4)


def test_the_verifier_is_pinned_to_the_version_that_the_parameters_name() -> None:
    assert f"groth16py-{requirement('groth16py').removeprefix('==')}" == VERIFIER_BACKEND
    assert f"groth16py-{version('groth16py')}" == VERIFIER_BACKEND


def test_a_validator_installs_no_machine_learning() -> None:
    names = {re.split(r"[^a-z0-9-]", text)[0] for text in pyproject()["project"]["dependencies"]}
    assert names.isdisjoint({"numpy", "scikit-learn"})


def test_the_wheel_is_made_of_the_rooms() -> None:
    assert sorted(pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == sorted(PACKAGES)


def test_a_wheel_with_tests_or_without_the_constants_is_faulty() -> None:
    found = faults({"tests/__init__.py", "chain/codec.py", "x.dist-info/METADATA"})
    assert "does not belong: tests/__init__.py" in found
    assert "missing: crypto/poseidon_constants.bin" in found
    assert not any("chain/codec.py" in fault or "METADATA" in fault for fault in found)
