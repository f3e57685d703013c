"""The randomness beacon: what a header's VRF is evaluated on, and what a commitment's consumers read from it.

Each header carries an ECVRF output (crypto/vrf.py) over the height and the output before it, so a proposer can only
publish or withhold its one value. A consumer commits at height h and reads the outputs of h + 1 ... h + 8, so that one
withheld proposal shifts the result by at most one bit of choice (protocol.md).
"""

from collections.abc import Sequence
from hashlib import sha512
from typing import Final

from crypto import domains
from crypto.errors import CryptoError
from crypto.hashing import tagged_hash

OUTPUT_BYTES: Final = 64
COMMITMENT_SPAN: Final = 8  # heights whose outputs make up the beacon of a commitment


class BeaconError(CryptoError):
    """Root of the errors of the beacon."""

    code = 1070


class BeaconOutputLength(BeaconError):
    """A VRF output is not 64 bytes."""

    code = 1071

    def __init__(self, length: int) -> None:
        super().__init__(f"a VRF output has {length} bytes; {OUTPUT_BYTES} were expected. Pass vrf.verify's result.")
        self.length, self.expected = length, OUTPUT_BYTES


class BeaconSpan(BeaconError):
    """The beacon of a commitment was asked for with another number of outputs than it is made of."""

    code = 1072

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} VRF outputs were given; the {COMMITMENT_SPAN} of the heights right after the commitment were "
            "expected. Wait until they are final."
        )
        self.count, self.expected = count, COMMITMENT_SPAN


def genesis_output(genesis_hash: bytes) -> bytes:
    """The 64 bytes that stand in for the output before header 1: SHA512(u8(len(tag)) || tag || genesis hash)."""
    tag = domains.BEACON_GENESIS
    return sha512(bytes((len(tag),)) + tag + genesis_hash).digest()


def header_alpha(height: int, previous_output: bytes) -> bytes:
    """The 32-byte VRF input of the header at a height: H(BEACON, u64(height) || previous output).

    Raises BeaconOutputLength.
    """
    if len(previous_output) != OUTPUT_BYTES:
        raise BeaconOutputLength(len(previous_output))
    return tagged_hash(domains.BEACON, height.to_bytes(8, "big") + previous_output)


def beacon_of_commitment(outputs: Sequence[bytes]) -> bytes:
    """The 32-byte beacon of a commitment at h from the outputs of h + 1 ... h + 8, in this order.

    Raises BeaconSpan or BeaconOutputLength. Source: protocol.md, differential privacy.
    """
    if len(outputs) != COMMITMENT_SPAN:
        raise BeaconSpan(len(outputs))
    for output in outputs:
        if len(output) != OUTPUT_BYTES:
            raise BeaconOutputLength(len(output))
    return tagged_hash(domains.BEACON_COMMITMENT, b"".join(outputs))
