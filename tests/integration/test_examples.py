"""The examples run."""

from pathlib import Path

import pytest

from chain.types.scalars import Amount
from compute.zkml.training.shape import DataShape
from compute.zkml.training.spec import StepSpec
from examples.proven_training import train
from examples.transfer import transfer
from tests.support.one_node import one_node


async def test_transfer(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node:
        for paid in (1, 2):
            balance = await transfer(node.url, node.secret("account0"), node.home.genesis_file, Amount(10**9))
            assert balance == paid * 10**9


@pytest.mark.slow
def test_proven_training(tmp_path: Path) -> None:
    outcome = train(StepSpec(DataShape(features=30, batch=8)), steps=50, unproven=48, home=tmp_path)
    assert outcome.loss_after < 0.3 * outcome.loss_before
    assert abs(outcome.loss_after - outcome.loss_float) < 0.02
    assert outcome.accuracy > 0.9
    assert outcome.proof_bytes == 256
