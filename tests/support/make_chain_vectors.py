"""Golden vectors of the chain's wire formats. Run `python -m tests.support.make_chain_vectors`, `--check` to compare.

Light clients, wallets and stored blocks depend on these bytes. A difference is a new version of a format, see
tests/support/make_vectors.py, whose families these join.
"""

import sys
from dataclasses import replace

from chain.codec import encode
from chain.execution.statement import effects_digest, id_element
from chain.params import Params, WorkPrices
from chain.types.block import Block, Header, evidence_root, transactions_root
from chain.types.identifiers import object_id, proof_paid_object_id
from chain.types.receipt import OK, Receipt, receipts_root
from chain.types.scalars import (
    NATIVE,
    NIL,
    AccountId,
    Amount,
    AssetId,
    Blob,
    BlockId,
    EncryptionKeyBytes,
    FieldElement,
    Hash,
    Height,
    Name,
    Nonce,
    NoteTag,
    ObjectId,
    OutgoingSeal,
    ProgramId,
    ProofBytes,
    Round,
    Signature,
    Text,
    Timestamp,
    Uint,
    ValidatorId,
    ValidRound,
    VkId,
    VoteTarget,
    VrfOutput,
    VrfProof,
    WorkUnits,
)
from chain.types.transaction import FROM_ACCOUNT, FROM_PROOF, Envelope, FeeSource, Transaction
from chain.types.validators import ValidatorSet
from chain.types.vote import PRECOMMIT, PREVOTE, Commit, CommitSignature, DuplicateVote, PartSetHeader, Proposal, Vote
from contracts.confidential.actions import Deploy, SetReaders
from contracts.confidential.call import Call, Move, Pay, Read, Take
from contracts.confidential.lease_actions import Lease
from contracts.confidential.signals import call_signals
from contracts.confidential.specs import (
    FIRST,
    INBOX,
    PUBLIC,
    SEALED,
    Method,
    OutputSpec,
    RegisterSpec,
    SealingKey,
    code_hash,
)
from contracts.confidential.state import SealedDataKey
from contracts.notes.output import NoteHint, NoteOutput, Point
from contracts.registry.actions import Ceremony, PublishModel, RegisterKey, RegisterProgram, VoteFreeze
from contracts.registry.ceremony_actions import (
    AttestCeremony,
    BondAttester,
    ReleaseAttester,
    UnbondAttester,
    WithdrawAttestation,
)
from contracts.registry.statement import INFERENCE, INFERENCE_COMMITTED_MODEL
from contracts.shielded import actions as shielded
from contracts.tasks.actions import Lock, Open, SealedKey, Settle, SettleUnbound, Terms
from contracts.tasks.provider_actions import AddBond, RegisterProvider, UpdateProvider, WithdrawBond
from contracts.tasks.state import PROOF
from contracts.tasks.statement import settle_inputs
from contracts.token.actions import Transfer
from contracts.token.asset_actions import CreateAsset, SendAsset
from contracts.token.events import Transferred
from crypto.notes import POOL_ELEMENTS
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
)
_GENESIS = small_genesis((10, 20, 30), PARAMS)


def _id(number: int) -> bytes:
    return bytes([number]) * 32


def _hash(number: int) -> Hash:
    return Hash(_id(number))


