"""Contracts of the tests, each for one part of the language. Their lines are the lines of a file, as refusals say."""

from compute.dsl import Address, Bool, Contract, Private, Public, Register, Sealed, contract, method, require, u32, u64


@contract
class Counter(Contract):
    """Counts what nobody sees, and how often."""

    count = Sealed(u64)
    calls = Register(u32)
    owner = Register(Address)
    frozen = Register(Bool)

    @method
    def increment(self, amount: Private[u32]) -> None:
        """Add an amount that nobody learns."""
        require(amount > 0, "nothing to add")
        require(~self.frozen, "the counter is frozen")
        self.count += amount
        self.calls += 1

    @method
    def reveal(self, least: Public[u64]) -> Public[u64]:
        """Say the count, if it is at least `least`."""
        require(self.count >= least, "not so many yet")
        return self.count

    @method
    def freeze(self) -> None:
        """The owner ends the counting, until height 1,000."""
        require(self.caller == self.owner, "only the owner freezes")
        require(self.before < 1_000, "too late to freeze")
        self.frozen = True
