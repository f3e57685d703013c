"""What one transaction must satisfy, and what it does: envelope, then its actions on a nested overlay.

Two levels of refusal. An `InvalidTransaction` may never stand in a block: it makes the block invalid. A rule of state
that fails in an action makes a receipt: the fee is charged, the nonce used, the actions undone; where a proof pays, it
makes the transaction invalid, as the fee is undone with the actions.
"""

from dataclasses import replace
from typing import Final

from chain import amount
from chain.errors import ChainError, InvalidTransaction
from chain.execution import accounts, fees
from chain.execution.context import BlockContext, ExecutionContext
from chain.execution.fee_source import ProofPaidFailure, check_fee_source
from chain.execution.verifier import Verifier
from chain.params import Params
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.receipt import OK, Receipt
from chain.types.scalars import AccountId, Amount, ChainId, Hash, Height, Nonce, Uint, WorkUnits
from chain.types.transaction import Transaction
from crypto.address import encode_address
from crypto.errors import ClusterError

MAX_ACTIONS: Final = 16


class WrongChain(InvalidTransaction):
    """Signed for another chain id."""

    code = 3041

    def __init__(self, expected: ChainId, got: ChainId) -> None:
        super().__init__(f"the transaction is for chain {got!r}; this is {expected!r}. Sign it for this chain.")
        self.expected, self.got = expected, got


class WrongGenesis(InvalidTransaction):
    """Signed for a chain of the same name with another genesis."""

    code = 3042

    def __init__(self, expected: Hash, got: Hash) -> None:
        super().__init__(
            f"the transaction names genesis 0x{got.hex()}; this one is 0x{expected.hex()}; see chain_status."
        )
        self.expected, self.got = expected, got


class WrongFork(InvalidTransaction):
    """Signed for another set of rules than the active upgrade's."""

    code = 3043

    def __init__(self, expected: Hash, got: Hash) -> None:
        super().__init__(f"the transaction names fork 0x{got.hex()}; active is 0x{expected.hex()}. Sign it again.")
        self.expected, self.got = expected, got


class Expired(InvalidTransaction):
    """The expiry height has passed."""

    code = 3044

    def __init__(self, expiry: Height, height: Height) -> None:
        super().__init__(f"the transaction expired at height {expiry}; the next block is {height}. Sign it again.")
        self.expiry, self.height = expiry, height


class ExpiryTooFar(InvalidTransaction):
    """The expiry height lies further ahead than the chain remembers."""

    code = 3045

    def __init__(self, expiry: Height, latest: int) -> None:
        super().__init__(f"expiry height {expiry} is too far ahead; at most {latest} is allowed now.")
        self.expiry, self.latest = expiry, latest


class WrongNumberOfActions(InvalidTransaction):
    """A transaction without actions, or with too many."""

    code = 3046

    def __init__(self, count: int) -> None:
        super().__init__(f"a transaction carries 1 to {MAX_ACTIONS} actions; this one has {count}.")
        self.count = count


class NonceMismatch(InvalidTransaction):
    """The nonce is not the account's next one: used already, or with a gap before it."""

    code = 3047

    def __init__(self, account: AccountId, expected: Nonce, got: Nonce) -> None:
        what = "was used already" if got < expected else "leaves a gap"
        super().__init__(f"nonce {got} {what}: the next nonce of account {encode_address(account)} is {expected}.")
        self.account, self.expected, self.got = account, expected, got


class FeeLimitTooLow(InvalidTransaction):
    """The fee limit does not cover base fee and tip."""

    code = 3048

    def __init__(self, needed: int, limit: Amount) -> None:
        super().__init__(
            f"the fee is {amount.show(needed)} now (base fee and tip) and the fee limit {amount.show(limit)}; "
            "raise the limit."
        )
        self.needed, self.limit = needed, limit


class CannotPayFee(InvalidTransaction):
    """The sender's balance is below the fee."""

    code = 3049

    def __init__(self, account: AccountId, balance: Amount, fee: Amount) -> None:
        super().__init__(
            f"account {encode_address(account)} holds {amount.show(balance)} and the fee is {amount.show(fee)}; "
            "fund the account."
        )
        self.account, self.balance, self.fee = account, balance, fee


class WorkExceedsBlock(InvalidTransaction):
    """A transaction costs more work units than a whole block may."""

    code = 3051

    def __init__(self, work: int, limit: int) -> None:
        super().__init__(f"the transaction costs {work} work units; a block holds {limit}. Split its actions.")
        self.work, self.limit = work, limit


class NotYet(InvalidTransaction):
    """An action belongs to an application version that the chain has not been upgraded to."""

    code = 3052

    def __init__(self, index: int, needed: int, active: Uint) -> None:
        super().__init__(
            f"action {index} exists from application version {needed} on; the chain is at {active}. Submit it after "
            "the upgrade."
        )
        self.index, self.needed, self.active = index, needed, active


