"""Hints: both sides compute one secret, a tag matches for its owner alone, weak points are refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.note_hints import WeakDetectionPoint, diversifier_point, matching, multiply, note_tag

P = 2**255 - 19
SECRETS = st.binary(min_size=32, max_size=32)
DIVERSIFIERS = st.integers(0, 2**88 - 1)
ORDER_8 = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")


@given(DIVERSIFIERS)
@settings(max_examples=50, deadline=None)
def test_a_diversifier_hashes_to_a_point_of_curve25519(diversifier: int) -> None:
    u = int.from_bytes(diversifier_point(diversifier), "little")
    assert u < P
    assert pow(u**3 + 486662 * u**2 + u, (P - 1) // 2, P) == 1  # a square: the curve, not its twist


def test_points_of_diversifiers_stay_what_they_are() -> None:
    assert diversifier_point(0).hex() == "77bffa8a8b8615831b06a20ac420b167ab7c8cb0b5cb332f5f69f6c4fea83649"
    assert diversifier_point(2**88 - 1).hex() == "48b5b856a912d3108faceb6dd5f6bb42aeacb999eb1eaa267570265fd5c57630"


@given(SECRETS, SECRETS, DIVERSIFIERS)
@settings(max_examples=50, deadline=None)
def test_sender_and_owner_share_a_secret(x: bytes, t: bytes, diversifier: int) -> None:
    base = diversifier_point(diversifier)
    assert multiply(x, multiply(t, base)) == multiply(t, multiply(x, base))


def test_a_tag_matches_for_its_owner_and_for_nobody_else() -> None:
    t, x, base = b"\x01" * 32, b"\x02" * 32, diversifier_point(5)
    tags = [note_tag(multiply(x, multiply(t, base)), cm) for cm in range(40)]
    hints = [(multiply(x, base), tag, cm.to_bytes(32, "big")) for cm, tag in enumerate(tags)]
    assert list(matching(t, hints)) == list(range(40))
    assert list(matching(b"\x03" * 32, hints)) == []
    swapped = [(point, tags[-1 - cm], encoded) for cm, (point, _, encoded) in enumerate(hints)]
    assert list(matching(t, swapped)) == []


def test_the_two_bytes_of_a_tag_stay_what_they_are() -> None:
    assert note_tag(b"\x07" * 32, 9).hex() == "2ecf"


@pytest.mark.parametrize("point", [bytes(32), (1).to_bytes(32, "little"), ORDER_8, P.to_bytes(32, "little")])
def test_a_point_of_small_order_is_refused_and_matches_nothing(point: bytes) -> None:
    with pytest.raises(WeakDetectionPoint) as refused:
        multiply(b"\x01" * 32, point)
    assert refused.value.point == point
    assert list(matching(b"\x01" * 32, [(point, note_tag(bytes(32), 0), bytes(32))])) == []
