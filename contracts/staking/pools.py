"""Stake in common: pools that many hold shares of, and rewards that each share earns. Integers, and nothing is lost.

A pool is `tokens` held by `shares`. Who joins gets shares for tokens at the present price, who leaves gets tokens for
shares, and a slash takes tokens while the shares stay. Every division rounds against whoever joins or leaves, by less
than one nano-CLU, so nobody's share ever loses to somebody else's coming or going.

Rewards follow F1 fee distribution (Ojha, Goes: the spec of Cosmos SDK's x/distribution) with shares in the place of
stake, so that a slash needs no special case: `per_share` is what one share has earned since the beginning, and a holder
is owed its shares times the growth since its last visit. In fractions of 1 / SCALE the books are exact:
SCALE x (rewards held) = sum of what is owed to all holders + `carry`; what a division leaves over goes into `carry`.
"""

from dataclasses import dataclass, replace
from typing import Final

from chain import amount
from chain.codec import wire
from chain.types.scalars import Amount, Uint

SCALE: Final = 10**18  # so that round rewards of round stakes leave no rest
BPS: Final = 10_000


@wire()
@dataclass(frozen=True, slots=True)
class Fraction:
    """`whole` + `parts` / SCALE nano-CLU; parts below SCALE."""

    whole: Amount
    parts: Uint

    @classmethod
    def of(cls, scaled: int) -> "Fraction":
        """From a count of 1 / SCALE nano-CLU."""
        return cls(Amount(scaled // SCALE), Uint(scaled % SCALE))

    @property
    def scaled(self) -> int:
        return self.whole * SCALE + self.parts


ZERO: Final = Fraction(Amount(0), Uint(0))


@wire()
@dataclass(frozen=True, slots=True)
class Pool:
    """tokens in nano-CLU, held by shares. A share is never worth more than one nano-CLU."""

    tokens: Amount
    shares: Uint

    def joined(self, tokens: Amount) -> "tuple[Pool, Uint]":
        """The pool with `tokens` more, and the shares for them: at least as many. The pool was not slashed to nothing.

        Raises AmountOverflow.
        """
        shares = Uint(tokens * self.shares // self.tokens if self.shares else tokens)
        total = amount.add(Amount(self.shares), Amount(shares))
        return Pool(amount.add(self.tokens, tokens), Uint(total)), shares

    def left(self, shares: Uint) -> "tuple[Pool, Amount]":
        """The pool without `shares` of its own, and what they were worth."""
        tokens = self.worth(shares)
        return Pool(amount.subtract(self.tokens, tokens), Uint(self.shares - shares)), tokens

    def slashed(self, bps: Uint) -> "tuple[Pool, Amount]":
        """The pool without `bps` / 10,000 of its tokens, rounded up, and those."""
        lost = Amount(-(-self.tokens * bps // BPS))
        return replace(self, tokens=amount.subtract(self.tokens, lost)), lost

    def worth(self, shares: Uint) -> Amount:
        """The tokens that `shares` stand for, rounded down."""
        return Amount(shares * self.tokens // self.shares) if self.shares else Amount(0)

    def shares_worth(self, tokens: Amount) -> Uint:
        """The fewest shares that stand for `tokens`, which the pool has."""
        return Uint(-(-tokens * self.shares // self.tokens))


EMPTY: Final = Pool(Amount(0), Uint(0))


@wire()
@dataclass(frozen=True, slots=True)
class Stake:
    """A validator's stake, its own and others', and what it has earned.

    per_share: what one share has earned since the beginning. carry: of the rewards held, what is owed to nobody yet.
    """

    pool: Pool
    per_share: Fraction
    carry: Fraction

    def rewarded(self, reward: Amount) -> "Stake":
        """With a reward for all present shares, of which there are some."""
        each, carry = divmod(reward * SCALE + self.carry.scaled, self.pool.shares)
        return replace(self, per_share=Fraction.of(self.per_share.scaled + each), carry=Fraction.of(carry))

    def owed(self, shares: Uint, since: Fraction) -> int:
        """What `shares` have earned since `per_share` was `since`, in 1 / SCALE nano-CLU."""
        return shares * (self.per_share.scaled - since.scaled)

    def settled(self, owed: int) -> "tuple[Stake, Amount]":
        """After paying what is owed: whole nano-CLU leave, the rest is carried for all."""
        whole, rest = divmod(owed, SCALE)
        return replace(self, carry=Fraction.of(self.carry.scaled + rest)), Amount(whole)


NOTHING: Final = Stake(EMPTY, ZERO, ZERO)
