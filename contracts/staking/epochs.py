"""Who votes next: the largest stakes, let in slowly. Source: docs/decisions/staking.md.

At an epoch's end the wanted set is the `max_validators` largest stakes of operators with enough of their own in it.
Power that goes, goes at once. Power that comes is held to less than half of what stays: so whoever stayed holds more
than 2/3 of the new set, newcomers that turn out dead or evil can neither stop nor fork the chain, and the rest of them
enters at the next epochs' ends. If nobody would stay, the present set stays beside the newcomers; if nobody is wanted
it stays alone: a set is never empty.
"""

from collections.abc import Iterator, Mapping
from itertools import islice, takewhile
from typing import Final

from chain.execution.action import Event
from chain.execution.context import BlockContext
from chain.execution.validator_schedule import DELAY, set_validators, validators_at
from chain.params import StakingParams
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Amount, Height, Power, Uint, ValidatorId, VrfKey
from chain.types.validators import Validator, ValidatorSet
from contracts.staking.delegations import epoch_end, staked
from contracts.staking.events import SetChanged
from contracts.staking.state import ranked, read_validator

Powers = Mapping[ValidatorId, int]
Wanted = tuple[tuple[ValidatorId, int], ...]  # with the power that its stake would give, the largest first

MAX_LOOKED_AT: Final = (
    4  # times max_validators: large stakes whose operators have too little keep others out no further
)


def end_epoch(overlay: Overlay, block: BlockContext) -> tuple[Event, ...]:
    """At the end of an epoch, let the next set act from two heights later on."""
    if epoch_end(block.height, block.params.staking) != block.height:
        return ()
    first = Height(block.height + DELAY)
    present = validators_at(overlay, first)
    keys = {member.public_key: member.vrf_key for member in present.validators}
    powers = next_powers(
        {member.public_key: member.power for member in present.validators}, wanted(overlay, block.params.staking)
    )
    members = [
        Validator(validator, _vrf_key(overlay, keys, validator), Power(power))
        for validator, power in sorted(powers.items())
    ]
    following = ValidatorSet(tuple(members))
    if following.hash() == present.hash():
        return ()
    set_validators(overlay, following, first, block.height)
    return (SetChanged(first, Uint(len(members)), following.total_power),)


def wanted(view: View, params: StakingParams) -> Wanted:
    """Who would vote if all were let in at once."""
    return tuple(islice(_eligible(view, params), params.max_validators))


def next_powers(present: Powers, wanted: Wanted) -> dict[ValidatorId, int]:
    """The powers of the next set, all positive; newcomers are let in in the order of `wanted`."""
    due = dict(wanted)
    staying = {validator: min(power, due.get(validator, 0)) for validator, power in sorted(present.items())}
    powers = {validator: power for validator, power in staying.items() if power}
    if not powers:
        powers = dict(sorted(present.items()))
    room = (sum(powers.values()) - 1) // 2
    for validator, power in wanted:
        rise = min(max(power - powers.get(validator, 0), 0), room)
        if rise:
            powers[validator] = powers.get(validator, 0) + rise
            room -= rise
    return powers


def _eligible(view: View, params: StakingParams) -> Iterator[tuple[ValidatorId, int]]:
    enough = takewhile(lambda entry: entry[1] >= params.power_unit, ranked(view))
    for validator, tokens in islice(enough, MAX_LOOKED_AT * params.max_validators):
        if self_bond(view, validator) >= params.min_self_bond:
            yield validator, tokens // params.power_unit


def self_bond(view: View, validator: ValidatorId) -> Amount:
    """What the operator itself has staked with its validator."""
    return staked(view, validator, read_validator(view, validator).operator)


def _vrf_key(view: View, known: Mapping[ValidatorId, VrfKey], validator: ValidatorId) -> VrfKey:
    return known[validator] if validator in known else read_validator(view, validator).vrf_key
