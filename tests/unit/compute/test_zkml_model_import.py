"""A classifier of one's own comes in from a joblib file; every file that holds something else is refused in words."""

from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from compute.zkml.errors import ClassifierFileUnusable, NotFinite, NotFitted, NotTrusted
from compute.zkml.model_import import import_classifier

ROWS = np.random.default_rng(11).normal(size=(40, 3))
LABELS = np.where(ROWS.sum(axis=1) > 0, "up", "down")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "trend.npz"
    np.savez(path, sample=ROWS, rows=ROWS, labels=LABELS)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "trend.joblib"
    joblib.dump(LogisticRegression().fit(ROWS, LABELS), path)
    return path


def test_a_fitted_classifier_comes_in(model: Path, data: Path) -> None:
    assert import_classifier(model, data, trusted=True).manifest.classes == ("down", "up")


def test_a_file_of_unknown_origin_is_not_even_opened(tmp_path: Path, data: Path) -> None:
    with pytest.raises(NotTrusted):
        import_classifier(tmp_path / "absent.joblib", data, trusted=False)


def test_an_unfitted_classifier_is_refused(model: Path, data: Path) -> None:
    joblib.dump(LogisticRegression(), model)
    with pytest.raises(NotFitted):
        import_classifier(model, data, trusted=True)


@pytest.mark.parametrize("compress", [0, 3, ("lzma", 3)], ids=["plain", "zlib", "lzma"])
def test_a_file_cut_short_is_refused(compress: int | tuple[str, int], model: Path, data: Path) -> None:
    joblib.dump(LogisticRegression().fit(ROWS, LABELS), model, compress=compress)
    whole = model.read_bytes()
    for kept in (0, 1, 2, 20, len(whole) // 2):
        model.write_bytes(whole[:kept])
        with pytest.raises(ClassifierFileUnusable, match=r"joblib\.dump"):
            import_classifier(model, data, trusted=True)


@pytest.mark.parametrize(
    "content", [b"hello", b"\x80\x04.", b"\x1f\x8b\x08no gzip", b"PK\x03\x04", b"\x80\xff\xff\xff"]
)
def test_bytes_that_are_no_pickle_are_refused(content: bytes, model: Path, data: Path) -> None:
    model.write_bytes(content)
    with pytest.raises(ClassifierFileUnusable, match=r"joblib\.dump"):
        import_classifier(model, data, trusted=True)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 and no more", b"\x93NUMPY"])
def test_bytes_that_are_no_npz_are_refused(content: bytes, model: Path, data: Path) -> None:
    data.write_bytes(content)
    with pytest.raises(ClassifierFileUnusable, match=r"numpy\.savez"):
        import_classifier(model, data, trusted=True)


def test_one_array_is_no_npz(model: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", ROWS)
    with pytest.raises(ClassifierFileUnusable, match=r"numpy\.savez"):
        import_classifier(model, tmp_path / "rows.npy", trusted=True)


def test_missing_files_are_said_to_be_missing(model: Path, data: Path, tmp_path: Path) -> None:
    for file, beside in ((tmp_path / "absent.joblib", data), (model, tmp_path / "absent.npz")):
        with pytest.raises(ClassifierFileUnusable, match="there is no such file"):
            import_classifier(file, beside, trusted=True)


def test_empty_and_ill_shaped_data_are_refused(model: Path, data: Path) -> None:
    for sample, rows, labels in ((ROWS[:0], ROWS, LABELS), (ROWS, ROWS, LABELS[1:]), (ROWS[:, :2], ROWS, LABELS)):
        np.savez(data, sample=sample, rows=rows, labels=labels)
        with pytest.raises(ClassifierFileUnusable):
            import_classifier(model, data, trusted=True)


def test_held_out_rows_that_are_no_numbers_are_refused(model: Path, data: Path) -> None:
    np.savez(data, sample=ROWS, rows=np.full_like(ROWS, np.nan), labels=LABELS)
    with pytest.raises(NotFinite):
        import_classifier(model, data, trusted=True)
