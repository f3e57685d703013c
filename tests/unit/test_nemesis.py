"""The nemesis's own parts: seeds name networks, links carry and can be cut, and a check that cannot fail is none."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.nemesis.__main__ import total
from tests.nemesis.checks import (
    CHECKS,
    Seen,
    Unwell,
    all_show_one_chain,
    headers_follow_one_another,
    heads_are_close,
    no_transaction_stands_twice,
    validators_are_those_announced,
    what_was_called_final_is_there,
)
from tests.nemesis.links import Links, around, from_one, halves, ring
from tests.nemesis.load import Load
from tests.nemesis.plan import CLOCK, TWIN, draw
from tests.nemesis.soak import Sample, summary
from tests.support.header_chain import HeaderChain

HOST = "127.0.0.1"
ONE, TWO, THREE = "0x01", "0x02", "0x03"


def test_a_seed_names_a_network_and_all_kinds_of_faults_come_up() -> None:
    plans = [draw(seed, clocks=True) for seed in range(1, 25)]
    assert plans == [draw(seed, clocks=True) for seed in range(1, 25)]
    assert {plan.validators for plan in plans} == {4, 5, 6, 7}
    assert len({fault.kind for plan in plans for fault in plan.faults}) == 9
    assert any(plan.full for plan in plans) and any(plan.late for plan in plans)
    assert all(fault.kind != CLOCK for seed in range(24) for fault in draw(seed, clocks=False).faults)
    assert all(plan.faults[-1].kind == TWIN for plan in plans if plan.twins)


def test_cuts_are_what_their_names_say() -> None:
    assert len(halves(5)) == 2 * 2 * 3
    assert set(ring(4)) == {(0, 2), (2, 0), (1, 3), (3, 1)}
    assert len(around(1, 4)) == 6 and len(from_one(1, 4)) == 3


@pytest.fixture
async def links() -> AsyncIterator[Links]:
    made = Links(HOST)
    yield made
    await made.close()


async def test_a_link_carries_is_cut_and_heals(links: Links) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, HOST, 0)
    port = await links.open(0, 1, server.sockets[0].getsockname()[1])
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"here")
    assert await reader.readexactly(4) == b"here"
    links.cut(around(0, 2))
    assert await reader.read() == b""  # broken off
    refused, _ = await asyncio.open_connection(HOST, port)
    assert await refused.read() == b""
    links.heal()
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"again")
    assert await reader.readexactly(5) == b"again"
    links.cut([(1, 0)])
    writer.write(b"lost")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(4), 0.2)
    server.close()


def block(number: int, parent: str, time: int, *transactions: str) -> dict[str, Any]:
    header = {"height": number, "parent_id": parent, "time": time}
    return {"id": f"0x0{number}", "header": header, "transactions": list(transactions), "evidence": []}


def seen() -> Seen:
    """Two nodes of one chain of two blocks, in which a payment stands that was called final."""
    blocks = [block(1, "0x00", 5), block(2, ONE, 6, THREE)]
    status = {"height": 2, "catching_up": False, "genesis_hash": "0x00"}
    load = Load(cast(Any, None), {THREE: 2})
    lights = [*HeaderChain(3).blocks]
    return Seen(cast(Any, None), load, {0: blocks, 1: [*blocks]}, lights, {0: status, 1: dict(status)})


async def test_a_network_that_is_well_passes() -> None:
    for check in (
        heads_are_close,
        all_show_one_chain,
        headers_follow_one_another,
        no_transaction_stands_twice,
        validators_are_those_announced,
        what_was_called_final_is_there,
    ):
        await check(seen())
    assert len(CHECKS) == 11


def _behind(shown: Seen) -> None:
    shown.status[1]["height"] = 9


def _catching_up(shown: Seen) -> None:
    shown.status[0]["catching_up"] = True


def _fork(shown: Seen) -> None:
    shown.blocks[1][1] = block(7, ONE, 6, THREE)


def _torn(shown: Seen) -> None:
    shown.blocks[0][1] = block(2, TWO, 6, THREE)


def _back_in_time(shown: Seen) -> None:
    shown.blocks[0][1] = block(2, ONE, 5, THREE)


def _twice(shown: Seen) -> None:
    shown.blocks[0][0] = block(1, "0x00", 5, THREE)


def _lost(shown: Seen) -> None:
    shown.blocks[1][1] = block(2, ONE, 6)


def _other_validators(shown: Seen) -> None:
    shown.lights[1] = replace(shown.lights[1], validators=HeaderChain(1, lambda height: (7, 8, 9, 10)).at(1).validators)


@pytest.mark.parametrize(
    ("break_it", "check"),
    [
        (_behind, heads_are_close),
        (_catching_up, heads_are_close),
        (_fork, all_show_one_chain),
        (_torn, headers_follow_one_another),
        (_back_in_time, headers_follow_one_another),
        (_twice, no_transaction_stands_twice),
        (_lost, what_was_called_final_is_there),
        (_other_validators, validators_are_those_announced),
    ],
)
async def test_what_is_broken_is_noticed(break_it: Any, check: Any) -> None:
    shown = seen()
    break_it(shown)
    with pytest.raises(Unwell):
        await check(shown)


def sample(at: float, **changes: Any) -> Sample:
    return replace(Sample(at, 0, 100.0, 40, 5.0, 1.0), **changes)


def test_what_stays_flat_is_flat_and_what_grows_is_named() -> None:
    steady = [sample(at) for at in range(100)]
    assert summary(steady)["flat"] is True
    growing = {"rss_mb": 150.0, "files": 90, "answer_ms": 50.0, "final_s": 9.0}
    for name, value in growing.items():
        later = [sample(at, **({name: value} if at >= 75 else {})) for at in range(100)]
        assert summary(later)["grew"] == [name]
    warming = [sample(at, **({"rss_mb": 20.0} if at < 25 else {})) for at in range(100)]
    assert summary(warming)["flat"] is True
    assert summary([])["flat"] is False


def test_the_sum_of_nothing_is_nothing() -> None:
    assert total([]) == dict.fromkeys(("networks", "faults", "recovered", "checks", "failed", "lost"), 0)
