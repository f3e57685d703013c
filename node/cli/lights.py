"""The light client that --genesis means: what it verified before is in a file of the light folder."""

from pathlib import Path

from client.light.anchors import Anchors
from client.light.blocks import Anchor, genesis_anchor
from client.light.client import LightClient
from client.light.source import RpcSource
from client.rpc import RpcClient
from node.cli.places import light_folder
from node.home import read_genesis


def light_of(rpc: RpcClient, genesis_file: Path) -> LightClient:
    """Follows the chain of a genesis document. Raises GenesisUnreadable, UnusableGenesis, AnchorsUnreadable."""
    return LightClient(RpcSource(rpc), kept_anchors(genesis_anchor(read_genesis(genesis_file))))


def kept_anchors(root: Anchor) -> Anchors:
    """What was verified before from the same first trust. Raises AnchorsUnreadable."""
    return Anchors.in_file(light_folder() / f"{root.block_id.hex()[:16]}.anchors", root)
