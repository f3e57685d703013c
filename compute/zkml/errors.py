"""What can be wrong with a model, a row, or a model's files."""

from pathlib import Path

from chain.amount import show
from chain.types.scalars import Name, ProgramId
from compute.errors import ComputeError


class ModelError(ComputeError):
    """Root of the errors of proven machine learning."""

    code = 6100


class UnsupportedModel(ModelError):
    """A kind of model, layer or activation that has no circuit."""

    code = 6101

    def __init__(self, what: str, supported: str, remedy: str = "") -> None:
        """remedy: a sentence that says what to do, where it is not plain from what is supported."""
        listed = f"; supported are {supported}" if supported else ""
        super().__init__(f"{what} cannot be proven{listed}." + (f" {remedy}" if remedy else ""))
        self.what, self.supported, self.remedy = what, supported, remedy


class RowOutOfRange(ModelError):
    """A value lies outside the range that the model was calibrated for; it is refused, never wrapped."""

    code = 6102

    def __init__(self, feature: int, value: float, low: float, high: float) -> None:
        super().__init__(
            f"feature {feature} (the first is 0) is {value:g}; the model was calibrated for {low:g} to {high:g}. "
            "Check the row's units, or publish a model calibrated on a wider sample."
        )
        self.feature, self.value, self.low, self.high = feature, value, low, high


class WrongRowLength(ModelError):
    """A row has another number of features than the model."""

    code = 6103

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(f"the row has {got} values; the model takes {expected}.")
        self.expected, self.got = expected, got


class WrongRowCount(ModelError):
    """More or fewer rows than go into one proof."""

    code = 6128

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(
            f"{got} rows were given; one proof of this model is about {expected}. Give as many, or compile the model "
            f"with --batch {got} (rows={got} in Python)."
        )
        self.expected, self.got = expected, got


class NotFinite(ModelError):
    """A weight or a value is NaN or infinite."""

    code = 6104

    def __init__(self, where: str) -> None:
        super().__init__(f"{where} holds NaN or an infinite value; clean it before quantising.")
        self.where = where


class ModelFileUnusable(ModelError):
    """A model's file is missing, malformed, or not the one that its program names."""

    code = 6105

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be used: {reason}. Get it from the model's publisher again.")
        self.path, self.reason = str(path), reason


class NotFitted(ModelError):
    """A classifier, or the scaler before it, was saved before it was fitted."""

    code = 6111

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"the {kind} is not fitted, so it has no weights; call .fit(rows, labels), then save it again."
        )
        self.kind = kind


class ClassifierFileUnusable(ModelError):
    """A joblib file, or the data beside it, is missing or holds something else."""

    code = 6112

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        super().__init__(f"{path} cannot be used: {reason}. {remedy}")
        self.path, self.reason = str(path), reason


class BrokenStep(ModelError):
    """A step of a quantised model is not one that its kind can be; of a file, as no model of ours is made so."""

    code = 6118

    def __init__(self, kind: str, rule: str) -> None:
        super().__init__(f"a {kind} step must have {rule}; make the model again from its float model.")
        self.kind, self.rule = kind, rule


class ManifestUnusable(ModelError):
    """A program's manifest is not one of a quantised model."""

    code = 6106

    def __init__(self, reason: str) -> None:
        super().__init__(f"the manifest is not one of a quantised model: {reason}. Its program needs its own client.")
        self.reason = reason


class ModelKindUnknown(ModelError):
    """A file whose name does not say what kind of model it holds."""

    code = 6113

    def __init__(self, path: Path, known: tuple[str, ...]) -> None:
        super().__init__(
            f"{path} ends in none of {', '.join(known)}; export the model as ONNX, or save it with joblib."
        )
        self.path, self.known = str(path), known


class RowsUnusable(ModelError):
    """A file that should hold rows or labels does not."""

    code = 6114

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be used as rows: {reason.rstrip('.')}. "
            "Save them with numpy.save(file, array), a row for each example."
        )
        self.path, self.reason = str(path), reason


class FileMissing(ModelError):
    """A file of a model or of rows was named that is not there."""

    code = 6171

    def __init__(self, path: Path, wanted: str) -> None:
        super().__init__(f"there is no file {path}; name one with {wanted}.")
        self.path, self.wanted = str(path), wanted


class ProfileUnknown(ModelError):
    """No profile goes by a name."""

    code = 6115

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no profile {name!r:.40}; there are {', '.join(known)}.")
        self.name, self.known = name, known


class ResultTooWide(ModelError):
    """A result fills more public inputs than a proof on chain may have."""

    code = 6116

    def __init__(self, elements: int, most: int) -> None:
        super().__init__(
            f"a result would fill {elements} field elements, at most {most} fit into a proof; put fewer rows into one, "
            "or prove the class only."
        )
        self.elements, self.most = elements, most


class ReferenceMismatch(ModelError):
    """The circuit computes something else than the integer reference: a fault of ours, nothing is submitted."""

    code = 6107

    def __init__(self, position: int) -> None:
        super().__init__(
            f"public input {position} of the circuit is not what the integer reference says; do not use this model, "
            "and report the fault."
        )
        self.position = position


class NoProvider(ModelError):
    """Nobody is there to whom a task could be sealed."""

    code = 6120

    def __init__(self, providers: int, price: int) -> None:
        super().__init__(
            f"of {providers} registered providers none is bonded, offers proofs and asks at most {show(price)}; "
            "raise the price, or start a worker with `cluster worker start`."
        )
        self.providers, self.price = providers, price


