"""One task from its input to its pay: open and check the input, lock, run and prove, submit until it is settled."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from chain.execution.statement import id_element
from chain.execution.verifier import FalseEvidence
from chain.types.scalars import AccountId, Height, ObjectId, ProgramId
from client.errors import (
    InputRowsUnavailable,
    NotAnRpc,
    RpcFailed,
    SealedInputError,
    TransactionExpired,
    TransactionFailed,
    Unreachable,
)
from client.inference import PrivateInput, open_input
from client.market import TaskState, get_task
from client.results import Outcome, chain_status
from client.rows import read_rows
from client.wallet import Wallet
from compute.circom.errors import CircomError
from compute.worker.events import Kind, Report, WorkerEvent
from compute.worker.judge import (
    Market,
    Objection,
    Promise,
    lock_by,
    objection_to_profit,
    objection_to_terms,
    objection_to_time,
)
from compute.worker.pace import Pace
from compute.worker.settings import WorkerSettings
from compute.worker.shelf import Clock, LoadedModel, Shelf
from compute.zkml.errors import ModelFileUnusable, ReferenceMismatch, WrongRowLength
from compute.zkml.prover import prove_result
from contracts.tasks.actions import Lock, Settle
from contracts.tasks.events import TaskSettled
from contracts.tasks.state import LOCK_EXPIRED, LOCKED, OPEN, Task
from crypto.address import encode_address
from crypto.errors import CryptoError
from crypto.sealedbox import EncryptionKey

EXPIRES_WITHIN: Final = 20  # heights: a lost transaction is soon known to be lost, and sent anew
FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 5.0

P = ParamSpec("P")
T = TypeVar("T")

UNPROVABLE: Final = (CryptoError, CircomError, ReferenceMismatch, WrongRowLength)  # of a task's input, for good
NOT_SENT: Final = (RpcFailed, TransactionFailed, TransactionExpired, Unreachable, NotAnRpc)


@dataclass(slots=True)
class Bench:
    """What all jobs of a worker share. inputs: the folder of requesters' files of rows.

    promised: the proofs that locks of ours wait for, by task.
    """

    wallet: Wallet
    encryption_key: EncryptionKey = field(repr=False)
    settings: WorkerSettings
    shelf: Shelf
    inputs: Path
    pool: Executor
    pace: Pace
    clock: Clock
    report: Report
    promised: dict[ObjectId, Promise] = field(default_factory=dict)

    @property
    def account(self) -> AccountId:
        return self.wallet.account

    async def market(self) -> Market:
        """The chain as it is now."""
        status = await patiently(partial(chain_status, self.wallet.rpc))
        self.pace.block_seen(self.clock(), status.height)
        return Market(status.height, status.base_fee, status.params)

    def tell(self, kind: Kind, task: ObjectId, **details: object) -> None:
        self.report(WorkerEvent(kind, task, details))

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Proving, opening and checking do not hold up the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, partial(function, *args, **kwargs))

    def mine(self, state: TaskState) -> bool:
        """Whether this account may settle the task now."""
        lock = state.task.lock
        return state.phase == LOCK_EXPIRED or (
            state.phase == LOCKED and lock is not None and lock.provider == self.account
        )


async def work_on(bench: Bench, task_id: ObjectId) -> Objection | None:
    """Do whatever a task needs from this provider; None when nothing is left to do, else why it was left alone.

    Raises RpcFailed when the node does not know the task, and what a fault of ours raises (a Groth16Error).
    """
    state = await patiently(partial(get_task, bench.wallet.rpc, task_id))
    if state.input is None or not (state.phase == OPEN or bench.mine(state)):
        return Objection(f"it is {state.phase}", final=True)
    try:
        model = await load_model(bench, state.task.terms.program)
        secret = await _open(bench, state, model)
    except SealedInputError as error:
        return Objection(f"{type(error).__name__}: {error}", final=True)
    except (ModelFileUnusable, InputRowsUnavailable) as error:
        return Objection(f"{type(error).__name__}: {error}", final=False)
    settle = await _lock_and_prove(bench, state, model, secret)
    return settle if isinstance(settle, Objection) else await _submit(bench, settle)


async def load_model(bench: Bench, program: ProgramId) -> LoadedModel:
    """The program's model from the shelf; how long its trial proof took is noted. Raises ModelFileUnusable."""
    model = await bench.shelf.get(program)
    if not bench.pace.proof_seconds(program):
        bench.pace.proof_made(program, model.trial_seconds)
        name, ms = model.manifest.architecture, round(model.trial_seconds * 1000)
        bench.report(WorkerEvent("model", details={"program": "0x" + program.hex(), "name": name, "proof_ms": ms}))
    return model


