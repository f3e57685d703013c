"""Assets as people name them and write their amounts: CLU, or an issued asset by its id."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chain.amount import NANO_DECIMALS, show_units
from chain.execution.statement import id_element
from chain.types.scalars import NATIVE, Amount, AssetId
from client.assets import get_asset, list_assets
from client.rpc import RpcClient
from node.cli.amounts import parse_amount, parse_units
from node.cli.errors import BadArgument

ID_BYTES: Final = 32
ASSET_ID: Final = "an asset's id: 0x and 64 hex digits, as `cluster asset list` shows it"


@dataclass(frozen=True, slots=True)
class Money:
    """An asset as people write its amounts."""

    asset: AssetId
    name: str
    decimals: int

    def parse(self, text: str) -> Amount:
        """Raises BadArgument."""
        return parse_amount(text) if self.asset == NATIVE else parse_units(text, self.decimals, "amount")

    def show(self, units: int) -> str:
        """Exactly."""
        return show_units(units, self.decimals, self.name)


CLU = Money(NATIVE, "CLU", NANO_DECIMALS)


async def money_of(rpc: RpcClient, text: str | None) -> Money:
    """The asset of --asset. Raises BadArgument, RpcFailed (UnknownAsset)."""
    if text is None:
        return CLU
    state = await get_asset(rpc, AssetId(id_of(text, "--asset", ASSET_ID)))
    return Money(state.record.id, state.record.name, state.record.decimals)


async def monies(rpc: RpcClient, assets: Iterable[AssetId]) -> dict[AssetId, Money]:
    """Assets of a pool by id. Raises RpcFailed, Unreachable, NotAnRpc."""
    issued = {asset for asset in assets if asset != NATIVE}
    found = [(await get_asset(rpc, asset)).record for asset in sorted(issued)]
    return {NATIVE: CLU, **{record.id: Money(record.id, record.name, record.decimals) for record in found}}


async def monies_by_element(rpc: RpcClient, elements: Iterable[int]) -> dict[int, Money]:
    """Assets as notes name them; all assets are read, so that no question says which one is held.

    Raises RpcFailed, Unreachable, NotAnRpc.
    """
    wanted = set(elements)
    found = {0: CLU}
    if wanted - {0}:
        records = [state.record async for state in list_assets(rpc)]
        found.update({id_element(record.id): Money(record.id, record.name, record.decimals) for record in records})
    unknown = {element: Money(AssetId(b""), f"of asset {element:#066x}", 0) for element in wanted - set(found)}
    return found | unknown


def id_of(text: str, argument: str, expected: str) -> bytes:
    """32 bytes of hex. Raises BadArgument."""
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != ID_BYTES:
        raise BadArgument(argument, expected, text)
    return found
