"""Models and keys that many tests of this room look at; nobody changes them."""

from pathlib import Path

import pytest

from compute.confidential.prover import Prover
from compute.dev_keys import CircuitKeys, DevKeys
from compute.zkml.artifact import model_keys
from compute.zkml.example_models import ExampleModel, breast_cancer, digits
from tests.support.memory_keys import MemoryKeys
from tests.support.small_models import COMMITTED_MODEL, OTHER, SMALL


@pytest.fixture(scope="session")
def dev_keys(tmp_path_factory: pytest.TempPathFactory) -> DevKeys:
    return DevKeys(tmp_path_factory.mktemp("dev-keys"))


@pytest.fixture(scope="session")
def prover() -> Prover:
    return Prover(MemoryKeys())


@pytest.fixture(scope="session")
def small_keys(dev_keys: DevKeys) -> CircuitKeys:
    return model_keys(dev_keys, SMALL)


@pytest.fixture(scope="session")
def other_keys(dev_keys: DevKeys) -> CircuitKeys:
    return model_keys(dev_keys, OTHER)


@pytest.fixture(scope="session")
def committed_keys(dev_keys: DevKeys) -> CircuitKeys:
    return model_keys(dev_keys, COMMITTED_MODEL)


@pytest.fixture(scope="session", params=["tumour-logistic", "digits-mlp"])
def example(request: pytest.FixtureRequest) -> ExampleModel:
    return {"tumour-logistic": breast_cancer, "digits-mlp": digits}[request.param]()


@pytest.fixture
def models_folder(tmp_path: Path) -> Path:
    return tmp_path / "models"
