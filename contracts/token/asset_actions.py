"""What people do with assets of their own: create one, send some of it."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from chain.codec import wire
from chain.execution import accounts
from chain.execution.action import Action
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Amount, AssetId, Name, Uint
from contracts.token import state
from contracts.token.errors import NotAnAssetName, NothingIssued, NothingToTransfer, TooManyDecimals
from contracts.token.events import AssetCreated, AssetSent
from contracts.token.state import Asset

MAX_DECIMALS: Final = 18
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_NATIVE_NAME: Final = "clu"


@wire()
@dataclass(frozen=True, slots=True)
class CreateAsset(Action):
    """Create an asset and give all of it to the sender; its id is the object id of this action. No more ever exists."""

    tag: ClassVar[int] = 2
    name: ClassVar[str] = "token.create_asset"
    writes: ClassVar[int] = 3

    asset: Name  # what people call it: 1 to 32 ASCII letters, digits, dots, dashes and underscores; not unique
    decimals: Uint  # 10**decimals units are shown as one, at most 18
    supply: Amount  # in units, at least 1

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NotAnAssetName, TooManyDecimals, NothingIssued."""
        if not _NAME.fullmatch(self.asset) or self.asset.lower() == _NATIVE_NAME:
            raise NotAnAssetName(self.asset)
        if self.decimals > MAX_DECIMALS:
            raise TooManyDecimals(self.decimals, MAX_DECIMALS)
        if self.supply == 0:
            raise NothingIssued(self.asset)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        asset = AssetId(context.new_object_id)
        state.write_asset(overlay, Asset(asset, self.asset, self.decimals, context.sender, context.height))
        accounts.mint(overlay, context.sender, self.supply, asset)
        context.emit(AssetCreated(asset, self.asset, self.decimals, self.supply, context.sender))


@wire()
@dataclass(frozen=True, slots=True)
class SendAsset(Action):
    """Pay `amount` units of an issued asset, more than zero, from the sender to `recipient`."""

    tag: ClassVar[int] = 3
    name: ClassVar[str] = "token.send_asset"
    writes: ClassVar[int] = 2

    asset: AssetId
    recipient: AccountId
    amount: Amount

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NothingToTransfer, PaidToNobody, UnknownAsset, InsufficientBalance."""
        if self.amount == 0:
            raise NothingToTransfer
        accounts.require_somebody(self.recipient, self.amount, self.asset)
        state.require_asset(view, self.asset)
        accounts.require_balance(view, context.sender, self.amount, self.asset)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        accounts.transfer(overlay, context.sender, self.recipient, self.amount, self.asset)
        context.emit(AssetSent(self.asset, context.sender, self.recipient, self.amount))
