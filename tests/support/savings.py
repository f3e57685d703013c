"""A contract that has a bit of everything: sealed and public registers, notes made and spent, private arguments."""

from compute.dsl import (
    Contract,
    Field,
    Note,
    Owner,
    Private,
    Register,
    Sealed,
    Spend,
    contract,
    method,
    require,
    u32,
    u64,
)


class Gift(Note):
    """So much for its owner, with a word that only he reads."""

    amount: u64
    word: Field


@contract
class Savings(Contract):
    """What is saved, and the last word about it, only readers know; everybody knows how often."""

    balance = Sealed(u64)
    word = Sealed(Field)
    calls = Register(u32)

    @method
    def deposit(self, amount: Private[u64], word: Private[Field]) -> None:
        """Save some."""
        require(amount > 0, "nothing to save")
        self.balance += amount
        self.word = word
        self.calls += 1

    @method
    def give(self, amount: Private[u64], word: Private[Field], to: Private[Owner]) -> None:
        """Give some away, to somebody whom nobody sees."""
        self.balance -= amount
        self.calls += 1
        self.create(Gift(amount=amount, word=word), to)

    @method
    def accept(self, gift: Spend[Gift]) -> None:
        """What somebody was given is saved."""
        self.balance += gift.amount
        self.word = gift.word
        self.calls += 1
