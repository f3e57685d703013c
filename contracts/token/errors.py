"""The rules of the native token and of assets, one class each. Codes 4000-4049.

A lack of money is chain's InsufficientBalance.
"""

from chain.types.scalars import NATIVE, AssetId
from crypto.errors import ClusterError


class TokenError(ClusterError):
    """Root of the errors of the native token and of assets."""

    code = 4000


class NothingToTransfer(TokenError):
    """A transfer of zero."""

    code = 4001

    def __init__(self) -> None:
        super().__init__("the transfer is of 0; name an amount of at least 1.")


class NotAnAssetName(TokenError):
    """An asset's name has characters that could be mistaken for others, or is the native token's."""

    code = 4002

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} cannot be an asset's name; use up to 32 ASCII letters, digits, dots, dashes and underscores, "
            "beginning with a letter or digit, and not CLU."
        )
        self.text = text


class TooManyDecimals(TokenError):
    """An asset is divided more finely than amounts can tell."""

    code = 4003

    def __init__(self, decimals: int, limit: int) -> None:
        super().__init__(f"the asset has {decimals} decimals; at most {limit} are shown. Divide it less finely.")
        self.decimals, self.limit = decimals, limit


class NothingIssued(TokenError):
    """An asset of which nothing exists."""

    code = 4004

    def __init__(self, text: str) -> None:
        super().__init__(f"asset {text!r} has a supply of 0, and nothing is issued later; name a supply of at least 1.")
        self.text = text


class UnknownAsset(TokenError):
    """An asset that nobody created."""

    code = 4005

    def __init__(self, asset: AssetId) -> None:
        what = (
            "the native token is no issued asset; send it by token.transfer"
            if asset == NATIVE
            else f"there is no asset 0x{asset.hex()}; `cluster asset list` shows those of this chain"
        )
        super().__init__(f"{what}.")
        self.asset = asset
