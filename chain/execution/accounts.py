"""Money: accounts, what objects hold, and the total that exists. Nothing else in the project moves an amount.

Every function is about the native token unless an asset is named. Invariant, for each asset: the balances of all
accounts and objects add up to its supply; only `burn` and `mint` change the supply.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from chain import amount
from chain.codec import decode, encode, wire
from chain.errors import ChainError
from chain.state import keys
from chain.state.keys import Key
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import NATIVE, NOBODY, AccountId, Amount, AssetId, Nonce, ObjectId
from crypto.address import encode_address

FEE_POOL: Final = ObjectId(b"fee-pool".rjust(32, b"\0"))  # tips of the running block, handed out at its end


class InsufficientBalance(ChainError):
    """An account cannot pay what an action asks of it."""

    code = 3021

    def __init__(self, account: AccountId, balance: Amount, needed: Amount, asset: AssetId = NATIVE) -> None:
        super().__init__(
            f"account {encode_address(account)} holds {amount.show(balance, asset)} and needs "
            f"{amount.show(needed, asset)}; fund it or ask for less."
        )
        self.account, self.balance, self.needed, self.asset = account, balance, needed, asset


class InsufficientHolding(ChainError):
    """An object would pay out more than it holds."""

    code = 3022

    def __init__(self, object_: ObjectId, balance: Amount, needed: Amount, asset: AssetId = NATIVE) -> None:
        super().__init__(
            f"object 0x{object_.hex()} holds {amount.show(balance, asset)} and cannot pay out "
            f"{amount.show(needed, asset)}."
        )
        self.object, self.balance, self.needed, self.asset = object_, balance, needed, asset


class PaidToNobody(ChainError):
    """An amount would go to 32 zero bytes: what is left where nobody put an account, in a field or a register."""

    code = 3023

    def __init__(self, value: Amount, asset: AssetId = NATIVE) -> None:
        super().__init__(
            f"{amount.show(value, asset)} would go to 32 zero bytes, which are no account: nobody could spend it. "
            "Name who is to have it."
        )
        self.amount, self.asset = value, asset


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
    """An amount by itself: what an object (task, bond, contract) holds, what there is of an asset."""

    balance: Amount


def read_account(view: View, account: AccountId) -> Account:
    """The account's record; an account nobody has paid yet is empty."""
    raw = view.get(keys.account(account))
    return EMPTY if raw is None else decode(Account, raw)


def write_account(overlay: Overlay, account: AccountId, record: Account) -> None:
    overlay.put(keys.account(account), encode(record))


def balance(view: View, account: AccountId, asset: AssetId = NATIVE) -> Amount:
    """What the account can spend."""
    if asset == NATIVE:
        return read_account(view, account).balance
    return _read(view, keys.asset_balance(account, asset))


def assets_of(view: View, account: AccountId, after: AssetId = NATIVE) -> Iterator[tuple[AssetId, Amount]]:
    """What the account holds of issued assets, by id, behind `after`."""
    start = keys.asset_balance(account, after)
    for key, raw in view.iterate(keys.ASSET_BALANCE.scan(account), start):
        if key != start:
            yield AssetId(keys.ASSET_BALANCE.parts(key)[1]), decode(Holding, raw).balance


def require_balance(view: View, account: AccountId, needed: Amount, asset: AssetId = NATIVE) -> None:
    """Raises InsufficientBalance unless the account can spend `needed`."""
    spendable = balance(view, account, asset)
    if spendable < needed:
        raise InsufficientBalance(account, spendable, needed, asset)


def require_somebody(account: AccountId, value: Amount, asset: AssetId = NATIVE) -> None:
    """Raises PaidToNobody if an amount other than 0 would go to nobody."""
    if value and account == NOBODY:
        raise PaidToNobody(value, asset)


def credit(overlay: Overlay, account: AccountId, value: Amount, asset: AssetId = NATIVE) -> None:
    """Add to an account's balance. The money must have been taken from somewhere in the same step."""
    _write_balance(overlay, account, amount.add(balance(overlay, account, asset), value), asset)


def debit(overlay: Overlay, account: AccountId, value: Amount, asset: AssetId = NATIVE) -> None:
    """Take from an account's balance. Raises InsufficientBalance."""
    spendable = balance(overlay, account, asset)
    if spendable < value:
        raise InsufficientBalance(account, spendable, value, asset)
    _write_balance(overlay, account, amount.subtract(spendable, value), asset)


def transfer(overlay: Overlay, payer: AccountId, payee: AccountId, value: Amount, asset: AssetId = NATIVE) -> None:
    """Move money between accounts. Raises InsufficientBalance."""
    debit(overlay, payer, value, asset)
    credit(overlay, payee, value, asset)


