"""`cluster tx`: sign, submit, simulate and look up transactions."""

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chain.codec import from_json, wire
from chain.execution.action import Action
from chain.execution.upgrades import NO_FORK
from chain.types.scalars import Hash
from chain.types.transaction import Transaction
from client.errors import RpcFailed
from client.results import Outcome
from client.rpc import Call, RpcClient
from client.strict_json import parse
from client.wallet import Signing, Wallet, require_success
from contracts.application import build_application
from contracts.token.actions import Transfer
from node.cli.amounts import parse_amount, show_amount
from node.cli.errors import BadArgument
from node.cli.explain import rule_name
from node.cli.frame import add_command, subcommands
from node.cli.keyring import account_of, add_key_arguments, chosen_secret, identity_of, open_wallet
from node.cli.screen import Json, Screen


@wire()
@dataclass(frozen=True, slots=True)
class _Actions:
    actions: tuple[Action, ...]


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    send = add_command(commands, "send", "pay somebody and wait until it is final", _send, rpc=True)
    send.add_argument("recipient", help="an address cluster1..., a key's name, or a devnet account such as account0")
    send.add_argument("amount", help="CLU such as 1.5, or nano-CLU such as 500n")
    _add_signing(send)
    _add_wait(send)
    sign = add_command(
        commands, "sign", "sign without submitting; --json is the request body for curl", _sign, rpc=True
    )
    what = sign.add_mutually_exclusive_group(required=True)
    what.add_argument("--transfer", nargs=2, metavar=("RECIPIENT", "AMOUNT"))
    what.add_argument("--actions", metavar="FILE", help="a JSON list of actions, each led by its type; - is stdin")
    _add_signing(sign)
    _add_wait(sign)
    sign.add_argument("--nonce", type=int, help="default: the account's next one")
    sign.add_argument("--expiry", type=int, metavar="HEIGHT", help="last height at which it may stand in a block")
    sign.add_argument("--fee-limit", metavar="AMOUNT", help="default: twice the present fee")
    fork = "after an upgrade of the chain, without a node: the fork_id that `chain_status` shows"
    sign.add_argument("--fork-id", metavar="HEX", help=fork)
    sign.add_argument("--offline", action="store_true", help="ask no node: needs --genesis and the three above")
    submit = add_command(commands, "submit", "submit a signed transaction", _submit, rpc=True)
    _add_raw(submit)
    _add_wait(submit)
    simulate = add_command(
        commands, "simulate", "check a signed transaction without submitting it", _simulate, rpc=True
    )
    _add_raw(simulate)
    show = add_command(commands, "show", "a transaction and what became of it", _show, rpc=True)
    show.add_argument("hash", help="0x-hex")


def _add_signing(parser: argparse.ArgumentParser) -> None:
    add_key_arguments(parser)
    parser.add_argument("--tip", default="0n", metavar="AMOUNT", help="for the proposer, to be sooner in a full block")


def _add_wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait", choices=("admitted", "committed"), default="committed", help="what to wait for (committed)"
    )


def _add_raw(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "transaction", help="its bytes as 0x-hex, or a file with them or with what `tx sign --json` printed; - is stdin"
    )


async def _send(arguments: argparse.Namespace, screen: Screen) -> Json:
    action = _transfer(arguments.recipient, arguments.amount)
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        with screen.progress("waiting for the block"):
            outcome = await wallet.submit([action], wait=arguments.wait, tip=parse_amount(arguments.tip))
    return _shown(outcome, screen)


async def _sign(arguments: argparse.Namespace, screen: Screen) -> Json:
    actions = _transfers(arguments) if arguments.transfer else _read_actions(arguments.actions)
    tip = parse_amount(arguments.tip)
    limit = None if arguments.fee_limit is None else parse_amount(arguments.fee_limit)
    if arguments.offline:
        if None in (arguments.genesis, arguments.nonce, arguments.expiry, limit):
            raise BadArgument("--offline", "--genesis, --nonce, --expiry and --fee-limit beside it", "fewer")
        identity = replace(identity_of(arguments.genesis), fork_id=_fork_id(arguments.fork_id))
        signing = Signing(chosen_secret(arguments), identity)
        transaction = signing.sign(actions, arguments.nonce, arguments.expiry, limit or 0, tip)
    else:
        async with RpcClient(arguments.rpc) as rpc:
            wallet: Wallet = await open_wallet(arguments, rpc)
            envelope = await wallet.prepare(
                actions, nonce=arguments.nonce, expiry_height=arguments.expiry, fee_limit=limit, tip=tip
            )
        transaction = wallet.sign_envelope(envelope)
    return _signed(transaction, arguments.wait, screen)


