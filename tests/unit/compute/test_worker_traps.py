"""Tasks made so that whoever locks them loses the collateral: no worker locks one, and no client asks for one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chain.types.scalars import ObjectId
from client.inference import PrivateInput, Recipient, fresh_salt, prepare_input
from client.market import list_providers
from client.results import chain_status
from compute.dev_keys import CircuitKeys, DevKeys
from compute.worker import job
from compute.zkml.artifact import model_keys
from compute.zkml.encoding import Thresholds
from compute.zkml.errors import ResultsKeyed
from compute.zkml.model import QuantisedModel, Step
from compute.zkml.operations.forest import Forest
from compute.zkml.prover import InferenceProver
from compute.zkml.publish import Listing, publish
from contracts.tasks.actions import Open
from contracts.tasks.provider_state import require_provider
from crypto.r1cs.errors import CircuitError
from tests.support.inference_market import OFFER, OWNER, PROVIDER, REQUESTER, Market, open_market
from tests.support.small_chain import account
from tests.support.small_models import SMALL, proven


def ints(*values: int) -> np.ndarray:
    return np.asarray(values, dtype=np.int64)


FOREST = proven(
    QuantisedModel(
        Thresholds(((0.5, 1.5, 2.5, 3.5, 4.5),), (0.0,), (1.0,)),
        (
            Step(
                Forest(ints(0), ints(2, -1, -1), ints(1, 0, 0), ints(2, 0, 0), np.asarray([[0], [5], [-3]]), ints(0)),
                (0,),
                "tree",
            ),
        ),
    )
)
BEYOND = 7  # three bits, as five thresholds have, and a place that no value has


@pytest.fixture
def forest_keys(dev_keys: DevKeys) -> CircuitKeys:
    return model_keys(dev_keys, FOREST)


@pytest.fixture
async def market(
    models_folder: Path, small_keys: CircuitKeys, forest_keys: CircuitKeys, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Market]:
    monkeypatch.setattr("client.wallet.POLL_SECONDS", 0.005)
    monkeypatch.setattr(job, "FIRST_PAUSE", 0.01)
    async with open_market(models_folder, small_keys) as opened:
        listing = Listing("forest", "1", "five thresholds")
        opened.published = await publish(await opened.rpc.wallet(OWNER), FOREST, forest_keys, listing, models_folder)
        yield opened


async def post(market: Market, row: tuple[int, ...]) -> ObjectId:
    """A task about numbers that its requester chose himself."""
    wallet, status, program = (
        await market.rpc.wallet(REQUESTER),
        await chain_status(market.rpc),
        market.published.program,
    )
    to = [Recipient(entry.record.account, entry.record.encryption_key) for entry in await list_providers(market.rpc)]
    secret = PrivateInput(row, FOREST.manifest.input_bits, fresh_salt())
    prepared = prepare_input(secret, wallet.account, program, to)
    terms = OFFER.terms(program, prepared.commitment, status.height, status.params)
    outcome = await wallet.submit([Open(terms, prepared.sealed_input, prepared.recipients)])
    return ObjectId(bytes.fromhex(outcome.events[0]["task"][2:]))


async def test_a_row_that_has_no_proof_is_never_locked(market: Market) -> None:
    async with market.worker():
        await market.until("started")
        trap = await post(market, (BEYOND,))
        skipped = await market.until("skipped")
        assert skipped.task == trap and skipped.details["final"] and "no proof" in skipped.details["reason"]
        good = await post(market, (5,))
        assert (await market.until("settled")).task == good
    assert [event.kind for event in market.events if event.task == trap] == ["skipped"]
    provider = require_provider(market.rpc.chain.view, account(PROVIDER))
    assert (provider.locks, provider.forfeited) == (0, 0)


def test_what_is_provable_is_what_a_proof_is_made_of(forest_keys: CircuitKeys) -> None:
    prover = InferenceProver(FOREST, forest_keys)
    for number in range(8):
        if number <= FOREST.manifest.encoding.tops[0]:
            prover.require_provable(1, (number,), 2)
        else:
            with pytest.raises(CircuitError):
                prover.require_provable(1, (number,), 2)


async def test_nobody_asks_a_model_whose_results_have_a_key_of_their_own(
    market: Market, small_keys: CircuitKeys
) -> None:
    keyed = replace(SMALL, manifest=replace(SMALL.manifest, keyed=True))
    await publish(await market.rpc.wallet(OWNER), keyed, small_keys, Listing("keyed", "1", "x"), market.models)
    with pytest.raises(ResultsKeyed, match="public-model"):
        await (await market.buyer()).order("keyed", OFFER)
