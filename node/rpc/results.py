"""What every method answers, as a JSON schema for the OpenRPC document; tests hold real answers against it."""

from functools import cache

from chain.params import Params
from chain.types.block import Header
from chain.types.receipt import Receipt
from chain.types.sync import LightBlock
from chain.types.transaction import Envelope
from chain.types.vote import Commit, DuplicateVote
from contracts.confidential.queries import ContractAbi, ContractState, ContractView, EpochsView
from contracts.governance.queries import ProposalView, UpgradeView
from contracts.notes.queries import NotesRange, NullifiersRange, SubtreesRange, TreeView
from contracts.registry.ceremony_state import Attestation, Attester
from contracts.registry.state import KeyRecord, Model, Program
from contracts.shielded.queries import PoolView
from contracts.staking.queries import DelegationView, ValidatorView
from contracts.staking.state import ActiveValidator
from contracts.tasks.provider_state import Provider
from contracts.tasks.state import Task, TaskInput
from contracts.token.state import Asset
from node.rpc.schemas import (
    ANY_OBJECT,
    COUNT,
    DECIMAL,
    FLAG,
    HEX,
    HEX32,
    NUMBER,
    TAGGED,
    TEXT,
    Schema,
    listed,
    members,
    nullable,
    one_of,
    schema_of,
)

EVENT: Schema = {**TAGGED, "required": ["type", "height", "index"]}
PLACE: dict[str, Schema] = {"hash": HEX32, "height": COUNT, "index": COUNT}
ADMITTED: dict[str, Schema] = {"hash": HEX32, "work": COUNT, "fee": DECIMAL}


@cache
def result_schemas() -> dict[str, Schema]:
    """By method name."""
    contracts = {**_contracts(), **_staking(), **_governance()}
    return {**_chain(), **_transactions(), **_assets(), **contracts, **_network(), **_itself()}


def _status() -> Schema:
    return members(
        chain_id=TEXT,
        genesis_hash=HEX32,
        fork_id=HEX32,
        height=COUNT,
        block_id=HEX32,
        time=COUNT,
        state_root=HEX32,
        base_fee=DECIMAL,
        supply=DECIMAL,
        moniker=TEXT,
        validator=nullable(HEX32),
        peers=COUNT,
        catching_up=FLAG,
        storage=one_of("sealed", "unprotected", "unsealed"),
        proofs_verified=COUNT,
        proofs_refused=COUNT,
        proof_verify_ms=NUMBER,
        params=schema_of(Params),
    )


def _chain() -> dict[str, Schema]:
    header, commit = schema_of(Header), schema_of(Commit)
    return {
        "chain_status": _status(),
        "chain_getBlock": members(
            id=HEX32,
            header=header,
            transactions=listed(HEX32),
            evidence=listed(schema_of(DuplicateVote)),
            last_commit=commit,
            commit=commit,
            size=COUNT,
        ),
        "chain_getTransaction": schema_of(
            Envelope,
            status=one_of("waiting", "final"),
            height=nullable(COUNT),
            index=nullable(COUNT),
            hash=HEX32,
            signature=HEX,
            raw=HEX,
        ),
        "chain_getReceipt": schema_of(Receipt, **PLACE),
        "chain_getEvents": members(events=listed(EVENT), scanned_to={"type": "integer", "minimum": -1}),
        "chain_getAccount": members(
            balance=DECIMAL,
            nonce=COUNT,
            next_nonce=COUNT,
            height=COUNT,
            assets=listed(members(asset=HEX32, balance=DECIMAL)),
            more_assets=FLAG,
        ),
        "chain_getProof": members(key=HEX, height=COUNT, root=HEX32, proof=ANY_OBJECT, header=header, commit=commit),
        "chain_getLightBlock": schema_of(LightBlock),
    }


def _transactions() -> dict[str, Schema]:
    final = members(**ADMITTED, height=COUNT, index=COUNT, receipt=schema_of(Receipt))
    return {
        "tx_submit": {"oneOf": [members(**ADMITTED), final]},
        "tx_simulate": members(**ADMITTED),
        "mempool_status": members(count=COUNT, bytes=COUNT),
    }


