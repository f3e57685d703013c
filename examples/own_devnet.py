"""All four examples on a devnet of their own, which is gone afterwards. make examples

For a devnet that stays, and examples one by one: `cluster devnet up`, `cluster worker start`, examples/README.md.
"""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from client.rpc import RpcClient
from crypto.errors import ClusterError
from examples import credit_scoring, digit_recognition, health_trees, tumour_classification
from examples.market import open_market
from node.demo.worker_process import WorkerProcess
from node.devnet.contents import PROVIDER_BOND, ensure_provider
from node.devnet.errors import PortsTaken
from node.devnet.files import PROVIDER, Network, Plan, create_network
from node.devnet.processes import Processes, check_ports

EXAMPLES: Final = (credit_scoring, tumour_classification, digit_recognition, health_trees)
BLOCK_TIME_MS: Final = 400
PORTS: Final = range(20_000, 32_000)


@asynccontextmanager
async def own_devnet(folder: Path, validators: int = 4) -> AsyncIterator[Network]:
    """Validators and a provider's worker, each a process, on free ports; they end with the block."""
    network = create_network(folder, _plan(validators), time.time_ns() // 1_000_000)
    provider, processes = network.accounts()[PROVIDER], Processes(network)
    worker = WorkerProcess(network, folder / "models", provider, folder / "worker", PROVIDER_BOND)
    try:
        processes.start_all()
        await processes.ready()
        async with RpcClient(network.rpc_urls[0]) as rpc:
            await ensure_provider(rpc, provider)
        worker.start()
        yield network
    finally:
        worker.kill()  # all that it locked is settled, or nobody waits for it any more
        processes.stop_all()
        processes.forget()


def _plan(validators: int) -> Plan:
    while True:
        plan = Plan(validators, "cluster-examples", BLOCK_TIME_MS, random.choice(PORTS))
        try:
            check_ports(plan)
            return plan
        except PortsTaken:
            continue


async def main() -> None:
    with TemporaryDirectory() as folder:
        async with own_devnet(Path(folder)) as network, open_market(network.root) as market:
            print(f"{len(network.members)} validators and a worker run", file=sys.stderr)
            for example in EXAMPLES:
                print(await example.run(market), end="\n\n")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except ClusterError as error:
        sys.exit(str(error))
