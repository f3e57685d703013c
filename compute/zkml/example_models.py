"""The two models of the demo and the devnet, trained here and now on data that scikit-learn carries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from compute.zkml.importers.scikit import import_scikit
from compute.zkml.provable import Provable, provable
from compute.zkml.quantise import quantise

SEED: Final = 7
HELD_OUT: Final = 0.25
TUMOUR: Final = "tumour-logistic"
DIGITS: Final = "digits-mlp"


@dataclass(frozen=True, slots=True)
class ExampleModel:
    """A trained and quantised classifier with its held-out rows, raw, and the float model's classes for them."""

    name: str
    description: str
    provable: Provable
    classifier: Any
    rows: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]


def breast_cancer() -> ExampleModel:
    """Logistic regression on 30 standardised features: malignant or benign."""
    data = load_breast_cancer()
    train, rows, targets, labels = train_test_split(data.data, data.target, test_size=HELD_OUT, random_state=SEED)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=SEED)).fit(
        train, targets
    )
    quantised = quantise(import_scikit(classifier), train, rows=rows, labels=labels)
    text = "Tumour classification (breast cancer, Wisconsin): logistic regression on 30 measurements."
    return ExampleModel(TUMOUR, text, provable(quantised), classifier, rows, labels)


def digits() -> ExampleModel:
    """MLP 64-32-10 on 8 x 8 images of digits, pixels 0..16."""
    data = load_digits()
    train, rows, targets, labels = train_test_split(data.data, data.target, test_size=HELD_OUT, random_state=SEED)
    training = {"alpha": 1e-3, "learning_rate_init": 3e-3, "tol": 2e-3, "n_iter_no_change": 3}  # ends by itself: 0.2 s
    classifier = MLPClassifier((32,), max_iter=200, random_state=SEED, **training).fit(train, targets)
    quantised = quantise(import_scikit(classifier), train, rows=rows, labels=labels)
    return ExampleModel(
        DIGITS, "Handwritten digits, 8 x 8 pixels: MLP 64-32-10.", provable(quantised), classifier, rows, labels
    )


TRAINERS: Final[dict[str, Callable[[], ExampleModel]]] = {TUMOUR: breast_cancer, DIGITS: digits}
