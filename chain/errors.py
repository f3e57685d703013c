"""The roots of this room's errors, and those of its wire format; other modules keep their rules' errors themselves."""

from typing import Final

from crypto.errors import ClusterError

# What a mistake in the code of a rule raises. Executing a block turns it into "this block is invalid", so that no input
# ends a node; anything else (memory, interruption) does end it.
FAULTS: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class ChainError(ClusterError):
    """Root of the errors of room chain."""

    code = 3000


class InvalidTransaction(ChainError):
    """Root of the rules that a transaction must satisfy to stand in a block at all."""

    code = 3040


class CodecError(ChainError):
    """Bytes are not the one canonical encoding of the expected structure."""

    code = 3001


class OversizeBytes(CodecError):
    """An encoding is longer than its kind may be."""

    code = 3002

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"{size} bytes were given; at most {limit} are allowed here. Split the content.")
        self.size, self.limit = size, limit


class NotMsgpack(CodecError):
    """The bytes do not parse as one msgpack value: truncated, trailing or too deeply nested."""

    code = 3003

    def __init__(self, reason: str) -> None:
        super().__init__(f"not one complete msgpack value: {reason.rstrip('.')}. Encode with the canonical codec.")
        self.reason = reason


class NotCanonical(CodecError):
    """The bytes decode, but encode again to other bytes (non-minimal integers, maps, floats, extensions)."""

    code = 3004

    def __init__(self) -> None:
        super().__init__("the bytes are not the canonical encoding of what they decode to; encode again and resend.")


class WrongShape(CodecError):
    """A structure has other fields, types, ranges or lengths than its definition."""

    code = 3005

    def __init__(self, where: str, expected: str, got: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}. Encode it as docs/protocol.md says.")
        self.where, self.expected, self.got = where, expected, got


class UnknownTag(CodecError):
    """An action or event carries a tag that no component has registered."""

    code = 3006

    def __init__(self, where: str, tag: int) -> None:
        super().__init__(f"{where}: no component knows tag {tag}; this node may be older than the network.")
        self.where, self.tag = where, tag
