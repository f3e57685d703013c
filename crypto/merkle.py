"""Binary Merkle trees over lists of byte strings: the roots of a block's transactions, receipts and evidence.

Shape as in RFC 6962, section 2.1: a left subtree is the largest full one, no leaf is ever duplicated. Leaves, nodes and
the root have tags of their own, so none can stand for another. Unlike RFC 6962 the root also covers the number of
leaves: otherwise the place of a leaf is only as true as the size somebody claims beside the proof.

    leaf = H(MERKLE_LEAF, item)    node = H(MERKLE_NODE, left || right)
    root = H(MERKLE_ROOT, u64(size) || top)    top of the empty list is the empty string
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crypto import domains
from crypto.errors import CryptoError
from crypto.hashing import tagged_hash

_MAX_SIZE: Final = 2**32  # far above any block; bounds what a proof from outside may claim


class MerkleError(CryptoError):
    """Root of the errors of Merkle lists."""

    code = 1060


class NoSuchLeaf(MerkleError):
    """An index is outside the list."""

    code = 1061

    def __init__(self, index: int, size: int) -> None:
        super().__init__(
            f"leaf {index} was asked for; the list has {size} leaves, numbered from 0. Ask for one of them."
        )
        self.index, self.size = index, size


class MerkleProofInvalid(MerkleError):
    """A membership proof does not lead from the item to the root."""

    code = 1062

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}. Ask another node for the proof, and check that the root is of the same block.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class MerkleProof:
    """That an item is leaf `index` of `size`; path holds the 32-byte siblings from the leaf upwards."""

    index: int
    size: int
    path: tuple[bytes, ...]


def merkle_root(items: Sequence[bytes]) -> bytes:
    """The root of a list of byte strings, 32 bytes; the empty list has one too. One pass, 2n hashes."""
    return _seal(len(items), _climb(_leaves(items)))


def prove_membership(items: Sequence[bytes], index: int) -> MerkleProof:
    """The proof that items[index] is in its place under merkle_root(items). Raises NoSuchLeaf."""
    if not 0 <= index < len(items):
        raise NoSuchLeaf(index, len(items))
    path = []
    level, place = _leaves(items), index
    while len(level) > 1:
        sibling = place ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level, place = _parents(level), place >> 1
    return MerkleProof(index, len(items), tuple(path))


def verify_membership(root: bytes, item: bytes, proof: MerkleProof) -> None:
    """Raise MerkleProofInvalid unless item is leaf proof.index of the list of proof.size items with this root."""
    if not 0 <= proof.index < proof.size < _MAX_SIZE:
        raise MerkleProofInvalid(f"the proof speaks of leaf {proof.index} of {proof.size}, which cannot be")
    siblings = iter(proof.path)
    node = tagged_hash(domains.MERKLE_LEAF, item)
    place, last = proof.index, proof.size - 1
    for _ in range(last.bit_length()):
        if place ^ 1 <= last:  # otherwise this node had no sibling and moved up unchanged
            sibling = next(siblings, b"")
            if len(sibling) != 32:
                raise MerkleProofInvalid("the path is too short or holds something other than 32-byte hashes")
            node = _node(sibling, node) if place & 1 else _node(node, sibling)
        place, last = place >> 1, last >> 1
    if next(siblings, None) is not None:
        raise MerkleProofInvalid(f"the path of {len(proof.path)} hashes is longer than {proof.size} leaves need")
    if _seal(proof.size, node) != root:
        raise MerkleProofInvalid("the path leads from this item to another root")


def _leaves(items: Sequence[bytes]) -> list[bytes]:
    return [tagged_hash(domains.MERKLE_LEAF, item) for item in items]


def _node(left: bytes, right: bytes) -> bytes:
    return tagged_hash(domains.MERKLE_NODE, left + right)


def _parents(level: list[bytes]) -> list[bytes]:
    """The next level up; an odd last node moves up unchanged, which gives RFC 6962's shape."""
    parents = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    if len(level) & 1:
        parents.append(level[-1])
    return parents


def _climb(level: list[bytes]) -> bytes:
    while len(level) > 1:
        level = _parents(level)
    return level[0] if level else b""


def _seal(size: int, top: bytes) -> bytes:
    return tagged_hash(domains.MERKLE_ROOT, size.to_bytes(8, "big") + top)
