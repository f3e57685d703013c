"""What a verifying key must satisfy before anybody relies on it (protocol.md; docs/decisions/groth16-key-checks.md).

These are checks against accidents and known attacks. No check tells who knows a key's trapdoor: that is what the
ceremony's record is for.
"""

from crypto.groth16.curve import in_subgroup
from crypto.groth16.encoding import checked_g1, checked_g2, checked_ic
from crypto.groth16.errors import DefaultGenerator, ForgeableKey, NotInSubgroup, UnsupportedInputCount, WrongIcCount
from crypto.groth16.types import G1_GENERATOR, G2_GENERATOR, MAX_PUBLIC_INPUTS, VerifyingKey


def check_key(key: VerifyingKey, public_inputs: int | None = None) -> None:
    """Everything registration asks of a key, about 15 ms; public_inputs is what its program declares, if known.

    Raises what `check_form` raises, CoordinateOutOfRange, IdentityPoint, UnboundInput, NotOnCurve, NotInSubgroup.
    """
    check_form(key, public_inputs)
    checked_g1("alpha", key.alpha)
    for index, ic in enumerate(key.ic):
        checked_ic(index, ic)
    for name, point in (("beta", key.beta), ("gamma", key.gamma), ("delta", key.delta)):
        checked_g2(name, point)
        if not in_subgroup(point):
            raise NotInSubgroup(name)


def check_form(key: VerifyingKey, public_inputs: int | None = None) -> None:
    """The rules that cost no arithmetic, which every use of a key repeats.

    Raises UnsupportedInputCount, WrongIcCount, ForgeableKey, DefaultGenerator.
    """
    if not 1 <= key.public_inputs <= MAX_PUBLIC_INPUTS:
        raise UnsupportedInputCount(key.public_inputs, MAX_PUBLIC_INPUTS)
    if public_inputs is not None and key.public_inputs != public_inputs:
        raise WrongIcCount(len(key.ic), public_inputs + 1)
    if key.gamma[0] == key.delta[0]:  # equal up to sign
        raise ForgeableKey
    for name, made, default in (
        ("alpha", key.alpha, G1_GENERATOR),
        ("beta", key.beta, G2_GENERATOR),
        ("delta", key.delta, G2_GENERATOR),  # gamma is the generator in every snarkjs key
    ):
        if made == default:
            raise DefaultGenerator(name)
