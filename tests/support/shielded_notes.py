"""Shielded transfers as statements, for tests: one sender's notes in a small tree, and what he makes of them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from compute.shielded import transfer
from compute.shielded.transfer import Pay, Private, Public, Spend
from crypto import note_tree, notes
from crypto.babyjubjub import Point

DEPTH: Final = 2
GOLDEN: Final = {"": 1, "keys": 426, "spend": 2360, "tree": 9634, "ephemeral": 754, "pay": 4996, "balance": 3}
POOL, ASSET = 4242, 77
SENDER, SENDER_IVK, RECEIVER, RECEIVER_IVK = 123456789, b"s" * 32, 987654321, b"r" * 32
NUMBER: Final = 0x123456789 << 200  # of the action's ephemeral secret
FILLER: Final = (3, 1)  # other people's commitments


@cache
def address(sk: int, ivk: bytes, diversifier: int) -> tuple[int, Point]:
    """auth and pk."""
    return notes.address_authority(notes.authorising_key(sk), diversifier), notes.address_key(ivk, diversifier)


def spend(value: int, rcm: int, diversifier: int = 5) -> Spend:
    """A note of the sender's that is in no tree yet."""
    return Spend(diversifier, address(SENDER, SENDER_IVK, diversifier)[1], value, rcm, 0, ())


def pay(value: int, rcm: int = 31, memo: tuple[int, int] = (1, 2), diversifier: int = 8) -> Pay:
    """A note to the receiver."""
    authority, key = address(RECEIVER, RECEIVER_IVK, diversifier)
    return Pay(authority, key, value, rcm, memo)


def planted(private: Private, depth: int = DEPTH, pool: int = POOL) -> tuple[Private, int]:
    """The witness with its notes of value at the end of a small tree, and the tree's root. Others keep no place."""
    real = [each for each in private.spends if each.value]
    leaves = [*FILLER, *(transfer.commitment(pool, each, private) for each in real)]
    placed, nowhere = [], ((0, 0, 0),) * depth
    for each in private.spends:
        place = len(FILLER) + real.index(each) if each.value else len(leaves)
        path = note_tree.tree_path(leaves, place, depth) if each.value else nowhere
        placed.append(replace(each, position=place, path=path))
    return replace(private, spends=tuple(placed)), note_tree.tree_root(leaves, depth)


def statement(
    spent: Sequence[int],
    paid: Sequence[int],
    entering: int = 0,
    leaving: int = 0,
    asset: int = ASSET,
    depth: int = DEPTH,
    number: int = NUMBER,
) -> tuple[Public, Private]:
    """Two notes of these values become two of those; true if the values balance."""
    spends = tuple(spend(value, 11 + place, 5 + place) for place, value in enumerate(spent))
    pays = tuple(pay(value, 31 + place, (place, 9), 8 + place) for place, value in enumerate(paid))
    private, root = planted(Private(SENDER, asset, number, spends, pays), depth)
    return transfer.compute(POOL, root, entering, leaving, private, ctx=99), private


def proven_of(public: Public, private: Private, **changes: object) -> tuple[Public, Private]:
    """Another witness for the same pool, root and amounts, and what it would make public."""
    other = replace(private, **changes)  # type: ignore[arg-type]
    made = transfer.compute(public.pool, public.root, public.entering, public.leaving, other, public.ctx)
    return made, other
