"""What the chain keeps of an issued asset beside its balances, which live in chain/execution/accounts.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.state.keys import ID, Space
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, AssetId, Height, Name, Uint
from contracts.token.errors import UnknownAsset

ASSET: Final = Space("token/asset", (ID,))


@wire()
@dataclass(frozen=True, slots=True)
class Asset:
    """An asset as it was created; all of it exists since then.

    name is the issuer's word and not unique: the id tells assets apart. decimals: 10**decimals units are what people
    call one.
    """

    id: AssetId
    name: Name
    decimals: Uint
    issuer: AccountId
    created_at: Height


def find_asset(view: View, asset: AssetId) -> Asset | None:
    raw = view.get(ASSET.key(asset))
    return None if raw is None else decode(Asset, raw)


def require_asset(view: View, asset: AssetId) -> Asset:
    """The asset's record. Raises UnknownAsset, also for the native token, which has none."""
    record = find_asset(view, asset)
    if record is None:
        raise UnknownAsset(asset)
    return record


def assets(view: View, after: AssetId | None = None) -> Iterator[Asset]:
    """All issued assets by id, those behind `after` when given."""
    start = None if after is None else ASSET.key(after)
    for key, raw in view.iterate(ASSET.scan(), start):
        if key != start:
            yield decode(Asset, raw)


def write_asset(overlay: Overlay, record: Asset) -> None:
    overlay.put(ASSET.key(record.id), encode(record))
