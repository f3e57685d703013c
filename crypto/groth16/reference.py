"""The verifier that tests and audits hold against the native one: py_ecc's pairing under checks of our own.

py_ecc knows neither ranges nor subgroups, and accepts the identity anywhere; the decoder and the two checks below make
its refusals equal to the native backend's. A verification takes about half a second: never on a validator.
"""

from collections.abc import Sequence
from functools import reduce

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.fields import optimized_bn128_FQ12 as FQ12
from py_ecc.optimized_bn128.optimized_curve import add, multiply, neg
from py_ecc.optimized_bn128.optimized_pairing import final_exponentiate, pairing

from crypto.groth16.curve import in_subgroup
from crypto.groth16.encoding import compress_key, decode_proof, key_id
from crypto.groth16.errors import FalseProof, NotInSubgroup
from crypto.groth16.inputs import check_inputs
from crypto.groth16.keycheck import check_key
from crypto.groth16.types import G1, G2, VerifyingKey

_Point1 = tuple[FQ, FQ, FQ]
_Point2 = tuple[FQ2, FQ2, FQ2]


def verify(key: VerifyingKey, proof: bytes, inputs: Sequence[int]) -> None:
    """As `crypto.groth16.verify.verify`, and with the same errors in the same order; the key is checked in full too.

    e(A, B) = e(alpha, beta) e(vk_x, gamma) e(C, delta) with vk_x = IC[0] + sum x_i IC[i] (eprint 2016/260, 3.2).
    vk_x may be the identity.
    """
    check_key(key)
    decoded = decode_proof(proof)
    check_inputs(key, inputs)
    if not in_subgroup(decoded.b):
        raise NotInSubgroup("B")
    vk_x = reduce(add, (multiply(g1(ic), x) for ic, x in zip(key.ic[1:], inputs, strict=True)), g1(key.ic[0]))
    holds = pairing_product_is_one(
        (
            (neg(g1(decoded.a)), g2(decoded.b)),
            (g1(key.alpha), g2(key.beta)),
            (vk_x, g2(key.gamma)),
            (g1(decoded.c), g2(key.delta)),
        )
    )
    if not holds:
        raise FalseProof(key_id(compress_key(key)), len(inputs))


def pairing_product_is_one(pairs: Sequence[tuple[_Point1, _Point2]]) -> bool:
    """Whether the product of the pairings is one (EIP-197), with one final exponentiation for all of them."""
    product = reduce(lambda f, pair: f * pairing(pair[1], pair[0], final_exponentiate=False), pairs, FQ12.one())
    return bool(final_exponentiate(product) == FQ12.one())


def g1(point: G1) -> _Point1:
    """py_ecc's form of a point of G1."""
    return (FQ(point[0]), FQ(point[1]), FQ.one())


def g2(point: G2) -> _Point2:
    """py_ecc's form of a point of G2."""
    return (FQ2(point[0]), FQ2(point[1]), FQ2.one())