TASK, VK, PROGRAM_ID = ObjectId(_id(0x31)), VkId(_id(0x32)), ProgramId(_id(0x33))
OUTPUTS = (FieldElement(5), FieldElement(2**253))
PROOF_BYTES = ProofBytes(bytes(range(128)))
POINT = Point(FieldElement(1), FieldElement(2))
HINT = NoteHint(EncryptionKeyBytes(_hash(8)), NoteTag(b"ab"), OutgoingSeal(bytes(range(160))))
REGISTERS = (
    RegisterSpec(Name("count"), SEALED, FIRST, Uint(1)),
    RegisterSpec(Name("bids"), PUBLIC, INBOX, Uint(1), (FieldElement(5),)),
)
METHOD = Method(
    Name("add"),
    VK,
    _hash(9),
    caller=True,
    period=True,
    arguments=Uint(1),
    reads=(Uint(1),),
    writes=(Uint(0),),
    counts=(Uint(1),),
    nullifiers=Uint(1),
    outputs=(OutputSpec(Uint(2), Uint(1)),),
    takes=Uint(1),
    pays=Uint(1),
)
SEALING = SealingKey(Uint(1), VK, _hash(10))
TERMS = Terms(
    program=PROGRAM_ID,
    input_commitment=FieldElement(7),
    evidence_kind=PROOF,
    price_start=Amount(100),
    price_end=Amount(2**40),
    ramp_end=Height(10),
    collateral=Amount(10**6),
    lock_deadline=Height(300),
    deadline=Height(70_000),
)
OUTPUT = NoteOutput(
    FieldElement(3),
    (FieldElement(4),) * POOL_ELEMENTS,
    NoteHint(EncryptionKeyBytes(_id(10)), NoteTag(b"\x0b\x0c"), OutgoingSeal(bytes(range(160)))),
)
ACTIONS = (
    Transfer(account(2), Amount(10**9)),
    RegisterKey(Blob(b"key"), None),
    RegisterKey(Blob(b""), Ceremony(_hash(1), _hash(2), _hash(3))),
    RegisterProgram(VK, _hash(4), Blob(b"manifest"), Uint(250), INFERENCE, Uint(10), True, None),
    PublishModel(Name("digits"), Name("1.0"), PROGRAM_ID, Text("reads digits")),
    VoteFreeze(VK, True),
    RegisterProvider(Amount(10**10), EncryptionKeyBytes(_id(9)), Amount(1), (PROOF,)),
    UpdateProvider(EncryptionKeyBytes(_id(9)), Amount(1), (PROOF,)),
    AddBond(Amount(1)),
    WithdrawBond(Amount(1)),
    Open(TERMS, Blob(b"sealed input"), (SealedKey(account(3), Blob(b"sealed key")),)),
    Lock(TASK),
    Settle(TASK, VK, Uint(1), FieldElement(7), None, OUTPUTS, PROOF_BYTES),
    SettleUnbound(TASK, VK, Uint(1), FieldElement(7), None, OUTPUTS, PROOF_BYTES),
    Deploy(code_hash((METHOD,), (SEALING,)), REGISTERS, (METHOD,), (SEALING,), Blob(b"abi")),
    SetReaders(TASK, Uint(1), VK, FieldElement(3), POINT, (SealedDataKey(POINT, FieldElement(4)),), PROOF_BYTES),
    Call(
        contract=TASK,
        method=METHOD.name,
        vk_id=VK,
        epoch=Uint(1),
        kc=FieldElement(3),
        caller=True,
        after=Height(5),
        before=Height(300),
        arguments=(FieldElement(9),),
        reads=(Read(Uint(1), Uint(2), (FieldElement(5),), False),),
        moves=(Move(Uint(0), Uint(0), (FieldElement(5),), (FieldElement(6),), FieldElement(7), OUTPUTS),),
        counts=(Uint(2),),
        root=FieldElement(10),
        nullifiers=(FieldElement(11),),
        ephemeral=POINT,
        outputs=(NoteOutput(FieldElement(12), OUTPUTS, HINT),),
        takes=(Take(NATIVE, Amount(13)),),
        pays=(Pay(AccountId(_hash(6)), AssetId(_hash(7)), Amount(14)),),
        padding=Blob(bytes(3)),
        proof=PROOF_BYTES,
    ),
    RegisterProgram(
        VK, _hash(4), Blob(b"manifest"), Uint(250), INFERENCE_COMMITTED_MODEL, Uint(10), True, FieldElement(11)
    ),
    Settle(TASK, VK, Uint(1), FieldElement(7), FieldElement(11), OUTPUTS, PROOF_BYTES),
    BondAttester(Amount(10**11)),
    UnbondAttester(),
    ReleaseAttester(),
    AttestCeremony(VK, Ceremony(_hash(1), _hash(2), _hash(3))),
    WithdrawAttestation(VK),
    shielded.Open(VK),
    shielded.Transfer(
        pool=TASK,
        vk_id=VK,
        root=FieldElement(1),
        nullifiers=(FieldElement(2), FieldElement(2**253)),
        ephemeral=POINT,
        outputs=(OUTPUT, OUTPUT),
        asset=NATIVE,
        taken=Amount(1_000),
        paid=Amount(2),
        recipient=account(2),
        fee=Amount(0),
        padding=Blob(b""),
        proof=PROOF_BYTES,
    ).padded(),
    Lease(TASK, Uint(1)),
    CreateAsset(Name("gold"), Uint(2), Amount(10**12)),
    SendAsset(AssetId(_id(0x34)), account(2), Amount(100)),
)


def envelope(*actions: object) -> Envelope:
    """What account 1 signs to do `actions`."""
    return Envelope(
        chain_id=CHAIN_ID,
        genesis_hash=_GENESIS.hash(),
        fork_id=_hash(0),
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
    nil = Vote(PREVOTE, Height(3), Round(1), NIL, ValidatorId(_id(8)), Signature(bytes(64)))
    one, two = (replace(nil, type=PRECOMMIT, target=VoteTarget(_id(number))) for number in (1, 2))
    return nil, one, two


def _block() -> Block:
    _, one, two = _votes()
    commit = Commit(Height(3), Round(1), BlockId(_id(1)), (CommitSignature(one.validator, Signature(bytes(64))),))
    transactions = tuple(Blob(transaction(action).raw) for action in ACTIONS[:2])
    evidence = (DuplicateVote(one, two),)
    header = Header(
        protocol_version=Uint(1),
        app_version=Uint(1),
        chain_id=CHAIN_ID,
        height=Height(4),
        time=Timestamp(1_700_000_000_123),
        proposer=ValidatorId(_id(8)),
        parent_id=BlockId(_id(1)),
        last_commit_hash=commit.hash(),
        tx_root=transactions_root(transactions),
        evidence_root=evidence_root(evidence),
        validators_hash=_hash(2),
        next_validators_hash=_hash(3),
        params_hash=PARAMS.hash(),
        beacon_output=VrfOutput(bytes(64)),
        beacon_proof=VrfProof(bytes(80)),
        state_root=_hash(4),
        receipts_root=_hash(5),
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
    created = [object_id(AccountId(_id(1)), Nonce(nonce), index) for nonce, index in ((0, 0), (0, 1), (300, 0))]
    created += [proof_paid_object_id(_id(7), 0), proof_paid().envelope.object_id(1)]
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
    parts = PartSetHeader(Uint(70_000), _hash(6))
    proposal = Proposal(
        Height(4), Round(2), ValidRound(-1), block.header.id(), parts, ValidatorId(_id(8)), Signature(bytes(64))
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


FAMILIES: tuple[Family, ...] = (
    chain_actions,
    chain_transactions,
    chain_statements,
    chain_confidential,
    chain_programs,
    chain_blocks,
    chain_receipts,
    chain_genesis,
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], FAMILIES))
