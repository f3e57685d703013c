"""Act 4: a confidential counter. Its state is ciphertext to those who agree on it, as a search shows."""

import secrets
from pathlib import Path
from typing import Final

from chain.types.scalars import ObjectId
from chain.types.transaction import Transaction
from client.wallet import Wallet
from compute.confidential.counter_calls import INCREMENT, UNSEALED, deploy_counter, draft_increment
from compute.confidential.keys import ReaderKey, reader_key
from compute.confidential.on_chain import ContractClient, deploy_contract, register_circuits
from compute.confidential.prover import Draft, Prover
from compute.confidential.reader import current_data_key, open_contract
from compute.confidential.reader_changes import sealing_circuit
from compute.dev_keys import DevKeys
from contracts.confidential.queries import ContractView
from node.demo.secrets import search
from node.demo.stage import Stage

OWNER: Final = "account3"
CALLS: Final = 2


class CounterClient:
    """Deploys and calls one counter as its owner and only reader. `sealed` as in compute/confidential/counter.py."""

    def __init__(self, wallet: Wallet, seed: bytes, keys_folder: Path, *, sealed: bool = True) -> None:
        self._wallet, self._sealed = wallet, sealed
        self._prover = Prover(DevKeys(keys_folder))
        self.reader: ReaderKey = reader_key(seed)
        self.contract = ObjectId(bytes(32))

    async def deploy(self) -> None:
        """Register both keys, deploy, and seal a data key to the reader."""
        increment = self._prover.keys(INCREMENT if self._sealed else UNSEALED)
        sealing = self._prover.keys(sealing_circuit(1))
        await register_circuits(self._wallet, [increment, sealing])
        action = deploy_counter(increment, {1: sealing})
        self.contract, _ = await deploy_contract(self._wallet, self._prover, action, [self.reader.public])

    async def increment(self, amount: int) -> Transaction:
        """Add a private amount; the transaction that did it."""
        return await self._send(draft_increment(await self.view(), self.reader, amount, sealed=self._sealed))

    async def view(self) -> ContractView:
        """The contract as it stands."""
        return await self._client.view()

    @property
    def _client(self) -> ContractClient:
        return ContractClient(self._wallet, self._prover, self.contract)

    async def _send(self, draft: Draft) -> Transaction:
        """Prove a draft, submit it and wait for finality."""
        transaction = await self._client.signed(draft)
        await self._wallet.submit_signed(transaction)
        return transaction


class CounterAct:
    """Deploys the counter, calls it twice, reads it, and looks for its plaintext wherever validators keep bytes."""

    def __init__(self, stage: Stage, keys_folder: Path) -> None:
        self._stage, self._keys_folder = stage, keys_folder
        # Close to the largest that a call may add: then no pattern of it is short enough to be found by chance.
        self._amounts = [2**32 - 1 - secrets.randbelow(2**20) for _ in range(CALLS)]
        self.calls: list[Transaction] = []

    async def play(self) -> None:
        """Run the act; what must hold is noted on the stage."""
        stage = self._stage
        stage.say("4. A confidential counter: two private additions")
        secret = stage.secret(OWNER)
        counter = CounterClient(await stage.wallet(OWNER), secret.seed, self._keys_folder)
        await counter.deploy()
        self.calls = [await counter.increment(amount) for amount in self._amounts]
        view = await counter.view()
        value = open_contract(counter.reader, view)[0].values[0]
        stage.check("the reader decrypts the counter", value == sum(self._amounts), f"{CALLS} calls, value {value}")
        self._search(counter.reader, view)

    def _search(self, reader: ReaderKey, view: ContractView) -> None:
        stage, opening = self._stage, open_contract(reader, view)[0]
        hidden = {f"amount {place}": amount for place, amount in enumerate(self._amounts)}
        hidden |= {"value": opening.values[0], "blinding": opening.blinding}
        hidden["data key"] = current_data_key(reader, view)
        network = stage.network
        folders = [*(network.root / member.name / "data" for member in network.members), network.logs, stage.recordings]
        found, searched = search(hidden, folders)
        seen = ", ".join(f"{hit.what} in {hit.file}" for hit in found) or f"{searched / 2**20:.1f} MiB searched"
        stage.check("no plaintext of it in four databases, logs and all bytes on loopback", not found, seen)
