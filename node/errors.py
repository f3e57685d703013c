"""The root of the errors of room node. Each module keeps its rules' errors beside them."""

from crypto.errors import ClusterError


class NodeError(ClusterError):
    """Root of this room's errors."""

    code = 7000
