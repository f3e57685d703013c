"""Where the command line looks when it is not told: one folder per person, ~/.cluster or $CLUSTER_HOME."""

import os
from pathlib import Path


def cluster_home() -> Path:
    """$CLUSTER_HOME, else ~/.cluster."""
    return Path(os.environ.get("CLUSTER_HOME") or Path.home() / ".cluster").absolute()


def keys_folder() -> Path:
    """Account keys."""
    return cluster_home() / "keys"


def devnet_folder() -> Path:
    """The development network that is meant when none is named."""
    return cluster_home() / "devnet"


def node_folder() -> Path:
    """The node's home that is meant when none is named."""
    return cluster_home() / "node"
