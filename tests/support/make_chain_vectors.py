"""Golden vectors of the chain's wire formats. Run `python -m tests.support.make_chain_vectors`, `--check` to compare.

Light clients, wallets and stored blocks depend on these bytes. A difference is a new version of a format, see
tests/support/make_vectors.py, whose families these join.
"""

import sys
from dataclasses import replace

from chain.codec import encode
from chain.execution.statement import effects_digest, id_element
from chain.execution.upgrades import NO_FORK, Upgrade
from chain.params import Params, StakingParams, WorkPrices
from chain.types.block import Block, Header, evidence_root, transactions_root
from chain.types.identifiers import object_id, proof_paid_object_id
from chain.types.receipt import OK, Receipt, receipts_root
from chain.types.scalars import (
    NIL,
    AccountId,
    Amount,
    Blob,
    BlockId,
    Height,
    Name,
    Nonce,
    Round,
    Signature,
    Text,
    Timestamp,
    Uint,
    ValidatorId,
    ValidRound,
    VoteTarget,
    VrfKey,
    VrfOutput,
    VrfProof,
    WorkUnits,
)
from chain.types.transaction import FROM_ACCOUNT, FROM_PROOF, Envelope, FeeSource, Transaction
from chain.types.validators import ValidatorSet
from chain.types.vote import PRECOMMIT, PREVOTE, Commit, CommitSignature, DuplicateVote, PartSetHeader, Proposal, Vote
from contracts.confidential.actions import SetReaders
from contracts.confidential.call import Call
from contracts.confidential.signals import call_signals
from contracts.confidential.specs import (
    code_hash,
)
from contracts.registry.actions import RegisterProgram
from contracts.shielded import actions as shielded
from contracts.staking.actions import possession_bytes
from contracts.staking.genesis import GenesisDelegation, GenesisStake, StakingGenesis
from contracts.tasks.actions import Settle
from contracts.tasks.statement import settle_inputs
from contracts.token.events import Transferred
from tests.support.action_examples import ACTIONS, METHOD, REGISTERS, SEALING, TASK, fixed_hash, fixed_id
from tests.support.make_vectors import Family, Json, main
from tests.support.small_chain import CHAIN_ID, account, secret, small_genesis

PARAMS = Params(  # whatever the defaults of a devnet become
    verifier_backend=Name("backend-1.0"),
    max_block_bytes=Uint(2**20),
    max_block_work=WorkUnits(400_000),
    target_block_work=WorkUnits(200_000),
    prices=WorkPrices(WorkUnits(10), WorkUnits(60), WorkUnits(150), WorkUnits(1_700), WorkUnits(120)),
    initial_base_fee=Amount(100),
    min_base_fee=Amount(8),
    max_expiry=Uint(1_000),
    activation_delay=Uint(1),
    min_provider_bond=Amount(10**10),
    min_collateral=Amount(10**6),
    max_locks_per_provider=Uint(16),
    max_task_heights=Uint(10_000),
    max_expiries_per_block=Uint(200),
    settlement_burn_bps=Uint(100),
    block_time_ms=Uint(1_000),
    allow_insecure_keys=True,
    ceremony_quorum=Uint(2),
    min_attester_bond=Amount(10**11),
    attester_unbonding=Uint(100),
    staking=StakingParams(
        power_unit=Amount(10**9),
        min_self_bond=Amount(10**10),
        max_validators=Uint(100),
        epoch_blocks=Uint(20),
        unbonding=Uint(200),
        slash_bps=Uint(500),
        liveness_window=Uint(100),
        max_missed=Uint(50),
        jail_heights=Uint(30),
    ),
)
_GENESIS = small_genesis((10, 20, 30), PARAMS)


def envelope(*actions: object) -> Envelope:
    """What account 1 signs to do `actions`."""
    return Envelope(
        chain_id=CHAIN_ID,
        genesis_hash=_GENESIS.hash(),
        fork_id=fixed_hash(0),
        fee_source=FeeSource(FROM_ACCOUNT, account(1)),
        nonce=Nonce(7),
        expiry_height=Height(1_000),
        fee_limit=Amount(2**40),
        tip=Amount(300),
        actions=actions,  # type: ignore[arg-type]
    )


