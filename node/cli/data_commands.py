"""`cluster data`: what lies in the home of a stopped node: export, import, roll back, replay, reindex, verify, repair.

The folder's lock keeps these commands and a running node apart. None of them touches keys, and only a
repair moves the signer's state, forwards, into silence (node/abstention.py).
"""

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from chain.codec import decode
from chain.execution.verifier import Verifier
from chain.state.store import Store
from chain.state.view import StateView
from chain.types.block import Block
from chain.types.genesis import Genesis
from chain.types.scalars import Height, TxHash
from chain.types.transaction import transaction_hash
from client.light.blocks import Trust
from contracts.registry.state import key_bytes
from node.cli.data_repair import register_repair
from node.cli.errors import BadArgument
from node.cli.frame import Run, add_command, subcommands
from node.cli.passphrases import add_passphrase_file, passphrase_from, start_line
from node.cli.places import node_folder
from node.cli.screen import Json, Screen
from node.home import Home
from node.replay import replay
from node.snapshots.file import read_head, restore_state, write_snapshot
from node.snapshots.head import require_trusted, require_whole, tip_at
from node.storage.database import Database
from node.storage.restore import Restore, discard
from node.verifier import NodeVerifier


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)

    def add(name: str, summary: str, run: Run) -> argparse.ArgumentParser:
        added = add_command(commands, name, summary, run)
        added.add_argument("--home", type=Path, default=node_folder(), help="default: $CLUSTER_HOME/node")
        add_passphrase_file(added)
        return added

    export = add("export", "write the state of one height into a file that proves itself", _export)
    export.add_argument("file", type=Path)
    export.add_argument("--height", type=int, metavar="H", help="default: the newest that is signed")
    load = add("import", "fill an empty database from such a file; blocks after it come from peers", _import)
    load.add_argument("file", type=Path)
    load.add_argument(
        "--trust",
        metavar="HEIGHT:BLOCK_ID",
        help="the block that signs the state, from somebody you believe; needed once genesis is too old for that",
    )
    again = add("replay", "execute the stored blocks once more, compare every root and receipt", _replay)
    again.add_argument("--from", dest="start", type=int, default=0, metavar="H", help="from the state after H on")
    back = add("rollback", "stand at an earlier kept height again; what was signed stays signed", _rollback)
    back.add_argument("--to", type=int, metavar="H", help="default: one block back")
    add("reindex", "make flat state and the index of transactions anew from the tree and the blocks", _reindex)
    register_repair(add)
    add("verify", "read every record, recompute the state root, compare flat state with the tree", _verify)


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[tuple[Database, Genesis]]:
    """The database of a stopped node's home. Raises what opening a home does; DatabaseInUse while the node runs."""
    home = Home(arguments.home.absolute())
    config, genesis = home.load_config(), home.load_genesis()
    key = home.load_storage_key(config, passphrase_from(arguments.passphrase_file))
    database = Database.open(home.database, key, genesis.hash(), home.storage_settings(config))
    try:
        database.snapshot()  # raises where there is no head
        yield database, genesis
    finally:
        database.close()


def _export(arguments: argparse.Namespace, screen: Screen) -> Json:
    with _opened(arguments) as (database, _), screen.progress("exporting", parts=1) as step:
        height = Height(database.snapshot().height - 1 if arguments.height is None else arguments.height)
        try:
            entries = write_snapshot(database, height, arguments.file, step.reach)
        except FileExistsError:
            expected = "a file that is not there yet: nothing is overwritten; name another, or move that one away"
            raise BadArgument("FILE", expected, str(arguments.file)) from None
    head = read_head(arguments.file)
    size = arguments.file.stat().st_size
    trust = str(Trust(head.signer.height, head.signer.header.id()))
    screen.line(f"the state after {height}: {entries} entries, {size} bytes in {arguments.file}")
    screen.line(f"signed by block {trust}: tell that, as --trust, to whoever takes the file")
    return {"height": height, "entries": entries, "bytes": size, "trust": trust, "state_root": "0x" + head.root.hex()}


