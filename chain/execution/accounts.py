"""Money: accounts, what objects hold, and the total that exists. Nothing else in the project moves an amount.

Invariant: the balances of all accounts and objects add up to the supply; only `burn` and `mint` change the supply.
"""

from dataclasses import dataclass, replace
from typing import Final

from chain import amount
from chain.codec import decode, encode, wire
from chain.errors import ChainError
from chain.state import keys
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Amount, Nonce, ObjectId
from crypto.address import encode_address

FEE_POOL: Final = ObjectId(b"fee-pool".rjust(32, b"\0"))  # tips of the running block, handed out at its end


class InsufficientBalance(ChainError):
    """An account cannot pay what an action asks of it."""

    code = 3021

    def __init__(self, account: AccountId, balance: Amount, needed: Amount) -> None:
        super().__init__(
            f"account {encode_address(account)} holds {balance} nano-CLU and needs {needed}; fund it or ask for less."
        )
        self.account, self.balance, self.needed = account, balance, needed


class InsufficientHolding(ChainError):
    """An object would pay out more than it holds."""

    code = 3022

    def __init__(self, object_: ObjectId, balance: Amount, needed: Amount) -> None:
        super().__init__(f"object 0x{object_.hex()} holds {balance} nano-CLU and cannot pay out {needed}.")
        self.object, self.balance, self.needed = object_, balance, needed


@wire()
@dataclass(frozen=True, slots=True)
class Account:
    """nonce: how many transactions of this account stand in blocks; balance: spendable nano-CLU."""

    nonce: Nonce
    balance: Amount


EMPTY: Final = Account(Nonce(0), Amount(0))


@wire()
@dataclass(frozen=True, slots=True)
class Holding:
    """What an object (task, bond, contract) holds, in nano-CLU."""

    balance: Amount


def read_account(view: View, account: AccountId) -> Account:
    """The account's record; an account nobody has paid yet is empty."""
    raw = view.get(keys.account(account))
    return EMPTY if raw is None else decode(Account, raw)


def write_account(overlay: Overlay, account: AccountId, record: Account) -> None:
    overlay.put(keys.account(account), encode(record))


def require_balance(view: View, account: AccountId, needed: Amount) -> None:
    """Raises InsufficientBalance unless the account can spend `needed`."""
    balance = read_account(view, account).balance
    if balance < needed:
        raise InsufficientBalance(account, balance, needed)


def credit(overlay: Overlay, account: AccountId, value: Amount) -> None:
    """Add to an account's balance. The money must have been taken from somewhere in the same step."""
    record = read_account(overlay, account)
    write_account(overlay, account, replace(record, balance=amount.add(record.balance, value)))


def debit(overlay: Overlay, account: AccountId, value: Amount) -> None:
    """Take from an account's balance. Raises InsufficientBalance."""
    record = read_account(overlay, account)
    if record.balance < value:
        raise InsufficientBalance(account, record.balance, value)
    write_account(overlay, account, replace(record, balance=amount.subtract(record.balance, value)))


def transfer(overlay: Overlay, payer: AccountId, payee: AccountId, value: Amount) -> None:
    """Move money between accounts. Raises InsufficientBalance."""
    debit(overlay, payer, value)
    credit(overlay, payee, value)


def holding(view: View, object_: ObjectId) -> Amount:
    """What the object holds."""
    raw = view.get(keys.holding(object_))
    return Amount(0) if raw is None else decode(Holding, raw).balance


def deposit(overlay: Overlay, payer: AccountId, object_: ObjectId, value: Amount) -> None:
    """Move money from an account into an object. Raises InsufficientBalance."""
    debit(overlay, payer, value)
    _write_holding(overlay, object_, amount.add(holding(overlay, object_), value))


def withdraw(overlay: Overlay, object_: ObjectId, payee: AccountId, value: Amount) -> None:
    """Move money out of an object to an account. Raises InsufficientHolding."""
    _take(overlay, object_, value)
    credit(overlay, payee, value)


def move(overlay: Overlay, source: ObjectId, target: ObjectId, value: Amount) -> None:
    """Move money between objects. Raises InsufficientHolding."""
    _take(overlay, source, value)
    _write_holding(overlay, target, amount.add(holding(overlay, target), value))


def burn_holding(overlay: Overlay, object_: ObjectId, value: Amount) -> None:
    """Destroy money that an object holds. Raises InsufficientHolding."""
    _take(overlay, object_, value)
    reduce_supply(overlay, value)


def supply(view: View) -> Amount:
    """All money that exists, in nano-CLU."""
    raw = view.get(keys.SUPPLY)
    return Amount(0) if raw is None else decode(Holding, raw).balance


def mint(overlay: Overlay, account: AccountId, value: Amount) -> None:
    """Create money in an account: genesis only, until issuance exists."""
    overlay.put(keys.SUPPLY, encode(Holding(amount.add(supply(overlay), value))))
    credit(overlay, account, value)


def reduce_supply(overlay: Overlay, value: Amount) -> None:
    """Account for money that was taken and given to nobody: burnt."""
    if value:
        overlay.put(keys.SUPPLY, encode(Holding(amount.subtract(supply(overlay), value))))


def add_to_holding(overlay: Overlay, object_: ObjectId, value: Amount) -> None:
    """Add to what an object holds. The money must have been taken from somewhere in the same step."""
    if value:
        _write_holding(overlay, object_, amount.add(holding(overlay, object_), value))


def _take(overlay: Overlay, object_: ObjectId, value: Amount) -> None:
    balance = holding(overlay, object_)
    if balance < value:
        raise InsufficientHolding(object_, balance, value)
    _write_holding(overlay, object_, amount.subtract(balance, value))


def _write_holding(overlay: Overlay, object_: ObjectId, balance: Amount) -> None:
    if balance:
        overlay.put(keys.holding(object_), encode(Holding(balance)))
    else:
        overlay.delete(keys.holding(object_))
