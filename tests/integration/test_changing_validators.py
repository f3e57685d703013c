"""Four real nodes and a fifth: it bonds and votes, one is jailed and comes back, one signs twice and is out."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain.codec import decode
from chain.execution.action import Action
from chain.types.scalars import (
    NIL,
    AccountId,
    Amount,
    Height,
    Name,
    Round,
    Signature,
    Uint,
    ValidatorId,
    VoteTarget,
    VrfKey,
)
from chain.types.vote import PRECOMMIT, DuplicateVote, Vote, vote_signing_bytes
from client.light.anchors import Anchors
from client.light.blocks import genesis_anchor
from client.light.client import LightClient
from client.light.source import RpcSource
from client.results import Outcome
from client.wallet import Wallet
from contracts.staking.actions import Bond, ReportDoubleVote, Unjail, possession_bytes
from contracts.staking.pools import Stake
from contracts.staking.queries import ValidatorView, validator_view
from contracts.staking.state import STAKE
from contracts.token.actions import Transfer
from crypto.keys import SecretKey
from node.devnet.files import CLU, GENESIS_POWER, Member, Plan, create_joining
from node.home import write_config, write_genesis
from node.keystore import load_key
from node.signer import PURPOSE, vrf_secret
from tests.support.devnet_scene import free_base_port
from tests.support.four_nodes import BLOCK_TIME_MS, QUICK, FourNodes

FIFTH, SLEEPER, TWIN = 4, 3, 2
BOND = Amount(9_000 * CLU)
EPOCH = 5

pytestmark = pytest.mark.slow


class Changing(FourNodes):
    """Short epochs and a short window; a fifth home that only follows at first."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        genesis = self.network.home(self.network.members[0]).load_genesis()
        quick = replace(
            genesis.params.staking,
            epoch_blocks=Uint(EPOCH),
            liveness_window=Uint(10),
            max_missed=Uint(5),
            jail_heights=Uint(5),
        )
        genesis = replace(genesis, params=replace(genesis.params, staking=quick))
        for member in self.network.members:
            write_genesis(self.network.home(member).genesis_file, genesis)
        homes = [self.network.home(member) for member in self.network.members]
        peers = tuple(
            f"{home.load_node_key().public.hex()}@{member.p2p}"
            for home, member in zip(homes, self.network.members, strict=True)
        )
        plan = Plan(1, "four-1", BLOCK_TIME_MS, free_base_port(2))
        home = create_joining(self.network.root / "node4", plan, genesis, peers, None, validator=True)
        config = home.load_config()
        write_config(home, replace(config, consensus=QUICK))
        fifth = Member("node4", f"http://{config.rpc.listen}", config.p2p.listen)
        self.network = replace(self.network, members=(*self.network.members, fifth))

    def consensus_key(self, index: int) -> SecretKey:
        return load_key(self.network.home(self.network.members[index]).validator_key, PURPOSE)

    def validator(self, index: int) -> ValidatorId:
        return ValidatorId(self.consensus_key(index).public)

    def known(self, index: int) -> ValidatorView:
        """What node 0 knows of a validator."""
        return validator_view(self.apps[0].node.ledger.view, self.validator(index))

    async def becomes(self, index: int, status: str) -> None:
        await self.until(lambda: self.known(index).status == status)

    def signed_by(self, index: int) -> bool:
        """Did this validator precommit the block before the newest one of node 0?"""
        signatures = self.apps[0].node.ledger.last_commit.signatures
        return self.validator(index) in [entry.validator for entry in signatures]

    async def act(self, secret: SecretKey, *actions: Action) -> Outcome:
        async with self.rpc(0) as rpc:
            return await (await Wallet.open(secret, rpc)).submit(list(actions))

    async def fund(self, index: int) -> None:
        """Operators have no money of their own at first."""
        async with self.wallet("faucet", 0) as faucet:
            await faucet.submit([Transfer(AccountId(self.operator(index).public), Amount(CLU))])

    def bond(self, operator: SecretKey) -> Bond:
        """The fifth's, for an operator."""
        key, chain = self.consensus_key(FIFTH), self.apps[0].node.ledger.chain
        validator, vrf_key = ValidatorId(key.public), VrfKey(vrf_secret(key).public)
        account = AccountId(operator.public)
        message = possession_bytes(chain.chain_id, chain.genesis_hash, validator, vrf_key, account)
        return Bond(validator, vrf_key, Signature(key.sign(message)), BOND, Uint(500), Name("fifth"))

    def double_vote(self, index: int, height: int) -> DuplicateVote:
        """What two processes with this node's key would sign."""
        key, chain_id = self.consensus_key(index), self.apps[0].node.ledger.chain.chain_id
        validator, at = ValidatorId(key.public), Height(height)

        def vote(target: VoteTarget) -> Vote:
            message = vote_signing_bytes(chain_id, PRECOMMIT, at, Round(9), target)
            return Vote(PRECOMMIT, at, Round(9), target, validator, Signature(key.sign(message)))

        return DuplicateVote(vote(NIL), vote(VoteTarget(b"\x07" * 32)))


