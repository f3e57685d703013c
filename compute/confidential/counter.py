"""The confidential counter: one sealed register of one value, one method `increment` that adds a private amount.

The statement stands here twice: `check` in plain integers, `constrain` as a circuit. Tests hold them equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chain.types.scalars import Hash, Name, Uint, VkId
from contracts.confidential import sealing
from contracts.confidential.specs import FIRST, SEALED, Method, RegisterSpec
from crypto import domains
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets.bits import assert_range
from crypto.r1cs.gadgets.poseidon import commit_vector, poseidon
from crypto.r1cs.wire import Wire

VALUE_BITS: Final = 64
AMOUNT_BITS: Final = 32
REGISTER: Final = 0  # the counter's index among its contract's registers, fixed in the circuit
METHOD: Final = Name("increment")
CIPHERTEXT: Final = 2  # value, blinding

SPEC: Final = RegisterSpec(Name("count"), SEALED, FIRST, Uint(1))


def method(vk_id: VkId, r1cs_hash: Hash) -> Method:
    """How a contract names the method once its circuit has a key."""
    return Method(METHOD, vk_id, r1cs_hash, writes=(Uint(REGISTER),))


@dataclass(frozen=True, slots=True)
class Public:
    """The public inputs, in order. version and before are the register's; after, nonce, ciphertext come next."""

    ctx: int
    contract: int
    epoch: int
    kc: int
    version: int
    before: int
    after: int
    nonce: int
    ciphertext: tuple[int, ...]

    def signals(self) -> tuple[int, ...]:
        fixed = (self.ctx, self.contract, self.epoch, self.kc, self.version, self.before, self.after, self.nonce)
        return (*fixed, *self.ciphertext)

    @classmethod
    def of(cls, signals: Sequence[int]) -> "Public":
        ctx, contract, epoch, kc, version, before, after, nonce, *ciphertext = signals
        return cls(ctx, contract, epoch, kc, version, before, after, nonce, tuple(ciphertext))


@dataclass(frozen=True, slots=True)
class Private:
    """The witness: the epoch's data key, the register's opening, the amount, and a fresh blinding for this attempt."""

    data_key: int
    value: int
    blinding: int
    amount: int
    next_blinding: int


def compute(contract: int, epoch: int, version: int, private: Private, ctx: int = 0, *, sealed: bool = True) -> Public:
    """What a call makes public when the register at `version` holds `private`'s opening; sums as the field has them.

    sealed=False, here and in `constrain`, leaves the pads out: to show that a search for plaintext would find it.
    """
    value, blinding = (private.value + private.amount) % SCALAR_FIELD, private.next_blinding
    after = sealing.register_commitment(version + 1, (value,), blinding)
    nonce = sealing.synthetic_nonce(private.data_key, version + 1, after, blinding)
    pads = sealing.keystream(private.data_key, contract, REGISTER, version + 1, nonce, CIPHERTEXT)
    if not sealed:
        pads = (0,) * CIPHERTEXT
    return Public(
        ctx=ctx,
        contract=contract,
        epoch=epoch,
        kc=sealing.data_key_commitment(private.data_key, epoch),
        version=version,
        before=sealing.register_commitment(version, (private.value,), private.blinding),
        after=after,
        nonce=nonce,
        ciphertext=sealing.add_pads((value, blinding), pads),
    )


def check(public: Public, private: Private) -> bool:
    """Whether `public` follows from `private`: the statement in plain integers. True of any ctx."""
    in_range = (
        0 <= private.value < 2**VALUE_BITS
        and 0 <= private.amount < 2**AMOUNT_BITS
        and private.value + private.amount < 2**VALUE_BITS
    )
    return in_range and public == compute(public.contract, public.epoch, public.version, private, public.ctx)


def circuit_inputs(public: Public, private: Private) -> dict[str, int]:
    """What the circuit's solver is given; the rest of `public` it computes."""
    known = {"ctx": public.ctx, "contract": public.contract, "epoch": public.epoch, "version": public.version}
    return known | {
        "data_key": private.data_key,
        "value": private.value,
        "blinding": private.blinding,
        "amount": private.amount,
        "next_blinding": private.next_blinding,
    }


def constrain(*, sealed: bool = True) -> Circuit:
    """The same statement as a circuit; what `check` computes are its outputs, in the order of `Public`."""
    cs = Builder()
    ctx, contract, epoch = cs.public("ctx"), cs.public("contract"), cs.public("epoch")
    kc, version = cs.output("kc"), cs.public("version")
    before, after, nonce = cs.output("before"), cs.output("after"), cs.output("nonce")
    ciphertext = cs.output_array("ciphertext", CIPHERTEXT)
    data_key, blinding, next_blinding = cs.private("data_key"), cs.private("blinding"), cs.private("next_blinding")
    cs.mul(ctx, ctx)  # an input in no constraint would be bound by nothing
    with cs.scope("add"):
        value = assert_range(cs, cs.private("value"), VALUE_BITS)
        amount = assert_range(cs, cs.private("amount"), AMOUNT_BITS)
        total = assert_range(cs, value + amount, VALUE_BITS)
    with cs.scope("open"):
        cs.define(kc, poseidon(cs, [data_key, epoch], domains.DATA_KEY))
        cs.define(before, commit_vector(cs, domains.REGISTER, blinding, [version, value]))
    with cs.scope("seal"):
        next_version = version + 1
        cs.define(after, commit_vector(cs, domains.REGISTER, next_blinding, [next_version, total]))
        cs.define(nonce, poseidon(cs, [data_key, next_version, after, next_blinding], domains.SYNTHETIC_NONCE))
        for index, (output, clear) in enumerate(zip(ciphertext, (total, next_blinding), strict=True)):
            stream: list[Wire | int] = [data_key, contract, REGISTER, next_version, nonce, index]
            cs.define(output, clear + poseidon(cs, stream, domains.KEYSTREAM) if sealed else clear)
        if not sealed:
            cs.bind(contract)
    return cs.build()