def check_envelope(transaction: Transaction, chain_id: ChainId, block: BlockContext) -> None:
    """The rules that need no state, cheapest first, without the signature. Raises InvalidTransaction."""
    envelope = transaction.envelope
    if envelope.chain_id != chain_id:
        raise WrongChain(chain_id, envelope.chain_id)
    if envelope.genesis_hash != block.genesis_hash:
        raise WrongGenesis(block.genesis_hash, envelope.genesis_hash)
    if envelope.fork_id != block.fork.id:
        raise WrongFork(block.fork.id, envelope.fork_id)
    require_action_count(transaction)
    _require_known(transaction, block)
    check_fee_source(envelope)
    if envelope.expiry_height < block.height:
        raise Expired(envelope.expiry_height, block.height)
    if envelope.expiry_height > block.height + block.params.max_expiry:
        raise ExpiryTooFar(envelope.expiry_height, block.height + block.params.max_expiry)


def require_action_count(transaction: Transaction) -> None:
    """Raises WrongNumberOfActions."""
    if not 1 <= len(transaction.envelope.actions) <= MAX_ACTIONS:
        raise WrongNumberOfActions(len(transaction.envelope.actions))


def _require_known(transaction: Transaction, block: BlockContext) -> None:
    """Raises NotYet: a program that is ahead of the chain holds the same blocks invalid as one that is not."""
    for index, action in enumerate(transaction.envelope.actions):
        if action.required_version() > block.fork.app_version:
            raise NotYet(index, action.required_version(), block.fork.app_version)


def required_work(transaction: Transaction, params: Params) -> WorkUnits:
    """What the transaction costs, in work units. Raises WorkExceedsBlock when no block could hold it."""
    work = fees.transaction_work(transaction, params)
    if work > params.max_block_work:
        raise WorkExceedsBlock(work, params.max_block_work)
    return work


def required_fee(transaction: Transaction, work: WorkUnits, base_fee: Amount) -> Amount:
    """Base cost and tip, or, when a proof pays, all that it gives. Raises FeeLimitTooLow when neither is covered."""
    envelope = transaction.envelope
    needed = fees.base_cost(work, base_fee) + envelope.tip
    if needed > envelope.fee_limit:
        raise FeeLimitTooLow(needed, envelope.fee_limit)
    return envelope.fee_limit if envelope.proof_paid else Amount(needed)


def check_payer(view: View, transaction: Transaction, fee: Amount) -> None:
    """Nonce and solvency of the account that pays, against state. Raises NonceMismatch or CannotPayFee."""
    account = accounts.read_account(view, transaction.sender)
    if transaction.envelope.nonce != account.nonce:
        raise NonceMismatch(transaction.sender, account.nonce, transaction.envelope.nonce)
    if account.balance < fee:
        raise CannotPayFee(transaction.sender, account.balance, fee)


def apply_transaction(
    transaction: Transaction,
    overlay: Overlay,
    chain_id: ChainId,
    block: BlockContext,
    base_fee: Amount,
    verifier: Verifier,
) -> Receipt:
    """Charge, then apply all actions or none. What a proof gives for the fee, its action takes out of its object.

    Raises InvalidTransaction, BadSignature or FalseEvidence when the transaction may not stand in a block; then the
    overlay must be thrown away. A failed rule of state becomes the receipt's code.
    """
    check_envelope(transaction, chain_id, block)
    work = required_work(transaction, block.params)
    fee = required_fee(transaction, work, base_fee)
    proof_paid = transaction.envelope.proof_paid
    if not proof_paid:
        check_payer(overlay, transaction, fee)
    verifier.require_signature(transaction.sender, transaction.signing_bytes, transaction.signature)
    if not proof_paid:
        _charge(overlay, transaction, fee)
    nested = Overlay(overlay)
    context = ExecutionContext(block, transaction.envelope, 0)
    try:
        _apply_actions(transaction, nested, context, verifier)
    except RuleFailed as failed:
        if proof_paid:
            raise ProofPaidFailure(context.index, failed.rule) from failed
        return Receipt(Uint(failed.rule.code), fee, work, ())
    nested.commit()
    return Receipt(OK, fee, work, tuple(context.events))


class RuleFailed(ChainError):
    """Carries the state rule that an action broke from the action to its transaction's receipt."""

    code = 3050

    def __init__(self, rule: ClusterError) -> None:
        super().__init__(str(rule))
        self.rule = rule


def _charge(overlay: Overlay, transaction: Transaction, fee: Amount) -> None:
    account = accounts.read_account(overlay, transaction.sender)
    paid = replace(account, nonce=Nonce(account.nonce + 1), balance=amount.subtract(account.balance, fee))
    accounts.write_account(overlay, transaction.sender, paid)


def _apply_actions(transaction: Transaction, overlay: Overlay, context: ExecutionContext, verifier: Verifier) -> None:
    for index, action in enumerate(transaction.envelope.actions):
        context.index = index
        try:
            action.check(overlay, context)
        except ClusterError as rule:
            if rule.fatal:  # the node's own state is unreadable: not an answer about the transaction
                raise
            raise RuleFailed(rule) from rule
        claims = transaction.claims[index]
        if claims:
            verifier.require(claims)
        action.execute(overlay, context)
