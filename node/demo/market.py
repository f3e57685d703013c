"""Acts 2 and 3: two models are trained, quantised, compiled and registered; twenty private rows are bought and sold."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.types.scalars import Amount, ObjectId
from client.inference import PrivateInput
from client.market import list_providers
from client.provider import registration
from compute.dev_keys import CircuitKeys, DevKeys
from compute.zkml.artifact import model_keys
from compute.zkml.buyer import Answer, Buyer, Offer, Order, wait_for_answer
from compute.zkml.errors import RowOutOfRange
from compute.zkml.example_models import ExampleModel, breast_cancer, digits
from compute.zkml.prover import InferenceProver
from compute.zkml.publish import Listing, publish
from compute.zkml.receipt import Receipt
from crypto.address import encode_address
from node.demo.stage import Stage
from node.demo.worker_process import WorkerProcess
from node.devnet.files import CLU, PROVIDER

PUBLISHER: Final = "account1"
REQUESTER: Final = "account0"
TASKS: Final = 20
AT_LEAST_SAME: Final = 19
OFFER: Final = Offer(Amount(CLU // 20), Amount(CLU // 5))
BOND: Final = Amount(100 * CLU)
LEAST_PRICE: Final = Amount(CLU // 100)


@dataclass(frozen=True, slots=True)
class Posted:
    """A task that the attacks are about: its secret input, and what could prove it honestly."""

    task: ObjectId
    secret: PrivateInput
    prover: InferenceProver


@dataclass(frozen=True, slots=True)
class Asked:
    """One row that was bought: which model, which row, the receipt."""

    example: ExampleModel
    row: int
    receipt: Receipt


class MarketAct:
    """The publisher, the requester and the provider's process."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._stage, self._folder = stage, folder
        self.models = folder / "models"
        self._keys: dict[str, CircuitKeys] = {}
        self._examples: list[ExampleModel] = []
        self._asked: list[Asked] = []
        self._worker: WorkerProcess

    async def publish(self) -> None:
        """Train, quantise, compile, set up, register."""
        stage = self._stage
        stage.say("2. Two models: trained, quantised, compiled into circuits, registered")
        wallet, keys = await stage.wallet(PUBLISHER), DevKeys(self._folder / "keys")
        for train in (breast_cancer, digits):
            example = await asyncio.to_thread(train)
            circuit_keys = await asyncio.to_thread(model_keys, keys, example.provable)
            listing = Listing(example.name, "1.0.0", example.description)
            published = await publish(wallet, example.provable, circuit_keys, listing, self.models)
            manifest, self._keys[example.name] = example.provable.manifest, circuit_keys
            self._examples.append(example)
            constraints = sum(circuit_keys.circuit.cost_by_scope().values())
            stage.screen.line(
                f"  {example.name}: {manifest.architecture}, {constraints} constraints, "
                f"accuracy {manifest.score_float:.3f} float, {manifest.score_quantised:.3f} quantised, "
                f"program 0x{published.program.hex()[:16]}…"
            )
        stage.check("both models stand on chain", len(self._examples) == 2)

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """The provider's process, bonded before it starts."""
        stage = self._stage
        secret = stage.secret(PROVIDER)
        await stage.submit(await stage.wallet(PROVIDER), [registration(secret, BOND, LEAST_PRICE)])
        account = stage.accounts[PROVIDER]
        self._worker = WorkerProcess(stage.network, self.models, account, self._folder / "worker", BOND)
        self._worker.start()
        try:
            yield
        except BaseException:
            self._worker.kill()
            raise
        stage.facts["prove_seconds"] = self._worker.prove_seconds()
        await asyncio.to_thread(self._worker.stop)

    async def post(self) -> None:
        """Twenty held-out rows, each sealed to the providers that may lock."""
        stage = self._stage
        stage.say(f"3. {TASKS} inference tasks on held-out rows, inputs private")
        wallet = await stage.wallet(REQUESTER)
        before = await wallet.balance()
        stage.facts["requester"] = int(before)
        buyer = Buyer(wallet)
        orders = [await buyer.order(example.name, OFFER) for example in self._examples]
        for address in orders[0].readers:
            stage.screen.line(f"  who will be able to see the inputs: {address} (provider), and the requester")
        asked = [
            self._ask(buyer, order, example, row)
            for order, example in zip(orders, self._examples, strict=True)
            for row in _rows(example, TASKS // len(self._examples))
        ]
        self._asked = list(await asyncio.gather(*asked))

    async def _ask(self, buyer: Buyer, order: Order, example: ExampleModel, row: int) -> Asked:
        return Asked(example, row, await buyer.post(order, [float(value) for value in example.rows[row]]))

    async def collect(self) -> None:
        """Every result: decrypted, compared with the integer reference and with the float model."""
        stage = self._stage
        rpc = stage.rpcs[0]
        answers = await asyncio.gather(*(wait_for_answer(rpc, asked.receipt) for asked in self._asked))
        pairs = list(zip(self._asked, answers, strict=True))
        exact = sum(answer.equals_reference(asked.example.provable.model) for asked, answer in pairs)
        same = sum(_float_class(asked) == answer.said[0] for asked, answer in pairs)
        stage.facts["settled"] = len(answers)
        stage.check(
            f"decrypted results equal the integer reference bit for bit in {TASKS} of {TASKS}", exact == TASKS, exact
        )
        stage.check(f"same class as the float model in at least {AT_LEAST_SAME}", same >= AT_LEAST_SAME, same)
        stage.check("the provider was paid", await self._paid(list(answers)))
        await self._verified()

    async def _paid(self, answers: list[Answer]) -> bool:
        """Every settled price went to the provider, but for burn and royalty; and what the requester paid in fees."""
        stage, prices = self._stage, sum(answer.price for answer in answers)
        spent = stage.facts["requester"] - int(await (await stage.wallet(REQUESTER)).balance())
        stage.facts["fees"] = spent - prices
        record = await stage.rpcs[0].call("provider_get", address=stage.accounts[PROVIDER].address)
        return record["settled"] == TASKS and all(answer.provider == record["account"] for answer in answers)

    async def _verified(self) -> None:
        """Each running validator has verified every proof itself."""
        counts = []
        for member, rpc in zip(self._stage.network.members, self._stage.rpcs, strict=True):
            if member.name in self._stage.processes.running():
                counts.append((await rpc.call("chain_status"))["proofs_verified"])
        held = all(count >= TASKS for count in counts)
        self._stage.check("each running validator verified every proof itself", held, counts)

    async def post_one(self, providers: tuple[str, ...], lock_heights: int) -> Posted:
        """One more task on the first model, for these providers only."""
        example, wallet = self._examples[0], await self._stage.wallet(REQUESTER)
        known = await list_providers(wallet.rpc)
        may_lock = [entry for entry in known if encode_address(entry.record.account) in providers]
        offer = Offer(
            OFFER.price_start, OFFER.price_end, ramp=2, lock_within=lock_heights, end_within=lock_heights + 200
        )
        buyer = Buyer(wallet)
        order = await buyer.order(example.name, offer, may_lock)
        receipt = await buyer.post(order, [float(value) for value in example.rows[_rows(example, 1)[0]]])
        prover = InferenceProver(example.provable, self._keys[example.name])
        return Posted(receipt.task, receipt.input, prover)

    def compressed_key(self) -> bytes:
        """A good verifying key, for whoever wants to make a bad one of it."""
        return next(iter(self._keys.values())).compressed


def _rows(example: ExampleModel, count: int) -> list[int]:
    """The first held-out rows that lie within the model's calibrated range; others are refused by design."""
    chosen: list[int] = []
    for index, row in enumerate(example.rows):
        try:
            example.provable.manifest.quantise([float(value) for value in row])
        except RowOutOfRange:
            continue
        chosen.append(index)
        if len(chosen) == count:
            break
    return chosen


def _float_class(asked: Asked) -> str:
    return str(asked.example.classifier.predict(asked.example.rows[asked.row : asked.row + 1])[0])
