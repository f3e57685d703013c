"""Contracts of the tests, each for one part of the language. Their lines are the lines of a file, as refusals say."""

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
    i16,
    maximum,
    method,
    poseidon,
    require,
    reveal,
    select,
    u8,
    u32,
    u64,
    u128,
)


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


class Bid(Note):
    """What a bidder offers; only the seller reads it."""

    amount: u64
    bidder: Address


class Standing(Struct):
    best: u64
    second: u64
    winner: Address
    folded: u32


@contract
class Auction(Contract):
    """Sealed bids: the seller learns them all, the others the winner and the second price."""

    standing = Sealed(Standing, inbox=Bid)
    seller = Register(Owner)
    closes = Register(u64)
    price = Register(u64)

    @method
    def place(self, amount: Private[u64]) -> None:
        """Bid, until the auction closes."""
        require(self.before < self.closes, "bidding is over")
        self.create(Bid(amount=amount, bidder=self.caller), self.seller)

    @method
    def fold(self, bid: Spend[Bid]) -> None:
        """The seller takes a bid into account."""
        require(self.after >= self.closes, "bidding goes on")
        best = self.standing.best
        better = bid.amount > best
        self.standing.second = select(better, best, maximum(self.standing.second, bid.amount))
        self.standing.winner = select(better, bid.bidder, self.standing.winner)
        self.standing.best = maximum(best, bid.amount)
        self.standing.folded += 1

    @method
    def close(self) -> Public[Address]:
        """Say who won and what he pays, once all bids are folded."""
        require(self.standing.folded == self.posted(Bid), "bids are left")
        self.price = reveal(self.standing.second)
        return self.standing.winner

    @method
    def settle(self, winner: Public[Address], recipient: Public[Address], half: Private[Bool]) -> None:
        """The winner pays; half of it or all goes on to somebody."""
        require(self.caller == winner, "only the winner pays")
        self.take(self.price)
        self.pay(recipient, select(half, self.price // 2, self.price))
        self.once(Field(winner))


class Point(Struct):
    x: i16
    y: i16


Grid = Array[u8, 5]


@contract
class Everything(Contract):
    """Types and operations, each once, for tests that hold both forms equal."""

    grid = Sealed(Grid)
    corner = Sealed(Point)
    path = Register(Array[Point, 2])
    wide = Register(u128)
    element = Register(Field)

    @method
    def arrays(self, place: Private[u8], value: Public[u8], path: Public[Array[u32, 3]]) -> Public[u32]:
        """Items by private place."""
        self.grid[place] = value
        self.grid[0] = self.grid[place] // 2
        total = sum(self.grid, u32(0))
        for step in path:
            total = total + step % 7
        return total

    @method
    def structs(self, move: Private[Point], back: Private[Bool]) -> None:
        """Structs in registers, changed in place."""
        self.corner.x += move.x
        self.corner.y = select(back, lambda: self.corner.y - move.y, lambda: self.corner.y + move.y)
        self.path[1] = reveal(self.corner)
        self.path[0].x = -self.path[0].x
        require((self.corner != self.path[0]) | back, "the same corner")

    @method
    def wide_numbers(self, factor: Private[u128], divisor: Public[u64], element: Private[Field]) -> Public[Field]:
        """Products and quotients that would wrap around the field."""
        quotient, rest = divmod(self.wide * factor, u128(divisor))
        self.wide = reveal(maximum(quotient, rest, 5))
        self.element = reveal(self.element * element - Field(rest))
        return poseidon(self.element, Field(quotient))
