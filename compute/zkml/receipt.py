"""What a requester keeps of a posted task: the opening of its input commitment, which also opens the result."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from chain.types.scalars import ObjectId, ProgramId
from client.inference import PrivateInput
from client.settlement import Asked
from compute.zkml.errors import ReceiptUnusable
from contracts.tasks.state import Task
from crypto.field import SCALAR_FIELD

FORMAT: Final = "cluster-task-receipt/2"
PENDING: Final = "pending-"
UNKNOWN_TASK: Final = ObjectId(bytes(32))  # in a receipt that was kept before its task was on the chain


@dataclass(frozen=True, slots=True)
class Receipt:
    """A posted task. Whoever has its receipt can read input and result; nobody else but the `readers` can."""

    task: ObjectId
    program: ProgramId
    model: str
    input: PrivateInput
    readers: tuple[str, ...]  # addresses of the providers to whom the input was sealed
    transaction: str
    height: int

    @property
    def asked(self) -> Asked:
        """What the result's proof must be about."""
        return Asked(self.task, self.program, self.input.commitment)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "task": "0x" + self.task.hex(),
            "program": "0x" + self.program.hex(),
            "model": self.model,
            "row": list(self.input.row),
            "rows": self.input.rows,
            "input_bits": self.input.input_bits,
            "salt": str(self.input.salt),
            "readers": list(self.readers),
            "transaction": self.transaction,
            "height": self.height,
        }


def receipt_path(folder: Path, task: ObjectId) -> Path:
    """Where a task's receipt lies in a folder of receipts."""
    return folder / f"{task.hex()}.json"


def pending_path(folder: Path, commitment: int) -> Path:
    """Where the receipt of a task lies whose id is not known yet: by the input commitment."""
    return folder / f"{PENDING}{commitment:064x}.json"


def save_receipt(folder: Path, receipt: Receipt) -> Path:
    """Write a receipt for its owner's eyes only; its path. It takes the place of the one kept before posting."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pending = pending_path(folder, receipt.input.commitment)
    if receipt.task == UNKNOWN_TASK:
        _write(pending, receipt)
        return pending
    path = receipt_path(folder, receipt.task)
    _write(path, receipt)
    pending.unlink(missing_ok=True)
    return path


def _write(path: Path, receipt: Receipt) -> None:
    """The file is on the disk when this returns: what was paid for must not be lost to a crash."""
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(receipt.to_json(), file)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def load_receipt(folder: Path, task: ObjectId) -> Receipt:
    """Raises ReceiptUnusable."""
    path = receipt_path(folder, task)
    receipt = _read(path)
    if receipt.task != task:
        raise ReceiptUnusable(path, "it is the receipt of another task")
    return receipt


def has_pending(folder: Path) -> bool:
    """Whether something was kept whose task's id never became known here."""
    return next(folder.glob(f"{PENDING}*.json"), None) is not None


def load_pending(folder: Path, task: Task) -> Receipt:
    """The receipt that was kept before `task` was posted. Raises ReceiptUnusable."""
    path = pending_path(folder, task.terms.input_commitment)
    receipt = replace(_read(path), task=task.id, height=task.opened_at)
    if receipt.asked != Asked(task.id, task.terms.program, task.terms.input_commitment):
        raise ReceiptUnusable(path, "it is the receipt of another task")
    return receipt


def _read(path: Path) -> Receipt:
    try:
        return _receipt(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ReceiptUnusable(path, error.strerror or str(error)) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ReceiptUnusable(path, f"it is no receipt of a task ({error})") from error


def _receipt(table: dict[str, Any]) -> Receipt:
    if table["format"] != FORMAT:
        raise ValueError(f"format {table['format']!r:.40}")
    row, salt = tuple(int(value) for value in table["row"]), int(table["salt"])
    if not 0 <= salt < SCALAR_FIELD:
        raise ValueError("the salt is no field element")
    return Receipt(
        task=ObjectId(_id(table["task"])),
        program=ProgramId(_id(table["program"])),
        model=str(table["model"]),
        input=PrivateInput(row, int(table["input_bits"]), salt, int(table["rows"])),
        readers=tuple(str(reader) for reader in table["readers"]),
        transaction=str(table["transaction"]),
        height=int(table["height"]),
    )


def _id(text: str) -> bytes:
    identifier = bytes.fromhex(text.removeprefix("0x"))
    if len(identifier) != 32:
        raise ValueError("an id is not 32 bytes")
    return identifier
