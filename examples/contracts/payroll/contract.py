"""Salaries that the employer sees, each employee his own, and an auditor with a permit; the money is on the chain."""

from typing import Final, Literal

from compute.dsl import (
    Address,
    Array,
    Contract,
    Field,
    Note,
    Owner,
    Private,
    Public,
    Register,
    Sealed,
    Spend,
    Struct,
    contract,
    maximum,
    method,
    require,
    u16,
    u64,
)
from compute.dsl.plain import Plain, wallet

STAFF: Final = 4  # notes of one run: fewer employees are filled up with pay of nothing, more take several runs


class Pay(Note):
    """Money of an employee's: a salary of a month, or what is left of several. In nano-CLU."""

    amount: u64
    month: u16


class Books(Struct):
    """What employer and auditor read. free: funds that are nobody's yet; paid: all salaries so far, of `runs` runs.

    amounts, owners: the last run's, one for each note, owners as notes name them.
    """

    free: u64
    paid: u64
    runs: u16
    month: u16
    amounts: Array[u64, Literal[4]]
    owners: Array[Field, Literal[4]]


@contract
class Payroll(Contract):
    """The chain holds the money and sees what enters and leaves; it never sees a salary."""

    employer = Register(Address)
    books = Sealed(Books)

    @method
    def fund(self, amount: Public[u64]) -> None:
        """The employer puts money in."""
        self.only_employer()
        self.take(amount)
        self.books.free += amount

    @method
    def run(
        self,
        month: Private[u16],
        owners: Private[Array[Owner, Literal[4]]],
        amounts: Private[Array[u64, Literal[4]]],
    ) -> None:
        """Pay a month's salaries, each as a note to its owner. What the books say was paid is what the notes hold."""
        self.only_employer()
        books = self.books
        require(month >= books.month, "this month comes before the last one that was paid")
        for place in range(STAFF):
            owner, amount = owners[place], amounts[place]
            self.create(Pay(amount=amount, month=month), owner)
            books.owners[place], books.amounts[place] = owner.element, amount
        total = sum(amounts, u64(0))
        require(total <= books.free, "the funds do not cover these salaries")
        books.free -= total
        books.paid += total
        books.month = month
        books.runs += 1

    @method
    def withdraw(self, pay: Spend[Pay], amount: Public[u64], to: Public[Address], change: Private[Owner]) -> None:
        """An employee takes some or all of a note out, to any account; the rest comes back as a note."""
        require(amount <= pay.amount, "the note holds less than that")
        self.pay(to, amount)
        self.create(Pay(amount=pay.amount - amount, month=pay.month), change)

    @method
    def join(self, first: Spend[Pay], second: Spend[Pay], to: Private[Owner]) -> None:
        """Two notes become one, of the later month: to withdraw their sum at once, or to pay somebody unseen."""
        self.create(Pay(amount=first.amount + second.amount, month=maximum(first.month, second.month)), to)

    @method
    def reclaim(self, amount: Public[u64]) -> None:
        """The employer takes funds back that are nobody's yet."""
        self.only_employer()
        require(amount <= self.books.free, "so much of the funds is not free")
        self.books.free -= amount
        self.pay(self.employer, amount)

    def only_employer(self) -> None:
        require(self.caller == self.employer, "only the employer does this")

    @classmethod
    def examples(cls) -> Plain:
        """Two months of three people: what audits try."""
        employer, savings, staff = bytes([1] * 32), bytes([2] * 32), [wallet(name) for name in ("ann", "ben", "cem")]
        payroll = cls.plain(employer=employer)
        payroll.fund(2**62, sender=employer)
        for month, amounts in ((1, (50, 30, 20, 0)), (2, (2**61, 0, 0, 7))):
            payroll.run(month, [*staff, staff[0]], amounts, sender=employer)
        first, second, *_ = payroll.notes_of(staff[0])
        payroll.withdraw(first, 20, savings, staff[0])
        payroll.join(second, payroll.notes_of(staff[0])[-1], staff[1])
        payroll.withdraw(payroll.notes_of(staff[1])[0], 30, savings, staff[1])
        payroll.reclaim(9, sender=employer)
        return payroll
