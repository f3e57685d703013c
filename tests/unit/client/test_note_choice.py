"""Which notes are spent: enough, at most two, no more than needed, and none that holds nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.types.scalars import FieldElement, Height, ObjectId, Uint
from client.notes.choice import choose, notes_of, value_of
from client.notes.errors import NotEnoughNotes
from client.notes.store import OwnNote
from crypto.notes import PoolNote
from tests.support.note_records import CONTRACT, POOL


def held(*values: int, asset: int = 0) -> list[OwnNote]:
    return [own(number, PoolNote(asset, value, 5).plaintext()) for number, value in enumerate(values)]


def own(number: int, elements: tuple[int, ...], kind: int = 0, object_: ObjectId = POOL) -> OwnNote:
    content = tuple(map(FieldElement, elements))
    zero = Uint(0)
    return OwnNote(Uint(number), object_, zero, Height(1), FieldElement(9), zero, Uint(kind), content)


def chosen(needed: int, *values: int) -> list[int]:
    choice = choose(notes_of(held(*values), 0), needed)
    assert choice.enough
    return [value_of(note) for note in choice.notes]


def test_one_note_and_the_smallest_beside_it() -> None:
    assert chosen(40, 100, 3, 50, 7) == [50, 3]
    assert chosen(100, 100) == [100]
    assert chosen(2, 3, 5) == [3, 5]


def test_the_pair_with_the_least_sum() -> None:
    assert sorted(chosen(60, 10, 20, 30, 45, 55)) == [10, 55]
    assert sorted(chosen(90, 10, 20, 30, 45, 55)) == [45, 55]


def test_what_no_pair_covers_is_put_together_from_the_largest() -> None:
    choice = choose(notes_of(held(10, 20, 30), 0), 60)
    assert not choice.enough and [value_of(note) for note in choice.notes] == [20, 30]


def test_nothing_needs_nothing() -> None:
    assert chosen(0, 5) == []
    assert choose([], 0).enough


def test_notes_of_other_assets_and_of_contracts_are_no_money() -> None:
    notes = [*held(0, 8), *held(9, asset=77), own(7, (1, 2, 3), kind=1, object_=CONTRACT)]
    assert [value_of(note) for note in notes_of(notes, 0)] == [8]
    assert [value_of(note) for note in notes_of(notes, 77)] == [9]
    assert value_of(notes[-1]) == 0


def test_what_is_not_there_is_not_spent() -> None:
    with pytest.raises(NotEnoughNotes) as refused:
        choose(notes_of(held(5, 6), 0), 12)
    assert (refused.value.held, refused.value.needed) == (11, 12)
    assert "hold 0.000000011 CLU, and 0.000000012 CLU are needed" in str(refused.value)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(1, 200))
def test_whatever_is_chosen_covers_it_or_is_put_together(values: list[int], needed: int) -> None:
    notes = notes_of(held(*values), 0)
    if sum(values) < needed:
        with pytest.raises(NotEnoughNotes):
            choose(notes, needed)
        return
    choice = choose(notes, needed)
    pairs = {a + b for i, a in enumerate(values) for b in values[i + 1 :]} | set(values)
    assert choice.enough == any(total >= needed for total in pairs)
    assert len(choice.notes) <= 2 and len(set(map(id, choice.notes))) == len(choice.notes)
    assert not choice.enough or choice.total >= needed
