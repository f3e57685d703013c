"""`cluster notes`: what an account has in shielded pools and contracts, what came, what it sent."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chain.types.scalars import ObjectId
from client.errors import OtherChain
from client.notes.choice import value_of
from client.notes.keys import ViewKey, parse_view_key, spending_key
from client.notes.reach import UNSIGNED, signed_counts
from client.notes.store import NoteStore, OwnNote, SentNote
from client.notes.sync import held_store, read_chain
from client.results import chain_status
from client.rpc import RpcClient
from client.wallet import ChainIdentity
from crypto.notes import PoolNote
from node.cli.errors import BadArgument
from node.cli.frame import command
from node.cli.keyring import add_key_arguments, chosen_secret, identity_of
from node.cli.lights import light_of
from node.cli.money import Money, id_of, monies_by_element
from node.cli.note_kinds import money_pools, sort_notes
from node.cli.note_wallets import POOL_ID, memo_text, pool_keys
from node.cli.places import notes_folder
from node.cli.screen import PARTS, Json, Screen, Step

DEEP = "read everything again and open every note: finds what somebody sent under a wrong tag"
MOST_ADDRESSES = 10_000
RECEIVED, SENT = "received", "sent"
OTHERS = 0o077  # of a file's mode: what it lets anybody but its owner do

Monies = dict[int, Money]


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _notes, rpc=True)
    add_key_arguments(parser, required=False)
    parser.add_argument("--view-key-file", metavar="FILE", type=Path, help="look with a view key instead of --key")
    parser.add_argument("--deep", action="store_true", help=DEEP)
    parser.add_argument(
        "--addresses",
        type=int,
        default=1,
        metavar="N",
        help="with --deep: how many addresses were given out at least (1)",
    )
    parser.add_argument("--all", action="store_true", help="list spent notes too")
    beside = "a shielded pool whose notes count beside those of the pools that `cluster pool list` shows"
    parser.add_argument("--pool", metavar="ID", help=beside)


async def _notes(arguments: argparse.Namespace, screen: Screen) -> Json:
    view = _view_key(arguments, screen)
    if not 1 <= arguments.addresses <= MOST_ADDRESSES:
        raise BadArgument("--addresses", f"1 to {MOST_ADDRESSES}", str(arguments.addresses))
    named = None if arguments.pool is None else ObjectId(id_of(arguments.pool, "--pool", POOL_ID))
    async with RpcClient(arguments.rpc) as rpc:
        with screen.progress("reading notes", PARTS) as step:
            store = await _read(arguments, rpc, view, step)
        light = None if arguments.genesis is None else light_of(rpc, arguments.genesis)
        return await told(rpc, store, await money_pools(rpc, store, pool_keys(), named, light), arguments.all, screen)


async def told(
    rpc: RpcClient, store: NoteStore, pools: frozenset[ObjectId], spent_too: bool, screen: Screen
) -> dict[str, Any]:
    """What is shown of a store's notes, of which those in `pools` are money."""
    own, sent = sort_notes(store.notes, pools), sort_notes(_to_others(store), pools)
    monies = await monies_by_element(rpc, _elements([*own.true, *sent.true]))
    spendable = _free(store)
    shown = [_own_json(note, spendable, monies) for note in own.true if note.spent is None or spent_too]
    document = {
        "height": store.height,
        "balances": _balances(own.true, spendable, monies),
        "notes": shown,
        "sent": [_sent_json(note, monies) for note in sent.true],
        "not_money": [_place(note) | {"direction": RECEIVED} for note in own.strange]
        + [_place(note) | {"direction": SENT} for note in sent.strange],
    }
    _show(document, screen)
    return document


def _view_key(arguments: argparse.Namespace, screen: Screen) -> ViewKey:
    """Of --key or --view-key-file. Raises BadArgument."""
    if (arguments.key is None) == (arguments.view_key_file is None):
        raise BadArgument("--key", "either --key or --view-key-file", "both" if arguments.key else "neither")
    if arguments.key is not None:
        return spending_key(chosen_secret(arguments).seed).full_view()
    file: Path = arguments.view_key_file
    if file.stat().st_mode & OTHERS:
        screen.line(f"others on this machine can read {file}, and with it your notes: chmod 600 {file}")
    lines = file.read_text(encoding="utf-8").split()  # the key alone, or what `cluster address --view-key` prints
    return parse_view_key(lines[-1] if lines else "")


async def _read(arguments: argparse.Namespace, rpc: RpcClient, view: ViewKey, step: Step) -> NoteStore:
    status = await chain_status(rpc)
    identity = ChainIdentity(status.chain_id, status.genesis_hash, status.fork_id)
    if arguments.genesis is not None and identity_of(arguments.genesis).chain != identity.chain:
        raise OtherChain(rpc.url, str(identity_of(arguments.genesis)), str(identity))
    async with held_store(notes_folder(), view, identity) as store:
        store.addresses = max(store.addresses, arguments.addresses)
        signed = UNSIGNED if arguments.genesis is None else await signed_counts(light_of(rpc, arguments.genesis))
        await read_chain(rpc, store, view, deep=arguments.deep, tell=step.reach, signed=signed)
        return store


