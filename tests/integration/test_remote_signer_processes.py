"""A validator whose key is in another process: the signer is killed and comes back, the chain stops and goes on."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from client.errors import Unreachable
from client.rpc import RpcClient
from node.devnet.files import Plan, create_single
from node.remote_signer.home import SignerSettings, adopt_key
from tests.support.devnet_scene import free_base_port

pytestmark = pytest.mark.slow
SECONDS = 60


def start(*argv: str) -> "subprocess.Popen[str]":
    """A command that has said that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "node.cli", *argv, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert process.stdout is not None
    assert "ready" in json.loads(process.stdout.readline())
    return process


async def height_of(rpc: RpcClient) -> int:
    try:
        return int((await rpc.call("chain_status"))["height"])
    except Unreachable:
        return -1


async def until(rpc: RpcClient, holds: Callable[[int], bool]) -> int:
    async with asyncio.timeout(SECONDS):
        while not holds(height := await height_of(rpc)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return height


async def test_a_killed_signer_stops_its_chain_and_nothing_else(tmp_path: Path) -> None:
    plan = Plan(1, "apart-1", 100, free_base_port(2))
    node_home = create_single(tmp_path / "node", plan, 1_700_000_000_000, None)
    settings = SignerSettings(listen=f"127.0.0.1:{free_base_port(1)}")
    home = adopt_key(tmp_path / "signer", node_home, settings)
    signing = start("signer", "start", "--home", str(home.root))
    node = start("start", "--home", str(node_home.root))
    try:
        async with RpcClient(f"http://127.0.0.1:{plan.rpc_port(0)}") as rpc:
            await until(rpc, lambda height: height >= 3)
            signing.send_signal(signal.SIGKILL)
            signing.wait(SECONDS)
            stopped = await height_of(rpc)
            async with RpcClient(f"unix://{node_home.operator_socket}") as operator, asyncio.timeout(SECONDS):
                while "away" not in (await operator.call("node_status"))["signer"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert await height_of(rpc) <= stopped + 1  # what was signed before may still be decided
            signing = start("signer", "start", "--home", str(home.root))
            await until(rpc, lambda height: height >= stopped + 4)
        node.send_signal(signal.SIGTERM)
        assert node.wait(SECONDS) == 0
        signing.send_signal(signal.SIGTERM)
        assert signing.wait(SECONDS) == 0
    finally:
        for process in (node, signing):
            if process.poll() is None:
                process.kill()
                process.wait()
    signer = home.open_signer(home.load_settings(), None)
    assert signer.last_position[0] >= stopped + 4
    signer.close()
