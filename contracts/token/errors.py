"""The rules of the native token, one class each. Codes 4000-4049. A lack of money is chain's InsufficientBalance."""

from crypto.errors import ClusterError


class TokenError(ClusterError):
    """Root of the errors of the native token."""

    code = 4000


class NothingToTransfer(TokenError):
    """A transfer of zero."""

    code = 4001

    def __init__(self) -> None:
        super().__init__("the transfer is of 0 nano-CLU; name an amount of at least 1.")
