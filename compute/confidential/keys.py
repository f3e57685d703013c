"""Who can tell a contract's data keys: a reader, by a BabyJubJub key pair from the seed of an account's key.

Source: EIP-2494 for the curve.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

from chain.execution.statement import id_element
from chain.types.scalars import FieldElement, ObjectId
from compute.confidential.errors import NotAReader, UnknownEpoch, WrongDataKey
from contracts.confidential import sealing
from contracts.confidential.actions import require_reader_key
from contracts.confidential.queries import ContractView
from contracts.confidential.state import Epoch
from contracts.notes.output import Point
from crypto import babyjubjub, domains
from crypto.address import READER_HRP, decode_address, encode_address
from crypto.field import SCALAR_FIELD
from crypto.hashing import tagged_hash
from crypto.keys import SEED_BYTES, SeedLength

_HALVES: Final = 2  # 512 bits, so that the remainder's bias is below 2^-256


class DataKeys(Protocol):
    """What opens a contract's ciphertexts: the data keys of some of its epochs, from wherever one has them."""

    def data_key(self, contract: ContractView, number: int) -> int:
        """The data key of an epoch, and certainly that one. Raises a ConfidentialComputeError or a CryptoError."""
        ...


@dataclass(frozen=True, slots=True)
class ReaderKey:
    """secret: a scalar in 1..l-1, shown nowhere; public: secret * Base8."""

    secret: int = field(repr=False)
    public: Point

    def data_key(self, contract: ContractView, number: int) -> int:
        """The data key that the epoch seals to this reader. Raises UnknownEpoch, and as unwrap_data_key."""
        return unwrap_data_key(self, contract.contract, number, require_epoch(contract, number))


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody without any key: public registers open, sealed ones do not."""

    def data_key(self, contract: ContractView, number: int) -> int:
        """Raises NotAReader, or UnknownEpoch."""
        raise NotAReader(number, len(require_epoch(contract, number).readers))


def reader_key(seed: bytes) -> ReaderKey:
    """The reader key of a 32-byte seed; always the same one, and no hint of what else the seed makes.

    Raises SeedLength.
    """
    if len(seed) != SEED_BYTES:
        raise SeedLength(len(seed))
    wide = b"".join(tagged_hash(domains.READER_SEED, bytes((half,)) + seed) for half in range(_HALVES))
    secret = 1 + int.from_bytes(wide, "big") % (babyjubjub.SUBORDER - 1)
    return ReaderKey(secret, as_point(babyjubjub.public_key(secret)))


def unwrap_data_key(key: ReaderKey, contract: ObjectId, number: int, epoch: Epoch) -> int:
    """The epoch's data key. Raises NotAReader, and WrongDataKey if what is sealed is not what kc commits to.

    What stands in a chain's state was proven; the checks are for answers of a node that lies.
    """
    wrapped = next((sealed.wrapped for sealed in epoch.readers if sealed.reader == key.public), None)
    if wrapped is None:
        raise NotAReader(number, len(epoch.readers))
    shared = babyjubjub.shared_point(key.secret, as_pair(epoch.ephemeral))
    data_key = (wrapped - sealing.reader_pad(shared, id_element(contract), number)) % SCALAR_FIELD
    return require_data_key(data_key, number, epoch)


def require_data_key(data_key: int, number: int, epoch: Epoch) -> int:
    """The data key. Raises WrongDataKey unless the epoch commits to it."""
    if sealing.data_key_commitment(data_key, number) != epoch.kc:
        raise WrongDataKey(number)
    return data_key


def require_epoch(contract: ContractView, number: int) -> Epoch:
    """The epoch as the node answered it. Raises UnknownEpoch."""
    epoch = contract.epoch(number)
    if epoch is None:
        raise UnknownEpoch(number)
    return epoch


def readers_of(contract: ContractView) -> tuple[Point, ...]:
    """The readers of the epoch in force, in the order that they were set; none before the first epoch."""
    epoch = contract.epoch(contract.record.epoch)
    return () if epoch is None else tuple(sealed.reader for sealed in epoch.readers)


def encode_reader(reader: Point) -> str:
    """How a reader's public key is written for people: clur1..., 63 characters. Raises NotOnCurve."""
    return encode_address(babyjubjub.encode_point(as_pair(reader)), READER_HRP)


def decode_reader(text: str) -> Point:
    """The public key that a text names, fit to be sealed to.

    Raises Bech32Error's classes, AddressLength, MalformedPoint, and BadReaderKey for a key off the subgroup.
    """
    reader = as_point(babyjubjub.decode_point(decode_address(text, READER_HRP)))
    require_reader_key(reader)
    return reader


def as_point(pair: tuple[int, int]) -> Point:
    return Point(FieldElement(pair[0]), FieldElement(pair[1]))


def as_pair(point: Point) -> babyjubjub.Point:
    return babyjubjub.Point(point.x, point.y)