class TaskEndedUnproven(ModelError):
    """A task ended without a result; its escrow went back."""

    code = 6121

    def __init__(self, task: str, phase: str) -> None:
        super().__init__(
            f"task {task} is {phase}: nobody proved a result in time; the escrow was paid back, post anew."
        )
        self.task, self.phase = task, phase


class ResultNotOpened(ModelError):
    """A proven result does not open to logits of the model with this task's salt."""

    code = 6122

    def __init__(self, task: str) -> None:
        super().__init__(
            f"the result of task {task} does not open with this receipt; it belongs to another task or was altered."
        )
        self.task = task


class ResultCommitted(ModelError):
    """A result stands on chain as a commitment alone."""

    code = 6125

    def __init__(self, task: str) -> None:
        super().__init__(
            f"the result of task {task} is a commitment; its outputs come from its provider, who can open it, not from "
            "the chain."
        )
        self.task = task


class ReceiptUnusable(ModelError):
    """A file that should hold what is needed to open a task's result does not."""

    code = 6123

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be used: {reason}. Without the receipt that `cluster task post` wrote, nobody can open the "
            "result."
        )
        self.path, self.reason = str(path), reason


class RowsWithoutFolder(ModelError):
    """A task of many rows needs a folder for the file in which they travel."""

    code = 6124

    def __init__(self, rows: int) -> None:
        super().__init__(
            f"the model proves {rows} rows at once, which travel in a file beside the chain; name the folder for it."
        )
        self.rows = rows


class ModelTooLarge(ModelError):
    """What a model takes, as estimated before anything is built, does not fit into this machine's memory."""

    code = 6160

    def __init__(self, work: str, constraints: int, needed: int, available: int) -> None:
        super().__init__(
            f"{work} of {constraints:,} constraints would take about {needed / 1e9:.2f} GB of memory, "
            f"{available / 1e9:.2f} GB are free; make the model smaller (`cluster zk cost` shows where it is large), "
            "put fewer rows into a proof, take a larger machine, or go on all the same with --force."
        )
        self.work, self.constraints, self.needed, self.available = work, constraints, needed, available


class TooManyConstraints(ModelError):
    """A model's circuit is larger than those for which setup and proofs are known to work."""

    code = 6161

    def __init__(self, constraints: int, most: int) -> None:
        super().__init__(
            f"the circuit would have {constraints:,} constraints, more than {most:,}; make the model smaller (`cluster "
            "zk cost` shows where it is large), put fewer rows into a proof, or go on all the same with --force."
        )
        self.constraints, self.most = constraints, most


class NotAClassifier(ModelError):
    """A model was called a classifier, or classes were named, and it has none."""

    code = 6162

    def __init__(self, architecture: str) -> None:
        super().__init__(
            f"{architecture} is a regression and has no classes; leave out --classification and --classes (kind and "
            "classes). Only ONNX models that end in bare scores can be told that they classify."
        )
        self.architecture = architecture


class WrongClassNames(ModelError):
    """Classes were named, and they are not as many as the model has, or two are the same."""

    code = 6163

    def __init__(self, named: int, classes: int) -> None:
        super().__init__(
            f"{named} different classes are named, the model has {classes}; name each once, in the order of its "
            "outputs."
        )
        self.named, self.classes = named, classes


class ResultsNotSealed(ModelError):
    """A compiled model makes its results public or commits to them; on chain they are encrypted to the requester."""

    code = 6165

    def __init__(self, folder: Path, results: str) -> None:
        super().__init__(
            f"the results of {folder} are {results}; on chain they are encrypted to who asked. Compile it again with "
            "--results encrypted."
        )
        self.folder, self.results = str(folder), results


class ResultsKeyed(ModelError):
    """A model's rows are public and its results sealed with a key of their own; a task on chain has only a salt."""

    code = 6166

    def __init__(self, model: str) -> None:
        super().__init__(
            f"the rows of {model} are public and its results have a key of their own, so no task about it can be "
            "proven; on chain rows are sealed to providers. Compile it for the profile private, or public-model."
        )
        self.model = model


class LearningMissing(ModelError):
    """Training and importing models needs packages that validators do not install."""

    code = 6108

    def __init__(self, package: str) -> None:
        super().__init__(f"{package} is not installed; install the extra: pip install 'cluster-chain[ml]'.")
        self.package = package


class UnknownExample(ModelError):
    """No example model goes by a name."""

    code = 6109

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no example model {name!r:.80}; there are {', '.join(known)}.")
        self.name, self.known = name, known


class NotTrusted(ModelError):
    """A joblib file was named without saying that it is one's own: reading it would run its maker's code."""

    code = 6110

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"reading {path} runs whatever code its maker put into it, and it belongs to somebody else; if you made it "
            "yourself, say so: --my-own-file."
        )
        self.path = str(path)


class ProgramNotOfManifest(ModelError):
    """A program is registered to settle other proofs than its manifest tells of: its results mean nothing."""

    code = 6119

    def __init__(self, program: ProgramId, registered: tuple[Name, int, bool], told: tuple[Name, int, bool]) -> None:
        shown = [
            f"{entry[0]} with {entry[1]} outputs, {'bound' if entry[2] else 'unbound'}" for entry in (registered, told)
        ]
        super().__init__(
            f"program 0x{program.hex()} is registered as {shown[0]}; by its manifest it is {shown[1]}. "
            "Whoever registered it could be paid for a proof of anything: use another program."
        )
        self.program, self.registered, self.told = program, registered, told
