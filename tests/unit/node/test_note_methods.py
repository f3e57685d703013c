"""What a node answers about notes and pools: all that a wallet scans, by ranges, as the schemas say."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chain.codec import decode
from chain.types.scalars import NATIVE, FieldElement
from contracts.notes import state as notes
from contracts.shielded.errors import UnknownPool
from crypto.note_tree import tree_root
from node.parts import Node
from node.rpc.errors import InvalidParams
from node.rpc.method import MethodTable
from node.rpc.note_methods import NoteMethods
from node.rpc.results import result_schemas
from tests.support.json_schema import faults
from tests.support.shielded_pool import ALICE, BOB, PoolChain, output


class Asked:
    """The methods over a chain; every answer is held against its schema."""

    def __init__(self, chain: PoolChain) -> None:
        self.chain = chain
        self.names: set[str] = set()

    async def __call__(self, method: str, **params: Any) -> Any:
        node = cast(Node, SimpleNamespace(ledger=SimpleNamespace(view=self.chain.view)))
        found = MethodTable(NoteMethods(node).table()).find(method)
        answer = await found.handler(**found.bind(params))
        assert list(faults(dict(result_schemas()[method]), answer)) == []
        self.names.add(method)
        return json.loads(json.dumps(answer))


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


@pytest.fixture(scope="module")
def ask() -> Asked:
    """Two pools: 300 notes in the first, two in the second; 5,000 entered the first, 1,200 left."""
    chain = PoolChain()
    other = chain.opened()
    chain.do(ALICE, chain.transfer(taken=5_000))
    chain.do(BOB, chain.transfer(paid=1_200, to=BOB), chain.transfer(pool=other))
    for _ in range(37):
        chain.do(ALICE, *(chain.transfer() for _ in range(4)))
    return Asked(chain)


async def test_notes_are_scanned_by_ranges(ask: Asked) -> None:
    first = await ask("contract_scanNotes")
    assert (first["height"], first["total"], first["first"]) == (ask.chain.height, 302, 0)
    assert len(first["notes"]) == 100
    everything: list[notes.NoteRecord] = []
    while len(everything) < first["total"]:
        page = await ask("contract_scanNotes", first=len(everything), count=90)
        everything += [decode(notes.NoteRecord, bytes.fromhex(note[2:])) for note in page["notes"]]
    of_pool = [note for note in everything if note.object == ask.chain.pool]
    assert [note.position for note in of_pool] == list(range(300))
    leaves = [note.output.commitment for note in of_pool]
    assert tree_root(leaves) == notes.tree_of(ask.chain.view, ask.chain.pool).root
    assert everything[4].output == output(everything[4].output.commitment)
    assert everything[4].height == everything[5].height


async def test_a_wallet_that_has_all_gets_nothing(ask: Asked) -> None:
    for method, member in (("contract_scanNotes", "notes"), ("contract_scanNullifiers", "nullifiers")):
        total = (await ask(method))["total"]
        for first in (total, total + 7, 2**62):
            assert (await ask(method, first=first))[member] == []


async def test_nullifiers_are_scanned_by_ranges(ask: Asked) -> None:
    page = await ask("contract_scanNullifiers", first=2, count=3)
    assert (page["total"], page["first"], len(page["nullifiers"])) == (302, 2, 3)
    spent = page["nullifiers"][0]
    assert notes.is_spent(ask.chain.view, ask.chain.pool, FieldElement(int(spent["nullifier"])))
    assert notes.find_spent(ask.chain.view, 2) is not None


async def test_subtrees_spare_leaves(ask: Asked) -> None:
    answer = await ask("contract_getSubtrees", id=hexed(ask.chain.pool))
    records = [notes.find_output(ask.chain.view, number) for number in range(302)]
    leaves = [record.output.commitment for record in records if record and record.object == ask.chain.pool]
    assert answer["roots"] == [str(tree_root(leaves[:256], notes.SUBTREE_HEIGHT))]
    assert answer["size"] == 300
    assert (await ask("contract_getSubtrees", id=hexed(ask.chain.pool), first=1))["roots"] == []


async def test_a_tree_is_told_by_its_object(ask: Asked) -> None:
    tree = await ask("contract_getTree", id=hexed(ask.chain.pool))
    stored = notes.tree_of(ask.chain.view, ask.chain.pool)
    assert (tree["size"], tree["root"], tree["changes"]) == (300, str(stored.root), stored.changes)
    assert (tree["height"], tree["changed_at"]) == (ask.chain.height, stored.height)
    empty = await ask("contract_getTree", id=hexed(bytes(32)))
    assert (empty["size"], empty["root"], empty["changed_at"]) == (0, str(notes.EMPTY_ROOT), 0)


async def test_a_pools_balance_is_open(ask: Asked) -> None:
    pool = await ask("contract_getPool", id=hexed(ask.chain.pool))
    (native,) = pool["assets"]
    assert native == {"asset": hexed(NATIVE), "entered": "5000", "left": "1200", "holding": "3800"}
    assert (pool["notes"], pool["vk_id"]) == (300, hexed(ask.chain.key))
    listed = (await ask("contract_listPools"))["pools"]
    assert len(listed) == 2 and pool in listed
    with pytest.raises(UnknownPool):
        await ask("contract_getPool", id=hexed(bytes(32)))


@pytest.mark.parametrize(
    ("method", "limit"),
    [("contract_scanNotes", 500), ("contract_scanNullifiers", 5_000), ("contract_getSubtrees", 5_000)],
)
async def test_ranges_are_bounded(ask: Asked, method: str, limit: int) -> None:
    named = {"id": hexed(ask.chain.pool)} if method == "contract_getSubtrees" else {}
    await ask(method, count=limit, **named)
    with pytest.raises(InvalidParams):
        await ask(method, count=limit + 1, **named)


async def test_every_method_was_asked(ask: Asked) -> None:
    """The last test of the module."""
    assert ask.names == set(NoteMethods(cast(Node, None)).table())
