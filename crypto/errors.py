"""The root of every error of the project, and the errors of this room.

Each class names the rule that was broken and carries the compared values as fields. Codes are stable and go to users
over JSON-RPC. Ranges: crypto 1000, p2p 2000, chain 3000, contracts 4000, client 5000, compute 6000, node 7000.
"""

from typing import ClassVar


class ClusterError(Exception):
    """Root of the tree: something was refused, and the message says what was wrong, what was expected, what to do."""

    code: ClassVar[int] = 0
    fatal: ClassVar[bool] = False  # says nothing about the input: what this node stands on has failed, so it must stop
    exit_status: ClassVar[int] = 1  # of a program that ends with it
    lines: ClassVar[bool] = False  # its message has several lines, in the user's own source and our words alone

    @property
    def fields(self) -> dict[str, object]:
        """The compared values, for machines: public attributes set by the constructor."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __reduce__(self) -> tuple[object, ...]:
        """Errors come back from other processes as they were: the message and the fields, without the constructor."""
        return type(self).__new__, (type(self), *self.args), vars(self)


class CryptoError(ClusterError):
    """Root of this room's errors."""

    code = 1000
