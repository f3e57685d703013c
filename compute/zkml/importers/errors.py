"""What can be wrong with a model file that somebody else's software wrote."""

from compute.zkml.errors import ModelError


class OnnxFileUnusable(ModelError):
    """A file is no ONNX model, or a broken one."""

    code = 6130

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(
            f"{source} is not a usable ONNX model: {reason.rstrip('.'):.300}. "
            "Export it again; onnx.checker.check_model says more."
        )
        self.source, self.reason = source, reason


class OperatorUnsupported(ModelError):
    """A model holds an operator, or a form of one, that has no circuit."""

    code = 6131

    def __init__(self, operator: str, node: str, why: str, remedy: str) -> None:
        super().__init__(f"operator {operator:.80} (node {node!r:.80}) cannot be proven: {why}; {remedy}.")
        self.operator, self.node, self.why, self.remedy = operator, node, why, remedy


class DynamicDimension(ModelError):
    """A dimension other than the batch has no fixed length."""

    code = 6132

    def __init__(self, axis: str, number: int, given: str) -> None:
        super().__init__(
            f"axis {number} of input {given!r:.80} (the first is 0) has the name {axis!r:.80} and no length, and a "
            "circuit has one shape. Export with a length there: leave that axis out of dynamic_axes of "
            "torch.onnx.export, or set it with onnx.tools.update_model_dims. Only axis 0, the batch, may stay open."
        )
        self.axis, self.number, self.given = axis, number, given


class OpsetTooOld(ModelError):
    """A model uses operators by an older definition than this importer knows."""

    code = 6133

    def __init__(self, found: int, minimum: int) -> None:
        super().__init__(
            f"the model uses opset {found}; needed is {minimum} or later. Export with opset_version={minimum}, or "
            f"convert: onnx.version_converter.convert_version(model, {minimum})."
        )
        self.found, self.minimum = found, minimum


class InterfaceUnsupported(ModelError):
    """The inputs or outputs of a model are not one row of numbers and one result."""

    code = 6134

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what:.300}; {remedy}.")
        self.what, self.remedy = what, remedy


class GraphNotSorted(ModelError):
    """A node reads what no earlier node made: the graph has a cycle, a gap, or the wrong order."""

    code = 6135

    def __init__(self, node: str, missing: str) -> None:
        super().__init__(
            f"node {node!r:.80} reads {missing!r:.80}, which nothing before it makes: the graph has a cycle or is not "
            "in topological order. Export it again with a tool that sorts."
        )
        self.node, self.missing = node, missing


class WeightsNotConstant(ModelError):
    """An operator's weights or settings are computed from the row; a circuit needs them fixed."""

    code = 6136

    def __init__(self, operator: str, node: str, given: str) -> None:
        super().__init__(
            f"operator {operator:.80} (node {node!r:.80}) takes {given} from a computed tensor; it must be a constant: "
            "an initializer, or computed from constants alone."
        )
        self.operator, self.node, self.given = operator, node, given


class NodeMalformed(ModelError):
    """Shapes, ranks or attributes of a node do not fit together."""

    code = 6137

    def __init__(self, operator: str, node: str, reason: str) -> None:
        super().__init__(
            f"operator {operator:.80} (node {node!r:.80}) is malformed: {reason:.300}. onnx.shape_inference finds "
            "where shapes begin to disagree; export the model again."
        )
        self.operator, self.node, self.reason = operator, node, reason


class ImportTooLarge(ModelError):
    """A model, or one step of it, is larger than an importer will hold in memory."""

    code = 6138

    def __init__(self, what: str, found: int, limit: int) -> None:
        super().__init__(f"{what:.200} takes {found}; at most {limit} can be imported. Use a smaller model.")
        self.what, self.found, self.limit = what, found, limit


class ExternalDataMissing(ModelError):
    """A model keeps weights in another file, which is not there."""

    code = 6139

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(
            f"the model keeps weights in {location!r:.120}, which cannot be read: {reason:.200}. Put the file beside "
            "the model, or save with onnx.save(model, path, save_as_external_data=False)."
        )
        self.location, self.reason = location, reason


class ExportedForBatch(ModelError):
    """Rows have a whole part of a model's features: it was exported for several rows at once."""

    code = 6170

    def __init__(self, features: int, got: int) -> None:
        super().__init__(
            f"the rows have {got} values, and the model takes {features}, which is {features // got} times as many. If "
            f"it was exported for a batch of {features // got}, export it for one row: with axis 0 of its input 1, or "
            "open (dynamic_axes)."
        )
        self.features, self.got = features, got
