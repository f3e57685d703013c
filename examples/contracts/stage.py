"""Where walk-throughs play: a chain in this process, or a network that runs. Both with real proofs.

python -m examples.contracts.escrow.walkthrough                  # here, nothing else is needed
cluster devnet up                                                # or on four validators,
python -m examples.contracts.escrow.walkthrough --rpc http://127.0.0.1:8645     # in another terminal
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from compute.dev_keys import DevKeys
from compute.sandbox import CLU, Network, Sandbox, Sent
from crypto.errors import ClusterError
from node.cli.places import cache_folder, devnet_folder
from node.keystore import load_key

Chain = Sandbox | Network

SLOWER: Final = 4  # so many heights of a network for one of the sandbox, whose blocks wait for whoever acts


class Teller:
    """Tells a story line by line."""

    def chapter(self, title: str) -> None:
        print(f"\n{title}\n{'-' * len(title)}")

    def __call__(self, text: str, sent: Sent | None = None) -> None:
        """sent: the transaction that the line is about."""
        cost = "" if sent is None else f"  [{sent.size:,} bytes, fee {sent.fee / CLU:.6f} CLU, block {sent.height}]"
        print(text + cost)

    def refused(self, text: str, attempt: Callable[[], object]) -> None:
        """Somebody tries what the rules do not allow. Raises AssertionError if it works."""
        try:
            attempt()
        except ClusterError as error:
            print(f"{text}: refused, {str(error).splitlines()[-1].strip()}")
        else:
            raise AssertionError(f"{text}: this should have been refused")


def later(chain: Chain, heights: int) -> int:
    """The height by which people have done what takes so many blocks in the sandbox: a network's do not wait for proofs
    to be made."""
    return chain.height + (heights if isinstance(chain, Sandbox) else SLOWER * heights)


def clu(amount: int) -> str:
    """nano-CLU as people write them."""
    return f"{amount / CLU:,.2f} CLU"


@contextmanager
def stage(url: str | None, key: Path) -> Iterator[Chain]:
    """The sandbox, or the network of a node; `key`: the account there that pays everybody's first tokens."""
    keys = DevKeys(cache_folder())
    if url is None:
        with Sandbox(prove=True, keys=keys) as chain:
            yield chain
    else:
        with Network(url, load_key(key, "account"), keys) as network:
            yield network


def play(story: Callable[[Chain, Teller], None], title: str | None) -> None:
    """A walk-through's main program."""
    parser = argparse.ArgumentParser(description=title, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rpc", metavar="URL", help="a node's RPC (default: a chain in this process)")
    parser.add_argument("--key", type=Path, default=devnet_folder() / "accounts" / "account0.json")
    arguments = parser.parse_args()
    try:
        with stage(arguments.rpc, arguments.key) as chain:
            story(chain, Teller())
    except ClusterError as error:
        sys.exit(str(error))
