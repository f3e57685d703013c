"""Which two notes a transfer spends. A circuit has two inputs, used or not, so the second one is free.

A payment takes the smallest note that covers it and beside it the smallest of all, so that small change does not pile
up. Where no note covers it, it takes the pair with the least sum that does. Where no pair does, notes must be put
together first, by transfers to oneself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.types.scalars import NATIVE, AssetId
from client.notes.errors import NotEnoughNotes
from client.notes.store import OwnNote
from crypto.notes import PoolNote


@dataclass(frozen=True, slots=True)
class Choice:
    """At most two notes to spend. enough: they cover what was asked for; else they are to be put together first."""

    notes: tuple[OwnNote, ...]
    enough: bool

    @property
    def total(self) -> int:
        """What they hold together."""
        return sum(value_of(note) for note in self.notes)


def value_of(note: OwnNote) -> int:
    """What a pool's note holds; a contract's note holds no value."""
    content = note.content
    return content.value if isinstance(content, PoolNote) else 0


def notes_of(notes: Sequence[OwnNote], asset: int) -> list[OwnNote]:
    """The pool notes of an asset's element that hold something, smallest first."""
    of_asset = (note for note in notes if isinstance(note.content, PoolNote) and note.content.asset == asset)
    return sorted((note for note in of_asset if value_of(note)), key=lambda note: (value_of(note), note.number))


def choose(notes: Sequence[OwnNote], needed: int, asset: AssetId = NATIVE) -> Choice:
    """Notes of one asset, smallest first, to pay `needed` with. Raises NotEnoughNotes."""
    total = sum(map(value_of, notes))
    if total < needed:
        raise NotEnoughNotes(total, needed, asset)
    if not needed:
        return Choice((), True)
    single = next((note for note in notes if value_of(note) >= needed), None)
    if single is not None:
        beside = next((note for note in notes if note is not single), None)
        return Choice((single,) if beside is None else (single, beside), True)
    pair = _least_pair(notes, needed)
    return Choice(tuple(notes[-2:]) if pair is None else pair, pair is not None)


def _least_pair(notes: Sequence[OwnNote], needed: int) -> tuple[OwnNote, OwnNote] | None:
    """The pair with the least sum of at least `needed`."""
    best: tuple[int, OwnNote, OwnNote] | None = None
    low, high = 0, len(notes) - 1
    while low < high:
        total = value_of(notes[low]) + value_of(notes[high])
        if total < needed:
            low += 1
            continue
        if best is None or total < best[0]:
            best = total, notes[low], notes[high]
        high -= 1
    return None if best is None else (best[1], best[2])
