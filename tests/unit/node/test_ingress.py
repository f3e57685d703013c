"""Rules that compute much are checked beside the event loop, and cost whoever sends them in vain."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from chain.mempool import Mempool
from chain.params import DEVNET
from chain.types.scalars import Blob
from contracts.registry.actions import RegisterKey
from contracts.registry.errors import KeyAlreadyRegistered
from crypto.groth16.encoding import compress_key
from node.failures import MAX_FAILURES, TooManyFalseProofs
from node.hub import Hub
from node.ingress import HEAVY_RULES, Ingress
from node.ledger import Ledger
from node.verifier import NodeVerifier
from tests.support.small_chain import GENESIS_TIME, SmallChain
from tests.support.trapdoor import Trapdoor, g1

KEYS = DEVNET.max_block_work // RegisterKey.work - 2  # about as many as one block's work allows
SENDER, OTHER = 1, 2
PEER = "peer 01"


def keys_in_vain(chain: SmallChain, person: int) -> bytes:
    """Many registrations that hold, and at last one that does not: nothing of it is ever paid for."""
    key = Trapdoor.random(31, seed=1).key()
    keys = [compress_key(replace(key, alpha=g1(1_000 + index))) for index in range(KEYS)]
    return chain.transaction(person, *(RegisterKey(Blob(data), None) for data in [*keys, keys[0]])).raw


def ingress_of(chain: SmallChain) -> Ingress:
    tip = SimpleNamespace(height=chain.height, time=GENESIS_TIME)
    ledger = SimpleNamespace(
        view=chain.view, chain=chain.chain, params=chain.params, tip=tip, next_block=chain.next_block
    )
    verifier = SimpleNamespace(require_signature=lambda *_: None)
    return Ingress(cast(Ledger, ledger), Mempool(), cast(NodeVerifier, verifier), Hub())


@pytest.mark.asyncio
async def test_the_event_loop_goes_on_while_many_keys_are_checked() -> None:
    chain = SmallChain()
    raw, ingress, turns = keys_in_vain(chain, SENDER), ingress_of(chain), 0
    admission = asyncio.create_task(ingress.admit(raw, PEER))
    while not admission.done():
        turns += 1
        await asyncio.sleep(0)
    with pytest.raises(KeyAlreadyRegistered):
        admission.result()
    assert turns > 3


@pytest.mark.asyncio
async def test_heavy_rules_that_fail_are_looked_at_a_few_times_only() -> None:
    chain = SmallChain()
    raw, ingress = keys_in_vain(chain, SENDER), ingress_of(chain)
    weight = (KEYS + 1) * RegisterKey.work // HEAVY_RULES
    for _ in range(-(-MAX_FAILURES // weight)):
        with pytest.raises(KeyAlreadyRegistered):
            await ingress.admit(raw, PEER)
    with pytest.raises(TooManyFalseProofs):
        await ingress.admit(raw, "peer 02")
    with pytest.raises(TooManyFalseProofs):
        await ingress.admit(keys_in_vain(chain, OTHER), PEER)
