"""The groups of `cluster`, by what they are for: name, module, one line of help.

A module is imported only when its group is asked for.

A group's module has `register(parser)`, which fills the group's own parser by `command` or `subcommands` of
node/cli/frame.py. It may import at its top whatever its commands need: no other command pays for it.
"""

from typing import Final

SECTIONS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "Networks and nodes": {
        "devnet": ("node.cli.devnet_commands", "a network of validators on this machine, for development"),
        "demo": ("node.cli.demo_commands", "the whole story in about a minute: proofs, a secret, attacks, a crash"),
        "init": ("node.cli.init_commands", "make the home folder of a validator, or of several from one genesis"),
        "start": ("node.cli.start_commands", "run the node of a home folder"),
        "node": ("node.cli.node_commands", "what a node's operator does: peers, log, database, snapshot, stop"),
        "validator": ("node.cli.validator_commands", "who votes with which stake; report who signed twice"),
        "signer": ("node.cli.signer_commands", "hold a validator's key in a process of its own"),
        "data": ("node.cli.data_commands", "a stopped node's data: export, import, roll back, replay, reindex, verify"),
        "status": ("node.cli.status_commands", "the chain's head and the node's health"),
        "gov": ("node.cli.gov_commands", "what the validators decide: parameters, upgrades, frozen keys"),
        "light": ("node.cli.light_commands", "what the chain says, proven by signatures instead of a node's word"),
    },
    "Accounts and money": {
        "keys": ("node.cli.keys_commands", "make, list and show account keys"),
        "tx": ("node.cli.tx_commands", "sign, submit, simulate and look up transactions"),
        "stake": ("node.cli.stake_commands", "stake with validators, take rewards and stake back, be a validator"),
        "asset": ("node.cli.asset_commands", "create assets of your own, send and list them"),
    },
    "Private money": {
        "address": ("node.cli.address_commands", "a private address of an account, or a view key for somebody else"),
        "pool": ("node.cli.pool_commands", "list shielded pools, or open one"),
        "shield": ("node.cli.shield_commands", "move money from an account into a shielded pool"),
        "send": ("node.cli.send_commands", "pay somebody inside a shielded pool: nobody sees whom or how much"),
        "unshield": ("node.cli.unshield_commands", "move money from a shielded pool to an account"),
        "notes": ("node.cli.notes_commands", "what an account has in shielded pools and contracts, what it sent"),
        "disclose": ("node.cli.disclose_commands", "prove one private payment to somebody, or check such a proof"),
    },
    "Confidential contracts": {
        "contract": ("node.cli.contract_commands", "confidential contracts: write, test, audit, deploy, call, read"),
    },
    "Proven machine learning": {
        "zk": ("node.cli.zk_commands", "circuits and proofs of machine learning on this machine, without a chain"),
        "model": ("node.cli.model_commands", "publish, list and show models that can be proven"),
        "predict": ("node.cli.predict_commands", "ask for a proven prediction on private rows, wait, decrypt, check"),
        "task": ("node.cli.task_commands", "ask for proven inference on a private row, and read the result"),
        "worker": ("node.cli.worker_commands", "a provider that proves tasks for pay"),
        "ceremony": ("node.cli.ceremony_commands", "vouch with a bond for keys that come from a multi-party setup"),
    },
    "Anything else": {
        "query": ("node.cli.query_commands", "call any RPC method"),
        "explain": ("node.cli.explain_commands", "what an error code means"),
    },
}

GROUPS: Final = {name: group for groups in SECTIONS.values() for name, group in groups.items()}
