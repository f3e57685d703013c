"""The statement "federated update": a committed change of a model's weights is no longer than a bound.

Public:  ctx, task, update commitment.      Private: update (signed integers of `bits`), salt.
sum of update_i**2 <= bound; commitment = commit_vector(UPDATE, salt, packed update). Length and bound are constants of
the circuit. An update so clipped moves a model by no more than its share, whoever made it; that it came from anybody's
data is not said. Rounds that add masked updates, and the homomorphic commitment that their sum opens, come with
federated learning. Source: zkml.md, federated update.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from compute.zkml.training.errors import NumberRefused, TrainingError, WrongCount
from crypto import domains
from crypto.poseidon import commit_vector as commit_plain
from crypto.poseidon import pack_bytes
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets.bits import assert_range
from crypto.r1cs.gadgets.pack import pack
from crypto.r1cs.gadgets.poseidon import commit_vector
from crypto.r1cs.gadgets.products import products
from crypto.r1cs.wire import linear

BITS: Final = 8


class UpdateTooLong(TrainingError):
    """An update's L2 norm is above the bound that the statement holds."""

    code = 6189

    def __init__(self, squares: int, bound: int) -> None:
        super().__init__(
            f"the update's squares sum to {squares}, at most {bound} is allowed; clip it to the round's norm and "
            "quantise it again."
        )
        self.squares, self.bound = squares, bound


@dataclass(frozen=True, slots=True)
class UpdateSpec:
    """length: numbers of an update. bound: what the sum of their squares may be. bits: of a number, sign included."""

    length: int
    bound: int
    bits: int = BITS

    @property
    def half(self) -> int:
        return 1 << (self.bits - 1)


@dataclass(frozen=True, slots=True)
class UpdatePublic:
    """The public inputs, in order."""

    ctx: int
    task: int
    commitment: int

    def signals(self) -> tuple[int, ...]:
        return (self.ctx, self.task, self.commitment)


@dataclass(frozen=True, slots=True)
class UpdatePrivate:
    """The witness."""

    update: tuple[int, ...]
    salt: int


class FederatedUpdate:
    """The statement for one length and bound, written twice: `check` in plain integers, `constrain` as a circuit."""

    def __init__(self, spec: UpdateSpec) -> None:
        self.spec = spec

    def compute(self, ctx: int, task: int, private: UpdatePrivate) -> UpdatePublic:
        """What a proof about `private` makes public. Raises WrongCount, NumberRefused, UpdateTooLong."""
        spec = self.spec
        if len(private.update) != spec.length:
            raise WrongCount("numbers of an update", spec.length, len(private.update))
        for place, value in enumerate(private.update):
            if not -spec.half <= value < spec.half:
                raise NumberRefused("update", place, value, -spec.half, spec.half - 1)
        squares = sum(value * value for value in private.update)
        if squares > spec.bound:
            raise UpdateTooLong(squares, spec.bound)
        packed = pack_bytes([value + spec.half for value in private.update], spec.bits)
        return UpdatePublic(ctx, task, commit_plain(domains.UPDATE, private.salt, packed))

    def check(self, public: UpdatePublic, private: UpdatePrivate) -> bool:
        """Whether `public` follows from `private`. True of any ctx and task."""
        try:
            return public == self.compute(public.ctx, public.task, private)
        except TrainingError:
            return False

    def constrain(self) -> Circuit:
        """The same statement as a circuit: bits + 1 constraints a number, Poseidon over the packed ones, the bound."""
        spec, cs = self.spec, Builder()
        ctx, task, commitment = cs.public("ctx"), cs.public("task"), cs.output("commitment")
        cs.bind(ctx)
        cs.bind(task)
        salt = cs.private("salt")
        cells = cs.private_array("update", spec.length, offset=-spec.half)
        with cs.scope("range"):
            ranged = [assert_range(cs, cell + spec.half, spec.bits) for cell in cells]
        with cs.scope("commit"):
            cs.define(commitment, commit_vector(cs, domains.UPDATE, salt, pack(ranged, spec.bits)))
        with cs.scope("norm"):
            signed = [value - spec.half for value in ranged]
            total = linear((1, square) for square in products(cs, signed, signed))
            assert_range(cs, spec.bound - total, max(1, spec.bound.bit_length()))
        return cs.build()

    @staticmethod
    def inputs(ctx: int, task: int, private: UpdatePrivate) -> Inputs:
        """What the circuit's solver is given."""
        return {"ctx": ctx, "task": task, "salt": private.salt, "update": private.update}


def clipped(update: Sequence[float], norm: float, spec: UpdateSpec) -> tuple[int, ...]:
    """Real numbers as an update within the bound: scaled down to L2 `norm` if longer; `norm` becomes sqrt(bound).

    Rounded towards zero, so that rounding lengthens nothing; a number beyond its width is cut to it.
    """
    length = sum(value * value for value in update) ** 0.5
    unit = max(length, norm) / spec.bound**0.5
    limit = spec.half - 1
    return tuple(max(-limit, min(limit, int(value / unit))) for value in update)
