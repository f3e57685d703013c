"""What the chain keeps of shielded pools, and under which keys. Their notes are kept by contracts/notes/state.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.execution import accounts
from chain.state.keys import HEIGHT, ID, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Amount, AssetId, FieldElement, Height, ObjectId, VkId
from contracts.shielded.errors import PoolImbalance, PoolUnderflow, UnknownPool

POOL: Final = Space("shielded/pool", (ID,))
OPENED: Final = Space("shielded/opened", (HEIGHT, ID))  # by whose order nobody gets before a pool that is there
TOTALS: Final = Space("shielded/totals", (ID, ID))  # pool, asset
TOUCHED: Final = Space("shielded/touched", (ID, ID))  # pool, asset: in this block; gone at its end

_PRESENT: Final = b"\x01"


@wire()
@dataclass(frozen=True, slots=True)
class Pool:
    """A shielded pool. vk_id: the key of its transfer circuit; whoever opened it has no say afterwards."""

    vk_id: VkId
    opened_by: AccountId
    opened_at: Height


@wire()
@dataclass(frozen=True, slots=True)
class Totals:
    """All that ever entered a pool of an asset, and left it. No amounts: what goes round may exceed 2**63."""

    entered: FieldElement
    left: FieldElement


NOTHING: Final = Totals(FieldElement(0), FieldElement(0))


def find_pool(view: View, pool: ObjectId) -> Pool | None:
    raw = view.get(POOL.key(pool))
    return None if raw is None else decode(Pool, raw)


def require_pool(view: View, pool: ObjectId) -> Pool:
    """Raises UnknownPool."""
    record = find_pool(view, pool)
    if record is None:
        raise UnknownPool(pool)
    return record


def write_pool(overlay: Overlay, pool: ObjectId, record: Pool) -> None:
    """A pool that was not there before; it comes behind all that were opened at lower heights."""
    overlay.put(POOL.key(pool), encode(record))
    overlay.put(OPENED.key(be8(record.opened_at), pool), _PRESENT)


def pools(view: View) -> Iterator[ObjectId]:
    """All pools, by the height at which they were opened, then by id."""
    return (ObjectId(OPENED.parts(key)[1]) for key, _ in view.iterate(OPENED.scan()))


def totals_of(view: View, pool: ObjectId, asset: AssetId) -> Totals:
    raw = view.get(TOTALS.key(pool, asset))
    return NOTHING if raw is None else decode(Totals, raw)


def totals(view: View, pool: ObjectId) -> Iterator[tuple[AssetId, Totals]]:
    """Every asset that ever entered the pool, by id."""
    for key, raw in view.iterate(TOTALS.scan(pool)):
        yield AssetId(TOTALS.parts(key)[1]), decode(Totals, raw)


def require_cover(view: View, pool: ObjectId, asset: AssetId, taken: Amount, out: int) -> None:
    """The pool balances, and what it holds covers, with what it takes, what it pays out.

    Raises PoolImbalance, which stops one pool instead of every block that touches it, and PoolUnderflow.
    """
    held = require_balanced(view, pool, asset) + taken
    if held < out:
        raise PoolUnderflow(pool, asset, held, out)


def require_balanced(view: View, pool: ObjectId, asset: AssetId) -> Amount:
    """What the pool holds, being what entered and did not leave. Raises PoolImbalance."""
    flow, held = totals_of(view, pool, asset), accounts.holding(view, pool, asset)
    if flow.entered - flow.left != held:
        raise PoolImbalance(pool, asset, flow.entered, flow.left, held)
    return held


def note_flow(overlay: Overlay, pool: ObjectId, asset: AssetId, entered: int, left: int) -> None:
    """Count what entered and left, and have the block's end look at it."""
    before = totals_of(overlay, pool, asset)
    after = Totals(FieldElement(before.entered + entered), FieldElement(before.left + left))
    overlay.put(TOTALS.key(pool, asset), encode(after))
    overlay.put(TOUCHED.key(pool, asset), _PRESENT)


def check_balances(overlay: Overlay) -> None:
    """Of every asset that moved in this block: entered - left = holding, and not below zero. Raises PoolImbalance."""
    for key, _ in list(overlay.iterate(TOUCHED.scan())):
        pool, asset = TOUCHED.parts(key)
        require_balanced(overlay, ObjectId(pool), AssetId(asset))
        overlay.delete(key)
