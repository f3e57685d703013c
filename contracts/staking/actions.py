"""What an operator does for its validator: bond it, edit it, let it out of jail; and what anybody may: report it."""

from dataclasses import dataclass, replace
from typing import ClassVar

from chain.codec import encode, wire
from chain.execution import accounts
from chain.execution.action import Action
from chain.execution.context import ExecutionContext
from chain.execution.header import require_contradiction
from chain.execution.verifier import BadSignature
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Amount, ChainId, Hash, Name, Signature, Uint, ValidatorId, VrfKey
from chain.types.vote import DuplicateVote
from contracts.staking import delegations, punishment, state
from contracts.staking.epochs import self_bond
from contracts.staking.errors import (
    CommissionTooHigh,
    KeyNotHeld,
    NothingToChange,
    NotJailed,
    NotTheOperator,
    SelfBondTooLow,
    StillJailed,
    ValidatorExists,
)
from contracts.staking.events import Delegated, ValidatorChanged, ValidatorUnjailed
from contracts.staking.pools import BPS
from contracts.staking.state import ValidatorRecord
from crypto import domains
from crypto.hashing import tagged_hash
from crypto.keys import verify
from crypto.vrf import check_public_key


def possession_bytes(
    chain_id: ChainId, genesis_hash: Hash, validator: ValidatorId, vrf_key: VrfKey, operator: AccountId
) -> bytes:
    """What a consensus key signs to be bonded by an operator: else anybody could bond it first, as his."""
    return tagged_hash(domains.VALIDATOR_BOND, encode([1, chain_id, genesis_hash, validator, vrf_key, operator]))


@wire()
@dataclass(frozen=True, slots=True)
class Bond(Action):
    """Make a validator of a consensus key, with at least the least stake of the sender, who becomes its operator.

    It votes once it is among the largest at an epoch's end.
    """

    tag: ClassVar[int] = 61
    name: ClassVar[str] = "staking.bond"
    writes: ClassVar[int] = 8
    work: ClassVar[int] = 200  # a signature and a point to check

    validator: ValidatorId
    vrf_key: VrfKey
    possession: Signature  # by the consensus key over possession_bytes
    amount: Amount
    commission_bps: Uint
    moniker: Name

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises the StakingError of the broken rule, VrfKeyInvalid, InsufficientBalance."""
        least = context.params.staking.min_self_bond
        if self.amount < least:
            raise SelfBondTooLow(self.amount, least)
        if self.commission_bps > BPS:
            raise CommissionTooHigh(self.commission_bps)
        known = state.find_validator(view, self.validator)
        if known is not None:
            raise ValidatorExists(self.validator, known.operator)
        accounts.require_balance(view, context.sender, self.amount)
        check_public_key(self.vrf_key)
        envelope = context.envelope
        message = possession_bytes(
            envelope.chain_id, envelope.genesis_hash, self.validator, self.vrf_key, context.sender
        )
        if not verify(self.validator, message, self.possession):
            raise KeyNotHeld(self.validator, context.sender)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        commission = state.steady(self.commission_bps)
        record = ValidatorRecord(context.sender, self.moniker, self.vrf_key, commission, context.height, None, None)
        state.create_validator(overlay, self.validator, record)
        delegations.delegate(overlay, self.validator, context.sender, self.amount)
        context.emit(_changed(self.validator, record))
        context.emit(Delegated(self.validator, context.sender, self.amount, Amount(0)))


@wire()
@dataclass(frozen=True, slots=True)
class EditValidator(Action):
    """Give a validator another moniker, another commission, or both. A higher commission acts later."""

    tag: ClassVar[int] = 62
    name: ClassVar[str] = "staking.edit_validator"
    writes: ClassVar[int] = 1

    validator: ValidatorId
    moniker: Name
    commission_bps: Uint

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises CommissionTooHigh, NoSuchValidator, NotTheOperator, NothingToChange."""
        if self.commission_bps > BPS:
            raise CommissionTooHigh(self.commission_bps)
        record = require_operator(view, self.validator, context.sender)
        if (record.moniker, record.commission.risen_bps) == (self.moniker, self.commission_bps):
            raise NothingToChange(self.validator)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        record = state.read_validator(overlay, self.validator)
        commission = record.commission
        if self.commission_bps != commission.risen_bps:
            commission = commission.changed(self.commission_bps, context.height, context.params.staking.unbonding)
        record = replace(record, moniker=self.moniker, commission=commission)
        state.write_validator(overlay, self.validator, record)
        context.emit(_changed(self.validator, record))


@wire()
@dataclass(frozen=True, slots=True)
class Unjail(Action):
    """Let a validator out of jail when its time is over; it may be chosen again at the epoch's end."""

    tag: ClassVar[int] = 67
    name: ClassVar[str] = "staking.unjail"
    writes: ClassVar[int] = 2

    validator: ValidatorId

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NoSuchValidator, NotTheOperator, Tombstoned, NotJailed, StillJailed, SelfBondTooLow."""
        require_operator(view, self.validator, context.sender)
        record = state.require_untainted(view, self.validator)
        if record.jailed_until is None:
            raise NotJailed(self.validator)
        if context.height < record.jailed_until:
            raise StillJailed(self.validator, record.jailed_until, context.height)
        bond, least = self_bond(view, self.validator), context.params.staking.min_self_bond
        if bond < least:
            raise SelfBondTooLow(bond, least, self.validator)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        state.unjail(overlay, self.validator)
        context.emit(ValidatorUnjailed(self.validator))


@wire()
@dataclass(frozen=True, slots=True)
class ReportDoubleVote(Action):
    """Show two contradicting votes of one validator. It is punished at the end of the block.

    The reporter gets nothing: what is given to whoever reports, a validator can report itself for.
    """

    tag: ClassVar[int] = 68
    name: ClassVar[str] = "staking.report_double_vote"
    writes: ClassVar[int] = 1
    work: ClassVar[int] = 2_000  # two signatures, and what the block's end does to stake

    evidence: DuplicateVote

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises UnacceptedEvidence, NoSuchValidator, Tombstoned, EvidenceTooOld, BadSignature."""
        first, second = self.evidence.first, self.evidence.second
        require_contradiction(self.evidence, context.height)
        punishment.require_punishable(view, first.validator, first.height, context.height, context.params)
        for vote in (first, second):
            if not verify(vote.validator, vote.signing_bytes(context.envelope.chain_id), vote.signature):
                raise BadSignature(vote.validator)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        punishment.report(overlay, self.evidence.first.validator, self.evidence.first.height)


def require_operator(view: View, validator: ValidatorId, account: AccountId) -> ValidatorRecord:
    """Raises NoSuchValidator, NotTheOperator."""
    record = state.read_validator(view, validator)
    if record.operator != account:
        raise NotTheOperator(validator, record.operator)
    return record


def _changed(validator: ValidatorId, record: ValidatorRecord) -> ValidatorChanged:
    commission = record.commission
    return ValidatorChanged(validator, record.operator, record.moniker, commission.risen_bps, commission.rise_at)
