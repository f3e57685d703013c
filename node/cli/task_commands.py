"""`cluster task`: ask for proven inference on a private row, and read the result."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from chain.codec import to_json
from chain.types.scalars import ObjectId
from client.market import ProviderState, TaskState, find_provider, get_task
from client.rpc import RpcClient
from compute.zkml.buyer import Buyer, Offer, wait_for_answer
from compute.zkml.receipt import Receipt, has_pending, load_pending, load_receipt, pending_path, receipt_path
from contracts.tasks.errors import ProviderUnknown
from crypto.address import encode_address
from node.cli.amounts import add_prices, parse_prices, show_amount
from node.cli.answers import answer_json, say_who_sees, show_answer
from node.cli.errors import BadArgument
from node.cli.frame import add_command, subcommands
from node.cli.keyring import account_of, add_key_arguments, open_wallet
from node.cli.places import cache_folder, devnet_folder, receipts_folder, rows_folder
from node.cli.screen import Json, Screen

MAX_ROW_BYTES: Final = 2**20
ID_BYTES: Final = 32


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    post = add_command(commands, "post", "seal a row to providers and ask for its proven result", _post, rpc=True)
    post.add_argument("model", help="a published model's name, such as digits-mlp")
    row = post.add_mutually_exclusive_group(required=True)
    row.add_argument("--row", metavar="FILE", help="a file with a JSON list or comma-separated values; - reads stdin")
    row.add_argument("--example", type=int, metavar="N", help="held-out row N of an example model")
    add_prices(post)
    post.add_argument("--ramp", type=int, default=10, metavar="HEIGHTS", help="until the highest price (default: 10)")
    post.add_argument("--lock-within", type=int, default=60, metavar="HEIGHTS", help="to lock and settle (default: 60)")
    post.add_argument("--end-within", type=int, default=90, metavar="HEIGHTS", help="for rescuers (default: 90)")
    post.add_argument("--provider", action="append", metavar="ACCOUNT", help="who may see the row (default: the best)")
    post.add_argument("--wait", action="store_true", help="wait for the result and print it")
    add_key_arguments(post)
    show = add_command(commands, "show", "what the chain knows of a task", _show, rpc=True)
    result = add_command(commands, "result", "wait for a task of yours and open its result", _result, rpc=True)
    for command in (show, result):
        command.add_argument("task", help="its id in 0x-hex")
    for command in (post, result):
        command.add_argument("--receipts", type=Path, help="folder of receipts (default: $CLUSTER_HOME/tasks)")
    listing = add_command(commands, "list", "open tasks, or those of an account", _list, rpc=True)
    listing.add_argument("--state", help="open, locked, lock-expired; with an account also settled, expired, dissolved")
    listing.add_argument("--requester", metavar="ACCOUNT", help="tasks that this account opened")
    listing.add_argument("--provider", metavar="ACCOUNT", help="tasks that this account locked or settled")
    listing.add_argument("--limit", type=int, default=50, help="default: 50")


async def _post(arguments: argparse.Namespace, screen: Screen) -> Json:
    row = _row(arguments)
    offer = Offer(
        *parse_prices(arguments.price, arguments.max_price),
        ramp=arguments.ramp,
        lock_within=arguments.lock_within,
        end_within=arguments.end_within,
    )
    async with RpcClient(arguments.rpc) as rpc:
        receipts = arguments.receipts or receipts_folder()
        buyer = Buyer(await open_wallet(arguments, rpc), inputs=rows_folder(), receipts=receipts)
        order = await buyer.order(arguments.model, offer, await _named_providers(rpc, arguments.provider))
        order.manifest.quantise(row)  # a row that does not fit is refused before anything is said of it
        say_who_sees(order, screen)
        receipt = await buyer.post(order, row)
        path = receipt_path(receipts, receipt.task)
        screen.line(f"task 0x{receipt.task.hex()} posted in block {receipt.height}; receipt {path}")
        posted = {
            "task": "0x" + receipt.task.hex(),
            "height": receipt.height,
            "transaction": receipt.transaction,
            "readers": list(receipt.readers),
            "escrow": str(offer.price_end),
            "receipt": str(path),
        }
        if not arguments.wait:
            screen.line(f"cluster task result 0x{receipt.task.hex()} waits for the result and opens it")
            return posted
        return {**posted, "result": await _answer(rpc, receipt, screen)}


async def _result(arguments: argparse.Namespace, screen: Screen) -> Json:
    task = _task_id(arguments.task)
    folders = [arguments.receipts] if arguments.receipts else [receipts_folder(), devnet_folder() / "tasks"]
    async with RpcClient(arguments.rpc) as rpc:
        return await _answer(rpc, await _kept(rpc, folders, task), screen)


async def _kept(rpc: RpcClient, folders: Sequence[Path], task: ObjectId) -> Receipt:
    """A task's receipt, or the one kept before the task's id was known. Raises ReceiptUnusable, RpcFailed."""
    pending = [folder for folder in folders if has_pending(folder)]
    if pending and not any(receipt_path(folder, task).exists() for folder in folders):
        asked = (await get_task(rpc, task)).task
        for folder in pending:
            if pending_path(folder, asked.terms.input_commitment).exists():
                return load_pending(folder, asked)
    return load_receipt(next((folder for folder in folders if receipt_path(folder, task).exists()), folders[0]), task)


async def _answer(rpc: RpcClient, receipt: Receipt, screen: Screen) -> Json:
    with screen.progress("waiting for a provider"):
        answer = await wait_for_answer(rpc, receipt)
    show_answer(answer, screen)
    return answer_json(answer)


async def _show(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        state = await get_task(rpc, _task_id(arguments.task))
    document = _task_json(state)
    screen.pairs([(name, value) for name, value in document.items() if name not in ("terms", "lock", "result")])
    for name in ("terms", "lock", "result"):
        for key, value in (document[name] or {}).items():
            screen.line(f"  {name}.{key}: {value}")
    return document


async def _list(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        answer: dict[str, Any] = await rpc.call(
            "task_list",
            state=arguments.state,
            requester=_address(arguments.requester, "--requester"),
            provider=_address(arguments.provider, "--provider"),
            limit=arguments.limit,
        )
    rows = [
        (task["id"], task["phase"], task["opened_at"], task["terms"]["lock_deadline"], _price(task))
        for task in answer["tasks"]
    ]
    screen.table(f"height {answer['height']}", ("task", "state", "opened", "lock until", "price"), rows)
    return answer


def _address(named: str | None, argument: str) -> str | None:
    return None if named is None else encode_address(account_of(named, argument))


def _price(task: dict[str, Any]) -> str:
    """The fixed price of a locked task, the ramp of an open one."""
    if task["lock"] is not None:
        return show_amount(task["lock"]["price"])
    return f"{show_amount(task['terms']['price_start'])} to {show_amount(task['terms']['price_end'])}"


def _task_json(state: TaskState) -> dict[str, Any]:
    sealed = None if state.input is None else len(state.input.sealed_input)
    return {**to_json(state.task), "phase": state.phase, "sealed_input_bytes": sealed}


async def _named_providers(rpc: RpcClient, addresses: Sequence[str] | None) -> list[ProviderState] | None:
    """The providers of these addresses, None for none named. Raises ProviderUnknown."""
    if addresses is None:
        return None
    found = []
    for address in addresses:
        account = account_of(address, "--provider")
        provider = await find_provider(rpc, account)
        if provider is None:
            raise ProviderUnknown(account)
        found.append(provider)
    return found


def _row(arguments: argparse.Namespace) -> Sequence[float]:
    """The row that --row or --example names. Raises BadArgument, UnknownExample, OSError."""
    if arguments.example is not None:
        from compute.zkml.example_cache import load_example

        rows = load_example(arguments.model, cache_folder()).rows
        if not 0 <= arguments.example < len(rows):
            raise BadArgument("--example", f"0 to {len(rows) - 1}", str(arguments.example))
        return rows[arguments.example]
    text = sys.stdin.read(MAX_ROW_BYTES) if arguments.row == "-" else Path(arguments.row).read_text(encoding="utf-8")
    try:
        values = json.loads(text) if text.lstrip().startswith("[") else text.replace("\n", ",").strip(", ").split(",")
        return [float(value) for value in values]
    except (ValueError, TypeError, RecursionError) as error:
        raise BadArgument("--row", "a JSON list of numbers, or numbers separated by commas", str(error)) from error


def _task_id(text: str) -> ObjectId:
    try:
        task = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        task = b""
    if len(task) != ID_BYTES:
        raise BadArgument("task", "an id of 32 bytes in 0x-hex", text)
    return ObjectId(task)
