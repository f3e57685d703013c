"""Overlays: nested writes over committed state, merged in order, kept or dropped as a whole."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.state.errors import EmptyValue, NotNested
from chain.state.keys import Key
from chain.state.overlay import Overlay
from chain.state.store import MemoryStore, after_prefix
from chain.state.view import StateView
from chain.types.scalars import Height

short = st.binary(max_size=2).map(lambda tail: Key(b"q/" + tail))
anywhere = st.binary(min_size=1, max_size=3).map(Key)
content = st.dictionaries(short | anywhere, st.binary(min_size=1, max_size=2), max_size=8)
writes = st.lists(st.tuples(short | anywhere, st.none() | st.binary(min_size=1, max_size=2)), max_size=8)


def over(entries: dict[Key, bytes]) -> Overlay:
    return Overlay(StateView(MemoryStore(entries.items()), Height(7)))


def write(overlay: Overlay, changes: list[tuple[Key, bytes | None]]) -> None:
    for key, value in changes:
        if value is None:
            overlay.delete(key)
        else:
            overlay.put(key, value)


def applied(entries: dict[Key, bytes], *layers: list[tuple[Key, bytes | None]]) -> dict[Key, bytes]:
    merged: dict[Key, bytes | None] = dict(entries)
    for changes in layers:
        merged |= dict(changes)
    return {key: value for key, value in merged.items() if value is not None}


@given(content, writes, writes, st.sampled_from([b"", b"q/", b"q/\xff", b"\xff"]), st.none() | short)
def test_two_overlays_read_as_one_merged_map(
    entries: dict[Key, bytes],
    lower: list[tuple[Key, bytes | None]],
    upper: list[tuple[Key, bytes | None]],
    prefix: bytes,
    start: Key | None,
) -> None:
    block = over(entries)
    list(block.iterate(Key(b"")))  # from now on the block's keys are kept in order while it is written to
    write(block, lower)
    action = Overlay(block)
    write(action, upper)
    expected = applied(entries, lower, upper)
    wanted = [(key, expected[key]) for key in sorted(expected) if key.startswith(prefix) and key >= (start or b"")]
    assert list(action.iterate(Key(prefix), start)) == wanted
    assert all(action.get(key) == expected.get(key) for key in [*entries, *dict(lower), *dict(upper)])
    action.commit()
    assert list(block.iterate(Key(prefix), start)) == wanted
    assert block.changes() == sorted((dict(lower) | dict(upper)).items())


def test_a_dropped_overlay_leaves_its_parent_as_it_was() -> None:
    block = over({Key(b"a"): b"1"})
    block.put(Key(b"b"), b"2")
    Overlay(block).put(Key(b"a"), b"9")
    discarded = Overlay(block)
    discarded.delete(Key(b"b"))
    discarded.discard()
    discarded.commit()
    assert block.changes() == [(b"b", b"2")]
    assert block.get(Key(b"a")) == b"1"


def test_a_queue_may_be_emptied_while_it_is_gone_through() -> None:
    block = over({Key(b"q/%d" % n): b"x" for n in range(0, 10, 2)})
    block.put(Key(b"q/3"), b"x")
    seen = []
    for key, _ in block.iterate(Key(b"q/")):
        seen.append(key)
        block.delete(key)
        nested = Overlay(block)
        nested.put(Key(b"q/9"), b"later")
        nested.commit()
    assert seen == [b"q/0", b"q/2", b"q/3", b"q/4", b"q/6", b"q/8"]
    assert list(block.iterate(Key(b"q/"))) == [(b"q/9", b"later")]


def test_an_overlay_stands_at_its_parents_height() -> None:
    assert Overlay(over({})).height == 7


def test_an_empty_value_is_refused() -> None:
    overlay = over({})
    with pytest.raises(EmptyValue) as refused:
        overlay.put(Key(b"k"), b"")
    assert refused.value.key == b"k"
    assert overlay.changes() == []


def test_the_lowest_overlay_cannot_commit_itself() -> None:
    overlay = over({})
    overlay.put(Key(b"k"), b"v")
    with pytest.raises(NotNested):
        overlay.commit()
    assert overlay.changes() == [(b"k", b"v")]


def test_the_memory_store_takes_changes_and_stays_sorted() -> None:
    store = MemoryStore([(Key(b"b"), b"1"), (Key(b"a"), b"1")])
    store.apply([(Key(b"c"), b"2"), (Key(b"a"), None), (Key(b"b"), b"3"), (Key(b"z"), None)])
    assert list(_all(store)) == [(b"b", b"3"), (b"c", b"2")]


def _all(store: MemoryStore) -> Iterator[tuple[Key, bytes]]:
    return store.iterate(Key(b""))


@given(st.binary(max_size=3), st.binary(max_size=4))
def test_the_bound_after_a_prefix_is_above_all_with_it_and_nothing_else(prefix: bytes, key: bytes) -> None:
    bound = after_prefix(prefix)
    assert (key >= prefix and (bound is None or key < bound)) == key.startswith(prefix)
