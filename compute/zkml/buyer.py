"""A requester of inference: quantises a row, names who may see it, posts the task, opens the proven result."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from chain.params import Params
from chain.types.scalars import Amount, FieldElement, Height, ObjectId, ProgramId
from client.inference import Entropy, PrivateInput, Recipient, fresh_salt, open_result, prepare_input
from client.market import ModelState, ProviderState, get_model, get_program, get_task, list_providers
from client.results import chain_status
from client.rows import save_rows
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.zkml.errors import (
    ManifestUnusable,
    NoProvider,
    ResultCommitted,
    ResultNotOpened,
    RowsWithoutFolder,
    TaskEndedUnproven,
)
from compute.zkml.inference import COMMITTED, PUBLIC
from compute.zkml.manifest import Manifest, decode_manifest
from compute.zkml.model import QuantisedModel
from compute.zkml.receipt import Receipt
from contracts.tasks.actions import Open, Terms
from contracts.tasks.events import TaskOpened
from contracts.tasks.state import ENDED, PROOF, Task
from crypto.address import encode_address

POLL_SECONDS: Final = 0.3
READERS: Final = 3  # providers that an input is sealed to when nobody is named


@dataclass(frozen=True, slots=True)
class Offer:
    """What a requester pays, in nano-CLU, and for how long the offer stands, in heights after the present head."""

    price_start: Amount
    price_end: Amount
    collateral: Amount | None = None  # None: the least that the chain allows
    ramp: int = 10
    lock_within: int = 60
    end_within: int = 90

    def terms(self, program: ProgramId, commitment: FieldElement, height: Height, params: Params) -> Terms:
        """The terms of a task that is posted when `height` is the head."""
        return Terms(
            program=program,
            input_commitment=commitment,
            evidence_kind=PROOF,
            price_start=self.price_start,
            price_end=self.price_end,
            ramp_end=Height(height + self.ramp),
            collateral=params.min_collateral if self.collateral is None else self.collateral,
            lock_deadline=Height(height + self.lock_within),
            deadline=Height(height + self.end_within),
        )


@dataclass(frozen=True, slots=True)
class Order:
    """A model, an offer, and the providers that will be able to read every input posted under it."""

    model: ModelState
    manifest: Manifest
    offer: Offer
    providers: tuple[ProviderState, ...]

    @property
    def readers(self) -> tuple[str, ...]:
        """Addresses of those who will see the inputs, besides the requester."""
        return tuple(provider.address for provider in self.providers)


@dataclass(frozen=True, slots=True)
class Answer:
    """An opened result: for each row its integer outputs and what they say; who proved it, at which price."""

    receipt: Receipt = field(repr=False)
    manifest: Manifest = field(repr=False)
    outputs: tuple[tuple[int, ...], ...]
    said: tuple[str, ...]  # the class, or a regression's values
    provider: str
    price: Amount
    height: Height

    def equals_reference(self, model: QuantisedModel) -> bool:
        """Whether the proven outputs are, bit for bit, what the integer reference says of the same rows."""
        rows = np.asarray(self.receipt.input.row, dtype=np.int64).reshape(-1, model.features)
        return bool(np.array_equal(np.asarray(self.outputs, dtype=np.int64), model.logits_of(rows)))


class Buyer:
    """An account that asks for inference. Rows of batches travel as files, which are put into the folder `inputs`."""

    def __init__(self, wallet: Wallet, entropy: Entropy = os.urandom, inputs: Path | None = None) -> None:
        self._wallet, self._entropy, self._inputs = wallet, entropy, inputs

    async def order(self, model: str, offer: Offer, providers: Sequence[ProviderState] | None = None) -> Order:
        """Look up a model and decide who may see the inputs: `providers`, or whom `choose_providers` names.

        Nothing is posted yet. Raises RpcFailed (ModelNameUnknown), AnswerRefused, ManifestUnusable, NoProvider,
        ProgramNotOfManifest.
        """
        rpc = self._wallet.rpc
        found = await get_model(rpc, model)
        manifest = decode_manifest(found.program.manifest)
        manifest.require_program(found.program.record)
        if providers is None:
            params = (await chain_status(rpc)).params
            providers = choose_providers(await list_providers(rpc), offer.price_end, params.min_provider_bond)
        return Order(found, manifest, offer, tuple(providers))

    async def post(self, order: Order, *rows: Sequence[float]) -> Receipt:
        """Post one task about as many rows as the model proves at once, in its own units.

        Keep the receipt: without it the result stays sealed. Raises RowOutOfRange, NotFinite, WrongRowLength,
        RowsWithoutFolder, and what submitting raises.
        """
        manifest, program = order.manifest, order.model.program.record.id
        numbers = tuple(manifest.quantise_rows(rows))
        secret = PrivateInput(numbers, manifest.input_bits, fresh_salt(self._entropy), manifest.rows)
        recipients = [Recipient(entry.record.account, entry.record.encryption_key) for entry in order.providers]
        prepared = prepare_input(secret, self._wallet.account, program, recipients, self._entropy)
        if prepared.apart is not None:
            if self._inputs is None:
                raise RowsWithoutFolder(manifest.rows)
            save_rows(self._inputs, prepared.apart)
        status = await chain_status(self._wallet.rpc)
        terms = order.offer.terms(program, prepared.commitment, status.height, status.params)
        outcome = await self._wallet.submit([Open(terms, prepared.sealed_input, prepared.recipients)])
        task = next(event["task"] for event in outcome.events if event["type"] == TaskOpened.name)
        return Receipt(
            task=ObjectId(bytes.fromhex(task[2:])),
            program=program,
            model=order.model.model.model,
            input=secret,
            readers=order.readers,
            transaction=outcome.hash,
            height=outcome.height or 0,
        )


def choose_providers(
    providers: Sequence[ProviderState], price: Amount, min_bond: Amount, most: int = READERS
) -> list[ProviderState]:
    """Who may lock at most `price`: bonded for proofs, fewest forfeits first, then most settled, then cheapest.

    Few, as each can read the input, and by what they have done, as anybody can register many. Raises NoProvider.
    """
    fit = [
        entry
        for entry in providers
        if entry.bond >= min_bond and PROOF in entry.record.kinds and entry.record.min_price <= price
    ]
    if not fit:
        raise NoProvider(len(providers), price)
    fit.sort(key=lambda entry: (entry.record.forfeited, -entry.record.settled, entry.record.min_price))
    return fit[:most]


async def wait_for_answer(rpc: RpcClient, receipt: Receipt) -> Answer:
    """Wait until a task has ended, and open its result. Raises TaskEndedUnproven, ResultNotOpened, RpcFailed."""
    while True:
        state = await get_task(rpc, receipt.task)
        if state.phase in ENDED:
            break
        await asyncio.sleep(POLL_SECONDS)
    if state.task.result is None:
        raise TaskEndedUnproven("0x" + receipt.task.hex(), state.phase)
    program = await get_program(rpc, receipt.program)
    return open_answer(receipt, state.task, decode_manifest(program.manifest))


def open_answer(receipt: Receipt, task: Task, manifest: Manifest) -> Answer:
    """The answer in a settled task. Raises TaskEndedUnproven, ResultNotOpened."""
    task_id = "0x" + receipt.task.hex()
    if task.result is None:
        raise TaskEndedUnproven(task_id, task.state)
    if manifest.results == COMMITTED:
        raise ResultCommitted(task_id)
    packed = (
        task.result.outputs
        if manifest.results == PUBLIC
        else open_result(receipt.input.salt, receipt.task, task.result.outputs)
    )
    try:
        flat = manifest.unpack_outputs(packed)
        outputs = [tuple(flat[i : i + manifest.outputs]) for i in range(0, len(flat), manifest.outputs)]
        said = tuple(manifest.said(one) for one in outputs)
    except ManifestUnusable as error:
        raise ResultNotOpened(task_id) from error
    return Answer(
        receipt=receipt,
        manifest=manifest,
        outputs=tuple(outputs),
        said=said,
        provider=encode_address(task.result.provider),
        price=task.require_lock().price,
        height=task.result.height,
    )
