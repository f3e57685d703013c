"""The control of act 4: the same counter with sealing switched off; there the search must find its plaintext."""

import asyncio
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from client.rpc import RpcClient
from client.wallet import Wallet
from node.demo.counter import OWNER, CounterClient
from node.demo.secrets import search
from node.demo.stage import Stage
from node.devnet.files import Network, Plan, create_network
from node.devnet.processes import Processes
from node.home import Home, write_config

PORTS_AFTER: Final = 10  # the control's ports lie behind the demo's


class ControlAct:
    """One validator with storage in the clear, and a counter whose ciphertext is its plaintext."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._stage, self._folder = stage, folder

    async def play(self) -> None:
        """Run the act; the network is stopped at its end."""
        network = self._network()
        processes = Processes(network)
        recordings = network.root / "recordings"
        processes.start(network.members[0], "--record", str(recordings))
        try:
            await processes.ready()
            amount = 2**32 - 1 - secrets.randbelow(2**20)
            async with RpcClient(network.rpc_urls[0]) as rpc:
                secret = network.accounts()[OWNER].secret()
                keys = self._folder / "control-keys"
                counter = CounterClient(await Wallet.open(secret, rpc), secret.seed, keys, sealed=False)
                await counter.deploy()
                await counter.increment(amount)
        finally:
            await asyncio.to_thread(processes.stop_all)
        data, hidden = network.root / network.members[0].name / "data", {"value": amount}
        places = {"database": search(hidden, [data])[0], "bytes on loopback": search(hidden, [recordings])[0]}
        seen = "found in " + (" and ".join(name for name, found in places.items() if found) or "nothing")
        self._stage.check("the same search finds it when sealing is switched off", all(places.values()), seen)

    def _network(self) -> Network:
        port = int(self._stage.network.rpc_urls[0].rsplit(":", 1)[1]) + PORTS_AFTER
        plan = Plan(validators=1, chain_id="cluster-control", block_time_ms=200, base_port=port)
        network = create_network(self._folder / "control", plan, time.time_ns() // 1_000_000)
        store_in_the_clear(network.home(network.members[0]))
        return network


def store_in_the_clear(home: Home) -> None:
    """Switch a new node's own sealing off, which hides from a thief of its disk what every validator knows."""
    config = home.load_config()
    write_config(home, replace(config, storage=replace(config.storage, sealed=False)))
