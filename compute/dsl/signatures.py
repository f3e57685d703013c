"""Signatures that a method checks: EdDSA over BabyJubJub with Poseidon, as circomlib's EdDSAPoseidonVerifier.

issuer = Register(PublicKey)

def claim(self, amount: Private[u64], signature: Private[Signature]) -> None:
    require(is_signed(poseidon(amount, self.caller), self.issuer, signature), "no voucher of the issuer")
"""

from compute.dsl.composites import Struct
from compute.dsl.integers import machine
from compute.dsl.scalars import Bool, Field
from crypto.babyjubjub import Point
from crypto.eddsa import EddsaSignature


class PublicKey(Struct):
    """Who signs: a point of BabyJubJub. Outside it is given as crypto.babyjubjub.Point."""

    __slots__ = ()
    x: Field
    y: Field

    @classmethod
    def lowered(cls, given: object, name: str) -> tuple[int, ...]:
        return super().lowered({"x": given.x, "y": given.y} if isinstance(given, Point) else given, name)


class Signature(Struct):
    """Outside it is given as crypto.eddsa.EddsaSignature, as `crypto.eddsa.sign` makes it."""

    __slots__ = ()
    r_x: Field
    r_y: Field
    s: Field

    @classmethod
    def lowered(cls, given: object, name: str) -> tuple[int, ...]:
        if isinstance(given, EddsaSignature):
            given = {"r_x": given.r.x, "r_y": given.r.y, "s": given.s}
        return super().lowered(given, name)


def is_signed(message: Field, key: PublicKey, signature: Signature) -> Bool:
    """Whether the signature is the key's over the message, a hash of all that it is about. Constraints: 5,075."""
    numbers = (Field.coerced(message), PublicKey.coerced(key), Signature.coerced(signature))
    return Bool.made(machine().signed(*(number for value in numbers for number in value.numbers())))
