"""Methods about issued assets. What an account holds of them, chain_getAccount says."""

from itertools import islice
from typing import Final

from chain.codec import to_json
from chain.execution import accounts
from chain.state.view import View
from chain.types.scalars import AssetId
from contracts.token import state
from node.parts import Node
from node.rpc.errors import InvalidParams
from node.rpc.method import Count, Declared, Hex32, Json

MAX_ASSETS: Final = 200
SOME: Final = Count(50)


class AssetMethods:
    """asset_*"""

    def __init__(self, node: Node) -> None:
        self._node = node

    def table(self) -> dict[str, Declared]:
        return {"asset_get": self.get_asset, "asset_list": self.list_assets}

    @property
    def _view(self) -> View:
        return self._node.ledger.view

    def get_asset(self, id: Hex32) -> Json:
        """An issued asset: name, decimals, issuer, the height of its creation, and all that exists of it, in units."""
        view = self._view
        return _asset_json(view, state.require_asset(view, AssetId(id)))

    def list_assets(self, after: Hex32 | None = None, limit: Count = SOME) -> Json:
        """Issued assets by id, those behind `after`, at most `limit` (at most 200); `more` says whether others follow.

        A name is its issuer's word and not unique: the id tells assets apart.
        """
        if limit > MAX_ASSETS:
            raise InvalidParams("limit", f"at most {MAX_ASSETS}", str(limit))
        view = self._view
        found = list(islice(state.assets(view, None if after is None else AssetId(after)), limit + 1))
        return {"assets": [_asset_json(view, each) for each in found[:limit]], "more": len(found) > limit}


def _asset_json(view: View, record: state.Asset) -> dict[str, Json]:
    return {**to_json(record), "supply": str(accounts.supply(view, record.id))}
