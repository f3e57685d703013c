"""One size for all calls of a method: a multiple of 256 bytes that is fixed when the contract is deployed.

Integers on the wire take 1 to 9 bytes, so a register's version or an amount would show in a call's length. Zeros in its
`padding` make up for that.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chain.codec import encode
from chain.types.scalars import Blob
from contracts.confidential.errors import WrongPadding

if TYPE_CHECKING:
    from contracts.confidential.call import Call

SHORT: Final = 255  # msgpack: byte strings up to this length have a head of 2 bytes, longer ones of 3


def padded(call: "Call", size: int) -> "Call":
    """The call with as many zeros as make it `size` bytes long, its method's. Raises WrongPadding if none do."""
    missing = size - len(encode(replace(call, padding=Blob(b""))))
    zeros = missing if missing <= SHORT else missing - 1
    done = replace(call, padding=Blob(bytes(max(zeros, 0))))
    require_padding(done, size)
    return done


def require_padding(call: "Call", size: int) -> None:
    """Raises WrongPadding unless the call is `size` bytes long and its padding all zeros."""
    found = len(encode(call))
    if found != size or any(call.padding):
        raise WrongPadding(call.method, size, found)
