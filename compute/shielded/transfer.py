"""The statement of a shielded transfer: two notes spent, two made, nothing gained, both encrypted to their owners.

Whoever knows sk shows that the notes he spends are his and stand in the pool's tree, that what goes in is what comes
out, all of one asset, and that each new note's ciphertext opens for the owner whom its commitment names. The statement
stands twice: `check` here in plain integers, `constrain` in `circuit.py`; tests hold them equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from crypto import babyjubjub, domains, notes
from crypto.babyjubjub import IDENTITY, SUBORDER, Point
from crypto.field import SCALAR_FIELD
from crypto.note_tree import ARITY, Path, path_root
from crypto.poseidon import poseidon

INPUTS: Final = 2
OUTPUTS: Final = 2


@dataclass(frozen=True, slots=True)
class Sealed:
    """A new note as everybody sees it; five elements of ciphertext."""

    commitment: int
    ciphertext: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Public:
    """The public inputs, in order. asset is 0 when nothing enters or leaves; leaving is what is paid, the fee included.

    Amounts below 2**64, which the chain's are.
    """

    ctx: int
    pool: int
    root: int
    nullifiers: tuple[int, ...]
    asset: int
    entering: int
    leaving: int
    ephemeral: Point
    outputs: tuple[Sealed, ...]

    def signals(self) -> tuple[int, ...]:
        moved = (*self.nullifiers, self.asset, self.entering, self.leaving, *self.ephemeral)
        sealed = [value for output in self.outputs for value in (output.commitment, *output.ciphertext)]
        return (self.ctx, self.pool, self.root, *moved, *sealed)

    @classmethod
    def of(cls, signals: Sequence[int]) -> "Public":
        ctx, pool, root, first, second, asset, entering, leaving, x, y, *rest = signals
        size = 1 + notes.POOL_ELEMENTS
        outputs = tuple(Sealed(rest[i], tuple(rest[i + 1 : i + size])) for i in range(0, len(rest), size))
        return cls(ctx, pool, root, (first, second), asset, entering, leaving, Point(x, y), outputs)


@dataclass(frozen=True, slots=True)
class Spend:
    """A note as its owner knows it, at a place in the pool's tree. One of value 0 need not be in the tree."""

    diversifier: int = field(repr=False)
    key: Point = field(repr=False)  # pk of the address that it was sent to
    value: int = field(repr=False)
    rcm: int = field(repr=False)
    position: int = field(repr=False)
    path: Path = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pay:
    """A note to be made: for whom, how much, and two elements of memo."""

    authority: int = field(repr=False)
    key: Point = field(repr=False)
    value: int = field(repr=False)
    rcm: int = field(repr=False)
    memo: tuple[int, int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Private:
    """The witness. ephemeral: the number below 2**250 that makes e, see `crypto.notes.ephemeral_secret`."""

    spending_key: int = field(repr=False)
    asset: int = field(repr=False)
    ephemeral: int = field(repr=False)
    spends: tuple[Spend, ...]
    pays: tuple[Pay, ...]


def compute(pool: int, root: int, entering: int, leaving: int, private: Private, ctx: int = 0) -> Public:
    """What a transfer makes public, be it true or not, from keys that are points of the curve. Raises NumberTooWide."""
    secret = notes.ephemeral_secret(private.ephemeral)
    return Public(
        ctx=ctx,
        pool=pool,
        root=root,
        nullifiers=tuple(_nullifier(pool, spend, private) for spend in private.spends),
        asset=private.asset if entering or leaving else 0,
        entering=entering,
        leaving=leaving,
        ephemeral=notes.ephemeral_point(secret),
        outputs=tuple(_sealed(pool, pay, private.asset, secret) for pay in private.pays),
    )


def check(public: Public, private: Private, depth: int) -> bool:
    """Whether `public` follows from `private` in a pool whose tree has that depth. True of any ctx.

    Left to the chain: that the root is the pool's, the nullifiers new and two, and the amounts below 2**64.
    """
    if not _in_range(private, depth) or not all(_is_key(pay.key) for pay in private.pays):
        return False
    return (
        all(spend.value == 0 or _root(public.pool, spend, private) == public.root for spend in private.spends)
        and (_total(private.spends) + public.entering - _total(private.pays) - public.leaving) % SCALAR_FIELD == 0
        and _matches(public, private)
    )


def commitment(pool: int, spend: Spend, private: Private) -> int:
    """cm of a note that is spent."""
    authority = poseidon((notes.authorising_key(private.spending_key), spend.diversifier), domains.AUTHORITY)
    return notes.note_commitment(pool, private.asset, spend.value, notes.owner(authority, spend.key), spend.rcm)


def _matches(public: Public, private: Private) -> bool:
    """Whether everything else is what the witness makes. The asset is free where nothing enters or leaves."""
    made = compute(public.pool, public.root, public.entering, public.leaving, private, public.ctx)
    told = made.asset if public.entering or public.leaving else public.asset
    return public.signals() == (*made.signals()[:5], told, *made.signals()[6:])


def _in_range(private: Private, depth: int) -> bool:
    """Values below 2**64, places in the tree, e of a form that the circuit can follow."""
    values = [spend.value for spend in private.spends] + [pay.value for pay in private.pays]
    return (
        all(0 <= value < 1 << notes.VALUE_BITS for value in values)
        and all(0 <= spend.position < ARITY**depth and len(spend.path) == depth for spend in private.spends)
        and 0 <= private.ephemeral < 1 << notes.EPHEMERAL_BITS
        and notes.ephemeral_secret(private.ephemeral) not in (1, SUBORDER - 1)
    )


def _is_key(point: Point) -> bool:
    return babyjubjub.on_curve(point) and point != IDENTITY and babyjubjub.in_subgroup(point)


def _total(row: Sequence[Spend | Pay]) -> int:
    return sum(each.value for each in row)


def _root(pool: int, spend: Spend, private: Private) -> int:
    return path_root(commitment(pool, spend, private), spend.position, spend.path, len(spend.path))


def _nullifier(pool: int, spend: Spend, private: Private) -> int:
    return notes.nullifier(notes.nullifier_key(private.spending_key), commitment(pool, spend, private), spend.position)


def _sealed(pool: int, pay: Pay, asset: int, secret: int) -> Sealed:
    made = notes.note_commitment(pool, asset, pay.value, notes.owner(pay.authority, pay.key), pay.rcm)
    shared = babyjubjub.multiply(secret, pay.key)
    return Sealed(made, notes.encrypt(shared, made, (asset, pay.value, pay.rcm, *pay.memo)))