def _show(document: dict[str, Any], screen: Screen) -> None:
    rows = [(each["pool"], each["shown"], each["notes"], each["waiting_shown"]) for each in document["balances"]]
    screen.table(f"At height {document['height']}", ("pool", "balance", "notes", "on its way"), rows)
    notes, sent, strange = document["notes"], document["sent"], document["not_money"]
    if notes:
        columns = ("number", "height", "holds", "to address", "memo", "state")
        screen.table("Notes", columns, [_row(note) for note in notes])
    for contract in sorted({note["object"] for note in notes if "kind" in note}):
        screen.line(f"fields of its notes by their names: cluster contract read {contract}")
    if sent:
        names = ("number", "height", "holds", "to", "memo", "transaction")
        screen.table("Sent", names, [tuple(each[name] for name in names) for each in sent])
    if strange:
        apart = [(each["number"], each["height"], each["object"], each["direction"]) for each in strange]
        screen.table("Of unknown objects, not money", ("number", "height", "object", "direction"), apart)
        screen.line("anybody can make such notes and write any amount into them; only of a pool you take money in:")
        screen.line("cluster pool import FILE, and --pool ID if `cluster pool list` does not show it")


def _row(note: dict[str, Any]) -> tuple[object, ...]:
    return tuple(note[name] for name in ("number", "height", "holds", "address", "memo", "state"))


def _free(store: NoteStore) -> set[int]:
    """The numbers of the notes that can be spent now."""
    objects = {note.object for note in store.notes}
    return {int(note.number) for object_ in objects for note in store.unspent(object_)}


def _balances(notes: Iterable[OwnNote], spendable: set[int], monies: Monies) -> list[dict[str, Any]]:
    """What can be spent now, and what waits in transactions of one's own, by pool and asset."""
    found: dict[tuple[bytes, int], dict[str, int]] = {}
    for note in notes:
        content = note.content
        if isinstance(content, PoolNote) and note.spent is None:
            sums = found.setdefault((note.object, content.asset), {"amount": 0, "notes": 0, "waiting": 0})
            free = note.number in spendable
            sums["amount" if free else "waiting"] += value_of(note)
            sums["notes"] += free
    return [
        {
            "pool": "0x" + pool.hex(),
            "asset": "0x" + monies[asset].asset.hex(),
            "name": monies[asset].name,
            "amount": str(sums["amount"]),
            "waiting": str(sums["waiting"]),
            "notes": sums["notes"],
            "shown": monies[asset].show(sums["amount"]),
            "waiting_shown": monies[asset].show(sums["waiting"]) if sums["waiting"] else None,
        }
        for (pool, asset), sums in found.items()
    ]


def _own_json(note: OwnNote, spendable: set[int], monies: Monies) -> dict[str, Any]:
    free = note.number in spendable
    state = "unknown" if note.nullifier is None else "unspent" if free else "waiting" if note.spent is None else "spent"
    document = {**_content_json(note, monies), "address": note.address, "state": state}
    return document | {"spent_at": note.spent}


def _sent_json(note: SentNote, monies: Monies) -> dict[str, Any]:
    transaction = None if note.transaction is None else "0x" + note.transaction.hex()
    return {**_content_json(note, monies), "to": note.address.encode(), "transaction": transaction}


def _content_json(note: OwnNote | SentNote, monies: Monies) -> dict[str, Any]:
    """Where a note stands and what it holds: money and a memo, or a contract's fields."""
    place, content = _place(note), note.content
    if isinstance(content, PoolNote):
        money = monies[content.asset]
        held = {"asset": "0x" + money.asset.hex(), "amount": str(content.value), "memo": memo_text(content.memo)}
        return {**place, **held, "holds": money.show(content.value)}
    fields = [str(each) for each in content.fields]
    named = f"contract note of type {content.kind}: {', '.join(fields)}"
    return {**place, "kind": content.kind, "fields": fields, "memo": "", "holds": named}


def _place(note: OwnNote | SentNote) -> dict[str, Any]:
    return {"number": note.number, "height": note.height, "object": "0x" + note.object.hex()}


def _to_others(store: NoteStore) -> list[SentNote]:
    """What was sent and did not come back to oneself as change."""
    own = {note.number for note in store.notes}
    return [note for note in store.sent if note.number not in own]


def _elements(notes: Iterable[OwnNote | SentNote]) -> list[int]:
    contents = (note.content for note in notes)
    return [content.asset for content in contents if isinstance(content, PoolNote)]
