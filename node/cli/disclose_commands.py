"""`cluster disclose`: show one private payment to somebody, or check what was shown."""

import argparse
import json
import os
import re
from pathlib import Path
from typing import Any

from chain.types.scalars import Height, TxHash
from client.notes.disclosure import Disclosure, Payment, disclose, outputs_of, parse_disclosure, require_disclosed
from client.notes.evidence import final_transaction, require_proven, transaction_of
from client.notes.keys import FullViewKey, spending_key
from client.notes.store import NoteStore
from client.notes.sync import held_store, read_chain
from client.results import chain_status
from client.rpc import RpcClient
from client.wallet import ChainIdentity
from client.whole_files import write_whole
from crypto.notes import PoolNote
from node.cli.errors import BadArgument
from node.cli.frame import command
from node.cli.keyring import add_key_arguments, chosen_secret
from node.cli.lights import light_of
from node.cli.money import Money, id_of, monies_by_element
from node.cli.note_wallets import memo_text
from node.cli.places import notes_folder
from node.cli.screen import PARTS, Json, Screen, Step

PAYMENT = "a transaction's hash, 0x and 64 hex digits, or a note's number"
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
    add_key_arguments(parser, required=False)


async def _disclose(arguments: argparse.Namespace, screen: Screen) -> Json:
    if arguments.verify is not None:
        return await _verify(arguments, screen)
    if None in (arguments.payment, arguments.to, arguments.key):
        raise BadArgument("disclose", "PAYMENT, --to and --key, or --verify FILE", "fewer")
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
    disclosure = parse_disclosure(arguments.verify.read_text(encoding="utf-8"))
    async with RpcClient(arguments.rpc) as rpc:
        transaction, height = await final_transaction(rpc, disclosure.transaction)
        payment = require_disclosed(disclosure, transaction, arguments.to)
        evidence = "the node's word; name the chain's genesis with --genesis for a proof"
        if arguments.genesis is not None:
            height = await require_proven(light_of(rpc, arguments.genesis), disclosure, transaction)
            evidence = "signed by validators that follow from the genesis"
        content = payment.content
        monies = await monies_by_element(rpc, [content.asset] if isinstance(content, PoolNote) else [])
    return _shown(disclosure, payment, height, evidence, monies, screen)


def _shown(
    disclosure: Disclosure, payment: Payment, height: Height, evidence: str, monies: dict[int, Money], screen: Screen
) -> Json:
    content = payment.content
    held_: dict[str, Any]
    if isinstance(content, PoolNote):
        money = monies[content.asset]
        held_ = {"amount": money.show(content.value), "units": str(content.value), "memo": memo_text(content.memo)}
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
    screen.line("the payment was made as disclosed")
    screen.pairs((name, value) for name, value in document.items() if name not in ("holds", "units"))
    return document