def holding(view: View, object_: ObjectId, asset: AssetId = NATIVE) -> Amount:
    """What the object holds."""
    return _read(view, _holding_key(object_, asset))


def assets_held(view: View, object_: ObjectId, after: AssetId = NATIVE) -> Iterator[tuple[AssetId, Amount]]:
    """What the object holds of issued assets, by id, behind `after`."""
    start = keys.asset_holding(object_, after)
    for key, raw in view.iterate(keys.ASSET_HOLDING.scan(object_), start):
        if key != start:
            yield AssetId(keys.ASSET_HOLDING.parts(key)[1]), decode(Holding, raw).balance


def require_holding(view: View, object_: ObjectId, needed: Amount, asset: AssetId = NATIVE) -> None:
    """Raises InsufficientHolding unless the object can pay out `needed`."""
    held = holding(view, object_, asset)
    if held < needed:
        raise InsufficientHolding(object_, held, needed, asset)


def deposit(overlay: Overlay, payer: AccountId, object_: ObjectId, value: Amount, asset: AssetId = NATIVE) -> None:
    """Move money from an account into an object. Raises InsufficientBalance."""
    debit(overlay, payer, value, asset)
    add_to_holding(overlay, object_, value, asset)


def withdraw(overlay: Overlay, object_: ObjectId, payee: AccountId, value: Amount, asset: AssetId = NATIVE) -> None:
    """Move money out of an object to an account. Raises InsufficientHolding."""
    take_holding(overlay, object_, value, asset)
    credit(overlay, payee, value, asset)


def move(overlay: Overlay, source: ObjectId, target: ObjectId, value: Amount, asset: AssetId = NATIVE) -> None:
    """Move money between objects. Raises InsufficientHolding."""
    take_holding(overlay, source, value, asset)
    add_to_holding(overlay, target, value, asset)


def take_holding(overlay: Overlay, object_: ObjectId, value: Amount, asset: AssetId = NATIVE) -> None:
    """Take from what an object holds and give it to nobody: the caller does, in the same step, or the block's end does.

    The latter is what becomes of a fee that a proof offers (chain/execution/block.py). Raises InsufficientHolding.
    """
    held = holding(overlay, object_, asset)
    if held < value:
        raise InsufficientHolding(object_, held, value, asset)
    _write(overlay, _holding_key(object_, asset), amount.subtract(held, value))


def add_to_holding(overlay: Overlay, object_: ObjectId, value: Amount, asset: AssetId = NATIVE) -> None:
    """Add to what an object holds. The money must have been taken from somewhere in the same step."""
    _write(overlay, _holding_key(object_, asset), amount.add(holding(overlay, object_, asset), value))


def burn_holding(overlay: Overlay, object_: ObjectId, value: Amount, asset: AssetId = NATIVE) -> None:
    """Destroy money that an object holds. Raises InsufficientHolding."""
    take_holding(overlay, object_, value, asset)
    reduce_supply(overlay, value, asset)


def supply(view: View, asset: AssetId = NATIVE) -> Amount:
    """All that exists of the asset."""
    return _read(view, _supply_key(asset))


def mint(overlay: Overlay, account: AccountId, value: Amount, asset: AssetId = NATIVE) -> None:
    """Create money in an account: the native token at genesis only, an issued asset when it is created."""
    _write(overlay, _supply_key(asset), amount.add(supply(overlay, asset), value))
    credit(overlay, account, value, asset)


def reduce_supply(overlay: Overlay, value: Amount, asset: AssetId = NATIVE) -> None:
    """Account for money that was taken and given to nobody: burnt."""
    if value:
        _write(overlay, _supply_key(asset), amount.subtract(supply(overlay, asset), value))


def _holding_key(object_: ObjectId, asset: AssetId) -> Key:
    return keys.holding(object_) if asset == NATIVE else keys.asset_holding(object_, asset)


def _supply_key(asset: AssetId) -> Key:
    return keys.SUPPLY if asset == NATIVE else keys.asset_supply(asset)


def _write_balance(overlay: Overlay, account: AccountId, value: Amount, asset: AssetId) -> None:
    if asset == NATIVE:
        write_account(overlay, account, replace(read_account(overlay, account), balance=value))
    else:
        _write(overlay, keys.asset_balance(account, asset), value)


def _read(view: View, key: Key) -> Amount:
    raw = view.get(key)
    return Amount(0) if raw is None else decode(Holding, raw).balance


def _write(overlay: Overlay, key: Key, value: Amount) -> None:
    """Nothing is stored of what is nothing."""
    if value:
        overlay.put(key, encode(Holding(value)))
    elif overlay.get(key) is not None:
        overlay.delete(key)
