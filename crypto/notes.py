"""Notes: what is owned in secret. Their keys, owners, commitments, nullifiers and the encryption of their contents.

    sk   spending key, a secret field element
    ak   = P[AK](sk)                 nk = P[NK](sk)
    auth = P[AUTH](ak, d)            d: diversifier, below 2**88: one account has as many addresses as it likes
    pk   = k_d * BASE8               k_d = 1 + H(ivk, d) mod (l - 1)
    own  = P[OWN](auth, pk.x, pk.y)  an address shows auth and pk, never ak or nk
    cm   = P[NOTE](contract, kind, content, own, rcm)
    nf   = P[NF](nk, cm, position)   position: the leaf of cm in the chain's one note tree (crypto/note_tree.py)

Spending needs sk; (ak, nk, ivk) see what comes in and when it is spent; (ak, ivk) see what comes in.

All outputs of one action are encrypted under one e: E = e * BASE8 and S = e * pk = k_d * E. The pads are lanes 1..m of
one Poseidon permutation of (capacity, S.x, S.y, cm, 0...); its lane 0 stays hidden, so knowing a plaintext does not
undo it. Source: docs/decisions/notes.md; the keys after the Zcash protocol specification, section 3.1. Plain integers,
not in constant time: for wallets, tests and the plain form of circuits, never on the chain's path.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from crypto import babyjubjub, domains
from crypto.babyjubjub import BASE8, MAX_SIGNED_BITS, Point
from crypto.field import SCALAR_FIELD
from crypto.hashing import tagged_hash
from crypto.note_errors import (
    DiversifierOutOfRange,
    MemoTooLong,
    NoteSecretOutOfRange,
    NoteValueOutOfRange,
    PlaintextLength,
)
from crypto.poseidon import MAX_INPUTS, commit_vector, permute, poseidon, vector_capacity

DIVERSIFIER_BYTES: Final = 11
VALUE_BITS: Final = 64
MAX_PLAINTEXT: Final = MAX_INPUTS
EPHEMERAL_BITS: Final = MAX_SIGNED_BITS
MEMO_BYTES: Final = 62
POOL_ELEMENTS: Final = 5  # asset, value, rcm and two elements of memo

_KEYED: Final = 3  # S.x, S.y and cm enter the permutation that makes the pads
_MEMO_HALF: Final = MEMO_BYTES // 2
_HALVES: Final = 2  # 512 bits, so that the remainder's bias is below 2**-256


def authorising_key(sk: int) -> int:
    """ak: whoever knows sk spends; ak itself only sees. Raises NoteSecretOutOfRange."""
    return poseidon((_secret("spending key", sk),), domains.AUTHORISING_KEY)


def nullifier_key(sk: int) -> int:
    """nk: tells which notes are spent. Raises NoteSecretOutOfRange."""
    return poseidon((_secret("spending key", sk),), domains.NULLIFIER_KEY)


def address_authority(ak: int, diversifier: int) -> int:
    """auth of one address; two of one account cannot be told to belong together. Raises DiversifierOutOfRange."""
    return poseidon((_secret("authorising key", ak), _diversifier(diversifier)), domains.AUTHORITY)


def address_secret(ivk: bytes, diversifier: int) -> int:
    """k_d, the scalar in 1..l-1 that decrypts what comes to one address. ivk: 32 secret bytes.

    Raises DiversifierOutOfRange.
    """
    encoded = _diversifier(diversifier).to_bytes(DIVERSIFIER_BYTES, "big")
    halves = (tagged_hash(domains.DIVERSIFIED_SECRET, bytes((half,)) + ivk + encoded) for half in range(_HALVES))
    return 1 + int.from_bytes(b"".join(halves), "big") % (babyjubjub.SUBORDER - 1)


def address_key(ivk: bytes, diversifier: int) -> Point:
    """pk of one address, in the prime-order subgroup. Raises DiversifierOutOfRange."""
    return babyjubjub.multiply_base(address_secret(ivk, diversifier))


def owner(authority: int, key: Point) -> int:
    """What a note's commitment says of whom it belongs to: the address's auth and pk together."""
    return poseidon((authority, key.x, key.y), domains.OWNER)


def contract_content(fields: Sequence[int]) -> int:
    """The content element of a contract's note. It hides nothing by itself: the commitment's rcm does."""
    return commit_vector(domains.NOTE_CONTENT, 0, fields)


def note_commitment(contract: int, kind: int, content: int, note_owner: int, rcm: int) -> int:
    """cm. In the pool kind is the asset's element and content the value; in a contract 1 + the note type's index."""
    return poseidon((contract, kind, content, note_owner, _secret("note's randomness", rcm)), domains.NOTE)


def nullifier(nk: int, commitment: int, position: int) -> int:
    """nf, which spends the note at `position` once. Raises NoteSecretOutOfRange."""
    return poseidon((_secret("nullifier key", nk), commitment, position), domains.NULLIFIER)


def ephemeral_secret(number: int) -> int:
    """e of an action from a number that is drawn uniformly below 2**250: circuits take the number, not e.

    As many bits as a circuit follows cheaply (crypto/r1cs/gadgets/montgomery.py). Raises NumberTooWide.
    """
    return babyjubjub.signed_scalar(number, EPHEMERAL_BITS)


def ephemeral_point(secret: int) -> Point:
    """E of an action's e, which is drawn afresh for each action. Raises ScalarOutOfRange for e outside 1..l-1."""
    return babyjubjub.multiply(babyjubjub.require_secret(secret), BASE8)


