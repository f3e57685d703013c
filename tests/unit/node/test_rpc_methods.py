"""Every method against a real node: the OpenRPC document lists it, and what it answers is what the document says."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
import pytest_asyncio

from chain.codec import from_json
from chain.execution.param_changes import ParamChange
from chain.execution.upgrades import NO_FORK, Upgrade
from chain.state import keys
from chain.types.scalars import AccountId, Amount, Height, Name, Text, Uint, WorkUnits
from chain.types.sync import LightBlock
from chain.types.transaction import Transaction, transaction_hash
from client.errors import RpcFailed
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.governance.actions import Propose
from contracts.governance.decisions import CancelUpgrade, PlanUpgrade, SetParameters
from contracts.governance.errors import NoSuchProposal
from contracts.registry.actions import PublishModel
from contracts.tasks.state import LIVE
from contracts.token.actions import Transfer
from contracts.token.asset_actions import CreateAsset
from crypto.address import encode_address
from node.devnet.files import ACCOUNT_PURPOSE
from node.hub import Hub
from node.ingress import Admission
from node.keystore import load_key
from node.parts import Node
from node.rpc import results
from node.rpc.errors import InvalidParams, NotCommittedInTime
from node.rpc.method import HexBytes
from node.rpc.tx_methods import TransactionMethods
from tests.support.json_schema import faults
from tests.support.one_node import OneNode, one_node
from tests.support.open_task import OUTPUTS, OpenedTask, locked_task, opened_task, prepare, proven
from tests.support.programs import program_of, vk_id

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Scene:
    """A node with a settled, a locked and an open task; answers are checked as they come."""

    node: OneNode
    rpc: RpcClient
    requester: Wallet
    provider: Wallet
    schemas: dict[str, Any]
    settled: OpenedTask
    locked: OpenedTask
    opened: OpenedTask
    settling: str
    asked: set[str] = field(default_factory=set)

    async def ask(self, method: str, **params: Any) -> Any:
        """The answer, which fits its schema."""
        answer = await self.rpc.call(method, **params)
        assert list(faults(self.schemas[method], answer)) == []
        self.asked.add(method)
        return answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with one_node(tmp_path_factory.mktemp("rpc")) as node, RpcClient(node.url) as rpc:
        requester, provider = [await Wallet.open(node.secret(name), rpc) for name in ("account0", "account1")]
        await prepare(requester, provider)
        program = program_of(len(OUTPUTS)).program
        await requester.submit([PublishModel(Name("digits"), Name("1.0"), program, Text("of digits"))])
        tasks = [await locked_task(requester, provider) for _ in range(2)]
        envelope = proven(await provider.prepare([tasks[0].action]))
        outcome = await provider.submit_signed(provider.sign_envelope(envelope))
        document = await rpc.call("rpc.discover")
        schemas = {method["name"]: method["result"]["schema"] for method in document["methods"]}
        opened = await opened_task(requester, provider)
        yield Scene(node, rpc, requester, provider, schemas, *tasks, opened, outcome.hash)


# The document


async def test_the_document_lists_exactly_the_methods_that_are_answered(scene: Scene) -> None:
    document = await scene.rpc.call("rpc.discover")
    listed = [method["name"] for method in document["methods"]]
    assert listed == sorted(set(listed))
    assert set(listed) == set(results.result_schemas())
    for name in listed:
        if name not in ("subscribe", "unsubscribe"):
            try:
                await scene.rpc.call(name)
            except RpcFailed as failed:
                assert failed.rpc_code != -32601, name


async def test_the_document_has_the_shape_of_openrpc(scene: Scene) -> None:
    document = await scene.rpc.call("rpc.discover")
    assert document["openrpc"].startswith("1.")
    assert set(document["info"]) >= {"title", "version"}
    for method in document["methods"]:
        assert set(method) >= {"name", "params", "result", "summary"}
        assert method["summary"]
        names = [item["name"] for item in method["params"]]
        assert len(set(names)) == len(names)
        required = [item["required"] for item in method["params"]]
        assert required == sorted(required, reverse=True), "required parameters come first"
        assert all(item["schema"]["type"] for item in method["params"])
        assert method["result"]["schema"]


# The answers


async def test_governance_shows_proposals_and_upgrades(scene: Scene) -> None:
    operator = load_key(scene.node.home.operator_key, ACCOUNT_PURPOSE)
    await scene.requester.submit([Transfer(AccountId(operator.public), Amount(10**12))])
    wallet = await Wallet.open(operator, scene.rpc)
    height = (await scene.ask("chain_status"))["height"]
    assert await scene.ask("chain_getUpgrade") == {
        "app_version": 1,
        "fork_id": "0x" + bytes(32).hex(),
        "active": None,
        "pending": None,
        "pending_fork_id": None,
        "known_app_versions": [1],
    }
    upgrade = Upgrade(Name("two"), Height(height + 10**6), Uint(2), Text(""))
    change = SetParameters((ParamChange(Name("max_expiry"), Uint(2_000)),), Height(height + 10**6))
    for decision in (change, PlanUpgrade(upgrade)):
        await wallet.submit([Propose(decision, Height(height + 1_000), Text("why not"))])
    listed = await scene.ask("governance_listProposals")
    assert [each["proposal"]["number"] for each in listed["proposals"]] == [2, 1]
    assert (listed["open"], listed["more"]) == ([], False)
    first = await scene.ask("governance_getProposal", number=1)
    assert first == listed["proposals"][1]
    assert (first["proposal"]["status"], first["count"]) == ("passed", None)
    assert first["proposal"]["decision"]["type"] == "governance.set_parameters"
    assert (await scene.ask("governance_listProposals", limit=1))["more"] is True
    older = await scene.ask("governance_listProposals", before=2, limit=1)
    assert ([each["proposal"]["number"] for each in older["proposals"]], older["more"]) == ([1], False)
    assert (await scene.ask("governance_listProposals", before=0))["proposals"] == []
    ahead = await scene.ask("chain_getUpgrade")
    assert (ahead["pending"]["height"], ahead["pending_fork_id"]) == (
        upgrade.height,
        "0x" + upgrade.fork_id(NO_FORK).hex(),
    )
    await wallet.submit([Propose(CancelUpgrade(Name("two")), Height(height + 1_000), Text(""))])


async def test_a_proposal_that_was_never_made_and_too_many_at_once_are_refused(scene: Scene) -> None:
    for method, params, code in (
        ("governance_getProposal", {"number": 99}, NoSuchProposal.code),
        ("governance_listProposals", {"limit": 101}, InvalidParams.code),
    ):
        with pytest.raises(RpcFailed) as refused:
            await scene.rpc.call(method, **params)
        assert refused.value.rule == code


async def test_the_chains_methods_answer_what_the_document_says(scene: Scene) -> None:
    status = await scene.ask("chain_status")
    assert status["chain_id"] == "test-chain"
    assert status["validator"] == "0x" + scene.node.app.node.signer.public_key.hex()  # type: ignore[union-attr]
    receipt = await scene.ask("chain_getReceipt", hash=scene.settling)
    assert receipt["code"] == 0
    block = await scene.ask("chain_getBlock", height=receipt["height"])
    assert block["transactions"][receipt["index"]] == scene.settling
    assert (await scene.ask("chain_getBlock"))["header"]["height"] >= receipt["height"]
    transaction = await scene.ask("chain_getTransaction", hash=scene.settling)
    assert (transaction["status"], transaction["height"]) == ("final", receipt["height"])
    account = await scene.ask("chain_getAccount", address=scene.requester.address)
    assert account["nonce"] == account["next_nonce"] > 0
    stranger = await scene.ask("chain_getAccount", address=encode_address(b"\x55" * 32))
    assert (stranger["balance"], stranger["nonce"]) == ("0", 0)


async def test_assets_are_shown_with_their_supply_and_to_their_holders(scene: Scene) -> None:
    create = CreateAsset(Name("gold"), Uint(2), Amount(700))
    ids = [(await scene.requester.submit([create])).events[0]["asset"] for _ in range(3)]
    shown = await scene.ask("asset_get", id=ids[0])
    assert (shown["id"], shown["name"], shown["supply"]) == (ids[0], "gold", "700")
    ids.sort()
    first = await scene.ask("asset_list", limit=2)
    assert ([each["id"] for each in first["assets"]], first["more"]) == (ids[:2], True)
    rest = await scene.ask("asset_list", after=ids[1])
    assert ([each["id"] for each in rest["assets"]], rest["more"]) == (ids[2:], False)
    account = await scene.ask("chain_getAccount", address=scene.requester.address)
    assert account["assets"] == [{"asset": id_, "balance": "700"} for id_ in ids]
    account = await scene.ask("chain_getAccount", address=scene.requester.address, after=ids[0])
    assert ([each["asset"] for each in account["assets"]], account["more_assets"]) == (ids[1:], False)
    with pytest.raises(RpcFailed) as refused:
        await scene.rpc.call("asset_list", limit=201)
    assert refused.value.name == "InvalidParams"


async def test_events_are_found_by_type_and_a_long_way_in_steps(scene: Scene) -> None:
    tip = (await scene.ask("chain_status"))["height"]
    found = await scene.ask("chain_getEvents", first=1, type="tasks.settled")
    assert [event["task"] for event in found["events"]] == ["0x" + scene.settled.id.hex()]
    assert found["scanned_to"] >= tip
    everything = await scene.ask("chain_getEvents", first=0, last=tip)
    assert len(everything["events"]) > len(found["events"])
    beyond = await scene.ask("chain_getEvents", first=10**9)
    assert beyond["events"] == []


async def test_a_call_for_events_stops_where_it_has_gone_through_enough(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.rpc.chain_methods.MAX_EVENT_BYTES", 1)
    assert (await scene.ask("chain_getEvents", first=3))["scanned_to"] == 3
    monkeypatch.setattr("node.rpc.chain_methods.MAX_EVENTS", 1)
    monkeypatch.setattr("node.rpc.chain_methods.MAX_EVENT_BYTES", 10**9)
    one = await scene.ask("chain_getEvents", first=1)
    assert {event["height"] for event in one["events"]} == {one["scanned_to"]}


async def test_proofs_of_presence_and_absence_are_given_with_what_signs_them(scene: Scene) -> None:
    there = await scene.ask("chain_getProof", key="0x" + keys.account(scene.requester.account).hex())
    assert "exist" in there["proof"]
    assert there["header"]["height"] == there["height"] + 1
    absent = await scene.ask("chain_getProof", key="0x", height=there["height"])
    assert "nonexist" in absent["proof"]
    with pytest.raises(RpcFailed) as refused:
        await scene.rpc.call("chain_getProof", key="0x00", height=10**9)
    assert refused.value.rpc_code == -32602


async def test_a_light_block_has_its_own_validators(scene: Scene) -> None:
    shown = from_json(LightBlock, await scene.ask("chain_getLightBlock", height=2))
    assert shown.height == 2 and shown.validators.hash() == shown.header.validators_hash
    assert (await scene.ask("chain_getLightBlock"))["header"]["height"] >= 2
    for height in (0, 10**9):
        with pytest.raises(RpcFailed) as refused:
            await scene.rpc.call("chain_getLightBlock", height=height)
        assert refused.value.name == "NotFound"


async def test_tasks_are_listed_by_state_and_by_people(scene: Scene) -> None:
    for task, phase in [(scene.settled, "settled"), (scene.locked, "locked"), (scene.opened, "open")]:
        assert (await scene.ask("task_get", id="0x" + task.id.hex()))["phase"] == phase

    async def ids(**params: Any) -> set[str]:
        return {task["id"] for task in (await scene.ask("task_list", **params))["tasks"]}

    locked, opened, settled = ("0x" + task.id.hex() for task in (scene.locked, scene.opened, scene.settled))
    assert await ids() == {opened}
    assert await ids(state="locked") == {locked}
    assert await ids(requester=scene.requester.address) == {locked, opened, settled}
    assert await ids(requester=scene.requester.address, state="settled") == {settled}
    assert await ids(provider=scene.provider.address) == {locked, settled}
    assert await ids(recipient=scene.requester.address) == set()
    assert await ids(requester=scene.requester.address, limit=1) in ({locked}, {opened}, {settled})
    for state in LIVE:
        await ids(state=state)


async def test_what_components_keep_is_shown(scene: Scene) -> None:
    provider = await scene.ask("provider_get", address=scene.provider.address)
    assert int(provider["bond_amount"]) > 0
    assert len((await scene.ask("provider_list"))["providers"]) >= 1
    key = await scene.ask("registry_getKey", id="0x" + vk_id(3 + len(OUTPUTS)).hex())
    assert key["strength"] == f"proof/single-party({key['registrant']})" and key["attestations"] == []
    assert (await scene.ask("registry_listAttesters"))["attesters"] == []
    program = "0x" + program_of(len(OUTPUTS)).program.hex()
    assert (await scene.ask("registry_getProgram", id=program))["manifest"] == "0x" + b"manifest".hex()
    (model,) = (await scene.ask("model_list"))["models"]
    shown = await scene.ask("model_get", name=model["model"])
    assert (shown["id"], shown["strength"]) == (model["id"], key["strength"])
    assert (await scene.ask("model_get", id=model["id"]))["program_record"]["id"] == program
    (validator,) = (await scene.ask("validator_list"))["validators"]
    assert (validator["power"], validator["status"]) == (100_000, "active")
    known = await scene.ask("staking_getValidator", validator=validator["validator"])
    assert (known["self_bond"], known["missed"], known["jailed_until"]) == (validator["stake"], 0, None)
    assert (await scene.ask("staking_listValidators"))["validators"] == [known]
    listed = await scene.ask("staking_listValidators", after=validator["validator"], limit=1)
    assert (listed["validators"], listed["more"]) == ([], False)
    (own,) = (await scene.ask("staking_getDelegations", address=validator["operator"]))["delegations"]
    assert (own["staked"], own["unbonding"], own["status"]) == (known["stake"], [], "active")


async def test_the_node_tells_of_itself(scene: Scene) -> None:
    assert (await scene.ask("net_info"))["protocol_version"] == 1
    assert (await scene.ask("net_peers"))["peers"] == []
    assert (await scene.ask("consensus_status"))["refused_blocks"] == []
    assert (await scene.ask("verifier_status"))["verified"] >= 1
    assert (await scene.ask("mempool_status"))["count"] == 0
    await scene.ask("rpc.discover")


async def test_submission_acknowledges_admission_and_on_request_finality(scene: Scene) -> None:
    wallet, payee = scene.requester, scene.provider.account

    async def signed() -> bytes:
        return wallet.sign_envelope(await wallet.prepare([Transfer(payee, Amount(1))])).raw

    first = "0x" + (await signed()).hex()  # signed once: another height or base fee is another transaction
    simulated = await scene.ask("tx_simulate", transaction=first)
    final = await scene.ask("tx_submit", transaction=first, wait="committed")
    assert final["receipt"]["code"] == 0
    assert final["height"] <= (await scene.ask("chain_status"))["height"]
    assert simulated["hash"] == final["hash"]
    admitted = await scene.ask("tx_submit", transaction="0x" + (await signed()).hex())
    assert set(admitted) == {"hash", "work", "fee"}
    async with asyncio.timeout(20):
        while True:
            shown = await scene.ask("chain_getTransaction", hash=admitted["hash"])
            if shown["status"] == "final":
                break
            assert (shown["status"], shown["height"]) == ("waiting", None)


async def test_every_method_that_reads_was_asked(scene: Scene) -> None:
    """Keeps this file complete: the last test of the module."""
    elsewhere = {"subscribe", "unsubscribe"}
    elsewhere |= {name for name in scene.schemas if name.startswith("contract_")}  # test_contract_methods.py
    assert set(scene.schemas) - scene.asked == elsewhere


async def test_a_wait_that_is_too_long_says_so_and_leaves_the_transaction_admitted() -> None:
    admitted: list[bytes] = []

    async def admit(raw: bytes, _source: None) -> Admission:
        admitted.append(raw)
        return Admission(cast(Transaction, SimpleNamespace(hash=transaction_hash(raw))), WorkUnits(1), Amount(2))

    node = SimpleNamespace(
        hub=Hub(),
        ingress=SimpleNamespace(admit=admit),
        relay=SimpleNamespace(publish_transaction=lambda _raw: None),
        config=SimpleNamespace(rpc=SimpleNamespace(wait_committed_seconds=0)),
    )
    with pytest.raises(NotCommittedInTime, match="chain_getReceipt"):
        await TransactionMethods(cast(Node, node)).submit(HexBytes(b"raw"), Text("committed"))
    assert admitted == [b"raw"]
    assert not node.hub._awaited
