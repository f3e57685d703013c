"""Domain-separated SHA-256. Source: the tag is length-prefixed, so no tag is a prefix of another's input."""

from hashlib import sha256

from crypto.domains import Tag


def tagged_hash(tag: Tag, data: bytes) -> bytes:
    """SHA256(u8(len(tag)) || tag || data), 32 bytes."""
    return sha256(bytes((len(tag),)) + tag + data).digest()
