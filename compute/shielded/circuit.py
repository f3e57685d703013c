"""The statement of `transfer.py` as a circuit; what `transfer.compute` works out are its outputs."""

from collections.abc import Sequence

from compute.shielded.transfer import INPUTS, OUTPUTS, Private, Public
from crypto import notes
from crypto.note_tree import ARITY, DEPTH
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.gadgets.bits import assert_range, from_bits, to_bits
from crypto.r1cs.gadgets.montgomery import multiply_base_signed
from crypto.r1cs.gadgets.note_tree import path_root
from crypto.r1cs.gadgets.notes import AddressWire, NoteWire, SpendingKeys, seal, spend, spending_keys
from crypto.r1cs.wire import Wire, linear

NAME = "shielded-transfer"

_BITS_A_LEVEL = 2


def circuit_inputs(public: Public, private: Private) -> dict[str, int | list[int]]:
    """What the circuit's solver is given; the rest of `public` it computes."""
    given: dict[str, int | list[int]] = {
        "ctx": public.ctx,
        "pool": public.pool,
        "root": public.root,
        "asset": public.asset,
        "entering": public.entering,
        "leaving": public.leaving,
        "spending key": private.spending_key,
        "private asset": private.asset,
        "ephemeral number": private.ephemeral,
    }
    for i, note in enumerate(private.spends):
        given[f"spend {i}"] = [note.diversifier, *note.key, note.value, note.rcm, note.position]
        given[f"path {i}"] = [sibling for siblings in note.path for sibling in siblings]
    for i, note_ in enumerate(private.pays):
        given[f"pay {i}"] = [note_.authority, *note_.key, note_.value, note_.rcm, *note_.memo]
    return given


def constrain(depth: int = DEPTH) -> Circuit:
    """The circuit for a tree of that depth, its public signals in the order of `Public`. Constraints at 16: 18,174."""
    cs = Builder()
    ctx, pool, root = cs.public("ctx"), cs.public("pool"), cs.public("root")
    nullifiers = cs.output_array("nullifiers", INPUTS)
    told, entering, leaving = cs.public("asset"), cs.public("entering"), cs.public("leaving")
    ephemeral = cs.output_array("ephemeral", 2)
    outputs = [cs.output_array(f"output {i}", 1 + notes.POOL_ELEMENTS) for i in range(OUTPUTS)]
    cs.bind(ctx)
    asset = cs.private("private asset")
    with cs.scope("keys"):
        keys = spending_keys(cs, cs.private("spending key"))
    spent = [_spend(cs, i, keys, pool, asset, root, nullifiers[i], depth) for i in range(INPUTS)]
    with cs.scope("ephemeral"):
        bits = to_bits(cs, cs.private("ephemeral number"), notes.EPHEMERAL_BITS)
        _define(cs, ephemeral, multiply_base_signed(cs, bits))
    paid = [_pay(cs, i, bits, pool, asset, outputs[i]) for i in range(OUTPUTS)]
    with cs.scope("balance"):
        into = linear([(1, entering), *((1, value) for value in spent)])
        cs.assert_equal(into, linear([(1, leaving), *((1, value) for value in paid)]))
        for amount in (entering, leaving):
            cs.constrain(amount, told - asset, 0)
    return cs.build()


def _spend(
    cs: Builder, index: int, keys: SpendingKeys, pool: Wire, asset: Wire, root: Wire, nullifier: Wire, depth: int
) -> Wire:
    """One note that is spent: its value. In the tree, unless that is 0."""
    diversifier, x, y, unranged, rcm, place = cs.private_array(f"spend {index}", 6)
    siblings = cs.private_array(f"path {index}", (ARITY - 1) * depth)
    path = [siblings[start : start + ARITY - 1] for start in range(0, len(siblings), ARITY - 1)]
    with cs.scope("spend"):
        value = assert_range(cs, unranged, notes.VALUE_BITS)
        position = to_bits(cs, place, _BITS_A_LEVEL * depth)
        note = NoteWire(pool, asset, value, rcm)
        spent = spend(cs, keys, diversifier, PointWire(x, y), note, from_bits(position))
        cs.define(nullifier, spent.nullifier)
    with cs.scope("tree"):
        cs.constrain(value, path_root(cs, spent.commitment, position, path) - root, 0)
    return value


def _pay(cs: Builder, index: int, bits: Sequence[Wire], pool: Wire, asset: Wire, output: Sequence[Wire]) -> Wire:
    """One note that is made, with its ciphertext: its value."""
    authority, x, y, unranged, rcm, *memo = cs.private_array(f"pay {index}", 7)
    with cs.scope("pay"):
        value = assert_range(cs, unranged, notes.VALUE_BITS)
        address = AddressWire(authority, PointWire(x, y))
        sealed = seal(cs, bits, address, NoteWire(pool, asset, value, rcm), [asset, value, rcm, *memo])
        _define(cs, output, [sealed.commitment, *sealed.ciphertext])
    return value


def _define(cs: Builder, outputs: Sequence[Wire], values: Sequence[Wire]) -> None:
    for output, value in zip(outputs, values, strict=True):
        cs.define(output, value)
