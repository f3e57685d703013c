"""A credit line for whom a registered model trusts. Everybody sees the model; nobody sees what it judges by.

A bureau that the lender chose reports about a customer, to the customer alone. He shows that the model's score of that
very report is above the threshold: the lender learns that it is, and neither the report nor the score.
"""

from typing import Literal

from compute.dsl import (
    Address,
    Array,
    Bool,
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
    method,
    require,
    u8,
    u64,
)
from compute.dsl.plain import Plain, wallet
from examples.contracts.credit_line.model import SCORING, THRESHOLD, best


class Report(Note):
    """What the bureau knows of a customer, as the model takes it. It is used up by an application."""

    features: Array[u8, Literal[55]]
    customer: Address


class Line(Struct):
    """What lender and borrower read. limit, drawn: nano-CLU."""

    borrower: Address
    limit: u64
    drawn: u64
    granted: Bool


@contract
class CreditLine(Contract):
    """One lender's line for one borrower. program: the id of the model on the chain; the circuit contains its weights.

    The limit is sealed: what is still to be drawn is the two's affair. Payments are the chain's tokens and seen by all.
    """

    fixed_readers = True  # a borrower who can be taken off the list can neither draw nor pay back

    lender = Register(Address)
    bureau = Register(Address)
    program = Register(Field)
    line = Sealed(Line)

    @method
    def offer(self, borrower: Private[Address], limit: Private[u64]) -> None:
        """The lender says for whom the line would be and up to what; or changes it, not below what is drawn."""
        self.only_lender()
        require(~self.line.granted | (self.line.borrower == borrower), "the line is somebody else's already")
        require(self.line.drawn <= limit, "more than that is drawn")
        self.line.borrower = borrower
        self.line.limit = limit

    @method
    def report(self, features: Private[Array[u8, Literal[55]]], customer: Private[Address], to: Private[Owner]) -> None:
        """The bureau reports about a customer, to him."""
        require(self.caller == self.bureau, "only the bureau reports")
        self.create(Report(features=features, customer=customer), to)

    @method
    def apply(self, report: Spend[Report]) -> None:
        """The borrower shows that the model trusts him. Who is not trusted has no proof, and nobody hears of it."""
        require(self.caller == self.line.borrower, "the line is offered to somebody else")
        require(report.customer == self.caller, "the report is about somebody else")
        require(SCORING(report.features)[0] >= THRESHOLD, "the score is below the threshold")
        self.line.granted = Bool(True)

    @method
    def draw(self, amount: Public[u64]) -> None:
        """The borrower takes money, up to the limit."""
        line = self.line
        require(self.caller == line.borrower, "only the borrower draws")
        require(line.granted, "the line is not granted")
        require(line.drawn + amount <= line.limit, "that is above the limit")
        line.drawn += amount
        self.pay(line.borrower, amount)

    @method
    def repay(self, amount: Public[u64]) -> None:
        """The borrower pays back, and may draw it again."""
        require(self.caller == self.line.borrower, "only the borrower repays")
        require(amount <= self.line.drawn, "not so much is drawn")
        self.take(amount)
        self.line.drawn -= amount

    @method
    def fund(self, amount: Public[u64]) -> None:
        """The lender puts money in."""
        self.only_lender()
        self.take(amount)

    @method
    def withdraw(self, amount: Public[u64]) -> None:
        """The lender takes money out that nobody has drawn."""
        self.only_lender()
        self.pay(self.lender, amount)

    def only_lender(self) -> None:
        require(self.caller == self.lender, "only the lender does this")

    @classmethod
    def examples(cls) -> list[Plain]:
        """A line that is offered, granted, used and offered again: for audits."""
        lender, bureau, borrower, purse = bytes([1] * 32), bytes([2] * 32), bytes([3] * 32), wallet("borrower")
        line = cls.plain(lender=lender, bureau=bureau, program=7)
        line.fund(50, sender=lender)
        line.offer(borrower, 30, sender=lender)
        line.report(best(), borrower, purse, sender=bureau)
        line.apply(line.notes_of(purse)[0], sender=borrower)
        line.draw(30, sender=borrower)
        line.repay(13, sender=borrower)
        line.offer(borrower, 17, sender=lender)
        line.withdraw(33, sender=lender)
        return [line]
