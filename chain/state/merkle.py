"""How state becomes one hash: a compact sparse Merkle tree over SHA-256, provable in ICS-23 form.

    path        = SHA256(key)                               32 bytes; leaves are ordered by it
    leaf        = SHA256(0x00 || path || SHA256(value))
    inner(l, r) = SHA256(0x01 || l || r)
    root        = 32 zero bytes for the empty tree, else the hash of the binary trie of all paths

A node of the trie with one empty child is its other child: no placeholder is ever hashed, a proof has as many steps as
the trie has forks on the way (about log2 n), and the root depends on the content alone. Leaf and inner hashing are
those of ICS-23's smt spec (cosmos/ics23, proofs.proto) with the path as the proof's key. A Jellyfish tree (Diem, 2021)
would keep empty children on some paths, and @confio/ics23 0.6.8 refuses those in proofs of non-membership.
"""

from hashlib import sha256
from typing import Final

EMPTY_ROOT: Final = bytes(32)
LEAF_PREFIX: Final = b"\x00"
INNER_PREFIX: Final = b"\x01"
PATH_BYTES: Final = 32
MAX_DEPTH: Final = 8 * PATH_BYTES


def path_of(key: bytes) -> bytes:
    """Where `key` stands in the tree, 32 bytes."""
    return sha256(key).digest()


def leaf_hash(path: bytes, value: bytes) -> bytes:
    """The hash of the leaf at `path` (32 bytes) that holds `value`."""
    return sha256(LEAF_PREFIX + path + sha256(value).digest()).digest()


def inner_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a fork whose two subtrees have these hashes, 32 bytes each."""
    return sha256(INNER_PREFIX + left + right).digest()
