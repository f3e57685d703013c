"""Notes: values that belong to somebody. A method makes them for an owner and spends those of its caller.

    class Bid(Note):
        amount: u64

    def place(self, amount: Private[u64], seller: Private[Owner]) -> None:
        self.create(Bid(amount=amount), seller)

    def fold(self, bid: Spend[Bid]) -> None:          # its owner's secret key spends it, in this call, once
        self.highest = maximum(self.highest, bid.amount)

What a note holds is encrypted to its owner, which the proof shows; who owns it and when it is spent nobody else sees.
"""

from typing import Annotated, Any, Final, TypeVar

from client.notes import address as private
from client.notes.keys import SpendingKey
from compute.dsl.composites import Struct
from compute.dsl.elements import sealed_length
from compute.dsl.errors import TooLarge
from compute.dsl.operations import tagged_poseidon
from compute.dsl.place import calling_place
from compute.dsl.refusals import ArgumentRefused
from compute.dsl.scalars import Field
from crypto import domains
from crypto.errors import CryptoError
from crypto.notes import MAX_PLAINTEXT

T = TypeVar("T")
SPEND: Final = "spend"
Spend = Annotated[T, SPEND]


class Note(Struct):
    """A note's contents. What is in it is known to its owner and whoever made it; the chain keeps a commitment."""

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not 1 <= note_elements(cls) <= MAX_PLAINTEXT:
            raise TooLarge(
                calling_place(),
                f"{cls.__name__} fills {note_elements(cls) - 1} field elements.",
                f"A note has room for {MAX_PLAINTEXT - 1} elements, of 253 bits each.",
            )


def note_elements(kind: type[Struct]) -> int:
    """How many elements the ciphertext of such a note has: its packed contents, and the commitment's randomness."""
    return sealed_length(kind.leaves()) + 1


class Owner(Struct):
    """Where notes go: what proofs see of a private address. Given as an address, its text, or a wallet."""

    __slots__ = ()
    authority: Field
    key_x: Field
    key_y: Field

    @property
    def element(self) -> Field:
        """What commitments name as the owner. Constraints: 261."""
        return tagged_poseidon((self.authority, self.key_x, self.key_y), domains.OWNER)

    @classmethod
    def lowered(cls, given: object, name: str) -> tuple[int, ...]:
        try:
            given = private.parse_address(given) if isinstance(given, str) else given
        except CryptoError as error:
            raise ArgumentRefused(name, f"a private address, text that begins with cluz1 ({error})") from None
        if isinstance(given, SpendingKey):
            given = given.full_view().incoming.address()
        if isinstance(given, private.Address):
            return (given.auth, given.pk.x, given.pk.y)
        return super().lowered(given, name)
