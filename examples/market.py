"""What the examples share: a seller and a buyer on a running devnet, how they do business, and the table at the end.

They act for two of the devnet's funded accounts. On another network all is the same but for the keys: `Wallet.open`
takes any secret key and any node's RPC, and `models` is handed to the providers that are to prove the model.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.types.scalars import Amount
from client.errors import RpcFailed
from client.market import get_model
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.zkml.buyer import Answer, Buyer, Offer, wait_for_answer
from compute.zkml.compiled import Ready
from compute.zkml.publish import Listing, publish
from crypto.errors import ClusterError
from node.cli.places import devnet_folder
from node.devnet.files import CLU, load_network

SELLER: Final = "account1"
BUYER: Final = "account0"
OFFER: Final = Offer(  # from 0.05 CLU up to 0.2 over 100 heights; somebody must begin within 600
    price_start=Amount(CLU // 20), price_end=Amount(CLU // 5), ramp=100, lock_within=600, end_within=900
)
MODEL_UNKNOWN: Final = "ModelNameUnknown"


@dataclass(frozen=True, slots=True)
class Bought:
    """One answer, its proof verified here: about all rows of its task, so many seconds after the question."""

    answer: Answer
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """What an example has to show: the model, and for each row its true label, the float model's answer, the proven."""

    name: str
    ready: Ready
    bought: tuple[Bought, ...]
    true: tuple[str, ...]
    floats: tuple[str, ...]

    @property
    def proven(self) -> tuple[str, ...]:
        return tuple(said for each in self.bought for said in each.answer.said)

    def __str__(self) -> str:
        manifest, keys = self.ready.compiled.manifest, self.ready.keys
        lines = [
            f"{self.name}: {manifest.architecture}; {len(keys.circuit.constraints):,} constraints; "
            f"right on held-out rows: {manifest.score_float:.1%} as floats, {manifest.score_quantised:.1%} as proven",
            f"{'row':>3}  {'true':<12}{'float model':<14}{'proven':<12}{'paid, CLU':<12}{'seconds':>7}",
        ]
        answers = zip(self.true, self.floats, self.proven, self._tasks(), strict=True)
        lines += [
            f"{row:>3}  {true:<12}{said:<14}{proven:<12}{paid}".rstrip()
            for row, (true, said, proven, paid) in enumerate(answers)
        ]
        rows = self.ready.compiled.settings.rows
        return "\n".join([*lines, f"{len(self.bought)} proofs (rows in each: {rows}), verified by whoever asked"])

    def _tasks(self) -> list[str]:
        """Price and seconds, in the line of each task's first row."""
        cells = []
        for each in self.bought:
            first = f"{each.answer.price / CLU:<12.4f}{each.seconds:>7.1f}"
            cells += [first, *[""] * (len(each.answer.said) - 1)]
        return cells


class Market:
    """Both sides of the business. Made by `open_market`."""

    def __init__(self, seller: Wallet, buyer: Wallet, folder: Path) -> None:
        self._seller, self._buyer = seller, buyer
        self._models, self._inputs, self._receipts = folder / "models", folder / "worker" / "inputs", folder / "tasks"

    async def sell(self, name: str, description: str, ready: Ready) -> None:
        """Register key, program and name in one transaction; what workers need to prove goes into `models`."""
        listing = Listing(name, await self._next_version(name), description, royalty_bps=500)
        await publish(self._seller, ready.compiled.provable, ready.keys, listing, self._models)

    async def ask(self, name: str, *rows: Sequence[float]) -> Bought:
        """Post the rows as one task, wait for its proof, decrypt the answer, verify the proof on this machine."""
        start = time.monotonic()
        buyer = Buyer(self._buyer, inputs=self._inputs, receipts=self._receipts)  # receipts open the answers
        order = await buyer.order(name, OFFER)  # its `readers` will be able to read the rows; nobody else
        receipt = await buyer.post(order, *rows)
        answer = await wait_for_answer(self._buyer.rpc, receipt)  # verified here, whatever the node says
        return Bought(answer, time.monotonic() - start)

    async def _next_version(self, name: str) -> str:
        """1, 2, ...: a version's program never changes, so each run of an example publishes another one."""
        try:
            return str(int((await get_model(self._seller.rpc, name)).model.version) + 1)
        except RpcFailed as failed:
            if failed.name != MODEL_UNKNOWN:
                raise
            return "1"


@asynccontextmanager
async def open_market(devnet: Path) -> AsyncIterator[Market]:
    """The market of the devnet in a folder. Raises NoDevnet, Unreachable."""
    network = load_network(devnet)
    accounts = network.accounts()
    async with RpcClient(network.rpc_urls[0]) as rpc:
        seller, buyer = [await Wallet.open(accounts[name].secret(), rpc) for name in (SELLER, BUYER)]
        yield Market(seller, buyer, devnet)


def main(example: Callable[[Market], Coroutine[None, None, Report]]) -> None:
    """Run one example beside `cluster devnet up` and `cluster worker start`, and print its report."""

    async def run() -> Report:
        async with open_market(devnet_folder()) as market:
            print("selling and asking; the answers come from whoever runs `cluster worker start`", file=sys.stderr)
            return await example(market)

    try:
        print(asyncio.run(run()))
    except ClusterError as error:
        sys.exit(str(error))
