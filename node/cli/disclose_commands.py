"""`cluster disclose`: show one private payment to somebody, or check what was shown."""

import argparse
import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

from chain.types.scalars import Height, TxHash
from client.notes.disclosure import (
    Disclosure,
    Payment,
    disclose,
    moves_in_a_pool,
    outputs_of,
    parse_disclosure,
    require_disclosed,
)
from client.notes.errors import NoPool, PoolKeyMissing
from client.notes.evidence import final_transaction, require_pool_proven, require_proven, transaction_of
from client.notes.keys import FullViewKey, spending_key
from client.notes.pages import default_pool
from client.notes.store import NoteStore
from client.notes.sync import held_store, read_chain
from client.results import chain_status
from client.rpc import RpcClient
from client.wallet import ChainIdentity
from client.whole_files import write_whole
from compute.shielded.pool_prover import PoolKeys, PoolProver
from contracts.shielded.queries import PoolView
from crypto.notes import PoolNote
from node.cli.errors import BadArgument
from node.cli.frame import command
from node.cli.keyring import add_key_arguments, chosen_secret
from node.cli.lights import light_of
from node.cli.money import Money, id_of, monies_by_element
from node.cli.note_wallets import add_pool_argument, chosen_pool, memo_text, pool_keys
from node.cli.places import notes_folder
from node.cli.screen import PARTS, Json, Screen, Step

PAYMENT = "a transaction's hash, 0x and 64 hex digits, or a note's number"
USUAL = "the one that wallets here take"
NAMED = "another than wallets here take, named with --pool"
_NUMBER = re.compile(r"[0-9]{1,18}")


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _disclose, rpc=True)
    what = "its transaction's hash, or the note's number"
    parser.add_argument("payment", nargs="?", metavar="PAYMENT", help=what)
    which = "with a hash: which of its notes (0: the payment itself)"
    parser.add_argument("--output", type=int, default=0, metavar="N", help=which)
    parser.add_argument("--to", metavar="CONTEXT", help="for whom it is; with --verify: for whom it must be")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write it to a file instead of showing it")
    parser.add_argument("--verify", metavar="FILE", type=Path, help="check what somebody disclosed")
    add_pool_argument(parser)
    add_key_arguments(parser, required=False)


async def _disclose(arguments: argparse.Namespace, screen: Screen) -> Json:
    if arguments.verify is not None:
        return await _verify(arguments, screen)
    if None in (arguments.payment, arguments.to, arguments.key):
        raise BadArgument("disclose", "PAYMENT, --to and --key, or --verify FILE", "fewer")
    if arguments.pool is not None:
        raise BadArgument("--pool", "--verify FILE beside it", arguments.pool)
    named: str = arguments.payment
    hash_ = None if _NUMBER.fullmatch(named) else TxHash(id_of(named, "payment", PAYMENT))
    view = spending_key(chosen_secret(arguments).seed).full_view()
    async with RpcClient(arguments.rpc) as rpc:
        with screen.progress("reading notes", PARTS) as step:
            store = await _read(rpc, view, step)
            if hash_ is None:
                note = store.sent_note(int(named))
                transaction, output = await transaction_of(rpc, note.height, note.commitment)
            else:
                (transaction, _), output = await final_transaction(rpc, hash_), arguments.output
    commitments = [each.output.commitment for each in outputs_of(transaction)][output : output + 1]
    number = next((int(each.number) for each in store.sent if each.commitment in commitments), None)
    shown = disclose(transaction, output, view.outgoing, arguments.to, os.urandom, number)
    return _written(shown.to_json(), arguments.out, screen)


async def _read(rpc: RpcClient, view: FullViewKey, step: Step) -> NoteStore:
    status = await chain_status(rpc)
    identity = ChainIdentity(status.chain_id, status.genesis_hash, status.fork_id)
    async with held_store(notes_folder(), view, identity) as store:
        await read_chain(rpc, store, view, tell=step.reach)
        return store


def _written(document: dict[str, Any], file: Path | None, screen: Screen) -> Json:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if file is None:
        for line in text.split("\n"):
            screen.line(line)
        return document
    write_whole(file, text.encode() + b"\n", private=True)
    screen.line(f"written to {file}; whoever has it sees this one payment")
    return {"file": str(file)}


async def _verify(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        return await verified(arguments, rpc, pool_keys(), screen)


async def verified(arguments: argparse.Namespace, rpc: RpcClient, keys: PoolKeys, screen: Screen) -> Json:
    """What the file of --verify shows. Raises NotOfThePool, and what reading, finding and proving it raise."""
    disclosure = parse_disclosure(arguments.verify.read_text(encoding="utf-8"))
    transaction, height = await final_transaction(rpc, disclosure.transaction)
    pool = None
    if arguments.pool is not None or moves_in_a_pool(transaction, disclosure.output):
        pool = await chosen_pool(arguments, rpc, keys, screen.line)
        await asyncio.to_thread(PoolProver(keys, pool).require)
    payment = require_disclosed(disclosure, transaction, arguments.to, None if pool is None else pool.pool)
    evidence = "the node's word; name the chain's genesis with --genesis for a proof"
    if arguments.genesis is not None:
        light = light_of(rpc, arguments.genesis)
        height = await require_proven(light, disclosure, transaction)
        if pool is not None:
            await require_pool_proven(light, pool)
        evidence = "signed by validators that follow from the genesis"
    content = payment.content
    monies = await monies_by_element(rpc, [content.asset] if isinstance(content, PoolNote) else [])
    usual = arguments.pool is None or (pool is not None and await _is_usual(rpc, keys, pool))
    return _shown(disclosure, payment, height, evidence, monies, screen, usual=usual)


async def _is_usual(rpc: RpcClient, keys: PoolKeys, pool: PoolView) -> bool:
    """Whether it is the pool that wallets here take where none is named."""
    try:
        return (await default_pool(rpc, keys.knows)).pool == pool.pool
    except (NoPool, PoolKeyMissing):
        return False


def _shown(
    disclosure: Disclosure,
    payment: Payment,
    height: Height,
    evidence: str,
    monies: dict[int, Money],
    screen: Screen,
    *,
    usual: bool,
) -> Json:
    content = payment.content
    held_: dict[str, Any]
    if isinstance(content, PoolNote):
        money = monies[content.asset]
        held_ = {"pool": USUAL if usual else NAMED}
        held_ |= {"amount": money.show(content.value), "units": str(content.value), "memo": memo_text(content.memo)}
    else:
        held_ = {"kind": content.kind, "fields": [str(each) for each in content.fields]}
    document = {
        "holds": True,
        **held_,
        "address": payment.address.encode(),
        "object": "0x" + payment.object.hex(),
        "transaction": "0x" + disclosure.transaction.hex(),
        "output": disclosure.output,
        "height": height,
        "made_for": disclosure.context,
        "evidence": evidence,
    }
    if not isinstance(content, PoolNote):
        screen.line("a contract made the note as disclosed: no money, and only that contract says what it means")
    elif usual:
        screen.line("the payment was made as disclosed, in the pool that wallets here take")
    else:
        screen.line("the payment was made as disclosed, in another pool than wallets here take: that of --pool")
    screen.pairs((name, value) for name, value in document.items() if name not in ("holds", "units"))
    return document
