"""A deployed contract as the commands use it: proven under this machine's keys, and checked if a genesis is named."""

import argparse

from chain.types.scalars import ObjectId
from client.light import trust_genesis
from client.wallet import Wallet
from compute.confidential.on_chain import ContractClient
from compute.confidential.prover import Prover
from compute.dev_keys import DevKeys
from node.cli.places import cache_folder
from node.home import read_genesis


def contract_client(arguments: argparse.Namespace, wallet: Wallet, contract: ObjectId) -> ContractClient:
    """The contract's client for the account of --key. With --genesis its epochs, readers and public registers count
    only as that genesis's validators signed them. Raises GenesisUnreadable, UnusableGenesis.
    """
    trusted = None if arguments.genesis is None else trust_genesis(read_genesis(arguments.genesis))
    return ContractClient(wallet, Prover(DevKeys(cache_folder())), contract, trusted=trusted)