def _import(arguments: argparse.Namespace, screen: Screen) -> Json:
    home = Home(arguments.home.absolute())
    config, genesis = home.load_config(), home.load_genesis()
    key = home.load_storage_key(config, passphrase_from(arguments.passphrase_file))
    head = read_head(arguments.file)
    require_whole(head, genesis.chain_id)
    trust = None if arguments.trust is None else Trust.parse(arguments.trust)
    if arguments.trust is not None and trust is None:
        raise BadArgument("--trust", "HEIGHT:BLOCK_ID, a number and 64 hex digits", arguments.trust)
    require_trusted(head, genesis, trust, time.time_ns() // 1_000_000)
    restore = Restore.begin(home.database, key, genesis.hash(), head.restored(), 1)
    try:
        with screen.progress("importing", parts=1) as step:
            entries = restore_state(arguments.file, restore, step.reach)
        restore.finish()
    except BaseException:
        restore.close()
        discard(home.database)  # the file is still there: nothing is lost by beginning anew
        raise
    screen.line(f"the state after {head.height}: {entries} entries, root 0x{head.root.hex()}")
    screen.line(f"start the node: {start_line(home.root, arguments.passphrase_file)}; later blocks come from peers")
    return {"height": head.height, "entries": entries, "state_root": "0x" + head.root.hex()}


def _replay(arguments: argparse.Namespace, screen: Screen) -> Json:
    with _opened(arguments) as (database, genesis), ThreadPoolExecutor(2) as pool:

        def verifier_of(store: Store) -> Verifier:
            return NodeVerifier(lambda vk_id: key_bytes(StateView(store, Height(0)), vk_id), pool, pool)

        start, tip = Height(arguments.start), database.snapshot().height
        blocks = transactions = 0
        with screen.progress("replaying", parts=max(tip - start, 1)) as step:
            for done in replay(database, genesis, start, verifier_of):
                blocks, transactions = blocks + 1, transactions + done.transactions
                step.advance()
    screen.line(f"{blocks} blocks, {transactions} transactions: every root and receipt is what was stored")
    return {"from": start, "to": tip, "blocks": blocks, "transactions": transactions}


def _rollback(arguments: argparse.Namespace, screen: Screen) -> Json:
    with _opened(arguments) as (database, _):
        before = database.snapshot().height
        height = Height(before - 1 if arguments.to is None else arguments.to)
        if not max(database.first_block, 1) <= height <= before:
            raise BadArgument("--to", f"a height from {max(database.first_block, 1)} to {before}", str(height))
        hashes = [hash_ for above in range(height + 1, before + 1) for hash_ in _hashes(database, Height(above))]
        database.rewind(tip_at(database, height), hashes)
    screen.line(f"the database stands at {height} again; it was at {before}")
    screen.line("the signer's state is as it was: what this validator has signed it does not sign differently now")
    return {"height": height, "before": before}


def _reindex(arguments: argparse.Namespace, screen: Screen) -> Json:
    with _opened(arguments) as (database, _), screen.progress("reindexing"):
        heights = map(Height, range(database.first_block, database.snapshot().height + 1))
        made = database.reindex((height, _hashes(database, height)) for height in heights)
    screen.line(f"{made.entries} entries of state, {made.transactions} transactions")
    return {"entries": made.entries, "transactions": made.transactions}


def _verify(arguments: argparse.Namespace, screen: Screen) -> Json:
    with _opened(arguments) as (database, _), screen.progress("verifying"):
        found = database.verify()
    screen.line(f"whole: {found.entries} entries of state, {found.blocks} blocks, {found.records} records")
    return {"entries": found.entries, "blocks": found.blocks, "records": found.records}


def _hashes(database: Database, height: Height) -> list[TxHash]:
    return [transaction_hash(raw) for raw in decode(Block, database.block(height) or b"").transactions]