async def _submit(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        with screen.progress("waiting for the block"):
            answer = await rpc.call("tx_submit", transaction=_raw(arguments.transaction), wait=arguments.wait)
    if arguments.wait == "committed":
        return _shown(require_success(answer["hash"], answer), screen)
    return _shown(Outcome(answer["hash"]), screen)


async def _simulate(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        answer: dict[str, Json] = await rpc.call("tx_simulate", transaction=_raw(arguments.transaction))
    screen.line("it would be admitted")
    screen.pairs([("hash", answer["hash"]), ("work", answer["work"]), ("fee", show_amount(answer["fee"]))])
    return answer


async def _show(arguments: argparse.Namespace, screen: Screen) -> Json:
    wanted = {"hash": arguments.hash}
    async with RpcClient(arguments.rpc) as rpc:
        shown, receipt = await rpc.batch([Call("chain_getTransaction", wanted), Call("chain_getReceipt", wanted)])
    if isinstance(shown, RpcFailed):
        raise shown
    final = None if isinstance(receipt, RpcFailed) else receipt
    document: dict[str, Json] = {**shown, "receipt": final}
    screen.pairs([(name, document[name]) for name in ("hash", "status", "height", "nonce", "expiry_height")])
    if final is not None:
        result = "ok" if final["code"] == 0 else f"{final['code']} {rule_name(final['code'])}"
        screen.pairs([("result", result), ("fee", show_amount(final["fee"]))])
    for action in shown["actions"]:
        screen.line(json.dumps(action, ensure_ascii=False))
    return document


def _fork_id(text: str | None) -> Hash:
    """The fork id that an envelope names; zero without an upgrade. Raises BadArgument."""
    try:
        fork_id = NO_FORK if text is None else Hash(bytes.fromhex(text.removeprefix("0x")))
    except ValueError:
        fork_id = Hash(b"")
    if len(fork_id) != len(NO_FORK):
        raise BadArgument("--fork-id", "0x and 64 hex digits, as chain_status shows it", str(text))
    return fork_id


def _signed(transaction: Transaction, wait: str, screen: Screen) -> Json:
    raw, hash_ = "0x" + transaction.raw.hex(), "0x" + transaction.hash.hex()
    screen.pairs([("hash", hash_), ("transaction", raw)])
    return {"jsonrpc": "2.0", "id": hash_, "method": "tx_submit", "params": {"transaction": raw, "wait": wait}}


def _shown(outcome: Outcome, screen: Screen) -> Json:
    document: dict[str, Json] = {
        "hash": outcome.hash,
        "height": outcome.height,
        "index": outcome.index,
        "receipt": outcome.receipt,
    }
    fee = None if outcome.receipt is None else show_amount(outcome.receipt["fee"])
    screen.pairs([("hash", outcome.hash), ("height", outcome.height or "waiting"), ("fee", fee)])
    return document


def _transfer(recipient: str, amount: str) -> Transfer:
    return Transfer(account_of(recipient, "recipient"), parse_amount(amount))


def _transfers(arguments: argparse.Namespace) -> list[Action]:
    recipient, amount = arguments.transfer
    return [_transfer(recipient, amount)]


def _read_actions(source: str) -> list[Action]:
    """Actions in the JSON form in which chain_getTransaction shows them. Raises BadArgument, WrongShape."""
    try:
        listed = parse(_text(source))
    except ValueError:
        raise BadArgument("--actions", "a JSON list", "something else") from None
    return list(from_json(_Actions, {"actions": listed}, unions=build_application().unions).actions)


def _raw(source: str) -> str:
    text = source if source.startswith("0x") else _text(source).strip()
    if text.startswith("{"):
        try:
            request: Any = parse(text)
            text = str(request["params"]["transaction"])
        except (ValueError, KeyError, TypeError):
            raise BadArgument("transaction", "what `tx sign --json` prints", text) from None
    return text


def _text(source: str) -> str:
    return sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
