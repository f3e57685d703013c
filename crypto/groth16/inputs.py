"""The rules for public inputs, one place for every backend and encoding."""

from collections.abc import Sequence

from crypto.groth16.errors import InputOutOfRange, WrongInputCount
from crypto.groth16.types import SCALAR_FIELD, VerifyingKey


def check_inputs(key: VerifyingKey, inputs: Sequence[int]) -> None:
    """Raise WrongInputCount unless there are as many as the key has, InputOutOfRange unless each is in [0, r)."""
    if len(inputs) != key.public_inputs:
        raise WrongInputCount(len(inputs), key.public_inputs)
    check_range(inputs)


def check_range(inputs: Sequence[int]) -> None:
    """Raise InputOutOfRange unless each is in [0, r): x and x + r would prove the same (snarkjs#358)."""
    for index, value in enumerate(inputs):
        if not 0 <= value < SCALAR_FIELD:
            raise InputOutOfRange(index, value)
