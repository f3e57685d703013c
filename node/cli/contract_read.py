"""`cluster contract read`: a contract's registers and one's own notes, decrypted on this machine."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chain.types.scalars import ObjectId
from chain.types.transaction import Transaction
from client.errors import AnswerRefused
from client.notes.keys import spending_key
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.confidential.errors import ConfidentialComputeError
from compute.confidential.keys import DataKeys, Outsider, reader_key
from compute.confidential.on_chain import ContractClient
from compute.confidential.permit_errors import AnotherContract
from compute.confidential.permits import MAX_FILE_BYTES, open_permit, read_permit
from compute.confidential.reader import open_at, open_call
from contracts.application import build_application
from contracts.confidential.call import Call
from contracts.confidential.queries import ContractView
from crypto.keys import SecretKey
from node.cli.contract_client import add_oldest, contract_client
from node.cli.contract_notes import note_rows, scanned
from node.cli.contract_source import add_contract, find_contract
from node.cli.contract_types import Types, types_of
from node.cli.contract_values import in_words
from node.cli.errors import BadArgument
from node.cli.frame import add_command
from node.cli.keyring import add_key_arguments, open_anybody
from node.cli.screen import Json, Screen

if TYPE_CHECKING:
    from node.cli.frame import Commands


FIXED: Final = "its readers are fixed: nobody can add or remove one"
KEYLESS: Final = "it is sealed; name a reader with --key"


@dataclass(frozen=True, slots=True)
class Seen:
    """A register as one sees it: its value, or why not."""

    name: str
    sealed: bool
    version: int
    epoch: int
    value: Any
    refused: str | None = None

    @property
    def row(self) -> tuple[object, ...]:
        return (self.name, "sealed" if self.sealed else "public", self.version, self.epoch or None, self.text)

    @property
    def text(self) -> str:
        return str(self.value) if self.refused is None else f"not readable: {self.refused}"

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "sealed": self.sealed,
            "version": self.version,
            "epoch": self.epoch,
            "value": self.value,
            "refused": self.refused,
        }


def add_read(commands: "Commands") -> None:
    """Adds the command to its group."""
    new = add_command(commands, "read", "decrypt a contract's registers and one's notes, here", _read, rpc=True)
    add_contract(new)
    new.add_argument("--permit", type=Path, metavar="FILE", help="read as an auditor, with a permit")
    new.add_argument("--transaction", metavar="HASH", help="what this call wrote, whatever was written since")
    add_oldest(new)
    add_key_arguments(new, required=False)


async def _read(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        secret, wallet = await open_anybody(arguments, rpc)
        entry = find_contract(arguments, wallet.identity)
        with screen.progress("reading the contract"):
            client = contract_client(arguments, wallet, entry.contract)
            view = await client.view()
            types = await types_of(rpc, entry, view)
            keys = _keys(arguments.permit, secret, wallet, entry.contract)
            if arguments.transaction is None:
                seen = [_register(types, keys, view, index) for index in range(len(view.registers))]
            else:
                seen = await _written(client, arguments.transaction, types, keys, view)
            notes = []
            makes = any(method.outputs for method in view.record.methods)
            if makes and secret is not None and arguments.permit is None:
                notes = note_rows(types, await scanned(wallet, spending_key(secret.seed)), entry.contract)
    return _show(screen, entry.contract, view, seen, notes)


def _show(
    screen: Screen, contract: ObjectId, view: ContractView, seen: list[Seen], notes: list[dict[str, Any]]
) -> Json:
    screen.table("", ("register", "sort", "version", "epoch", "value"), [each.row for each in seen])
    if view.record.fixed_readers:
        screen.line(FIXED)
    if notes:
        rows = [(note["note"], note["type"], in_words(note["contents"])) for note in notes]
        screen.table("", ("note", "type", "contents"), rows)
    return {
        "contract": "0x" + contract.hex(),
        "epoch": view.record.epoch,
        "fixed_readers": view.record.fixed_readers,
        "registers": [each.to_json() for each in seen],
        "notes": notes,
    }


def _keys(permit: Path | None, secret: SecretKey | None, wallet: Wallet, contract: ObjectId) -> DataKeys:
    """What opens the registers: one's own reader key, or a permit's; nothing without --key.

    Raises BadArgument, a PermitError, OSError.
    """
    if secret is None:
        if permit is not None:
            raise BadArgument("--key", "the account that the permit is for", "nothing")
        return Outsider()
    own = reader_key(secret.seed)
    if permit is None:
        return own
    with permit.open("rb") as file:
        opened = open_permit(read_permit(file.read(MAX_FILE_BYTES + 1)), own, wallet.identity)
    if opened.terms.contract != contract:  # what was never written opens without a key, so it would not be noticed
        raise AnotherContract(opened.terms.contract, contract)
    return opened


def _register(types: Types, keys: DataKeys, contract: ContractView, index: int) -> Seen:
    spec, register = contract.record.registers[index], contract.registers[index]
    try:
        value = types.register(spec.name, open_at(keys, contract, index))
    except ConfidentialComputeError as refusal:
        reason = KEYLESS if isinstance(keys, Outsider) else str(refusal)
        return Seen(spec.name, spec.sealed, register.version, register.epoch, None, reason)
    return Seen(spec.name, spec.sealed, register.version, register.epoch, value)


async def _written(
    client: ContractClient, hash_: str, types: Types, keys: DataKeys, contract: ContractView
) -> list[Seen]:
    """What the calls of a transaction wrote into the contract.

    Raises RpcFailed, AnswerRefused, and as open_call and with_epochs.
    """
    raw = bytes.fromhex((await client.wallet.rpc.call("chain_getTransaction", hash=hash_))["raw"][2:])
    transaction = Transaction.decode(raw, build_application().unions)
    if "0x" + transaction.hash.hex() != hash_.lower():
        raise AnswerRefused(f"the node sent another transaction than {hash_}")
    seen = []
    for action in transaction.envelope.actions:
        if isinstance(action, Call) and action.contract == contract.contract:
            under = await client.with_epochs(contract, range(action.epoch, action.epoch + 1))
            for move, opening in zip(action.moves, open_call(keys, under, action), strict=True):
                spec = contract.record.registers[move.register]
                value = types.register(spec.name, opening)
                seen.append(Seen(spec.name, spec.sealed, opening.version, action.epoch, value))
    return seen