async def test_validators_come_and_go_and_the_chain_goes_on(tmp_path: Path) -> None:
    nodes = Changing(tmp_path)
    async with nodes.running(0, 1, 2, 3, FIFTH):
        await nodes.reach(2)
        await the_fifth_bonds_and_votes(nodes)
        await a_sleeper_is_jailed_and_comes_back(nodes)
        await a_double_signer_is_out(nodes)
        height = nodes.height(0) + 2
        await nodes.reach(height)
        nodes.agreed_root(height - 1)
        await who_trusts_genesis_alone_follows(nodes)


async def the_fifth_bonds_and_votes(nodes: Changing) -> None:
    operator = nodes.accounts["account0"].secret()
    assert (await nodes.act(operator, nodes.bond(operator))).events[0]["moniker"] == "fifth"
    await nodes.becomes(FIFTH, "active")
    assert nodes.known(FIFTH).power == BOND // CLU
    await nodes.until(lambda: nodes.signed_by(FIFTH))
    nodes.agreed_root(nodes.height(0) - 2)


async def a_sleeper_is_jailed_and_comes_back(nodes: Changing) -> None:
    await nodes.fund(SLEEPER)
    await nodes.stop(SLEEPER)
    await nodes.becomes(SLEEPER, "jailed")
    assert nodes.known(SLEEPER).stake == GENESIS_POWER * CLU  # jail costs nothing
    await nodes.reach(nodes.height(0) + EPOCH + 2)
    shown = (await nodes.ask(0, "validator_list"))["validators"]
    assert len(shown) == 4 and "jailed" not in [each["status"] for each in shown]
    await nodes.start(SLEEPER)
    await nodes.until(lambda: nodes.height(SLEEPER) >= nodes.height(0) - 1)
    jailed_until = nodes.known(SLEEPER).jailed_until
    await nodes.reach(max(jailed_until, nodes.height(0)))
    await nodes.act(nodes.operator(SLEEPER), Unjail(nodes.validator(SLEEPER)))
    await nodes.becomes(SLEEPER, "active")
    await nodes.until(lambda: nodes.signed_by(SLEEPER))


async def a_double_signer_is_out(nodes: Changing) -> None:
    evidence = nodes.double_vote(TWIN, nodes.height(0))
    await nodes.reach(nodes.height(0) + 1)
    await nodes.act(nodes.accounts["account1"].secret(), ReportDoubleVote(evidence))
    known = nodes.known(TWIN)
    assert (known.status, known.stake) == ("tombstoned", GENESIS_POWER * CLU * 95 // 100)
    await nodes.reach(nodes.height(0) + EPOCH + 2)
    shown = await nodes.ask(0, "validator_list")
    assert sorted(each["power"] for each in shown["validators"]) == [BOND // CLU, *3 * [GENESIS_POWER]]
    assert not nodes.signed_by(TWIN)
    await nodes.reach(nodes.height(0) + 2, TWIN)  # it follows, without a vote


async def who_trusts_genesis_alone_follows(nodes: Changing) -> None:
    """A light client, through every set that there was, asking the node that came last; it proves stake, too."""
    genesis = nodes.network.home(nodes.network.members[0]).load_genesis()
    async with nodes.rpc(FIFTH) as rpc:
        light = LightClient(RpcSource(rpc), Anchors(genesis_anchor(genesis)))
        block = await light.follow()
        assert block.header.validators_hash != genesis_anchor(genesis).validators.hash()
        proven = await light.prove(STAKE.key(nodes.validator(TWIN)))
    assert proven.value is not None
    assert decode(Stake, proven.value).pool.tokens == GENESIS_POWER * CLU * 95 // 100
