"""How far a node is followed that says how many notes there are: as far as is signed or plausible, no further.

Nothing in a page of notes is proven, so a node can make notes up, and always name one more. A reading therefore goes to
the number that was named first, which is held against the height: a block has room for so many. Where a genesis is
named, the number itself is proven up to a block that validators signed, and only what came since is the node's word.
"""

from dataclasses import dataclass
from typing import Final

from chain.codec import decode
from chain.types.scalars import Height
from client.light.client import LightClient
from client.notes.errors import NotesHeldBack, NotesImplausible
from contracts.notes.state import COUNTS, NOTHING, Counts

MOST_A_BLOCK: Final = 2**14  # outputs or nullifiers: four times what the largest blocks that a vote allows could hold
MOST_BLOCKS: Final = 1_000  # that a node may be ahead of what it proves


@dataclass(frozen=True, slots=True)
class Signed:
    """How many outputs and nullifiers there were after a height, as trusted validators signed it."""

    height: Height
    outputs: int
    nullifiers: int


UNSIGNED: Final = Signed(Height(0), 0, 0)  # of any chain


async def signed_counts(light: LightClient) -> Signed:
    """What the chain's head holds. Raises what LightClient.prove raises."""
    proven = await light.prove(COUNTS)
    counts = NOTHING if proven.value is None else decode(Counts, proven.value)
    return Signed(proven.height, counts.outputs, counts.nullifiers)


def require_reachable(what: str, height: int, total: int, signed: int, since: Signed) -> None:
    """That a node may say so many of what there are after a height; `signed` there were at that of `since`.

    Raises NotesHeldBack for fewer, NotesImplausible for more than blocks since then have room for.
    """
    if total < signed:
        raise NotesHeldBack(what, total, signed)
    blocks = height - since.height
    most = signed + MOST_A_BLOCK * max(blocks, 0)
    if total > most or (since != UNSIGNED and blocks > MOST_BLOCKS):
        raise NotesImplausible(what, height, total, most)
