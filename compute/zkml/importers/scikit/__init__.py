"""scikit-learn: fitted estimators and pipelines, and the joblib files that hold them."""

from compute.zkml.importers.scikit.estimator_file import load_estimator
from compute.zkml.importers.scikit.model import SUPPORTED, import_scikit

__all__ = ["SUPPORTED", "import_scikit", "load_estimator"]
