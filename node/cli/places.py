"""Where the command line looks when it is not told: one folder per person, ~/.cluster or $CLUSTER_HOME."""

import os
from pathlib import Path
from typing import Final

# What help texts call the defaults of models_folder and rows_folder.
MODELS_FOLDER: Final = "models of $CLUSTER_HOME/devnet where it exists, else $CLUSTER_HOME/worker/models"
ROWS_FOLDER: Final = "worker/inputs of $CLUSTER_HOME/devnet where it exists, else $CLUSTER_HOME/worker/inputs"


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


def cache_folder() -> Path:
    """What can be made again: example models and development keys."""
    return cluster_home() / "cache"


def contracts_folder() -> Path:
    """Which contracts were deployed from here, and from which source."""
    return cluster_home() / "contracts"


def notes_folder() -> Path:
    """What wallets know of their notes, each in a file that opens for its view key alone."""
    return cluster_home() / "notes"


def light_folder() -> Path:
    """What light clients trust, a file for each chain, and evidence of attacks."""
    return cluster_home() / "light"


def models_folder() -> Path:
    """Model files for workers: the devnet's where there is one, else one's own worker's."""
    devnet = devnet_folder()
    return (devnet if (devnet / "devnet.json").exists() else cluster_home() / "worker") / "models"


def rows_folder() -> Path:
    """Files of rows on their way to workers: the devnet's where there is one, else one's own worker's."""
    devnet = devnet_folder()
    return (devnet if (devnet / "devnet.json").exists() else cluster_home()) / "worker" / "inputs"


def receipts_folder() -> Path:
    """Receipts of one's own tasks, which open their results."""
    return cluster_home() / "tasks"


def pool_keys_folder() -> Path:
    """Keys of shielded pools that others opened, a file for each verifying key."""
    return cluster_home() / "pools"
