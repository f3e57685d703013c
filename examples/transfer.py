"""Pay somebody, wait until it is final, and check the new balance without trusting the node that tells it.

cluster devnet up                                   # in one terminal
python examples/transfer.py                         # in another
python examples/transfer.py --rpc URL --key FILE --genesis FILE --amount 1.5
"""

import argparse
import asyncio
from pathlib import Path

from chain.codec import decode
from chain.execution.accounts import Account
from chain.state import keys
from chain.types.scalars import AccountId, Amount
from client.light.anchors import Anchors
from client.light.blocks import genesis_anchor
from client.light.client import LightClient
from client.light.source import RpcSource
from client.rpc import RpcClient
from client.subscription import subscribe
from client.wallet import Wallet
from contracts.token.actions import Transfer
from crypto.keys import SecretKey
from node.cli.amounts import parse_amount, show_amount
from node.cli.places import devnet_folder
from node.home import read_genesis
from node.keystore import load_key

RECIPIENT = SecretKey(b"an example, so its key is public")  # 32 bytes


async def transfer(url: str, secret: SecretKey, genesis_file: Path, amount: Amount) -> Amount:
    """The recipient's proven balance after the payment, in nano-CLU."""
    recipient = AccountId(RECIPIENT.public)
    async with RpcClient(url) as rpc:
        wallet = await Wallet.open(secret, rpc)
        outcome = await wallet.submit([Transfer(recipient, amount)])
        print(f"paid {show_amount(amount)} in block {outcome.height}, transaction {outcome.hash}")

        async for news in subscribe(url, "blocks"):  # the next header is the one that names the root after the payment
            if news.data["header"]["height"] > (outcome.height or 0):
                break
        light = LightClient(RpcSource(rpc), Anchors(genesis_anchor(read_genesis(genesis_file))))
        proven = await light.prove(keys.account(recipient), outcome.height)

    balance = Amount(0) if proven.value is None else decode(Account, proven.value).balance
    print(f"validators with over 2/3 of the power signed that the recipient holds {show_amount(balance)}")
    return balance


def main() -> None:
    devnet = devnet_folder()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rpc", default="http://127.0.0.1:8645")
    parser.add_argument("--key", type=Path, default=devnet / "accounts" / "account0.json")
    parser.add_argument("--genesis", type=Path, default=devnet / "genesis.json")
    parser.add_argument("--amount", default="1.5", help="CLU")
    arguments = parser.parse_args()
    secret = load_key(arguments.key, "account")
    asyncio.run(transfer(arguments.rpc, secret, arguments.genesis, parse_amount(arguments.amount)))


if __name__ == "__main__":
    main()
