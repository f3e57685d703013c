"""Validator sets: who votes with which power, and who proposes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from chain.codec import encode, wire
from chain.types.scalars import Hash, Height, Power, Round, ValidatorId, VrfKey
from crypto import domains
from crypto.hashing import tagged_hash


@wire()
@dataclass(frozen=True, slots=True)
class Validator:
    """public_key signs votes, vrf_key makes the beacon; power is a positive integer."""

    public_key: ValidatorId
    vrf_key: VrfKey
    power: Power


@wire()
@dataclass(frozen=True)
class ValidatorSet:
    """Validators sorted by public key; every power positive, keys distinct."""

    validators: tuple[Validator, ...]

    @cached_property
    def by_key(self) -> dict[ValidatorId, Validator]:
        return {validator.public_key: validator for validator in self.validators}

    @cached_property
    def total_power(self) -> Power:
        return Power(sum(validator.power for validator in self.validators))

    def power(self, key: ValidatorId) -> Power:
        """The power of `key`, 0 for a stranger."""
        validator = self.by_key.get(key)
        return Power(0) if validator is None else validator.power

    def is_quorum(self, power: int) -> bool:
        """Strictly more than 2/3 of the total power, in integers."""
        return 3 * power > 2 * self.total_power

    def exceeds_third(self, power: int) -> bool:
        """Strictly more than 1/3: at least one correct validator is among them (f + 1)."""
        return 3 * power > self.total_power

    def proposer(self, height: Height, round_: Round) -> ValidatorId:
        """The proposer of (height, round): weighted round robin, a pure function of the set."""
        return self.validators[self._schedule[(height + round_) % len(self._schedule)]].public_key

    @cached_property
    def _schedule(self) -> tuple[int, ...]:
        return proportional_schedule(tuple(validator.power for validator in self.validators))

    @cached_property
    def _hash(self) -> Hash:
        return Hash(tagged_hash(domains.VALIDATORS, encode(self)))

    def hash(self) -> Hash:
        return self._hash


MAX_SCHEDULE: Final = 1024


def proportional_schedule(powers: tuple[int, ...]) -> tuple[int, ...]:
    """Indexes in an order where each appears in proportion to its power, as evenly spread as possible.

    Source: smooth weighted round robin; the powers are scaled down to at most MAX_SCHEDULE turns a cycle in all, and
    everybody keeps at least one.
    """
    total = sum(powers)
    turns = powers if total <= MAX_SCHEDULE else tuple(max(1, power * MAX_SCHEDULE // total) for power in powers)
    credit = [0] * len(turns)
    order = []
    for _ in range(sum(turns)):
        credit = [have + gain for have, gain in zip(credit, turns, strict=True)]
        chosen = max(range(len(turns)), key=lambda index: (credit[index], -index))
        credit[chosen] -= sum(turns)
        order.append(chosen)
    return tuple(order)
