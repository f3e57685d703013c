"""A small chain whose validators sign or miss blocks, sign twice, and are bonded by people."""

from collections.abc import Sequence
from dataclasses import replace

from chain.execution.context import BlockContext
from chain.execution.validator_schedule import validators_at
from chain.params import DEVNET_STAKING
from chain.state.view import View
from chain.types.receipt import Receipt
from chain.types.scalars import (
    NIL,
    Amount,
    BlockId,
    Height,
    Name,
    Round,
    Signature,
    Uint,
    ValidatorId,
    VoteTarget,
    VrfKey,
)
from chain.types.transaction import Transaction
from chain.types.vote import PRECOMMIT, Commit, CommitSignature, DuplicateVote
from contracts.staking import delegations, state
from contracts.staking.actions import Bond, ReportDoubleVote, possession_bytes
from contracts.staking.liveness import Liveness, read_liveness
from contracts.staking.state import ValidatorRecord
from contracts.token.actions import Transfer
from tests.support.sealed_chain import signed_vote
from tests.support.small_chain import CHAIN_ID, CLU, SmallChain, account, consensus_key

EPOCH = 5
QUICK = replace(
    DEVNET_STAKING,
    epoch_blocks=Uint(EPOCH),
    unbonding=Uint(20),
    liveness_window=Uint(6),
    max_missed=Uint(3),
    jail_heights=Uint(7),
)


def validator_id(index: int) -> ValidatorId:
    return ValidatorId(consensus_key(index).public)


def double_vote(index: int, height: int) -> DuplicateVote:
    """Two precommits of the validator with this index: for nil, and for a block that is none."""
    targets = (NIL, VoteTarget(b"\x05" * 32))
    return DuplicateVote(*(signed_vote(index, PRECOMMIT, Height(height), target) for target in targets))


class StakeChain(SmallChain):
    """Every validator of a height signs it, but for those in `absent`; `evidence` stands in the next block."""

    def __init__(self, powers: Sequence[int] = (100, 100, 100), **staking: object) -> None:
        super().__init__(powers, staking=replace(QUICK, **staking))  # type: ignore[arg-type]
        self.absent: set[int] = set()
        self.evidence: tuple[DuplicateVote, ...] = ()

    @property
    def next_block(self) -> BlockContext:
        block, height = super().next_block, self.height
        away = [validator_id(index) for index in self.absent]
        signers = [member.public_key for member in validators_at(self.view, height).validators]
        signatures = tuple(CommitSignature(key, Signature(bytes(64))) for key in signers if key not in away)
        commit = Commit(height, Round(0), BlockId(bytes(32)), signatures if height else ())
        return replace(block, last_commit=commit, evidence=self.evidence)

    def block(self, *transactions: Transaction) -> list[Receipt]:
        receipts = super().block(*transactions)
        self.evidence = ()
        return receipts

    # Acting

    def bond_of(self, index: int, person: int, clu: int = 50, commission_bps: int = 0) -> Bond:
        """Person makes a validator of the consensus key with this index."""
        key = consensus_key(index)
        validator, vrf_key = ValidatorId(key.public), VrfKey(key.public)
        message = possession_bytes(CHAIN_ID, self.chain.genesis_hash, validator, vrf_key, account(person))
        signature = Signature(key.sign(message))
        return Bond(validator, vrf_key, signature, Amount(clu * CLU), Uint(commission_bps), Name(f"validator-{index}"))

    def report(self, index: int, height: int) -> ReportDoubleVote:
        return ReportDoubleVote(double_vote(index, height))

    def reward(self, index: int, tip: int) -> None:
        """A block that the validator proposes, with a tip."""
        before, self.proposer = self.proposer, validator_id(index)
        self.block(self.transaction(8, Transfer(account(7), Amount(1)), tip=tip))
        self.proposer = before

    def next_epoch(self) -> None:
        """Blocks until the set that the present epoch's end makes is the one that votes at the next height."""
        end = delegations.epoch_end(Height(self.height + 1), self.params.staking)
        self.pass_to(end + 1)

    # Reading

    def powers(self, height: int | None = None) -> dict[int, int]:
        """Who votes at a height (the next one), by index."""
        at = Height(self.height + 1 if height is None else height)
        known = {validator_id(index): index for index in range(40)}
        return {known[member.public_key]: member.power for member in validators_at(self.view, at).validators}

    def record(self, index: int) -> ValidatorRecord:
        return state.read_validator(self.view, validator_id(index))

    def tokens(self, index: int) -> int:
        return state.read_stake(self.view, validator_id(index)).pool.tokens

    def staked(self, index: int, person: int) -> int:
        return delegations.staked(self.view, validator_id(index), account(person))

    def earned(self, index: int, person: int) -> int:
        return delegations.earned(self.view, validator_id(index), account(person))

    def liveness(self, index: int) -> Liveness:
        return read_liveness(self.view, validator_id(index))

    def ranks(self) -> list[int]:
        """The indexes of those who may be chosen, in order."""
        known = {validator_id(index): index for index in range(40)}
        return [known[validator] for validator, _ in state.ranked(self.view)]


def on_its_way(view: View, index: int, person: int) -> list[tuple[int, int]]:
    """(first height to have it, worth) of the stake that a person has asked a validator for."""
    validator = validator_id(index)
    entries = delegations.unbondings(view, validator, account(person))
    return [(entry.release_at, delegations.unbonding_worth(view, validator, entry)) for entry in entries]
