"""One example of every action, fixed for the golden vectors of the chain's wire formats."""

from chain.execution.param_changes import ParamChange
from chain.execution.upgrades import Upgrade
from chain.types import vote as votes
from chain.types.scalars import (
    NATIVE,
    NIL,
    AccountId,
    Amount,
    AssetId,
    Blob,
    EncryptionKeyBytes,
    FieldElement,
    Hash,
    Height,
    Name,
    NoteTag,
    ObjectId,
    OutgoingSeal,
    ProgramId,
    ProofBytes,
    Round,
    Signature,
    Text,
    Uint,
    ValidatorId,
    VkId,
    VoteTarget,
    VrfKey,
)
from contracts.confidential.actions import Deploy, SetReaders
from contracts.confidential.call import Call, Move, Pay, Read, Take
from contracts.confidential.lease_actions import Lease
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
from contracts.governance.actions import Propose, Vote, Withdraw
from contracts.governance.decisions import CancelUpgrade, PlanUpgrade, SetParameters
from contracts.notes.output import NoteHint, NoteOutput, Point
from contracts.registry.actions import Ceremony, PublishModel, RegisterKey, RegisterProgram
from contracts.registry.ceremony_actions import (
    AttestCeremony,
    BondAttester,
    ReleaseAttester,
    UnbondAttester,
    WithdrawAttestation,
)
from contracts.registry.decisions import FreezeKey
from contracts.registry.statement import INFERENCE, INFERENCE_COMMITTED_MODEL
from contracts.shielded import actions as shielded
from contracts.staking import delegation_actions as stake
from contracts.staking.actions import Bond, EditValidator, ReportDoubleVote, Unjail
from contracts.staking.delegation_actions import Delegate, Release, Unbond
from contracts.tasks.actions import Lock, Open, SealedKey, Settle, SettleUnbound, Terms
from contracts.tasks.provider_actions import AddBond, RegisterProvider, UpdateProvider, WithdrawBond
from contracts.tasks.state import PROOF
from contracts.token.actions import Transfer
from contracts.token.asset_actions import CreateAsset, SendAsset
from crypto.notes import POOL_ELEMENTS
from tests.support.small_chain import account


def fixed_id(number: int) -> bytes:
    return bytes([number]) * 32


def fixed_hash(number: int) -> Hash:
    return Hash(fixed_id(number))


TASK, VK, PROGRAM_ID = ObjectId(fixed_id(0x31)), VkId(fixed_id(0x32)), ProgramId(fixed_id(0x33))
OUTPUTS = (FieldElement(5), FieldElement(2**253))
PROOF_BYTES = ProofBytes(bytes(range(128)))
VALIDATOR = ValidatorId(fixed_id(0x35))
POINT = Point(FieldElement(1), FieldElement(2))
HINT = NoteHint(EncryptionKeyBytes(fixed_hash(8)), NoteTag(b"ab"), OutgoingSeal(bytes(range(160))))
REGISTERS = (
    RegisterSpec(Name("count"), SEALED, FIRST, Uint(1)),
    RegisterSpec(Name("bids"), PUBLIC, INBOX, Uint(1), (FieldElement(5),)),
)
METHOD = Method(
    Name("add"),
    VK,
    fixed_hash(9),
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
SEALING = SealingKey(Uint(1), VK, fixed_hash(10))
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
    NoteHint(EncryptionKeyBytes(fixed_id(10)), NoteTag(b"\x0b\x0c"), OutgoingSeal(bytes(range(160)))),
)
ACTIONS = (
    Transfer(account(2), Amount(10**9)),
    RegisterKey(Blob(b"key"), None),
    RegisterKey(Blob(b""), Ceremony(fixed_hash(1), fixed_hash(2), fixed_hash(3))),
    RegisterProgram(VK, fixed_hash(4), Blob(b"manifest"), Uint(250), INFERENCE, Uint(10), True, None),
    PublishModel(Name("digits"), Name("1.0"), PROGRAM_ID, Text("reads digits")),
    Vote(Uint(1), True),
    RegisterProvider(Amount(10**10), EncryptionKeyBytes(fixed_id(9)), Amount(1), (PROOF,)),
    UpdateProvider(EncryptionKeyBytes(fixed_id(9)), Amount(1), (PROOF,)),
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
        pays=(Pay(AccountId(fixed_hash(6)), AssetId(fixed_hash(7)), Amount(14)),),
        padding=Blob(bytes(3)),
        proof=PROOF_BYTES,
    ),
    RegisterProgram(
        VK, fixed_hash(4), Blob(b"manifest"), Uint(250), INFERENCE_COMMITTED_MODEL, Uint(10), True, FieldElement(11)
    ),
    Settle(TASK, VK, Uint(1), FieldElement(7), FieldElement(11), OUTPUTS, PROOF_BYTES),
    BondAttester(Amount(10**11)),
    UnbondAttester(),
    ReleaseAttester(),
    AttestCeremony(VK, Ceremony(fixed_hash(1), fixed_hash(2), fixed_hash(3))),
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
    SendAsset(AssetId(fixed_id(0x34)), account(2), Amount(100)),
    Deploy(code_hash((METHOD,), (SEALING,)), REGISTERS, (METHOD,), (SEALING,), Blob(b"abi"), fixed_readers=True),
    Propose(
        SetParameters(
            (ParamChange(Name("prices.write"), Uint(200)), ParamChange(Name("max_expiry"), Uint(500))), Height(9)
        ),
        Height(8),
        Text("writes are dearer than we thought"),
    ),
    Propose(FreezeKey(VK, True), Height(8), Text("")),
    Propose(PlanUpgrade(Upgrade(Name("two"), Height(70_000), Uint(2), Text("0.2.0"))), Height(8), Text("")),
    Propose(CancelUpgrade(Name("two")), Height(8), Text("")),
    Withdraw(Uint(1)),
    Bond(VALIDATOR, VrfKey(fixed_id(0x36)), Signature(bytes(64)), Amount(10**10), Uint(500), Name("one")),
    EditValidator(VALIDATOR, Name("other"), Uint(10_000)),
    Delegate(VALIDATOR, Amount(10**9)),
    Unbond(VALIDATOR, Amount(10**9)),
    stake.Withdraw(VALIDATOR),
    Release(VALIDATOR),
    Unjail(VALIDATOR),
    ReportDoubleVote(
        votes.DuplicateVote(
            votes.Vote(votes.PRECOMMIT, Height(3), Round(1), NIL, VALIDATOR, Signature(bytes(64))),
            votes.Vote(votes.PRECOMMIT, Height(3), Round(1), VoteTarget(fixed_id(1)), VALIDATOR, Signature(bytes(64))),
        )
    ),
)
