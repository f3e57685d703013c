"""Training statements small enough to audit, and random witnesses for them."""

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import strategies as st

from compute.zkml.training.certificate import Certificate, CertificatePrivate, CertificateSpec
from compute.zkml.training.dataset import Batch, Dataset
from compute.zkml.training.shape import DataShape, WeightShape
from compute.zkml.training.spec import SigmoidShape, StepSpec
from compute.zkml.training.step import SgdStep, StepPrivate
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.wire import Wire, as_wire, linear

DATA = DataShape(features=3, batch=2, input_bits=3, input_fraction=1)
TARGETS = DataShape(features=3, batch=2, input_bits=3, input_fraction=1, label_bits=4, label_fraction=2)
WEIGHTS = WeightShape(bits=5, fraction=3)
SIGMOID = SigmoidShape(output_bits=6, segment_bits=2, offset_bits=1)
LOGISTIC = SgdStep(StepSpec(DATA, 0, WEIGHTS, Fraction(1, 2), Fraction(1, 4), SIGMOID))
PERCEPTRON = SgdStep(StepSpec(DATA, 2, WEIGHTS, Fraction(3, 4), Fraction(0), SIGMOID, hidden_fraction=2))
UNIT = SgdStep(StepSpec(DATA, 1, WEIGHTS, Fraction(1, 64), Fraction(0), SIGMOID, hidden_fraction=2))
CONVEX = Certificate(CertificateSpec(DATA, 3, Fraction(1, 4), WEIGHTS, SIGMOID))
RIDGE = Certificate(CertificateSpec(TARGETS, 3, Fraction(1, 8), WEIGHTS, SIGMOID))


def salt_source(first: int) -> st.SearchStrategy[int]:
    return st.integers(first, 2**253)


def batches(shape: DataShape, rows: int) -> st.SearchStrategy[Batch]:
    value = st.integers(-shape.input_half, shape.input_half - 1)
    label = st.integers(-shape.label_half, (1 << shape.label_bits) - 1 - shape.label_half)
    row = st.tuples(*[value] * shape.features)
    return st.builds(Batch, st.tuples(*[row] * rows), st.tuples(*[label] * rows), salt_source(0))


def weight_vectors(shape: WeightShape, count: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*[st.integers(-shape.half, shape.half - 1)] * count)


def step_witnesses(statement: SgdStep) -> st.SearchStrategy[StepPrivate]:
    spec = statement.spec
    weights = weight_vectors(spec.weights, statement.network.weight_count)
    return st.builds(StepPrivate, batches(spec.data, spec.data.batch), weights, salt_source(0), salt_source(0))


def certificate_witnesses(statement: Certificate) -> st.SearchStrategy[CertificatePrivate]:
    shape = statement.spec.data
    data = st.builds(lambda *parts: Dataset(shape, parts), batches(shape, 2), batches(shape, 1))
    return st.builds(CertificatePrivate, data, weight_vectors(WEIGHTS, statement.model.weight_count), salt_source(0))


def cheap_commitment(cs: Builder, tag: int, salt: Value, elements: Sequence[Value]) -> Wire:
    """In the place of Poseidon, which has audits of its own: two constraints that still depend on everything."""
    mixed = linear(((weight, as_wire(part)) for weight, part in enumerate([salt, *elements], start=2)), tag % 97)
    return cs.mul(cs.mul(mixed, mixed), mixed)
