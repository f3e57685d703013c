"""The beacon's inputs: each height and previous output has its own, each commitment its eight outputs."""

import pytest

from crypto import beacon, domains, vrf
from crypto.beacon import BeaconOutputLength, BeaconSpan
from crypto.hashing import tagged_hash
from crypto.keys import SecretKey

OUTPUTS = [bytes([height]) * 64 for height in range(8)]


def test_a_chain_of_headers_verifies_from_genesis() -> None:
    secret, output = SecretKey(bytes(32)), beacon.genesis_output(bytes(32))
    seen = {output}
    for height in range(1, 6):
        alpha = beacon.header_alpha(height, output)
        output = vrf.verify(secret.public, alpha, vrf.prove(secret, alpha))
        seen.add(output)
    assert len(seen) == 6


def test_the_alpha_covers_height_and_previous_output() -> None:
    expected = tagged_hash(domains.BEACON, (7).to_bytes(8, "big") + OUTPUTS[1])
    assert beacon.header_alpha(7, OUTPUTS[1]) == expected
    assert len({expected, beacon.header_alpha(8, OUTPUTS[1]), beacon.header_alpha(7, OUTPUTS[2])}) == 3


def test_chains_with_another_genesis_start_with_another_output() -> None:
    first, second = beacon.genesis_output(bytes(32)), beacon.genesis_output(b"\x01" * 32)
    assert len(first) == 64
    assert first != second


def test_the_beacon_of_a_commitment_covers_eight_outputs_in_order() -> None:
    value = beacon.beacon_of_commitment(OUTPUTS)
    assert value == tagged_hash(domains.BEACON_COMMITMENT, b"".join(OUTPUTS))
    assert value != beacon.beacon_of_commitment(OUTPUTS[::-1])


@pytest.mark.parametrize("count", [0, 7, 9])
def test_another_number_of_outputs_is_refused(count: int) -> None:
    with pytest.raises(BeaconSpan) as refused:
        beacon.beacon_of_commitment([bytes(64)] * count)
    assert refused.value.fields == {"count": count, "expected": 8}


def test_outputs_of_another_length_are_refused() -> None:
    with pytest.raises(BeaconOutputLength):
        beacon.header_alpha(1, bytes(32))
    with pytest.raises(BeaconOutputLength):
        beacon.beacon_of_commitment([bytes(64)] * 7 + [bytes(63)])