def _assets() -> dict[str, Schema]:
    asset = schema_of(Asset, supply=DECIMAL)
    return {"asset_get": asset, "asset_list": members(assets=listed(asset), more=FLAG)}


def _contracts() -> dict[str, Schema]:
    task, provider = schema_of(Task, phase=TEXT), schema_of(Provider, bond_amount=DECIMAL)
    return {
        "task_get": schema_of(Task, phase=TEXT, input=nullable(schema_of(TaskInput))),
        "task_list": members(height=COUNT, tasks=listed(task)),
        "provider_get": provider,
        "provider_list": members(providers=listed(provider)),
        "registry_getKey": schema_of(KeyRecord, strength=TEXT, attestations=listed(schema_of(Attestation)), key=HEX),
        "registry_getProgram": schema_of(Program, manifest=HEX),
        "registry_listAttesters": members(attesters=listed(schema_of(Attester, bond_amount=DECIMAL))),
        "model_get": schema_of(Model, program_record=schema_of(Program), manifest=HEX, strength=TEXT),
        "model_list": members(models=listed(schema_of(Model))),
        "contract_get": schema_of(ContractView),
        "contract_getEpochs": schema_of(EpochsView),
        "contract_getAbi": schema_of(ContractAbi),
        "contract_getState": schema_of(ContractState),
        "contract_scanNotes": schema_of(NotesRange),
        "contract_scanNullifiers": schema_of(NullifiersRange),
        "contract_getSubtrees": schema_of(SubtreesRange),
        "contract_getTree": schema_of(TreeView),
        "contract_getPool": schema_of(PoolView),
        "contract_listPools": members(pools=listed(schema_of(PoolView))),
    }


def _staking() -> dict[str, Schema]:
    validator = schema_of(ValidatorView)
    return {
        "validator_list": members(height=COUNT, validators=listed(schema_of(ActiveValidator))),
        "staking_getValidator": validator,
        "staking_listValidators": members(height=COUNT, validators=listed(validator), more=FLAG),
        "staking_getDelegations": members(height=COUNT, delegations=listed(schema_of(DelegationView))),
    }


def _governance() -> dict[str, Schema]:
    proposal = schema_of(ProposalView)
    return {
        "governance_getProposal": proposal,
        "governance_listProposals": members(proposals=listed(proposal), open=listed(COUNT), more=FLAG),
        "chain_getUpgrade": schema_of(UpgradeView, known_app_versions=listed(COUNT)),
    }


def _network() -> dict[str, Schema]:
    peer = members(
        node_id=HEX32,
        address=TEXT,
        direction=one_of("inbound", "outbound"),
        height=nullable(COUNT),
        connected_seconds=NUMBER,
        round_trip_ms=nullable(NUMBER),
        score=NUMBER,
        reasons=listed(TEXT),
        bytes_in=COUNT,
        bytes_out=COUNT,
        messages_in=COUNT,
        rate_limited=COUNT,
        proof_work=COUNT,
        queue_depth=COUNT,
        queue_bytes=COUNT,
        queue_dropped=COUNT,
    )
    ban = members(node_id=HEX32, reason=TEXT, until=NUMBER)
    refused = members(height=COUNT, block_id=HEX32, proposer=HEX32, code=COUNT, reason=TEXT)
    return {
        "net_peers": members(peers=listed(peer), bans=listed(ban), inbox_dropped=ANY_OBJECT),
        "net_info": members(
            node_id=HEX32, listen=nullable(TEXT), protocol_version=COUNT, app_version=COUNT, app_versions=listed(COUNT)
        ),
        "consensus_status": members(height=COUNT, round=COUNT, step=TEXT, refused_blocks=listed(refused)),
        "verifier_status": members(verified=COUNT, refused=COUNT, recent_ms=listed(NUMBER)),
    }


def _itself() -> dict[str, Schema]:
    return {"rpc.discover": ANY_OBJECT, "subscribe": COUNT, "unsubscribe": FLAG}
