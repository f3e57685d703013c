"""Whether two pairings are equal, by the backend that verifies proofs.

groth16py offers no pairing of its own, but its verifier decides e(A, B) = e(alpha, beta) e(vk_x, gamma) e(C, delta) for
a key and a proof of our choice; with vk_x = G and C = -G the last two cancel. It refuses points of the twist that are
not of order r. 4 ms. Never on a validator.
"""

from typing import Final

import groth16py

from crypto.groth16.encoding import checked_g1, checked_g2, encode_evm_proof
from crypto.groth16.native import panics_typed, refusal
from crypto.groth16.snarkjs import key_to_snarkjs
from crypto.groth16.types import BASE_FIELD, G1, G1_GENERATOR, G2, G2_GENERATOR, Proof, VerifyingKey

_MINUS_ONE: Final[G1] = (G1_GENERATOR[0], BASE_FIELD - G1_GENERATOR[1])


def same_ratio(a: G1, b: G1, c: G2, d: G2) -> bool:
    """Whether b = s a and d = s c for one s, which is e(a, d) = e(b, c).

    Raises CoordinateOutOfRange, IdentityPoint, NotOnCurve, NotInSubgroup for points of which that cannot be asked.
    """
    for name, point in (("a", a), ("b", b)):
        checked_g1(name, point)
    for name, twist in (("c", c), ("d", d)):
        checked_g2(name, twist)
    key = VerifyingKey(b, c, G2_GENERATOR, G2_GENERATOR, (G1_GENERATOR, G1_GENERATOR))
    try:
        with panics_typed():
            verifier = groth16py.Verifier(groth16py.VerifyingKey.from_snarkjs(key_to_snarkjs(key)))
            return bool(verifier.verify(encode_evm_proof(Proof(a, d, _MINUS_ONE)), [0]))
    except (groth16py.EncodingError, groth16py.VerificationError) as error:
        raise refusal("a point of the twist", error) from error
