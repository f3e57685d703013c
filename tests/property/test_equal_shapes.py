"""Two runs of the same shape with different secrets look alike: equal sizes, fees, events, writes and answers."""

import asyncio
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from chain.types.scalars import Amount
from client import wallet
from contracts.token.actions import Transfer
from crypto.field import SCALAR_FIELD
from tests.support.private_life import Drawn, PrivateLife
from tests.support.shapes import Shape, ShapeRpc
from tests.support.simulated_provers import SilentProver
from tests.support.small_chain import CLU, account, secret

MOST = 2**64 - 1
LEAST_SENT, MOST_SENT = 20 * CLU, 850 * CLU  # of 900 that are shielded: 7 are unshielded, the rest is room for fees
SMALL = Drawn((1, 1), (0, 1, 2), 1, LEAST_SENT, b"")
LARGE = Drawn((MOST - 5, 5), (SCALAR_FIELD - 1,) * 3, MOST - 1, MOST_SENT, b"\xff" * 62)


@cache
def prover() -> SilentProver:
    """Circuits are built once for all runs."""
    return SilentProver()


async def _run(drawn: Drawn, people: tuple[int, int], seed: int, with_pool: bool) -> list[Shape]:
    rpc = ShapeRpc()
    with TemporaryDirectory() as folder:
        life = PrivateLife(rpc, prover(), Path(folder), drawn, Random(seed).randbytes)
        async with rpc.running():
            await life.live(*map(secret, people), with_pool=with_pool)
    return rpc.seen


def shape(drawn: Drawn, people: tuple[int, int] = (1, 2), seed: int = 1, *, with_pool: bool) -> list[Shape]:
    """What is seen of a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wallet, "POLL_SECONDS", 0.002)
        return asyncio.run(_run(drawn, people, seed, with_pool))


@st.composite
def draws(draw: st.DrawFn) -> Drawn:
    """Anything that a run can have."""
    first = draw(st.integers(1, MOST - 1))
    second = draw(st.integers(1, MOST - first))
    words = draw(st.tuples(*[st.integers(0, SCALAR_FIELD - 1)] * 3))
    given_ = draw(st.integers(0, first + second))
    return Drawn((first, second), words, given_, draw(st.integers(LEAST_SENT, MOST_SENT)), draw(st.binary(max_size=62)))


PEOPLE = st.permutations(range(1, 9)).map(lambda order: (order[0], order[1]))


async def _payment(amount: int) -> list[Shape]:
    rpc = ShapeRpc()
    async with rpc.running():
        await (await rpc.wallet(1)).submit([Transfer(account(2), Amount(amount))])
    return rpc.seen


def test_what_is_not_hidden_changes_the_shape() -> None:
    """An amount in the open is longer the larger it is."""
    small, large = (asyncio.run(_payment(amount)) for amount in (1, 10**11))
    assert len(small) == len(large)
    differing = {seen[0] for seen, other in zip(small, large, strict=True) if seen != other}
    assert differing == {"block"}


def test_the_smallest_and_the_largest_secrets_of_a_contract_look_alike() -> None:
    assert shape(SMALL, with_pool=False) == shape(LARGE, (3, 4), 2, with_pool=False)


@pytest.mark.slow
def test_the_smallest_and_the_largest_payments_look_alike() -> None:
    assert shape(SMALL, with_pool=True) == shape(LARGE, (3, 4), 2, with_pool=True)


@pytest.mark.slow
@settings(max_examples=5, phases=(Phase.explicit, Phase.generate))  # a run takes seconds: none is made smaller
@given(draws(), PEOPLE, st.integers(0, 2**32))
def test_runs_with_any_secrets_look_alike(drawn: Drawn, people: tuple[int, int], seed: int) -> None:
    assert shape(drawn, people, seed, with_pool=True) == usual()


@cache
def usual() -> list[Shape]:
    """The run that others are compared with."""
    return shape(SMALL, with_pool=True)
