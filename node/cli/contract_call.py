"""`cluster contract call`: draw up a call from the contract as it stands, prove it, send it, wait until it is final.

The account of --key pays and is named, or a note of its does and it is not.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from chain.types.scalars import AccountId, AssetId
from client.errors import RpcFailed, TransactionFailed, TransactionOvertaken
from client.notes.address import PREFIX, Address, parse_address
from client.notes.keys import spending_key
from client.results import Outcome
from client.rpc import RpcClient
from compute.confidential.keys import reader_key
from compute.confidential.on_chain import ContractClient
from compute.confidential.prover import Draft
from compute.shielded.payments import NoteWallet
from contracts.confidential.errors import StaleRegister
from node.cli.amounts import show_amount
from node.cli.contract_client import add_oldest, contract_client
from node.cli.contract_errors import CallUnsettled
from node.cli.contract_notes import given_notes
from node.cli.contract_source import Source, add_contract, find_contract, source_of
from node.cli.contract_values import in_the_open, read_arguments, shown
from node.cli.errors import BadArgument
from node.cli.frame import add_command
from node.cli.keyring import account_of, add_key_arguments, open_account
from node.cli.money import id_of
from node.cli.note_wallets import ACCOUNT, POOL, add_fee_argument, add_pool_argument, open_notes
from node.cli.screen import Json, Screen, Step

if TYPE_CHECKING:
    from compute.dsl.caller import Caller
    from compute.dsl.compiled import CompiledMethod
    from crypto.keys import SecretKey
    from node.cli.frame import Commands

ATTEMPTS: Final = 3
HEIGHTS: Final = 20  # that a call is good for, where its method looks at heights


def add_call(commands: "Commands") -> None:
    """Adds the command to its group."""
    new = add_command(commands, "call", "call a method of a deployed contract, with a proof", _call, rpc=True)
    add_contract(new)
    new.add_argument("method", metavar="METHOD", help="its name")
    new.add_argument(
        "arguments",
        nargs="*",
        metavar="VALUE",
        help="in order: 5, true, an account, native, JSON, note:NUMBER; '?' asks for it, @FILE reads it",
    )
    new.add_argument(
        "--heights",
        type=int,
        default=HEIGHTS,
        metavar="N",
        help=f"how many blocks it is good for, of a method that looks at heights (default: {HEIGHTS})",
    )
    new.add_argument(
        "--attempts",
        type=int,
        default=ATTEMPTS,
        metavar="N",
        help="how often to draw it up at most when another call came first and this one cannot be applied any more: "
        f"the node refused it, or with --genesis its validators signed what came instead (default: {ATTEMPTS})",
    )
    new.add_argument(
        "--knows",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="an account (cluster1...), private address (cluz1...) or asset (0x...) that the contract itself pays or "
        "gives notes to: the chain keeps one element of it, which tells nobody the rest",
    )
    add_oldest(new)
    add_fee_argument(new, default=ACCOUNT)
    add_pool_argument(new)
    add_key_arguments(new)


async def _call(arguments: argparse.Namespace, screen: Screen) -> Json:
    for name in ("heights", "attempts"):
        if getattr(arguments, name) < 1:
            raise BadArgument(f"--{name}", "at least 1", str(getattr(arguments, name)))
    from_pool = arguments.fee_from == POOL
    if arguments.pool is not None and not from_pool:
        raise BadArgument("--pool", f"--fee-from {POOL} beside it", arguments.pool)
    from compute.dsl.reading import call_result

    async with RpcClient(arguments.rpc) as rpc:
        secret, wallet = await open_account(arguments, rpc)
        entry = find_contract(arguments, wallet.identity)
        with screen.progress("compiling"):
            source = source_of(entry)
        method = _method(source, arguments.method)
        given = read_arguments(method, arguments.arguments)
        for name in in_the_open(method, arguments.arguments):
            screen.line(f"{name} is private and stands in this command line; '?' asks for it, @FILE reads it")
        client = contract_client(arguments, wallet, entry.contract)
        with screen.progress("reading the contract") as step:
            notes = await open_notes(arguments, secret, rpc, step, screen) if from_pool else None
            calling = _Calling(client, notes, source, given, secret, arguments)
            draft, outcome = await calling.sent(step)
    document: dict[str, Any] = {
        "contract": "0x" + entry.contract.hex(),
        "method": arguments.method,
        "result": shown(call_result(source.cls.compiled, draft)),
        "transaction": outcome.hash,
        "height": outcome.height,
        "fee": None if outcome.receipt is None else outcome.receipt["fee"],
    }
    shown_fee = None if document["fee"] is None else show_amount(document["fee"])
    screen.pairs({**document, "fee": f"{shown_fee}, paid by a proof" if from_pool else shown_fee}.items())
    return {**document, "fee_source": "proof" if from_pool else "account"}


@dataclass(frozen=True, slots=True)
class _Calling:
    """One call on its way. notes: what pays its fee, None if the account does; given: its arguments by name."""

    client: ContractClient
    notes: NoteWallet | None
    source: Source
    given: Mapping[str, object] = field(repr=False)
    secret: "SecretKey" = field(repr=False)
    arguments: argparse.Namespace = field(repr=False)

    async def sent(self, step: Step) -> tuple[Draft, Outcome]:
        """The call and what became of it; drawn up again when somebody else's came first.

        Of all that it signs at most one is ever applied, whatever the node says: the next has the nonce of those that
        were refused, or comes after validators signed that these are outrun. Raises CallUnsettled where neither is so.
        """
        signed: list[Draft] = []
        nonce: int | None = None
        while True:
            signed.append(await self._draft())
            try:
                if self.notes is not None:
                    return signed[-1], await self.client.send_nameless(self.notes, signed[-1])
                transaction = await self.client.signed(signed[-1], nonce=nonce, progress=step.describe)
                nonce = transaction.envelope.nonce
                step.describe("waiting for a block")
                return signed[-1], await self.client.wallet.submit_signed(transaction)
            except (RpcFailed, TransactionFailed, TransactionOvertaken) as failed:
                late = isinstance(failed, TransactionOvertaken) or failed.rule == StaleRegister.code
                if not late or len(signed) == self.arguments.attempts:
                    raise
                if self.notes is not None or not isinstance(failed, RpcFailed):
                    if not await self.client.outrun(*signed):
                        raise CallUnsettled(str(failed), self.client.proves) from failed
                    nonce = None
                step.describe("another call came first; once more")

    async def _draft(self) -> Draft:
        from compute.dsl.calls import draft_call

        client, own = self.client, spending_key(self.secret.seed)
        method = _method(self.source, self.arguments.method)
        spent = await given_notes(client.wallet, client.contract, method, self.given, own)
        now = await client.now()
        return draft_call(
            self.source.cls.compiled,
            await client.view(),
            method.name,
            {**self.given, **spent},
            _caller(client, self.secret, self.arguments.knows),
            now=now,
            period=(now.height + 1, now.height + self.arguments.heights),
        )


def _method(source: Source, name: str) -> "CompiledMethod":
    """Raises BadArgument."""
    compiled = source.cls.compiled
    names = [method.name for method in compiled.methods]
    if name not in names:
        raise BadArgument("METHOD", "one of " + ", ".join(names), name)
    return compiled.method(name)


def _caller(client: ContractClient, secret: "SecretKey", known: Sequence[str]) -> "Caller":
    from compute.dsl.caller import Caller

    accounts, addresses, assets = known_ids(known)
    keys = reader_key(secret.seed), spending_key(secret.seed)
    return Caller(client.wallet.account, *keys, addresses=addresses, accounts=accounts, assets=assets)


def known_ids(texts: Sequence[str]) -> tuple[tuple[AccountId, ...], tuple[Address, ...], tuple[AssetId, ...]]:
    """Accounts, private addresses and assets. Raises BadArgument, and what parse_address and decode_address raise."""
    private = [text for text in texts if text.lower().startswith(PREFIX)]
    assets = [text for text in texts if text.startswith("0x")]
    accounts = [text for text in texts if text not in private and text not in assets]
    return (
        tuple(account_of(text, "--knows") for text in accounts),
        tuple(map(parse_address, private)),
        tuple(AssetId(id_of(text, "--knows", "an asset's id, 0x and 64 hex digits")) for text in assets),
    )
