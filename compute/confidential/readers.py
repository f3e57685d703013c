"""The statement of `set_readers`: a data key is committed to, and sealed to each of 1..8 readers who can open it.

For the data key K and a reader R on BabyJubJub: E = e * Base8, one for all of them, S = e * R, wrapped = K +
P[READER_KEY](S, contract, epoch), and R has prime order. e is odd, made of a number below 2^250 as for notes, so E is
never the identity. Each count of readers has its own circuit. The statement stands here twice: `check` in plain
integers, `constrain` as a circuit; tests hold them equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.confidential import sealing
from crypto import babyjubjub, domains
from crypto.babyjubjub import Point
from crypto.field import SCALAR_FIELD
from crypto.notes import EPHEMERAL_BITS, ephemeral_secret
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.gadgets.bits import to_bits
from crypto.r1cs.gadgets.montgomery import multiply_base_signed
from crypto.r1cs.gadgets.notes import agree
from crypto.r1cs.gadgets.poseidon import poseidon
from crypto.r1cs.wire import Wire

_PER_READER: Final = 3  # x, y, wrapped


@dataclass(frozen=True, slots=True)
class Sealed:
    """A data key as one reader finds it."""

    reader: Point
    wrapped: int


@dataclass(frozen=True, slots=True)
class Public:
    """The public inputs, in order."""

    ctx: int
    contract: int
    epoch: int
    kc: int
    ephemeral: Point
    readers: tuple[Sealed, ...]

    def signals(self) -> tuple[int, ...]:
        sealed = [signal for each in self.readers for signal in (*each.reader, each.wrapped)]
        return (self.ctx, self.contract, self.epoch, self.kc, *self.ephemeral, *sealed)

    @classmethod
    def of(cls, signals: Sequence[int]) -> "Public":
        ctx, contract, epoch, kc, x, y, *rest = signals
        rows = [rest[start : start + _PER_READER] for start in range(0, len(rest), _PER_READER)]
        readers = tuple(Sealed(Point(reader_x, reader_y), wrapped) for reader_x, reader_y, wrapped in rows)
        return cls(ctx, contract, epoch, kc, Point(x, y), readers)


@dataclass(frozen=True, slots=True)
class Private:
    """The witness: the data key, and the number below 2^250 that the one-time secret e is made of."""

    data_key: int
    ephemeral: int


def compute(contract: int, epoch: int, readers: Sequence[Point], private: Private, ctx: int = 0) -> Public:
    """What setting `readers`, points of the curve, makes public. Raises NumberTooWide."""
    secret = ephemeral_secret(private.ephemeral)
    shared = [babyjubjub.multiply(secret, reader) for reader in readers]
    pads = [sealing.reader_pad(point, contract, epoch) for point in shared]
    return Public(
        ctx=ctx,
        contract=contract,
        epoch=epoch,
        kc=sealing.data_key_commitment(private.data_key, epoch),
        ephemeral=babyjubjub.multiply_base(secret),
        readers=tuple(
            Sealed(reader, (private.data_key + pad) % SCALAR_FIELD) for reader, pad in zip(readers, pads, strict=True)
        ),
    )


def check(public: Public, private: Private) -> bool:
    """Whether `public` follows from `private`: the statement in plain integers. True of any ctx.

    That the readers are distinct is the chain's to check, not the proof's.
    """
    points = [sealed.reader for sealed in public.readers]
    in_range = 0 <= private.ephemeral < 2**EPHEMERAL_BITS and all(map(_has_prime_order, points))
    return in_range and public == compute(public.contract, public.epoch, points, private, public.ctx)


def _has_prime_order(point: Point) -> bool:
    return babyjubjub.on_curve(point) and point != babyjubjub.IDENTITY and babyjubjub.in_subgroup(point)


def circuit_inputs(public: Public, private: Private) -> dict[str, int]:
    """What the circuit's solver is given; the rest of `public` it computes."""
    inputs = {"ctx": public.ctx, "contract": public.contract, "epoch": public.epoch}
    for place, sealed in enumerate(public.readers):
        inputs |= {f"reader_{place}_x": sealed.reader.x, f"reader_{place}_y": sealed.reader.y}
    return inputs | {"data_key": private.data_key, "ephemeral_number": private.ephemeral}


def constrain(readers: int) -> Circuit:
    """The same statement as a circuit; what `compute` works out are its outputs, in the order of `Public`.

    Constraints: 996 and 1,823 a reader: 2,819 for one, 15,580 for eight.
    """
    cs = Builder()
    ctx, contract, epoch, kc = cs.public("ctx"), cs.public("contract"), cs.public("epoch"), cs.output("kc")
    ephemeral = cs.output_array("ephemeral", 2)
    sealed = [_declare_reader(cs, place) for place in range(readers)]
    data_key, number = cs.private("data_key"), cs.private("ephemeral_number")
    cs.bind(ctx)
    with cs.scope("data key"):
        cs.define(kc, poseidon(cs, [data_key, epoch], domains.DATA_KEY))
    with cs.scope("ephemeral"):
        bits = to_bits(cs, number, EPHEMERAL_BITS)
        for output, coordinate in zip(ephemeral, multiply_base_signed(cs, bits), strict=True):
            cs.define(output, coordinate)
    for reader, wrapped in sealed:
        with cs.scope("agree"):
            shared = agree(cs, bits, reader)
        with cs.scope("seal"):
            pad = poseidon(cs, [shared.x, shared.y, contract, epoch], domains.READER_KEY)
            cs.define(wrapped, data_key + pad)
    return cs.build()


def _declare_reader(cs: Builder, place: int) -> tuple[PointWire, Wire]:
    reader = PointWire(cs.public(f"reader_{place}_x"), cs.public(f"reader_{place}_y"))
    return reader, cs.output(f"wrapped_{place}")