async def patiently(read: Callable[[], Awaitable[T]]) -> T:
    """The answer of a node, however long it takes to be there."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await read()
        except (Unreachable, NotAnRpc):
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def _open(bench: Bench, state: TaskState, model: LoadedModel) -> PrivateInput:
    manifest, task_input = model.manifest, state.input
    if task_input is None:
        raise ValueError("a task without its input reached a job")
    return await bench.in_thread(
        open_input,
        state.task,
        task_input,
        bench.account,
        bench.encryption_key,
        manifest.features,
        manifest.input_bits,
        manifest.rows,
        fetch=partial(read_rows, bench.inputs),
    )


async def _lock_and_prove(
    bench: Bench, state: TaskState, model: LoadedModel, secret: PrivateInput
) -> Settle | Objection:
    task, latest = state.task, state.task.terms.lock_deadline
    if state.phase == OPEN:
        market, promised = await bench.market(), tuple(bench.promised.values())
        objection = _objection(bench, task, model, market, promised)
        if objection is not None:
            return objection
        latest = lock_by(task, bench.pace, promised, bench.settings)
    due = task.terms.deadline if state.phase == LOCK_EXPIRED else task.terms.lock_deadline
    bench.promised[task.id] = Promise(bench.pace.proof_seconds(task.terms.program), due)
    try:
        if state.phase == OPEN:
            locked = await _provable(bench, model, task, secret) or await _lock(bench, task, latest)
            if isinstance(locked, Objection):
                return locked
            state = locked
        else:
            bench.tell("resumed" if state.phase == LOCKED else "rescuing", task.id)
        return await _prove(bench, model, state, secret)
    finally:
        del bench.promised[task.id]


def _objection(
    bench: Bench, task: Task, model: LoadedModel, market: Market, promised: Sequence[Promise]
) -> Objection | None:
    return (
        objection_to_terms(task, market, bench.settings)
        or objection_to_profit(task, model.program, market)
        or objection_to_time(task, market, bench.pace, promised, bench.settings)
    )


async def _provable(bench: Bench, model: LoadedModel, task: Task, secret: PrivateInput) -> Objection | None:
    """Why a task is not locked whose lock nothing could redeem: its requester may seal rows that have no witness."""
    try:
        await bench.in_thread(model.prover.require_provable, id_element(task.id), secret.row, secret.salt)
    except UNPROVABLE as error:
        return Objection(f"its input has no proof: {type(error).__name__}: {error}", final=True)
    return None


async def _lock(bench: Bench, task: Task, latest: Height) -> TaskState | Objection:
    """Lock an open task whose input is good, at height `latest` at the latest; the task as locked, or why it is not."""
    latest = min(latest, Height((await bench.market()).height + EXPIRES_WITHIN))
    bench.tell("accepted", task.id, until=latest)
    reason = "somebody else was first"
    try:
        await bench.wallet.submit([Lock(task.id)], expiry_height=latest)
    except NOT_SENT as error:
        reason = str(error)
    locked = await patiently(partial(get_task, bench.wallet.rpc, task.id))
    if locked.phase == LOCKED and bench.mine(locked):
        bench.tell("locked", task.id, price=locked.task.require_lock().price, epoch=locked.task.lock_epoch)
        return locked
    return Objection(f"not locked: {reason}", final=locked.phase != OPEN)


async def _prove(bench: Bench, model: LoadedModel, state: TaskState, secret: PrivateInput) -> Settle:
    settle, seconds = await bench.in_thread(_timed_proof, bench, model, state, secret)
    bench.pace.proof_made(state.task.terms.program, seconds)
    bench.tell("proven", state.task.id, ms=round(seconds * 1000))
    return settle


def _timed_proof(bench: Bench, model: LoadedModel, state: TaskState, secret: PrivateInput) -> tuple[Settle, float]:
    start = bench.clock()
    return prove_result(model.prover, bench.wallet, state.task, secret), bench.clock() - start


async def _submit(bench: Bench, settle: Settle) -> Objection | None:
    """Send the result until it is final, each time with a fresh nonce, as long as this account may settle."""
    pause = FIRST_PAUSE
    while True:
        refused = False
        try:
            outcome = await bench.wallet.submit([settle], expires_within=EXPIRES_WITHIN)
            bench.tell("settled", settle.task, **_pay(outcome))
            return None
        except NOT_SENT as error:
            bench.tell("retry", settle.task, reason=str(error))
            refused = isinstance(error, RpcFailed) and error.rule == FalseEvidence.code
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
        state = await patiently(partial(get_task, bench.wallet.rpc, settle.task))
        result = state.task.result
        if result is not None and result.provider == bench.account:
            bench.tell("settled", settle.task, height=result.height)
            return None
        if refused or not bench.mine(state):
            by = "" if result is None else f" by {encode_address(result.provider)}"
            bench.tell("lost", settle.task, reason="its proof was refused" if refused else f"it is {state.phase}{by}")
            return None


def _pay(outcome: Outcome) -> dict[str, object]:
    """What the settlement's receipt says."""
    event = next(event for event in outcome.events if event["type"] == TaskSettled.name)
    return {"paid": int(event["paid"]), "height": outcome.height}