def transaction(*actions: object) -> Transaction:
    signed = envelope(*actions)
    return Transaction(signed, Signature(secret(1).sign(signed.signing_bytes())))


def proof_paid() -> Transaction:
    """A shielded transfer that pays for itself, signed by a key that is no account."""
    pays = next(action for action in ACTIONS if isinstance(action, shielded.Transfer))
    offer = replace(pays, taken=Amount(0), fee=Amount(2**40)).padded()
    source = FeeSource(FROM_PROOF, account(9))
    signed = replace(envelope(offer, ACTIONS[0]), fee_source=source, nonce=Nonce(0))
    return Transaction(signed, Signature(secret(9).sign(signed.signing_bytes())))


def _votes() -> tuple[Vote, Vote, Vote]:
    nil = Vote(PREVOTE, Height(3), Round(1), NIL, ValidatorId(fixed_id(8)), Signature(bytes(64)))
    one, two = (replace(nil, type=PRECOMMIT, target=VoteTarget(fixed_id(number))) for number in (1, 2))
    return nil, one, two


def _block() -> Block:
    _, one, two = _votes()
    commit = Commit(Height(3), Round(1), BlockId(fixed_id(1)), (CommitSignature(one.validator, Signature(bytes(64))),))
    transactions = tuple(Blob(transaction(action).raw) for action in ACTIONS[:2])
    evidence = (DuplicateVote(one, two),)
    header = Header(
        protocol_version=Uint(1),
        app_version=Uint(1),
        chain_id=CHAIN_ID,
        height=Height(4),
        time=Timestamp(1_700_000_000_123),
        proposer=ValidatorId(fixed_id(8)),
        parent_id=BlockId(fixed_id(1)),
        last_commit_hash=commit.hash(),
        tx_root=transactions_root(transactions),
        evidence_root=evidence_root(evidence),
        validators_hash=fixed_hash(2),
        next_validators_hash=fixed_hash(3),
        params_hash=PARAMS.hash(),
        beacon_output=VrfOutput(bytes(64)),
        beacon_proof=VrfProof(bytes(80)),
        state_root=fixed_hash(4),
        receipts_root=fixed_hash(5),
    )
    return Block(header, transactions, evidence, commit)


def chain_actions() -> list[Json]:
    """every action of the application: its encoding as it stands in an envelope, behind [1, ...]"""
    return [{"action": action.name, "envelope": encode(envelope(action)).hex()} for action in ACTIONS]


def chain_transactions() -> list[Json]:
    """chain/types/transaction.py: what is signed, the full bytes, and their hash"""
    return [
        {
            "actions": [action.name for action in signed.envelope.actions],
            "signing_bytes": signed.signing_bytes.hex(),
            "raw": signed.raw.hex(),
            "hash": signed.hash.hex(),
        }
        for signed in (transaction(ACTIONS[0]), transaction(*ACTIONS), proof_paid())
    ]


def chain_statements() -> list[Json]:
    """chain/execution/statement.py: effects digest and public inputs of a bound result; ids of created objects"""
    settle, committed = ACTIONS[12], ACTIONS[18]
    assert isinstance(settle, Settle) and isinstance(committed, Settle)
    one, several = envelope(settle), envelope(settle, ACTIONS[13], ACTIONS[0])
    rows: list[Json] = [
        {
            "envelope": encode(each).hex(),
            "effects": effects_digest(each).hex(),
            "inputs": [str(value) for value in settle_inputs(each, result)],
        }
        for each, result in ((one, settle), (several, settle), (envelope(committed), committed))
    ]
    created = [object_id(AccountId(fixed_id(1)), Nonce(nonce), index) for nonce, index in ((0, 0), (0, 1), (300, 0))]
    created += [proof_paid_object_id(fixed_id(7), 0), proof_paid().envelope.object_id(1)]
    rows.append({"object_ids": [each.hex() for each in created], "task_element": str(id_element(TASK))})
    return rows


def chain_confidential() -> list[Json]:
    """contracts/confidential/statement.py: public inputs of a call with some of everything, of a change of readers"""
    rows: list[Json] = []
    for action in ACTIONS:
        if isinstance(action, Call | SetReaders):
            (claim,) = action.claims(envelope(action), 0)
            inputs = [str(value) for value in claim.inputs]
            rows.append({"envelope": encode(envelope(action)).hex(), "inputs": inputs})
    names = call_signals(METHOD, REGISTERS)
    return [*rows, {"signals": list(names), "code_hash": code_hash((METHOD,), (SEALING,)).hex()}]