def sender_shared(secret: int, key: Point) -> Point:
    """S = e * pk. Raises ScalarOutOfRange, NotOnCurve, NotInSubgroup."""
    return babyjubjub.shared_point(secret, key)


def receiver_shared(address: int, ephemeral: Point) -> Point:
    """S = k_d * E, for the k_d of `address_secret`.

    That E is in the subgroup an honest circuit proves; a contract's may lie. Of a note that opens under another E it
    must not be told that it did, which would tell k_d modulo 8.

    Raises NotOnCurve, ScalarOutOfRange.
    """
    return babyjubjub.multiply(babyjubjub.require_secret(address), babyjubjub.require_on_curve(ephemeral))


def pads(shared: Point, commitment: int, length: int) -> tuple[int, ...]:
    """The `length` field elements that are added to the plaintext of the note `commitment`. Raises PlaintextLength."""
    capacity, zeros = pad_shape(length)
    lanes = permute((capacity, shared.x, shared.y, commitment, *[0] * zeros))
    return tuple(lanes[1 : 1 + length])


def pad_shape(length: int) -> tuple[int, int]:
    """Of the permutation that pads a plaintext: its capacity element, and the zeros behind S and cm.

    Raises PlaintextLength.
    """
    if not 1 <= length <= MAX_PLAINTEXT:
        raise PlaintextLength(length, MAX_PLAINTEXT)
    width = max(length, _KEYED)
    return vector_capacity(domains.NOTE_PAD, width, length), width - _KEYED


def encrypt(shared: Point, commitment: int, plaintext: Sequence[int]) -> tuple[int, ...]:
    """The ciphertext of an output, one element for each of the plaintext's. Raises PlaintextLength."""
    added = pads(shared, commitment, len(plaintext))
    return tuple((m + pad) % SCALAR_FIELD for m, pad in zip(plaintext, added, strict=True))


def decrypt(shared: Point, commitment: int, ciphertext: Sequence[int]) -> tuple[int, ...]:
    """The plaintext of an output. It is the receiver's only if `commitment` opens to it. Raises PlaintextLength."""
    added = pads(shared, commitment, len(ciphertext))
    return tuple((c - pad) % SCALAR_FIELD for c, pad in zip(ciphertext, added, strict=True))


@dataclass(frozen=True, slots=True)
class PoolNote:
    """What a note of the shielded pool holds: `value` of an asset (0: native) below 2**64, randomness, a memo."""

    asset: int
    value: int = field(repr=False)
    rcm: int = field(repr=False)
    memo: bytes = field(default=bytes(MEMO_BYTES), repr=False)  # exactly 62 bytes

    def plaintext(self) -> tuple[int, ...]:
        """asset, value, rcm, memo in two elements. Raises NoteValueOutOfRange, MemoTooLong, NoteSecretOutOfRange."""
        if not 0 <= self.value < 1 << VALUE_BITS:
            raise NoteValueOutOfRange(VALUE_BITS)
        if len(self.memo) > MEMO_BYTES:
            raise MemoTooLong(len(self.memo), MEMO_BYTES)
        memo = self.memo.ljust(MEMO_BYTES, b"\0")
        halves = (memo[:_MEMO_HALF], memo[_MEMO_HALF:])
        rcm = _secret("note's randomness", self.rcm)
        return (self.asset, self.value, rcm, *(int.from_bytes(half, "big") for half in halves))

    def commitment(self, pool: int, note_owner: int) -> int:
        """cm of this note in a pool (id_element of its id)."""
        return note_commitment(pool, self.asset, self.value, note_owner, self.rcm)


def parse_pool_note(plaintext: Sequence[int]) -> PoolNote | None:
    """The note that a decrypted row says, or None: then it was not meant for this key, or is garbage."""
    if len(plaintext) != POOL_ELEMENTS:
        return None
    asset, value, rcm, *halves = plaintext
    if value >> VALUE_BITS or any(half >> 8 * _MEMO_HALF for half in halves):
        return None
    return PoolNote(asset, value, rcm, b"".join(half.to_bytes(_MEMO_HALF, "big") for half in halves))


def _secret(what: str, value: int) -> int:
    if not 0 <= value < SCALAR_FIELD:
        raise NoteSecretOutOfRange(what)
    return value


def _diversifier(value: int) -> int:
    if not 0 <= value < 1 << 8 * DIVERSIFIER_BYTES:
        raise DiversifierOutOfRange(value)
    return value
