"""What a node answers about shielded pools: what entered, what left, what is there."""

from dataclasses import dataclass
from itertools import islice
from typing import Final

from chain.codec import wire
from chain.execution import accounts
from chain.state.view import View
from chain.types.scalars import Amount, AssetId, FieldElement, Height, ObjectId, Uint, VkId
from contracts.notes.state import tree_of
from contracts.shielded import state

MAX_ASSETS: Final = 200


@wire()
@dataclass(frozen=True, slots=True)
class AssetBalance:
    """One asset of a pool: entered - left = holding, as every block that moves it checks."""

    asset: AssetId
    entered: FieldElement
    left: FieldElement
    holding: Amount


@wire()
@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool, its tree's size and root, and its assets by id, at most 200."""

    pool: ObjectId
    vk_id: VkId
    opened_at: Height
    notes: Uint
    root: FieldElement
    assets: tuple[AssetBalance, ...]


def pool_view(view: View, pool: ObjectId) -> PoolView:
    """For RPC `contract_getPool`. Raises UnknownPool."""
    record, tree = state.require_pool(view, pool), tree_of(view, pool)
    assets = tuple(
        AssetBalance(asset, flow.entered, flow.left, accounts.holding(view, pool, asset))
        for asset, flow in islice(state.totals(view, pool), MAX_ASSETS)
    )
    return PoolView(pool, record.vk_id, record.opened_at, tree.size, tree.root, assets)
