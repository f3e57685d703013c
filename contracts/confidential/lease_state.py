"""Leases of registers: who alone may write, until when, and who must wait before he leases again.

A lease is judged by heights alone; that its record is cleared away at a block's end, or later in a busy one, changes no
rule. Its bond lies in an object of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.execution import accounts
from chain.execution.action import Event
from chain.state.keys import HEIGHT, ID, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Amount, Height, ObjectId, Uint
from contracts.confidential.events import LeaseEnded
from contracts.confidential.lease_errors import LeaseCooldown, NotLeaseHolder, RegisterLeased

LEASE_BOND: Final = Amount(10**9)  # nano-CLU: back with the holder's write, else burnt
LEASE_HEIGHTS: Final = 10  # after the lease's own, in which its holder may write
COOLDOWN: Final = 10  # heights after a lease's end in which the same account cannot lease that register again

LEASED: Final = Space("confidential/leased", (ID, HEIGHT))  # contract, register
LEASE_DUE: Final = Space("confidential/lease-due", (HEIGHT, ID, HEIGHT))  # last height, contract, register
COOLING: Final = Space("confidential/cooling", (ID, HEIGHT, ID))  # contract, register, account
COOLING_DUE: Final = Space("confidential/cooling-due", (HEIGHT, ID, HEIGHT, ID))  # last height, then as above

_PRESENT: Final = b"\x01"

Emit = Callable[[Event], None]


@wire()
@dataclass(frozen=True, slots=True)
class Leased:
    """A lease as it was taken. It is in force to the end of block `until`, and as long as it is stored."""

    holder: AccountId
    bond: ObjectId
    until: Height


@wire()
@dataclass(frozen=True, slots=True)
class Cooling:
    """The last height at which an account that had a lease cannot take another."""

    until: Height


@dataclass(frozen=True, slots=True)
class Place:
    """A register of a contract."""

    contract: ObjectId
    register: Uint
    name: str


def find_lease(view: View, contract: ObjectId, register: int) -> Leased | None:
    """The register's lease, or one that has run out and was not cleared away yet."""
    raw = view.get(LEASED.key(contract, be8(register)))
    return None if raw is None else decode(Leased, raw)


def lease_in_force(view: View, contract: ObjectId, register: int, height: Height) -> Leased | None:
    """The lease under which the register can be written at `height`."""
    lease = find_lease(view, contract, register)
    return lease if lease is not None and height <= lease.until else None


def require_holder(view: View, place: Place, sender: AccountId, height: Height) -> None:
    """Raises NotLeaseHolder unless the sender may write the register at `height`."""
    lease = lease_in_force(view, place.contract, place.register, height)
    if lease is None or lease.holder != sender:
        raise NotLeaseHolder(place.contract, place.name, None if lease is None else lease.holder, sender)


def require_free(view: View, place: Place, sender: AccountId, height: Height) -> None:
    """Raises RegisterLeased or LeaseCooldown unless the sender may lease the register at `height`."""
    lease = lease_in_force(view, place.contract, place.register, height)
    if lease is not None:
        raise RegisterLeased(place.contract, place.name, lease.holder, lease.until)
    until = _cooling_until(view, place, sender, height)
    if height <= until:
        raise LeaseCooldown(place.contract, place.name, sender, until)


def _cooling_until(view: View, place: Place, account: AccountId, height: Height) -> int:
    """Also for a lease that has run out and was not cleared away yet."""
    raw = view.get(COOLING.key(place.contract, be8(place.register), account))
    until = -1 if raw is None else decode(Cooling, raw).until
    lease = find_lease(view, place.contract, place.register)
    if lease is not None and lease.holder == account and lease.until < height:
        return max(until, lease.until + COOLDOWN)
    return until


def begin(overlay: Overlay, contract: ObjectId, register: Uint, lease: Leased, emit: Emit) -> None:
    """Take the bond from the holder, and the register until it ends. What ran out before is cleared away first."""
    late = find_lease(overlay, contract, register)
    if late is not None:
        expire(overlay, contract, register, late, emit)
    accounts.deposit(overlay, lease.holder, lease.bond, LEASE_BOND)
    overlay.put(LEASED.key(contract, be8(register)), encode(lease))
    overlay.put(LEASE_DUE.key(be8(lease.until), contract, be8(register)), _PRESENT)


def finish(overlay: Overlay, contract: ObjectId, register: Uint, height: Height, emit: Emit) -> None:
    """The holder has written: the lease ends and its bond goes back."""
    lease = find_lease(overlay, contract, register)
    if lease is None:
        raise LookupError("a register that asks for a lease was written without one")
    accounts.withdraw(overlay, lease.bond, lease.holder, LEASE_BOND)
    _end(overlay, contract, register, lease, height)
    emit(LeaseEnded(contract, register, lease.holder, Amount(0)))


def expire(overlay: Overlay, contract: ObjectId, register: Uint, lease: Leased, emit: Emit) -> None:
    """The holder has not written in time: the bond is burnt."""
    accounts.burn_holding(overlay, lease.bond, LEASE_BOND)
    _end(overlay, contract, register, lease, lease.until)
    emit(LeaseEnded(contract, register, lease.holder, LEASE_BOND))


def _end(overlay: Overlay, contract: ObjectId, register: Uint, lease: Leased, height: Height) -> None:
    overlay.delete(LEASED.key(contract, be8(register)))
    overlay.delete(LEASE_DUE.key(be8(lease.until), contract, be8(register)))
    until = Height(height + COOLDOWN)
    overlay.put(COOLING.key(contract, be8(register), lease.holder), encode(Cooling(until)))
    overlay.put(COOLING_DUE.key(be8(until), contract, be8(register), lease.holder), _PRESENT)


def due_leases(view: View, height: Height) -> Iterator[tuple[ObjectId, Uint]]:
    """Registers whose leases ran out with `height` or before, the earliest first."""
    for key, _ in view.iterate(LEASE_DUE.scan()):
        until, contract, register = LEASE_DUE.parts(key)
        if until > be8(height):
            return
        yield ObjectId(contract), Uint(int.from_bytes(register, "big"))


def due_coolings(view: View, height: Height) -> Iterator[tuple[bytes, ...]]:
    """What was to wait until `height` or before, as parts of its key, the earliest first."""
    for key, _ in view.iterate(COOLING_DUE.scan()):
        parts = COOLING_DUE.parts(key)
        if parts[0] > be8(height):
            return
        yield parts


def forget_cooling(overlay: Overlay, parts: tuple[bytes, ...]) -> None:
    """Clear away what has been waited for."""
    overlay.delete(COOLING_DUE.key(*parts))
    overlay.delete(COOLING.key(*parts[1:]))
