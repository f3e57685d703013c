"""Notes in a circuit, equal to `crypto.notes`: what is spent belongs to the key, what is made goes to its owner.

A circuit that makes notes takes one number below 2**250 for all of them, `to_bits(cs, number, EPHEMERAL_BITS)`; e is
`crypto.notes.ephemeral_secret` of it and `multiply_base_signed(cs, bits)` is E. Sources: docs/decisions/notes.md; the
Zcash protocol specification, sections 4.17.2 and 4.17.3, for statements of the kind.
"""

from collections.abc import Sequence
from typing import NamedTuple

from crypto import domains
from crypto.notes import pad_shape
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.gadgets.montgomery import multiply_signed, prime_order, to_edwards
from crypto.r1cs.gadgets.poseidon import commit_vector, permute, poseidon
from crypto.r1cs.wire import Wire, as_wire


class SpendingKeys(NamedTuple):
    """What follows from sk: ak leads to the addresses, nk to the nullifiers."""

    ak: Wire
    nk: Wire


class AddressWire(NamedTuple):
    """An address as a sender knows it."""

    authority: Wire
    key: PointWire


class NoteWire(NamedTuple):
    """What a commitment says beside the owner: see `crypto.notes.note_commitment`."""

    contract: Value
    kind: Value
    content: Value
    rcm: Wire


class Spent(NamedTuple):
    commitment: Wire
    nullifier: Wire


class Sealed(NamedTuple):
    commitment: Wire
    ciphertext: list[Wire]


def spending_keys(cs: Builder, sk: Wire) -> SpendingKeys:
    """ak and nk of a spending key. Any field elements in and out. Constraints: 426."""
    return SpendingKeys(poseidon(cs, [sk], domains.AUTHORISING_KEY), poseidon(cs, [sk], domains.NULLIFIER_KEY))


def address_authority(cs: Builder, ak: Wire, diversifier: Wire) -> Wire:
    """auth of an address. Any field elements in and out: a diversifier's length is its address's matter.

    Constraints: 240.
    """
    return poseidon(cs, [ak, diversifier], domains.AUTHORITY)


def owner(cs: Builder, address: AddressWire) -> Wire:
    """The element that commitments name as the owner. Any field elements in and out. Constraints: 261."""
    return poseidon(cs, [address.authority, *address.key], domains.OWNER)


def contract_content(cs: Builder, fields: Sequence[Wire]) -> Wire:
    """The content of a contract's note. Any field elements in and out. Constraints: those of `commit_vector`."""
    return commit_vector(cs, domains.NOTE_CONTENT, as_wire(0), fields)


def note_commitment(cs: Builder, note: NoteWire, note_owner: Wire) -> Wire:
    """cm. Any field elements in and out: whoever makes a note ranges its content. Constraints: 321."""
    return poseidon(cs, [note.contract, note.kind, note.content, note_owner, note.rcm], domains.NOTE)


def nullifier(cs: Builder, nk: Wire, commitment: Wire, position: Wire) -> Wire:
    """nf. Any field elements in and out; tie the position to the commitment's place in the tree. Constraints: 261."""
    return poseidon(cs, [nk, commitment, position], domains.NULLIFIER)


def spend(cs: Builder, keys: SpendingKeys, diversifier: Wire, key: PointWire, note: NoteWire, position: Wire) -> Spent:
    """The commitment and nullifier of a note that belongs to the address of `keys` with that diversifier and pk.

    Any field elements in and out; the note is no one's before `note_tree.path_root` leads from its commitment, at that
    position, to a root that the chain knows. Constraints: 1,083.
    """
    address = AddressWire(address_authority(cs, keys.ak, diversifier), key)
    commitment = note_commitment(cs, note, owner(cs, address))
    return Spent(commitment, nullifier(cs, keys.nk, commitment, position))


def agree(cs: Builder, ephemeral: Sequence[Wire], key: PointWire) -> PointWire:
    """S = e * pk, for the bits of the action's ephemeral number; proves that pk has prime order. Any field elements in.

    Constraints: 1,525 for 250 bits. Raises RangeError.
    """
    return to_edwards(cs, multiply_signed(cs, ephemeral, prime_order(cs, key)))


def encrypt(cs: Builder, shared: PointWire, commitment: Wire, plaintext: Sequence[Value]) -> list[Wire]:
    """The ciphertext of 1 to 16 elements, as `crypto.notes.encrypt`. Any field elements in and out.

    Constraints: those of `poseidon` of as many inputs, at least three: 261 for 1 to 3 elements, 321 for 5, 609 for 16.
    Raises PlaintextLength.
    """
    capacity, zeros = pad_shape(len(plaintext))
    lanes = permute(cs, capacity, [*shared, commitment, *[0] * zeros])
    return [as_wire(m) + pad for m, pad in zip(plaintext, lanes[1 : 1 + len(plaintext)], strict=True)]


def seal(
    cs: Builder, ephemeral: Sequence[Wire], address: AddressWire, note: NoteWire, plaintext: Sequence[Value]
) -> Sealed:
    """A new note with its ciphertext: encrypted to the key that its commitment names, and to no other.

    What the plaintext has to say (the pool: asset, value, rcm, memo; a contract: its fields, rcm) is the caller's to
    give, from the wires that the note is made of. Any field elements in and out. Constraints: 2,107 and `encrypt`'s.
    Raises RangeError, PlaintextLength.
    """
    commitment = note_commitment(cs, note, owner(cs, address))
    return Sealed(commitment, encrypt(cs, agree(cs, ephemeral, address.key), commitment, plaintext))
