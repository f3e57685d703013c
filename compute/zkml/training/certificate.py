"""The statement "optimality certificate": on committed data the loss of committed weights has a gradient below a bound.

Public:  ctx, task, root of the data set, commitment of the weights, bound.
Private: all rows, labels and salts; the weights and their salt.
The loss is convex: mean log-loss (or half mean squared error) + decay / 2 * |weights|**2, the bias included. What is
proven is about integers: sum_j gradient_j**2 <= bound. `Certificate.epsilon(bound)` is what a verifier may say about
the true gradient, with the true sigmoid: the piecewise linear one is off by at most table.error at every score, so
    |true - proven| <= table.error * sqrt(sum over inputs of the greatest square of an input).
It says that the weights are nearly optimal for this data, not how they were found. Source: zkml.md, training
certificate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Final

from compute.zkml.training.commitments import (
    batch_inputs,
    commit_weights,
    constrain_batch,
    constrain_root,
    constrain_weights,
    constrain_weights_commitment,
)
from compute.zkml.training.dataset import Dataset
from compute.zkml.training.errors import GradientAboveBound, SpecUnusable, TrainingError, WrongCount
from compute.zkml.training.linear import Linear
from compute.zkml.training.shape import DataShape, WeightShape, dyadic_exponent, require, require_values
from compute.zkml.training.spec import SigmoidShape
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets.bits import to_bits
from crypto.r1cs.wire import Wire, linear

_MOST_BOUND_BITS: Final = 240  # far enough from the field
_WEIGHTS: Final = WeightShape(bits=14, fraction=12)
_SIGMOID: Final = SigmoidShape(output_bits=20, segment_bits=6, offset_bits=8)


@dataclass(frozen=True, slots=True)
class CertificateSpec:
    """Of a data set of so many rows. labels of one bit: logistic regression; wider ones: ridge regression."""

    data: DataShape
    rows: int
    decay: Fraction = Fraction(1, 16)
    weights: WeightShape = _WEIGHTS
    sigmoid: SigmoidShape = _SIGMOID

    @property
    def logistic(self) -> bool:
        return self.data.label_bits == 1


@dataclass(frozen=True, slots=True)
class CertificatePublic:
    """The public inputs, in order."""

    ctx: int
    task: int
    data: int
    weights: int
    bound: int

    def signals(self) -> tuple[int, ...]:
        return (self.ctx, self.task, self.data, self.weights, self.bound)


@dataclass(frozen=True, slots=True)
class CertificatePrivate:
    """The witness: the data set with its salts, the weights and the salt of their commitment."""

    data: Dataset
    weights: tuple[int, ...]
    salt: int


class Certificate:
    """The statement for one specification, written twice: `check` in plain integers, `constrain` as a circuit."""

    def __init__(self, spec: CertificateSpec) -> None:
        """Raises SpecUnusable, PiecewiseShape."""
        self.spec = spec
        require("rows", spec.rows, 1, 2**31)
        score_fraction = spec.weights.fraction + spec.data.input_fraction
        self._table = spec.sigmoid.table(score_fraction) if spec.logistic else None
        self.model = Linear(spec.data, spec.weights, self._table)
        self._fraction = self.model.gradient_fractions[0]
        if spec.decay < 0:
            raise SpecUnusable("decay", spec.decay, "0 or more")
        pull = spec.decay * spec.rows * Fraction(2) ** (self._fraction - spec.weights.fraction)
        self._scale = 1 << dyadic_exponent("decay * rows", pull)  # makes the next a whole number
        self._pull = int(pull * self._scale)  # what decay adds to a scaled, summed gradient for each unit of a weight
        self.bound_bits = self._widest_squared_norm().bit_length()
        require("the squared gradient's bits", self.bound_bits, 1, _MOST_BOUND_BITS)

    # What a bound says

    @property
    def approximation(self) -> Fraction:
        """The most that the true gradient, in norm, differs from the proven one: none without a sigmoid."""
        if self._table is None:
            return Fraction(0)
        largest = Fraction(self.spec.data.input_half, self.spec.data.one)
        return self._table.error * _root_above(self.spec.data.features * largest**2 + 1)

    def epsilon(self, bound: int) -> Fraction:
        """No true gradient norm of weights proven within `bound` is above this."""
        return _root_above(Fraction(bound, self._unit**2)) + self.approximation

    def bound(self, epsilon: Fraction) -> int:
        """The bound to prove for a true gradient norm of at most epsilon. Raises SpecUnusable if none can be."""
        left = epsilon - self.approximation
        if left <= 0:
            raise SpecUnusable(
                "epsilon", float(epsilon), f"more than the sigmoid's own {float(self.approximation):.6f}"
            )
        return min(int((left * self._unit) ** 2), (1 << self.bound_bits) - 1)

    def distance(self, bound: int) -> Fraction:
        """The weights are no further than this from the optimum: epsilon / decay, by strong convexity."""
        return self.epsilon(bound) / self._convexity

    def excess_loss(self, bound: int) -> Fraction:
        """Their loss is above the least by no more than this: epsilon**2 / (2 decay)."""
        return self.epsilon(bound) ** 2 / (2 * self._convexity)

    # The statement

    def squared_norm(self, private: CertificatePrivate) -> int:
        """The least bound that can be proven of these weights. Raises WrongCount, NumberRefused."""
        self._require(private)
        rows = [row for batch in private.data.batches for row in batch.rows]
        labels = [label for batch in private.data.batches for label in batch.labels]
        gradient = self.model.gradient(private.weights, rows, labels)
        return sum((g * self._scale + w * self._pull) ** 2 for g, w in zip(gradient, private.weights, strict=True))

    def compute(self, ctx: int, task: int, private: CertificatePrivate, bound: int) -> CertificatePublic:
        """What a proof about `private` makes public. Raises WrongCount, NumberRefused, GradientAboveBound."""
        norm = self.squared_norm(private)
        if bound < norm:
            raise GradientAboveBound(bound, norm)
        require_values("bound less squared norm", [bound - norm], 0, (1 << self.bound_bits) - 1)
        weights = commit_weights(self.spec.weights, private.weights, private.salt)
        return CertificatePublic(ctx, task, private.data.record.root, weights, bound)

    def check(self, public: CertificatePublic, private: CertificatePrivate) -> bool:
        """Whether `public` follows from `private`. True of any ctx and task."""
        try:
            return public == self.compute(public.ctx, public.task, private, public.bound)
        except TrainingError:
            return False

    def constrain(self) -> Circuit:
        """The same statement as a circuit; root and commitment are its outputs, the bound an input."""
        spec, cs = self.spec, Builder()
        ctx, task = cs.public("ctx"), cs.public("task")
        root, committed = cs.output("data"), cs.output("weights commitment")
        bound = cs.public("bound")
        cs.bind(ctx)
        cs.bind(task)
        batches = [
            constrain_batch(cs, spec.data, count, f" {place}") for place, count in enumerate(self._batch_sizes())
        ]
        salt = cs.private("salt of weights")
        with cs.scope("weights"):
            weights = constrain_weights(cs, spec.weights, self.model.weight_count)
        with cs.scope("commit"):
            cs.define(root, constrain_root(cs, spec.data, spec.rows, [batch.commitment for batch in batches]))
            cs.define(committed, constrain_weights_commitment(cs, spec.weights, weights, salt))
        rows = [row for batch in batches for row in batch.rows]
        labels = [label for batch in batches for label in batch.labels]
        gradient = self.model.constrain(cs, weights, rows, labels)
        with cs.scope("norm"):
            self._constrain_norm(cs, gradient, weights, bound)
        return cs.build()

    @staticmethod
    def inputs(ctx: int, task: int, private: CertificatePrivate, bound: int) -> Inputs:
        """What the circuit's solver is given."""
        given: dict[str, int | Sequence[int]] = {
            "ctx": ctx,
            "task": task,
            "bound": bound,
            "weights": private.weights,
            "salt of weights": private.salt,
        }
        for place, batch in enumerate(private.data.batches):
            given.update(batch_inputs(batch, f" {place}"))
        return given

    def _constrain_norm(self, cs: Builder, gradient: list[Wire], weights: list[Wire], bound: Wire) -> None:
        """bound - norm in bound_bits: the norm fits them too, so bound cannot have wrapped around the field."""
        total = [g * self._scale + w * self._pull for g, w in zip(gradient, weights, strict=True)]
        norm = linear((1, cs.mul(part, part)) for part in total)
        to_bits(cs, bound - norm, self.bound_bits)

    def _require(self, private: CertificatePrivate) -> None:
        if private.data.shape != self.spec.data:
            raise SpecUnusable("the data set's shape", private.data.shape, str(self.spec.data))
        sizes = self._batch_sizes()
        if len(private.data.batches) != len(sizes):
            raise WrongCount("minibatches", len(sizes), len(private.data.batches))
        for batch, count in zip(private.data.batches, sizes, strict=True):
            batch.require(self.spec.data, count)
        self.spec.weights.require_all(private.weights, self.model.weight_count)

    def _batch_sizes(self) -> list[int]:
        rows, batch = self.spec.rows, self.spec.data.batch
        return [min(batch, rows - start) for start in range(0, rows, batch)]

    def _widest_squared_norm(self) -> int:
        """Of any data and weights in range."""
        data, half = self.spec.data, self.spec.weights.half
        residual = 1 << self.model.residual_fraction
        if self._table is None:
            label = data.label_half << self.model.residual_fraction - data.label_fraction
            residual = (data.features * data.input_half + data.one) * half + label
        part = self.spec.rows * residual * max(data.input_half, data.one) * self._scale + self._pull * half
        return part**2 * self.model.weight_count

    @property
    def _unit(self) -> int:
        """What a real gradient is multiplied by in the circuit: it is a sum over rows, at its fraction."""
        return (self.spec.rows << self._fraction) * self._scale

    @property
    def _convexity(self) -> Fraction:
        if self.spec.decay == 0:
            raise SpecUnusable("decay", 0, "more than 0, for without it a small gradient bounds no distance")
        return self.spec.decay


def _root_above(number: Fraction) -> Fraction:
    """The least multiple of 2**-64 whose square is at least `number`."""
    scaled = -(-(number.numerator << 128) // number.denominator)
    root = isqrt(scaled)
    return Fraction(root + (root * root < scaled), 1 << 64)