def chain_programs() -> list[Json]:
    """contracts/registry/state.py: what a program is known by, and its id"""
    registrations = [action for action in ACTIONS if isinstance(action, RegisterProgram)]
    registrations += [replace(each, bound=False, outputs=Uint(each.outputs + 2)) for each in registrations]
    return [{"parts": encode(each.parts).hex(), "id": each.program.hex()} for each in registrations]


def chain_blocks() -> list[Json]:
    """chain/types/block.py and vote.py: header, block, votes, proposal"""
    block = _block()
    nil, one, _ = _votes()
    parts = PartSetHeader(Uint(70_000), fixed_hash(6))
    proposal = Proposal(
        Height(4), Round(2), ValidRound(-1), block.header.id(), parts, ValidatorId(fixed_id(8)), Signature(bytes(64))
    )
    return [
        {"header": encode(block.header).hex(), "id": block.header.id().hex()},
        {"block": encode(block).hex(), "last_commit_hash": block.last_commit.hash().hex()},
        {"vote": encode(nil).hex(), "signing_bytes": nil.signing_bytes(CHAIN_ID).hex()},
        {"vote": encode(one).hex(), "signing_bytes": one.signing_bytes(CHAIN_ID).hex()},
        {"proposal": encode(proposal).hex(), "signing_bytes": proposal.signing_bytes(CHAIN_ID).hex()},
    ]


def chain_receipts() -> list[Json]:
    """chain/types/receipt.py: receipts and their root"""
    event = Transferred(account(1), account(2), Amount(5))
    receipts = (
        Receipt(OK, Amount(34_980), WorkUnits(1_590), (event,)),
        Receipt(Uint(4102), Amount(34_980), WorkUnits(1_590), ()),
        Receipt(OK, Amount(0), WorkUnits(0), ()),
    )
    return [
        {"receipts": [encode(receipt).hex() for receipt in receipts], "root": receipts_root(receipts).hex()},
        {"receipts": [], "root": receipts_root(()).hex()},
    ]


def chain_genesis() -> list[Json]:
    """chain/types/genesis.py, chain/params.py and chain/types/validators.py"""
    validators = ValidatorSet(tuple(entry.validator for entry in _GENESIS.validators))
    return [
        {"genesis": encode(_GENESIS).hex(), "hash": _GENESIS.hash().hex()},
        {"params": encode(PARAMS).hex(), "hash": PARAMS.hash().hex()},
        {"validators": encode(validators).hex(), "hash": validators.hash().hex()},
        {"proposers": [validators.proposer(Height(1), Round(round_)).hex() for round_ in range(6)]},
    ]


def chain_staking() -> list[Json]:
    """contracts/staking: what a consensus key signs to be bonded, and the section of a genesis"""
    validator, vrf_key = ValidatorId(fixed_id(1)), VrfKey(fixed_id(2))
    message = possession_bytes(CHAIN_ID, _GENESIS.hash(), validator, vrf_key, account(1))
    stake = GenesisStake(validator, Uint(500), (GenesisDelegation(account(1), Amount(10**10)),))
    return [{"possession": message.hex()}, {"section": encode(StakingGenesis((stake,))).hex()}]


def chain_forks() -> list[Json]:
    """chain/execution/upgrades.py: what envelopes name after an upgrade, and after another one"""
    previous, rows = NO_FORK, []
    for name, height, version, info in (("second", 1_000, 2, "cluster 0.2.0"), ("third", 70_000, 4, "")):
        upgrade = Upgrade(Name(name), Height(height), Uint(version), Text(info))
        rows.append({"upgrade": encode(upgrade).hex(), "previous": previous.hex()})
        previous = upgrade.fork_id(previous)
        rows[-1]["fork_id"] = previous.hex()
    return [*rows]


FAMILIES: tuple[Family, ...] = (
    chain_actions,
    chain_transactions,
    chain_statements,
    chain_confidential,
    chain_programs,
    chain_blocks,
    chain_receipts,
    chain_genesis,
    chain_staking,
    chain_forks,
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], FAMILIES))
