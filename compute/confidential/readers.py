"""The statement of `set_readers`: a data key is committed to, and sealed to one reader who can open it.

For the data key K and the reader R on BabyJubJub: E = e * Base8, S = e * R, wrapped = K + P[READER_KEY](S,
contract, epoch). The statement stands here twice: `check` in plain integers, `constrain` as a circuit; tests hold them
equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.confidential import sealing
from crypto import babyjubjub, domains
from crypto.babyjubjub import Point
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets.babyjubjub import PointWire, assert_on_curve, multiply, multiply_base
from crypto.r1cs.gadgets.bits import to_bits
from crypto.r1cs.gadgets.poseidon import poseidon

READERS: Final = 1  # that this circuit seals to; the chain's format has room for eight
SECRET_BITS: Final = babyjubjub.SUBORDER.bit_length()  # a secret above the order is another name for a smaller one


@dataclass(frozen=True, slots=True)
class Public:
    """The public inputs, in order."""

    ctx: int
    contract: int
    epoch: int
    kc: int
    ephemeral: Point
    reader: Point
    wrapped: int

    def signals(self) -> tuple[int, ...]:
        return (self.ctx, self.contract, self.epoch, self.kc, *self.ephemeral, *self.reader, self.wrapped)

    @classmethod
    def of(cls, signals: Sequence[int]) -> "Public":
        ctx, contract, epoch, kc, ephemeral_x, ephemeral_y, reader_x, reader_y, wrapped = signals
        return cls(ctx, contract, epoch, kc, Point(ephemeral_x, ephemeral_y), Point(reader_x, reader_y), wrapped)


@dataclass(frozen=True, slots=True)
class Private:
    """The witness: the data key, and the sender's one-time secret e."""

    data_key: int
    ephemeral_secret: int


def compute(contract: int, epoch: int, reader: Point, private: Private, ctx: int = 0) -> Public:
    """What setting `reader`, a point of the curve, makes public."""
    shared = babyjubjub.multiply(private.ephemeral_secret, reader)
    return Public(
        ctx=ctx,
        contract=contract,
        epoch=epoch,
        kc=sealing.data_key_commitment(private.data_key, epoch),
        ephemeral=babyjubjub.multiply_base(private.ephemeral_secret),
        reader=reader,
        wrapped=(private.data_key + sealing.reader_pad(shared, contract, epoch)) % SCALAR_FIELD,
    )


def check(public: Public, private: Private) -> bool:
    """Whether `public` follows from `private`: the statement in plain integers. True of any ctx.

    That the reader's key has prime order is the chain's to check, not the proof's.
    """
    in_range = 0 <= private.ephemeral_secret < 2**SECRET_BITS and babyjubjub.on_curve(public.reader)
    return in_range and public == compute(public.contract, public.epoch, public.reader, private, public.ctx)


def circuit_inputs(public: Public, private: Private) -> dict[str, int]:
    """What the circuit's solver is given; the rest of `public` it computes."""
    return {
        "ctx": public.ctx,
        "contract": public.contract,
        "epoch": public.epoch,
        "reader_x": public.reader.x,
        "reader_y": public.reader.y,
        "data_key": private.data_key,
        "ephemeral_secret": private.ephemeral_secret,
    }


def constrain() -> Circuit:
    """The same statement as a circuit; what `compute` works out are its outputs, in the order of `Public`."""
    cs = Builder()
    ctx, contract, epoch, kc = cs.public("ctx"), cs.public("contract"), cs.public("epoch"), cs.output("kc")
    ephemeral = cs.output_array("ephemeral", 2)
    reader = PointWire(cs.public("reader_x"), cs.public("reader_y"))
    wrapped = cs.output("wrapped")
    data_key, secret = cs.private("data_key"), cs.private("ephemeral_secret")
    cs.mul(ctx, ctx)  # an input in no constraint would be bound by nothing
    with cs.scope("data key"):
        cs.define(kc, poseidon(cs, [data_key, epoch], domains.DATA_KEY))
    with cs.scope("agree"):
        assert_on_curve(cs, reader)
        bits = to_bits(cs, secret, SECRET_BITS)
        for output, coordinate in zip(ephemeral, multiply_base(cs, bits), strict=True):
            cs.define(output, coordinate)
        shared = multiply(cs, bits, reader)
    with cs.scope("seal"):
        pad = poseidon(cs, [shared.x, shared.y, contract, epoch], domains.READER_KEY)
        cs.define(wrapped, data_key + pad)
    return cs.build()
