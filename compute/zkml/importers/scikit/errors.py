"""What a scikit-learn model can hold that has no circuit, and what its owner can do about it."""

from compute.zkml.errors import ModelError


class MultipleOutputs(ModelError):
    """A model predicts several targets at once."""

    code = 6140

    def __init__(self, kind: str, outputs: int | str) -> None:
        super().__init__(f"the {kind} predicts {outputs} targets; one is supported: fit and publish a model for each.")
        self.kind, self.outputs = kind, outputs


class KernelUnsupported(ModelError):
    """A support vector machine has a kernel other than the linear one."""

    code = 6141

    def __init__(self, kind: str, kernel: str) -> None:
        super().__init__(
            f'the {kind} has the kernel {kernel!r:.40}; supported is kernel="linear", and LinearSVC or LinearSVR. '
            "Fit one of these, or an MLPClassifier where classes need curved borders."
        )
        self.kind, self.kernel = kind, kernel


class OneAgainstOne(ModelError):
    """A support vector machine decides between more than two classes by votes of all pairs."""

    code = 6142

    def __init__(self, kind: str, classes: int) -> None:
        super().__init__(
            f"the {kind} lets every pair of its {classes} classes vote; supported is two classes. Fit a LinearSVC, or "
            f'OneVsRestClassifier({kind}(kernel="linear")).'
        )
        self.kind, self.classes = kind, classes


class SparseWeights(ModelError):
    """A model keeps its weights as a sparse matrix."""

    code = 6143

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"the {kind} keeps its weights sparse; call .densify(), or fit it on dense rows, then save it again."
        )
        self.kind = kind


class SingleClass(ModelError):
    """A classifier has seen fewer than two classes."""

    code = 6144

    def __init__(self, kind: str, classes: int) -> None:
        super().__init__(f"the {kind} knows {classes} class; fit it on labels of at least two.")
        self.kind, self.classes = kind, classes


class MissingValuesLearned(ModelError):
    """A tree asks whether a value is missing; the rows of a proof have no missing values."""

    code = 6145

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"the {kind} has split on whether a value is missing, and rows that are proven have every value; fill the "
            "training rows' gaps with numbers first, then fit again."
        )
        self.kind = kind


class CategoricalFeatures(ModelError):
    """A model takes features as names of categories."""

    code = 6146

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"the {kind} takes some features as categories; supported are numbers compared with thresholds. Encode "
            "categories as columns of 0 and 1 before the model, and fit with categorical_features=None."
        )
        self.kind = kind


class CustomStart(ModelError):
    """A boosted model starts from a model of its own instead of a constant."""

    code = 6147

    def __init__(self, kind: str, start: str) -> None:
        super().__init__(
            f'the {kind} starts from a {start:.80}; supported are init=None and init="zero". Fit it with one of these.'
        )
        self.kind, self.start = kind, start


class OutputCurved(ModelError):
    """A regression ends in a function that has no circuit."""

    code = 6148

    def __init__(self, kind: str, link: str) -> None:
        super().__init__(
            f"the {kind} passes its output through {link:.80}; supported are regressions that end in a sum. Fit it "
            "with the squared error, on the logarithm of the target if the target is positive."
        )
        self.kind, self.link = kind, link


class StepUnsupported(ModelError):
    """A step of a pipeline, or a model around other models, has no circuit."""

    code = 6149

    def __init__(self, kind: str, remedy: str) -> None:
        super().__init__(f"{kind} cannot be proven as part of a model. {remedy}")
        self.kind, self.remedy = kind, remedy
