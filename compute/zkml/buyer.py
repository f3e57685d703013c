"""A requester of inference: quantises a row, names who may see it, posts the task, opens the proven result."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from chain.params import Params
from chain.types.scalars import Amount, FieldElement, Height, ObjectId, ProgramId, TxHash
from client.errors import AnswerRefused
from client.inference import Entropy, PrivateInput, Recipient, fresh_salt, open_result, prepare_input
from client.market import ModelState, ProviderState, get_model, get_task, list_providers
from client.results import chain_status
from client.rows import save_rows
from client.rpc import RpcClient
from client.settlement import check_settlement
from client.wallet import Wallet
from compute.circom.errors import NotBound
from compute.circom.program import CircomManifest
from compute.manifests import AnyManifest, decode_any_manifest
from compute.zkml.errors import (
    ManifestUnusable,
    NoProvider,
    ResultCommitted,
    ResultNotOpened,
    ResultsKeyed,
    RowsWithoutFolder,
    TaskEndedUnproven,
)
from compute.zkml.inference import COMMITTED, PUBLIC
from compute.zkml.model import QuantisedModel
from compute.zkml.receipt import UNKNOWN_TASK, Receipt, save_receipt
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
    manifest: AnyManifest
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
    manifest: AnyManifest = field(repr=False)
    outputs: tuple[tuple[int, ...], ...]
    said: tuple[str, ...]  # the class, a regression's values, or a circuit's numbers
    provider: str
    price: Amount
    height: Height
    transaction: TxHash | None = None  # whose proof was verified here; None where nobody has

    def equals_reference(self, model: QuantisedModel) -> bool:
        """Whether the proven outputs are, bit for bit, what the integer reference says of the same rows."""
        rows = np.asarray(self.receipt.input.row, dtype=np.int64).reshape(-1, model.features)
        return bool(np.array_equal(np.asarray(self.outputs, dtype=np.int64), model.logits_of(rows)))


class Buyer:
    """An account that asks for inference. Rows of batches travel as files, which are put into the folder `inputs`.

    Into the folder `receipts` goes each receipt, before its task is posted: whoever loses it cannot open the answer.
    Without that folder, keeping what `post` returns is the caller's business.
    """

    def __init__(
        self,
        wallet: Wallet,
        entropy: Entropy = os.urandom,
        inputs: Path | None = None,
        receipts: Path | None = None,
    ) -> None:
        self._wallet, self._entropy, self._inputs, self._receipts = wallet, entropy, inputs, receipts

    async def order(self, model: str, offer: Offer, providers: Sequence[ProviderState] | None = None) -> Order:
        """Look up a model and decide who may see the inputs: `providers`, or whom `choose_providers` names.

        Nothing is posted yet. Raises RpcFailed (ModelNameUnknown), AnswerRefused (also for a provider whose encryption
        key is not its account's own), ManifestUnusable, NotBound, ResultsKeyed, NoProvider, ProgramNotOfManifest.
        """
        rpc = self._wallet.rpc
        found = await get_model(rpc, model)
        manifest = decode_any_manifest(found.program.manifest)
        manifest.require_program(found.program.record)
        if isinstance(manifest, CircomManifest) and not manifest.bound:
            raise NotBound(model)
        if manifest.keyed:
            raise ResultsKeyed(model)
        if providers is None:
            params = (await chain_status(rpc)).params
            providers = choose_providers(await list_providers(rpc), offer.price_end, params.min_provider_bond)
        for provider in providers:
            if not provider.holds_key:
                raise AnswerRefused(f"the encryption key shown for {provider.address} is not that account's own")
        return Order(found, manifest, offer, tuple(providers))

    async def post(self, order: Order, *rows: Sequence[float]) -> Receipt:
        """Post one task about as many rows as the model proves at once, in its own units.

        Keep the receipt: without it the result stays sealed. Raises RowOutOfRange, NotWhole, NotFinite,
        WrongRowLength, WrongRowCount, InputRefused, RowsWithoutFolder, and what submitting raises.
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
        kept = Receipt(UNKNOWN_TASK, program, order.model.model.model, secret, order.readers, "", 0)
        if self._receipts is not None:
            save_receipt(self._receipts, kept)
        outcome = await self._wallet.submit([Open(terms, prepared.sealed_input, prepared.recipients)])
        task = next(event["task"] for event in outcome.events if event["type"] == TaskOpened.name)
        receipt = replace(
            kept, task=ObjectId(bytes.fromhex(task[2:])), transaction=outcome.hash, height=outcome.height or 0
        )
        if self._receipts is not None:
            save_receipt(self._receipts, receipt)
        return receipt


def choose_providers(
    providers: Sequence[ProviderState], price: Amount, min_bond: Amount, most: int = READERS
) -> list[ProviderState]:
    """Who may lock at most `price`: bonded for proofs, fewest forfeits first, then most settled, then cheapest.

    Few, as each can read the input, and by what they have done, as anybody can register many. Whose encryption key is
    not the account's own is left out. Raises NoProvider.
    """
    fit = [
        entry
        for entry in providers
        if entry.bond >= min_bond
        and PROOF in entry.record.kinds
        and entry.record.min_price <= price
        and entry.holds_key
    ]
    if not fit:
        raise NoProvider(len(providers), price)
    fit.sort(key=lambda entry: (entry.record.forfeited, -entry.record.settled, entry.record.min_price))
    return fit[:most]


async def wait_for_answer(rpc: RpcClient, receipt: Receipt) -> Answer:
    """Wait until a task has ended, verify the proof of its result on this machine, and open what was proven.

    Raises TaskEndedUnproven, AnswerRefused, FalseEvidence, ResultNotOpened, RpcFailed.
    """
    while True:
        state = await get_task(rpc, receipt.task)
        if state.phase in ENDED:
            break
        await asyncio.sleep(POLL_SECONDS)
    if state.task.result is None:
        raise TaskEndedUnproven("0x" + receipt.task.hex(), state.phase)
    settlement = await check_settlement(rpc, receipt.asked, state.task)
    answer = open_answer(receipt, settlement.task, decode_any_manifest(settlement.program.manifest))
    return replace(answer, transaction=settlement.transaction)


def open_answer(receipt: Receipt, task: Task, manifest: AnyManifest) -> Answer:
    """The answer in a settled task, whose proof nobody verifies here. Raises TaskEndedUnproven, ResultNotOpened."""
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
