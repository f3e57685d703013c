"""The root of the errors of room compute. Each folder keeps its rules' errors itself."""

from crypto.errors import ClusterError


class ComputeError(ClusterError):
    """Root of this room's errors."""

    code = 6000
