"""An account's own notes of a contract: found by scanning, shown by their number, given to calls that spend them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chain.types.scalars import ObjectId
from client.notes.content import ContractNote
from client.notes.keys import SpendingKey
from client.notes.store import NoteStore
from client.notes.sync import held_store, read_chain
from client.wallet import Wallet
from node.cli.contract_types import Types
from node.cli.contract_values import note_number
from node.cli.errors import BadArgument
from node.cli.places import notes_folder

if TYPE_CHECKING:
    from compute.dsl.compiled import CompiledMethod


async def scanned(wallet: Wallet, spending: SpendingKey) -> NoteStore:
    """The account's notes, read up to the head. Raises as read_chain and held_store."""
    view = spending.full_view()
    async with held_store(notes_folder(), view, wallet.identity) as store:
        await read_chain(wallet.rpc, store, view)
        return store


async def given_notes(
    wallet: Wallet, contract: ObjectId, method: "CompiledMethod", given: Mapping[str, object], spending: SpendingKey
) -> dict[str, object]:
    """The notes that a call spends, by the parameters that say `note:NUMBER`. Raises BadArgument, and as `scanned`."""
    from compute.dsl.caller import WalletNote

    if not method.shape.spends:
        return {}
    store = await scanned(wallet, spending)
    own = {int(note.position): note for note in store.unspent(contract)}
    found: dict[str, object] = {}
    for parameter in method.shape.spends:
        number = note_number(str(given[parameter.name]), parameter.name)
        if number not in own or not isinstance(own[number].content, ContractNote):
            numbers = ", ".join(f"note:{each}" for each in sorted(own)) or "there is none"
            raise BadArgument(parameter.name, f"an unspent note of the account's: {numbers}", f"note:{number}")
        note, content = own[number], own[number].content
        path = store.trees[contract].witness(number)
        if isinstance(content, ContractNote):
            found[parameter.name] = WalletNote(content, int(note.address), number, path)
    return found


def note_rows(types: Types, store: NoteStore, contract: ObjectId) -> list[dict[str, Any]]:
    """The account's unspent notes of a contract, with what is in them."""
    rows = []
    for note in store.unspent(contract):
        if isinstance(note.content, ContractNote):
            name, contents = types.note(note.content)
            rows.append({"note": f"note:{note.position}", "type": name, "contents": contents})
    return rows
