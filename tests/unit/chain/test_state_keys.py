"""Storage keys: no two kinds of entry can share one, and heights sort."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.state.errors import BadKeyPart
from chain.state.keys import HEIGHT, ID, Key, Space, account, be8
from chain.types.scalars import AccountId

TASKS = Space("tasks/open", (HEIGHT, ID))
heights = st.integers(0, 2**63 - 1)
ids = st.binary(min_size=32, max_size=32)


@given(heights, ids, heights, ids)
def test_keys_sort_by_height_then_id_and_come_apart_again(h1: int, id1: bytes, h2: int, id2: bytes) -> None:
    one, other = TASKS.key(be8(h1), id1), TASKS.key(be8(h2), id2)
    assert (one < other) == ((h1, id1) < (h2, id2))
    assert TASKS.parts(one) == (be8(h1), id1)


def test_a_key_is_readable_up_to_its_parts() -> None:
    assert account(AccountId(b"\x07" * 32)) == b"chain/account/" + b"\x07" * 32


def test_a_scan_takes_leading_parts_only() -> None:
    assert TASKS.scan() == b"tasks/open/"
    assert TASKS.key(be8(5), bytes(32)).startswith(TASKS.scan(be8(5)))
    with pytest.raises(BadKeyPart):
        TASKS.scan(bytes(32))
    with pytest.raises(BadKeyPart):
        TASKS.scan(be8(5), bytes(32), b"")


@pytest.mark.parametrize("parts", [(), (be8(1),), (be8(1), bytes(31)), (bytes(32), be8(1)), (be8(1), bytes(32), b"")])
def test_parts_of_other_widths_are_refused(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(BadKeyPart) as refused:
        TASKS.key(*parts)
    assert refused.value.expected == (8, 32)
    assert refused.value.got == tuple(map(len, parts))


@pytest.mark.parametrize("key", [b"", b"tasks/open/", b"tasks/open/" + bytes(39), b"tasks/done/" + bytes(40)])
def test_what_is_no_key_of_a_space_does_not_come_apart(key: bytes) -> None:
    with pytest.raises(BadKeyPart):
        TASKS.parts(Key(key))


def test_a_space_without_parts_is_one_key() -> None:
    single = Space("chain/single")
    assert single.key() == b"chain/single/"
    assert single.parts(single.key()) == ()


@pytest.mark.parametrize("name", ["", "chain", "chain/", "/open", "a/b/c", "A/b", "a/B", "a/b/", "1/b", "a b/c"])
def test_a_space_has_two_plain_names(name: str) -> None:
    with pytest.raises(ValueError, match="component/name"):
        Space(name)
