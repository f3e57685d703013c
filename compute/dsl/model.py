"""A quantised model as an expression: model(features) gives the integers of its outputs, features private or not.

    from compute.dsl.model import Model

    SCORING = Model(zkml.compile(estimator, sample))          # its weights stand in the contract's circuits

    score = SCORING(features)[0]                              # features: Array[u8, 30], as SCORING.encode(row) gives

NumPy and the zkml tools are needed for this alone, so the language itself does not import them.
"""

from collections.abc import Sequence
from typing import TypeVar

from compute.dsl.composites import Array
from compute.dsl.errors import BadDeclaration, TypesDiffer, UnknownType
from compute.dsl.integers import machine
from compute.dsl.machine import Range
from compute.dsl.place import calling_place
from compute.dsl.scalars import Scalar, named
from compute.dsl.sized import Integer, i64
from compute.zkml.compiled import Compiled
from compute.zkml.model import QuantisedModel
from compute.zkml.provable import Provable
from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire

E = TypeVar("E", bound=Integer)
N = TypeVar("N")


class Model:
    """A model with public weights. features, outputs: how many numbers go in and come out.

    tops: the largest number of each feature, whose least is 0; what is beyond refuses the call.
    """

    def __init__(self, model: Compiled | Provable | QuantisedModel) -> None:
        """Raises UnknownType for a model whose weights are committed instead of standing in the circuit."""
        proven = model.provable if isinstance(model, Compiled) else model
        self._manifest = proven.manifest if isinstance(proven, Provable) else None
        self._model = proven.model if isinstance(proven, Provable) else proven
        if self._model.committed:
            raise UnknownType(
                calling_place(), "a model with committed weights.", "Compile it with the profile public-model."
            )
        self.features, self.outputs = self._model.features, self._model.outputs
        self.tops = self._model.encoding.tops

    def __call__(self, features: "Array[E, N]") -> "Array[i64, object]":
        """The outputs, exact integers: for a classifier the logits, or with class_only the class.

        Constraints: those of the model's circuit without its commitments (`cluster zk cost`).
        """
        if not isinstance(features, Array) or not issubclass(features.entry, Scalar):
            raise TypesDiffer(calling_place(), f"a model of a {named(features)}.", "Give an Array of unsigned numbers.")
        if not issubclass(features.entry, Integer) or features.entry.kind.low < 0:
            raise TypesDiffer(calling_place(), f"features in an {features.type_name}.", "Use u8 or u16 for features.")
        if features.length != self.features:
            raise BadDeclaration(
                calling_place(), f"{features.length} features.", f"This model takes Array[u8, {self.features}]."
            )
        outputs = machine().applied(self, features.numbers())
        kind = Array[i64, self.outputs]  # type: ignore[name-defined]
        made: Array[i64, object] = kind.of(iter(outputs))
        return made

    def encode(self, row: Sequence[float]) -> list[int]:
        """A row in the float model's units as a call takes it. Raises BadDeclaration, and as encodings do."""
        if self._manifest is None:
            raise BadDeclaration(calling_place(), "a model without a manifest.", "Encode its rows yourself.")
        return self._manifest.quantise_rows([[float(value) for value in row]])

    # What a machine asks for

    @property
    def inputs(self) -> tuple[Range, ...]:
        """The numbers that each feature holds."""
        return tuple(Range(f"feature {place}", 0, top) for place, top in enumerate(self.tops))

    def on_integers(self, numbers: Sequence[int]) -> list[int]:
        """Of numbers in their ranges."""
        return self._model.logits(numbers)

    def on_wires(self, cs: Builder, wires: Sequence[Wire]) -> Sequence[Wire]:
        """Proves the ranges too."""
        _, read = self._model.encoding.constrain(cs, wires)
        return self._model.constrain(cs, read, [])
